import type { SeriesPlan } from '../measure/probe.ts';
import type { Schedule } from './schedule.ts';
import { spreadEvenly } from './tick-spread.ts';

/** The instants of a cron pattern: asked in order, and counted in `[fromAt, toAt)`; epoch ms. */
export type CronInstants = {
  readonly after: (at: number) => number | null;
  readonly count: (fromAt: number, toAt: number) => number;
};
export type CronReader = (pattern: string, timezone: string) => CronInstants;

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** Where patterns are looked at: any week will do, but always the same one. A Thursday, and the first of a month. */
const FROM_AT = Date.UTC(2026, 0, 1);
/** Beyond this many ticks the window is shortened: the answer is then that of the first hours, not of the whole day. */
const MOST_TICKS = 2_000_000;

/** Ticks per day of a schedule, on average. */
export function ticksPerDay(schedule: Schedule, cron: CronReader): number {
  if (schedule.kind === 'every') return DAY_MS / schedule.everyMs;
  const grid = cron(schedule.cron, schedule.timezone);
  const week = grid.count(FROM_AT, FROM_AT + 7 * DAY_MS);
  // A pattern that rests for days needs a longer look, and is cheap to look at.
  return week >= 7 ? week / 7 : grid.count(FROM_AT, FROM_AT + 364 * DAY_MS) / 364;
}

/**
 * The most ticks in any 60 s, wherever they begin (half-open windows): what a limit per minute has to bear. Exact for
 * `every`, whose ticks repeat; for cron over one day.
 */
export function peakPerMinute(schedules: readonly Schedule[], cron: CronReader): number {
  const ticks = ticksOf(schedules, horizonOf(schedules, cron), cron);
  let most = 0;
  let first = 0;
  for (let last = 0; last < ticks.length; last += 1) {
    while ((ticks[last] ?? 0) - (ticks[first] ?? 0) >= MINUTE_MS) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

/** The time after which everything repeats, and a minute for the window that straddles it. */
function horizonOf(schedules: readonly Schedule[], cron: CronReader): number {
  let horizon = schedules.some((schedule) => schedule.kind === 'cron') ? DAY_MS : 1;
  for (const everyMs of new Set(schedules.flatMap((one) => (one.kind === 'every' ? [one.everyMs] : [])))) {
    horizon = Math.min(leastCommonMultiple(horizon, everyMs), 7 * DAY_MS);
  }
  const perMs = schedules.reduce((sum, schedule) => sum + ticksPerDay(schedule, cron) / DAY_MS, 0);
  return Math.min(horizon, Math.max(MINUTE_MS, Math.floor(MOST_TICKS / Math.max(perMs, 1e-9)))) + MINUTE_MS;
}

function ticksOf(schedules: readonly Schedule[], horizonMs: number, cron: CronReader): Float64Array {
  const ticks: number[] = [];
  const patterns = new Map<string, readonly number[]>();
  for (const schedule of schedules) {
    if (schedule.kind === 'every') {
      for (let at = schedule.phaseMs; at < horizonMs; at += schedule.everyMs) ticks.push(at);
      continue;
    }
    const key = `${schedule.timezone}\n${schedule.cron}`;
    let instants = patterns.get(key);
    if (instants === undefined) {
      const found: number[] = [];
      const grid = cron(schedule.cron, schedule.timezone);
      let at = grid.after(FROM_AT - 1);
      while (at !== null && at < FROM_AT + horizonMs) {
        found.push(at - FROM_AT);
        at = grid.after(at);
      }
      instants = found;
      patterns.set(key, instants);
    }
    for (const instant of instants) ticks.push(instant + schedule.phaseMs);
  }
  return Float64Array.from(ticks).sort();
}

function leastCommonMultiple(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y !== 0) [x, y] = [y, x % y];
  return (a / x) * b;
}

const SECONDS = [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30];
/** Intervals a person would choose: they divide the minute, the hour or the day. */
export const SENSIBLE_INTERVALS_MS: readonly number[] = [
  ...SECONDS.map((count) => count * 1_000),
  ...SECONDS.map((count) => count * MINUTE_MS),
  ...[1, 2, 3, 4, 6, 8, 12, 24].map((count) => count * 60 * MINUTE_MS),
];

/** How a key's plan can be brought under its quota. */
export type FittingInterval =
  /** This probe alone, slowed down to this interval. */
  | { readonly kind: 'probe'; readonly probe: string; readonly everyMs: number }
  /** Every probe of the key that is faster, slowed down to this interval. */
  | { readonly kind: 'all'; readonly probe: string; readonly everyMs: number }
  | { readonly kind: 'none'; readonly probe: string };

/**
 * The shortest sensible interval at which one key's series keep its quota in every 60 s. The probe that sends most is
 * slowed down; if that is not enough, all that are faster than the answer.
 */
export function fittingInterval(
  series: readonly SeriesPlan[],
  requestsPerMinute: number,
  region: string,
  cron: CronReader,
): FittingInterval {
  const rates = new Map<string, number>();
  for (const { probe, schedule } of series) {
    rates.set(probe.id, (rates.get(probe.id) ?? 0) + ticksPerDay(schedule, cron));
  }
  const probe = [...rates].sort((a, b) => b[1] - a[1])[0]?.[0] ?? '';
  const peakAt = (everyMs: number, slowed: (one: SeriesPlan) => boolean): number =>
    peakPerMinute(
      spreadEvenly(
        series.map(
          (one): SeriesPlan =>
            slowed(one) ? { ...one, schedule: { kind: 'every', everyMs, phaseMs: 0 } } : one,
        ),
        region,
      ).map(({ schedule }) => schedule),
      cron,
    );
  const isFaster = (one: SeriesPlan, everyMs: number): boolean =>
    one.schedule.kind === 'cron' || one.schedule.everyMs < everyMs;
  for (const everyMs of SENSIBLE_INTERVALS_MS) {
    if (series.some((one) => one.probe.id === probe && !isFaster(one, everyMs))) continue;
    if (peakAt(everyMs, (one) => one.probe.id === probe) <= requestsPerMinute) {
      return { kind: 'probe', probe, everyMs };
    }
  }
  for (const everyMs of SENSIBLE_INTERVALS_MS) {
    if (peakAt(everyMs, (one) => isFaster(one, everyMs)) <= requestsPerMinute) {
      return { kind: 'all', probe, everyMs };
    }
  }
  return { kind: 'none', probe };
}
