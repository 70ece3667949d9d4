import { DOUBTS, OUTCOME_CODES } from '../measure/outcome.ts';
import type { Contract } from './contract.ts';
import type { Predicate, RequestFacts } from './line-predicate.ts';

type NumberField = 'promptTokens' | 'outputTokens' | 'clientTimeoutMs';
type NameField = 'serviceTier' | 'model' | 'endpoint' | 'region' | 'code';

/** The values of each field that some contract distinguishes; fields that none asks for are left out. */
export type Facets = {
  readonly cuts: readonly { readonly field: NumberField; readonly at: readonly number[] }[];
  readonly names: readonly { readonly field: NameField; readonly of: ReadonlyMap<string, number> }[];
  readonly tags: ReadonlyMap<string, number>;
};

function predicatesOf(contract: Contract): Predicate[] {
  return [
    contract.eligible,
    ...contract.classify.map((rule) => rule.when),
    ...contract.latency.map((terms) => terms.eligible),
  ];
}

export function facetsOf(contracts: readonly Contract[]): Facets {
  const predicates = contracts.flatMap(predicatesOf);
  const cuts = (pick: (one: Predicate) => readonly (number | undefined)[]): number[] =>
    [...new Set(predicates.flatMap(pick).filter((cut) => cut !== undefined))].sort((a, b) => a - b);
  const names = (pick: (one: Predicate) => readonly string[] | undefined): ReadonlyMap<string, number> =>
    new Map(
      [...new Set(predicates.flatMap((one) => pick(one) ?? []))].sort().map((name, i) => [name, i + 2]),
    );
  const fields = ['serviceTier', 'model', 'endpoint', 'region', 'code'] as const;
  return {
    cuts: [
      { field: 'promptTokens', at: cuts((one) => [one.promptTokensOver, one.promptTokensAtMost]) } as const,
      { field: 'outputTokens', at: cuts((one) => [one.outputTokensOver, one.outputTokensAtMost]) } as const,
      { field: 'clientTimeoutMs', at: cuts((one) => [one.clientTimeoutBelowMs]) } as const,
    ].filter(({ at }) => at.length > 0),
    names: fields.map((field) => ({ field, of: names((one) => one[field]) })).filter(({ of }) => of.size > 0),
    tags: names((one) => [...(one.tag ?? []), ...(one.overQuota === undefined ? [] : ['over_quota'])]),
  };
}

/** Which side of every cut a value lies on, as one small number; equal to a cut is a place of its own. */
function place(value: number | null, cuts: readonly number[]): number {
  if (value === null) return 0;
  let position = 1;
  for (const cut of cuts) {
    if (value < cut) break;
    position += value === cut ? 1 : 2;
    if (value === cut) break;
  }
  return position;
}

function nameIndex(value: string | null, names: ReadonlyMap<string, number>): number {
  return value === null ? 0 : (names.get(value) ?? 1);
}

const OUTCOME_INDEX: ReadonlyMap<string, number> = new Map(OUTCOME_CODES.map((code, i) => [code, i + 1]));
const DOUBT_INDEX: ReadonlyMap<string, number> = new Map(DOUBTS.map((doubt, i) => [doubt, i + 1]));
const DOUBT_RADIX = DOUBTS.length + 1;
const STATUS_RADIX = 1000;

/** Masks of tags are whole numbers of 32 bits, one of which is that of all other tags. */
const MOST_MASKED_TAGS = 30;

function tagMask(tags: readonly string[], names: ReadonlyMap<string, number>): number {
  let mask = 0;
  for (const tag of tags) mask |= 1 << ((names.get(tag) ?? 1) - 1);
  return mask;
}

function outcomeAndStatus(line: RequestFacts): number {
  let key = line.outcome === null ? 0 : (OUTCOME_INDEX.get(line.outcome) ?? 0);
  key = key * DOUBT_RADIX + (line.doubt === null ? 0 : (DOUBT_INDEX.get(line.doubt) ?? 0));
  key = key * STATUS_RADIX + (line.status ?? 0);
  return key * 3 + (line.stream === null ? 0 : line.stream ? 1 : 2);
}

/** The same as a text, for contracts that distinguish more kinds than a number holds. */
function spelledKey(line: RequestFacts, maintenance: number, { cuts, names, tags }: Facets): string {
  const held = new Set(line.tags.map((tag) => tags.get(tag) ?? 1));
  return [
    outcomeAndStatus(line),
    maintenance,
    ...cuts.map(({ field, at }) => place(line[field], at)),
    ...names.map(({ field, of }) => nameIndex(line[field], of)),
    ...[...held].sort((a, b) => a - b),
  ].join(' ');
}

/** What is equal for requests of one kind, and only for them. `maintenance`: bit i is that of contract i of `contracts`. */
export function kindKey(
  line: RequestFacts,
  maintenance: number,
  facets: Facets,
  contracts: number,
): number | string {
  const { cuts, names, tags } = facets;
  if (tags.size > MOST_MASKED_TAGS) return spelledKey(line, maintenance, facets);
  let key = outcomeAndStatus(line) * 2 ** contracts + maintenance;
  for (const { field, at } of cuts) key = key * (2 * at.length + 2) + place(line[field], at);
  for (const { field, of } of names) key = key * (of.size + 2) + nameIndex(line[field], of);
  if (tags.size > 0) key = key * 2 ** (tags.size + 1) + tagMask(line.tags, tags);
  return Number.isSafeInteger(key) ? key : spelledKey(line, maintenance, facets);
}
