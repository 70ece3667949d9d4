import type { z } from 'zod';
import { parseNanos } from '../domain/contract/decimal.ts';
import type { Price } from '../domain/measure/probe.ts';
import type { ModelRule } from './config.ts';
import { elementsOf, idsIn, type Located, namesIn, type Reading } from './reading.ts';
import { modelSchema } from './schema.ts';
import { isKnown } from './tiers.ts';
import type { Path } from './yaml-source.ts';

type RawModel = z.output<typeof modelSchema>;
type RawScope = Pick<Extract<RawModel, { id: string }>, 'tiers' | 'gateways' | 'price'>;

export function readModels(reading: Reading): ModelRule[] {
  const models = elementsOf(reading, 'models', modelSchema);
  const rules = models.map(({ path, value }): ModelRule => {
    if ('discover' in value) {
      const { include, exclude, ...scope } = value.discover;
      return { kind: 'discover', include, exclude, ...readScope(reading, scope, [...path, 'discover']) };
    }
    const { id, aliases, servedAs, ...scope } = value;
    return { kind: 'named', id, aliases, servedAs, ...readScope(reading, scope, path) };
  });
  refuseOverlaps(reading, models, rules);
  return rules;
}

function readScope(
  reading: Reading,
  scope: RawScope,
  path: Path,
): Pick<ModelRule, 'tiers' | 'gateways' | 'price'> {
  const select = (key: 'tiers' | 'gateways', what: string, known: readonly string[]): readonly string[] =>
    scope[key]?.filter((name, index) => isKnown(reading, what, name, known, [...path, key, index])) ?? known;
  return {
    tiers: select('tiers', 'tier', namesIn(reading, 'tiers')),
    gateways: select('gateways', 'gateway', idsIn(reading, 'gateway')),
    price: scope.price === undefined ? null : readPrice(reading, scope.price, [...path, 'price']),
  };
}

const TOKENS = { '1M tokens': 1_000_000, '1K tokens': 1_000, '1 token': 1 } as const;

function readPrice(reading: Reading, raw: NonNullable<RawScope['price']>, path: Path): Price | null {
  if (!isCurrency(raw.currency)) {
    reading.problems.error(
      [...path, 'currency'],
      `expected an ISO 4217 currency such as USD, found "${raw.currency}"`,
    );
  }
  const perToken = (key: 'input' | 'output'): number | null => {
    const nanos = parseNanos(decimalText(raw[key]));
    if (nanos === null) {
      reading.problems.error(
        [...path, key],
        `expected an amount with at most nine decimals, found ${raw[key]}`,
      );
      return null;
    }
    return nanos / TOKENS[raw.per];
  };
  const [input, output] = [perToken('input'), perToken('output')];
  return input === null || output === null
    ? null
    : { inputNanosPerToken: input, outputNanosPerToken: output, currency: raw.currency };
}

/** The digits of a number as they were written, where JavaScript would print `2.5e-7`. */
function decimalText(amount: number | string): string {
  const text = String(amount);
  return text.includes('e') ? Number(amount).toFixed(15).replace(/0+$/, '') : text;
}

export function isCurrency(code: string): boolean {
  return Intl.supportedValuesOf('currency').includes(code);
}

/** One name is one history: it stands for one model at a tier of a gateway, now or formerly. */
function refuseOverlaps(
  reading: Reading,
  models: readonly Located<RawModel>[],
  rules: readonly ModelRule[],
): void {
  const holders = new Map<string, number>();
  const cells = (rule: ModelRule): string[] =>
    rule.gateways.flatMap((gateway) => rule.tiers.map((tier) => `${gateway}/${tier}`));
  rules.forEach((rule, index) => {
    if (rule.kind !== 'named') return;
    const twin = cells(rule).find((cell) => holders.has(`${cell}/${rule.id}`));
    const path = models[index]?.path ?? [];
    if (twin !== undefined) {
      reading.problems.error(
        [...path, 'id'],
        `the target ${twin}/${rule.id} is already made by models[${holders.get(`${twin}/${rule.id}`)}]`,
      );
    }
    for (const cell of cells(rule)) holders.set(`${cell}/${rule.id}`, index);
  });
  const aliases = new Map<string, number>();
  rules.forEach((rule, index) => {
    if (rule.kind !== 'named') return;
    rule.aliases.forEach((alias, place) => {
      const path = [...(models[index]?.path ?? []), 'aliases', place];
      const holder = cells(rule)
        .map((cell) => holders.get(`${cell}/${alias}`))
        .find((found) => found !== undefined);
      const claimed = cells(rule)
        .map((cell) => aliases.get(`${cell}/${alias}`))
        .find((found) => found !== undefined);
      if (holder !== undefined) {
        reading.problems.error(
          path,
          `"${alias}" is a model of its own (models[${holder}]); an alias is a name no longer used`,
        );
      } else if (claimed !== undefined) {
        reading.problems.error(path, `"${alias}" is already an alias of models[${claimed}]`);
      }
      for (const cell of cells(rule)) aliases.set(`${cell}/${alias}`, index);
    });
  });
}
