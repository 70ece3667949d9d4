import { commitmentOf, type Limit } from '../domain/contract/commitment.ts';
import { HORIZON_MS, pausesIn } from '../domain/contract/maintenance.ts';
import type {
  Gateway,
  KeyPlan,
  Price,
  Probe,
  ProbingPlan,
  SeriesPlan,
  SlowLimits,
} from '../domain/measure/probe.ts';
import { MODEL_LIST, type Target, targetId } from '../domain/measure/target.ts';
import { phaseOf, type Schedule } from '../domain/time/schedule.ts';
import { spreadEvenly } from '../domain/time/tick-spread.ts';
import type { Cadence, Config, GatewaySettings, ModelRule, TierSettings } from './config.ts';
import { versionsUnder } from './contract-under-tier.ts';
import { matcher } from './globs.ts';

export type PlanInputs = {
  /** What `GET /models` gave, by key (`gateway/tier`), ids as listed. Absent = not asked: discovery finds nothing. */
  readonly discovered?: ReadonlyMap<string, readonly string[]>;
  /** Where each practice gateway listens, and its keys by tier. */
  readonly practice?: ReadonlyMap<
    string,
    { readonly baseUrl: string; readonly keys: Readonly<Record<string, string>> }
  >;
  /** From when on planned work may pause probing; without it nothing pauses. */
  readonly now?: number;
};

/**
 * Everything the probing thread needs: one series for each probe, gateway, tier and model that its patterns select. The
 * same configuration gives the same plan, phases included, whatever was running before.
 */
export function planProbing(config: Config, inputs: PlanInputs = {}): ProbingPlan {
  const keys: KeyPlan[] = [];
  const series: SeriesPlan[] = [];
  for (const gateway of config.gateways) {
    for (const tier of config.tiers) {
      if (!tier.gateways.includes(gateway.id)) continue;
      const id = `${gateway.id}/${tier.id}`;
      const practiceKey =
        gateway.practice === null ? undefined : inputs.practice?.get(gateway.id)?.keys[tier.id];
      keys.push({
        id,
        secret: tier.apiKey?.reveal() ?? practiceKey ?? null,
        requestsPerMinute: tier.requestsPerMinute,
      });
      const models = modelsOf(config, gateway, tier, inputs.discovered?.get(id) ?? []);
      series.push(...seriesOf(config, gateway, tier, models));
    }
  }
  return {
    region: config.region,
    gateways: config.gateways.map((gateway) => planGateway(gateway, inputs)),
    keys,
    series: spreadEvenly(series, config.region),
    spend: config.spend,
    quiet: pausesOf(config, series, inputs.now),
  };
}

/** The gateways and keys whose models have to be asked for. */
export function discoveriesOf(config: Config): { readonly gateway: string; readonly tier: string }[] {
  return config.gateways.flatMap((gateway) =>
    config.tiers.flatMap((tier) =>
      config.models.some((rule) => rule.kind === 'discover' && covers(rule, gateway, tier))
        ? [{ gateway: gateway.id, tier: tier.id }]
        : [],
    ),
  );
}

type ModelPlan = {
  readonly id: string;
  readonly aliases: readonly string[];
  readonly servedAs: readonly string[];
  readonly price: Price | null;
};

function covers(rule: ModelRule, gateway: GatewaySettings, tier: TierSettings): boolean {
  return (
    rule.gateways.includes(gateway.id) && rule.tiers.includes(tier.id) && tier.gateways.includes(gateway.id)
  );
}

/** Named models in the order of the file, then discovered ones by name; what is named is not discovered again. */
function modelsOf(
  config: Config,
  gateway: GatewaySettings,
  tier: TierSettings,
  listed: readonly string[],
): ModelPlan[] {
  const models = new Map<string, ModelPlan>();
  const former = new Set<string>();
  const rules = config.models.filter((rule) => covers(rule, gateway, tier));
  for (const rule of rules) {
    if (rule.kind !== 'named') continue;
    const { id, aliases, servedAs, price } = rule;
    models.set(id, { id, aliases, servedAs, price });
    for (const alias of rule.aliases) former.add(alias);
  }
  const offered = modelsAtTier(listed, tier, config.tiers);
  for (const rule of rules) {
    if (rule.kind !== 'discover') continue;
    const included = matcher(rule.include);
    const excluded = matcher(rule.exclude);
    for (const id of offered) {
      if (models.has(id) || former.has(id) || !included(id) || excluded(id)) continue;
      models.set(id, { id, aliases: [], servedAs: [], price: rule.price });
    }
  }
  return [...models.values()];
}

/**
 * The models of a tier in a gateway's list, without the tier's prefix, by name. Where names with the prefix are listed
 * they are the tier's models; where none is, the prefix is a switch that every model takes.
 */
