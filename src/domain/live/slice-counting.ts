import type { SliceJudge } from '../contract/availability.ts';
import type { Contract } from '../contract/contract.ts';
import { type SliceSums, slicePasses } from '../contract/latency-objective.ts';
import type { Interval } from '../time/interval.ts';
import type { LiveQuestion } from './live-plan.ts';
import type { AttainmentSums, AvailabilitySums } from './question-sums.ts';

/**
 * Adds one slice of requests as the contract judges it. Changes `sum`.
 *
 * @param isSetAside it lies wholly in admitted maintenance
 */
export function addSliceOfRequests(
  { counts, down }: AvailabilitySums,
  { terms }: Extract<LiveQuestion, { kind: 'availability' }>,
  judge: SliceJudge,
  startAt: number,
  endAt: number,
  good: number,
  bad: number,
  excluded: number,
  isSetAside: boolean,
): void {
  counts.good += good;
  counts.bad += bad;
  counts.excluded += excluded;
  if (good + bad > 0) counts.withData += 1;
  const state = judge(good, bad, excluded, isSetAside);
  switch (state) {
    case 'good':
      counts.heldSlices += 1;
      break;
    case 'bad':
      counts.missedSlices += 1;
      break;
    case 'assumed_good':
      counts.assumedGood += 1;
      break;
    case 'assumed_bad':
      counts.assumedBad += 1;
      break;
    case 'set_aside':
      counts.setAside += 1;
      break;
  }
  if ((state === 'good' || state === 'bad') && bad > 0) {
    counts.failedBySize.set(good + bad, (counts.failedBySize.get(good + bad) ?? 0) + bad);
  }
  if (terms.method.kind === 'timeslices' && (state === 'bad' || state === 'assumed_bad'))
    joinTo(down, { fromAt: startAt, toAt: endAt });
}

/** Appends an interval that begins where the last one ends, or elsewhere. Changes `intervals`. */
export function joinTo(intervals: Interval[], one: Interval): void {
  const last = intervals.at(-1);
  if (last !== undefined && last.toAt === one.fromAt) {
    intervals[intervals.length - 1] = { fromAt: last.fromAt, toAt: one.toAt };
  } else intervals.push(one);
}

/** Adds one slice whose statistic is held against a limit. Changes `sum`. */
export function addSliceOfTimes(
  { counts }: AttainmentSums,
  { terms }: Extract<LiveQuestion, { kind: 'attainment' }>,
  mode: Contract['maintenance']['mode'],
  slice: SliceSums,
  isSetAside: boolean,
): void {
  if (isSetAside && mode === 'remove_from_denominator') counts.setAside += 1;
  else if (isSetAside && mode === 'count_as_good') counts.assumedGood += 1;
  else if (slice.timed + slice.failed >= terms.form.minRequestsPerSlice) {
    if (slicePasses(terms, slice)) counts.held += 1;
    else counts.missed += 1;
  } else if (terms.form.emptySlice === 'good') counts.assumedGood += 1;
  else if (terms.form.emptySlice === 'bad') counts.assumedBad += 1;
  else counts.setAside += 1;
}
