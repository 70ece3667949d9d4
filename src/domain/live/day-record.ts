import type { Bucket } from './bucket.ts';
import type { LiveObjective } from './live-objective.ts';
import type { AvailabilityCounts } from './question-sums.ts';

/** What one day of UTC came to. */
export type DayRecord = {
  readonly fromAt: number;
  readonly good: number;
  readonly bad: number;
  readonly notRun: number;
};

/**
 * A day held against what the target's objective allows: `good`, not one failed; `some` failed, and every day may be like
 * it; `over` the share allowed; `bad`, ten times the share allowed or one in ten. `none`: nothing was measured.
 */
export const DAY_LEVELS = ['good', 'some', 'over', 'bad', 'none'] as const;
export type DayLevel = (typeof DAY_LEVELS)[number];

/** Where nothing is promised, one failure in a hundred is as much as a day may have. */
const UNPROMISED = { numerator: 1, denominator: 100 } as const;
const BAD_TIMES = 10;
const BAD_SHARE = 10;

export function emptyDay(fromAt: number): DayRecord {
  return { fromAt, good: 0, bad: 0, notRun: 0 };
}

export function levelOf(
  { good, bad }: Pick<DayRecord, 'good' | 'bad'>,
  goal: Pick<NonNullable<LiveObjective['goal']>, 'allowance'> | null,
): DayLevel {
  const all = good + bad;
  if (all === 0) return 'none';
  if (bad === 0) return 'good';
  const { numerator, denominator } = goal?.allowance ?? UNPROMISED;
  // Products of whole numbers, so that a day exactly on the line is not over it.
  const [used, allowed] = [bad * denominator, all * numerator];
  if (used <= allowed) return 'some';
  return used >= BAD_TIMES * allowed || bad * BAD_SHARE >= all ? 'bad' : 'over';
}

/** A day with the counts of a bucket added. */
export function addToDay(day: DayRecord, { answers, notRun }: Pick<Bucket, 'answers' | 'notRun'>): DayRecord {
  const [availability] = answers;
  if (availability?.kind !== 'availability') return day;
  const skipped = Object.values(notRun).reduce((sum, ticks) => sum + ticks, 0);
  return addCounts(day, availability.counts, skipped);
}

/** A day with requests added, and ticks that did not run. */
export function addCounts(
  day: DayRecord,
  { good, bad }: Pick<AvailabilityCounts, 'good' | 'bad'>,
  skipped: number,
): DayRecord {
  return { fromAt: day.fromAt, good: day.good + good, bad: day.bad + bad, notRun: day.notRun + skipped };
}
