import type { Gateway, KeyPlan, ProbingPlan, SeriesPlan } from '../../domain/measure/probe.ts';
import { mostTicksIn } from '../../domain/time/tick-spread.ts';
import { countExpected } from './expected-ticks.ts';

/** A series while it is being probed: its plan, and what is going on. */
export type LiveSeries = {
  readonly id: string;
  plan: SeriesPlan;
  gateway: Gateway;
  /** `gateway/tier`. */
  keyId: string;
  secret: string | null;
  /** Where its requests go, for telling networks apart: without the port, which names no other network. */
  host: string;
  /** The mean distance of its ticks, ms. */
  intervalMs: number;
  /** Attempts on the wire. */
  inFlight: number;
  isConfirming: boolean;
  /** No longer in the plan; attempts under way are still delivered. */
  ended: boolean;
};

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

export function seriesId({ probe, target }: SeriesPlan): string {
  return `${probe.id}\n${target.id}`;
}

/**
 * The series of a plan, by id. One that was there before keeps what is going on in it.
 *
 * @throws if a series names a gateway that the plan does not have: whoever made the plan has a bug
 */
export function liveSeries(
  plan: ProbingPlan,
  before: ReadonlyMap<string, LiveSeries>,
  at: number,
): Map<string, LiveSeries> {
  const gateways = new Map(plan.gateways.map((gateway) => [gateway.id, gateway]));
  const keys = new Map(plan.keys.map((key) => [key.id, key]));
  const next = new Map<string, LiveSeries>();
  for (const series of plan.series) {
    const id = seriesId(series);
    const gateway = gateways.get(series.target.gateway);
    if (gateway === undefined) throw new Error(`no gateway ${series.target.gateway} in the plan`);
    const keyId = `${series.target.gateway}/${series.target.tier}`;
    const facts = {
      plan: series,
      gateway,
      keyId,
      secret: keys.get(keyId)?.secret ?? null,
      host: new URL(gateway.baseUrl).hostname,
      intervalMs: meanInterval(series, at),
      ended: false,
    };
    const known = before.get(id);
    next.set(
      id,
      known === undefined ? { id, ...facts, inFlight: 0, isConfirming: false } : Object.assign(known, facts),
    );
  }
  for (const [id, series] of before) {
    if (!next.has(id)) series.ended = true;
  }
  return next;
}

/**
 * What the schedule sends with each key in a minute at most, by key id: exact for evenly spread series, the mean for
 * cron schedules.
 */
export function plannedPerMinute(series: Iterable<LiveSeries>): Map<string, number> {
  const groups = new Map<string, { keyId: string; everyMs: number; count: number }>();
  for (const { keyId, intervalMs } of series) {
    const id = `${keyId}\n${intervalMs}`;
    const group = groups.get(id) ?? { keyId, everyMs: intervalMs, count: 0 };
    group.count += 1;
    groups.set(id, group);
  }
  const planned = new Map<string, number>();
  for (const { keyId, everyMs, count } of groups.values()) {
    planned.set(keyId, (planned.get(keyId) ?? 0) + mostTicksIn(MINUTE_MS, count, everyMs));
  }
  return planned;
}

/** Keys by id; a gateway without keys is probed without authorization and has no quota. */
export function keysById(plan: ProbingPlan): ReadonlyMap<string, KeyPlan> {
  return new Map(plan.keys.map((key) => [key.id, key]));
}

function meanInterval({ schedule }: SeriesPlan, at: number): number {
  if (schedule.kind === 'every') return schedule.everyMs;
  const ticks = countExpected(schedule, at, at + DAY_MS);
  return ticks === 0 ? DAY_MS : DAY_MS / ticks;
}