export function modelsAtTier(
  listed: readonly string[],
  tier: Pick<TierSettings, 'modelPrefix'>,
  tiers: readonly Pick<TierSettings, 'modelPrefix'>[],
): string[] {
  const usable = listed.filter((id) => /^[\x21-\x7e]{1,200}$/.test(id));
  const own = tier.modelPrefix;
  const marked = own === '' ? [] : usable.filter((id) => id.startsWith(own) && id.length > own.length);
  if (marked.length > 0) return [...new Set(marked.map((id) => id.slice(own.length)))].sort();
  const prefixes = tiers.map((other) => other.modelPrefix).filter((prefix) => prefix !== '');
  return [...new Set(usable.filter((id) => !prefixes.some((prefix) => id.startsWith(prefix))))].sort();
}

function seriesOf(
  config: Config,
  gateway: GatewaySettings,
  tier: TierSettings,
  models: readonly ModelPlan[],
): SeriesPlan[] {
  const slow = slowLimits(config, tier);
  return config.probes.flatMap((rule) => {
    if (!matcher(rule.gateways)(gateway.id) || !matcher(rule.tiers)(tier.id)) return [];
    const included = matcher(rule.models);
    const probed =
      rule.probe.operation === 'models'
        ? [{ id: MODEL_LIST, aliases: [], servedAs: [], price: null }]
        : models.filter((model) => included(model.id));
    return probed.map((model): SeriesPlan => {
      const target = planTarget(gateway, tier, model);
      return {
        target,
        probe: rule.probe,
        schedule: planSchedule(rule.cadence, rule.probe, target, config.region),
        price: model.price,
        slow,
      };
    });
  });
}

/** Pauses are planned as far ahead as planned work is remembered. */
function pausesOf(config: Config, series: readonly SeriesPlan[], now: number | undefined) {
  if (now === undefined) return [];
  const targets = [...new Set(series.map(({ target }) => target.id))];
  return pausesIn(config.maintenance, targets, now, now + HORIZON_MS);
}

/**
 * The tightest limits that any version of the tier's contract puts on the 99th percentile: an answer beyond them is one
 * of those a breach would be made of.
 */
function slowLimits(config: Config, tier: TierSettings): SlowLimits | null {
  const versions = versionsUnder(config, tier.id);
  const commitments = versions.map(commitmentOf);
  const tightest = (limits: readonly (Limit | null)[]): number | null => {
    const known = limits.flatMap((limit) => limit?.mostUs ?? []);
    return known.length === 0 ? null : Math.min(...known);
  };
  const ttftUs = tightest(commitments.map(({ ttftP99 }) => ttftP99));
  const totalUs = tightest(commitments.map(({ totalP99 }) => totalP99));
  return ttftUs === null && totalUs === null ? null : { ttftUs, totalUs };
}

function planTarget(gateway: GatewaySettings, tier: TierSettings, model: ModelPlan): Target {
  return {
    id: targetId(gateway.id, tier.id, model.id),
    gateway: gateway.id,
    tier: tier.id,
    model: model.id,
    requestModel: `${tier.modelPrefix}${model.id}`,
    formerIds: model.aliases.map((alias) => targetId(gateway.id, tier.id, alias)),
    ...(model.servedAs.length > 0 && { servedAs: model.servedAs }),
    ...(tier.serviceTier !== null && { serviceTier: tier.serviceTier }),
  };
}

function planSchedule(cadence: Cadence, probe: Probe, target: Target, region: string): Schedule {
  const phaseMs = phaseOf(
    probe.id,
    target.id,
    region,
    cadence.kind === 'every' ? cadence.everyMs : cadence.spreadMs,
  );
  return cadence.kind === 'every'
    ? { kind: 'every', everyMs: cadence.everyMs, phaseMs }
    : { kind: 'cron', cron: cadence.cron, timezone: cadence.timezone, phaseMs };
}

/** Nothing listens there; for plans that are only looked at. */
const NOWHERE = 'http://127.0.0.1:0/v1';

function planGateway(gateway: GatewaySettings, inputs: PlanInputs): Gateway {
  const { id, kind, control, disclosure, apiVersion } = gateway;
  const headers = Object.entries(gateway.headers).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : value.reveal(),
  ]);
  return {
    id,
    baseUrl: gateway.baseUrl ?? inputs.practice?.get(id)?.baseUrl ?? NOWHERE,
    kind,
    headers: Object.fromEntries(headers),
    control,
    practice: gateway.practice !== null,
    ...(disclosure === null ? {} : { disclosure }),
    ...(apiVersion === null ? {} : { apiVersion }),
  };
}
