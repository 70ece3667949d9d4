import type { Bucket } from './rollup.ts';

/**
 * What one day came to, for a row of bars. `none`: nothing was measured. A day is `bad` if at least one in ten counted
 * requests failed, `partly` if any did.
 */
export type DayRecord = {
  readonly fromAt: number;
  readonly state: 'good' | 'partly' | 'bad' | 'none';
  readonly good: number;
  readonly bad: number;
  readonly notRun: number;
};

const BAD_SHARE = 10;

export function emptyDay(fromAt: number): DayRecord {
  return { fromAt, state: 'none', good: 0, bad: 0, notRun: 0 };
}

function dayOf(fromAt: number, good: number, bad: number, notRun: number): DayRecord {
  const state =
    good + bad === 0 ? 'none' : bad === 0 ? 'good' : bad * BAD_SHARE >= good + bad ? 'bad' : 'partly';
  return { fromAt, state, good, bad, notRun };
}

/** A day with the counts of a bucket added. */
export function addToDay(day: DayRecord, { answers, notRun }: Pick<Bucket, 'answers' | 'notRun'>): DayRecord {
  const [availability] = answers;
  const skipped = Object.values(notRun).reduce((sum, ticks) => sum + ticks, 0);
  if (availability?.kind !== 'availability') return day;
  const { good, bad } = availability.counts;
  return dayOf(day.fromAt, day.good + good, day.bad + bad, day.notRun + skipped);
}
