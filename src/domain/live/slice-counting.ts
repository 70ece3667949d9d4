import type { SliceJudge } from '../contract/availability.ts';
import type { Contract } from '../contract/contract.ts';
import { type SliceSums, sliceTest } from '../contract/slice-statistic.ts';
import type { Interval } from '../time/interval.ts';
import type { LiveQuestion } from './live-plan.ts';
import type { AttainmentSums, AvailabilitySums } from './question-sums.ts';

/**
 * Adds a slice of requests as the contract judges it, or several neighbours with the same counts. Changes `sum`.
 *
 * @param good requests of each slice, as are `bad` and `excluded`
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
  slices = 1,
): void {
  counts.good += good * slices;
  counts.bad += bad * slices;
  counts.excluded += excluded * slices;
  if (good + bad > 0) counts.withData += slices;
  const state = judge(good, bad, excluded, isSetAside);
  switch (state) {
    case 'good':
      counts.heldSlices += slices;
      break;
    case 'bad':
      counts.missedSlices += slices;
      break;
    case 'assumed_good':
      counts.assumedGood += slices;
      break;
    case 'assumed_bad':
      counts.assumedBad += slices;
      break;
    case 'set_aside':
      counts.setAside += slices;
      break;
  }
  if ((state === 'good' || state === 'bad') && bad > 0) {
    counts.failedBySize.set(good + bad, (counts.failedBySize.get(good + bad) ?? 0) + bad * slices);
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

type AttainmentTerms = Extract<LiveQuestion, { kind: 'attainment' }>['terms'];

const tests = new WeakMap<AttainmentTerms, ReturnType<typeof sliceTest>>();

/** One test for all slices of the same terms: making one reads decimals. */
function testOf(terms: AttainmentTerms): ReturnType<typeof sliceTest> {
  const known = tests.get(terms);
  if (known !== undefined) return known;
  const made = sliceTest(terms);
  tests.set(terms, made);
  return made;
}

/** Adds a slice whose statistic is held against a limit, or several neighbours with the same sums. Changes `sum`. */
export function addSliceOfTimes(
  { counts }: AttainmentSums,
  { terms }: Extract<LiveQuestion, { kind: 'attainment' }>,
  mode: Contract['maintenance']['mode'],
  slice: SliceSums,
  isSetAside: boolean,
  slices = 1,
): void {
  if (isSetAside && mode === 'remove_from_denominator') counts.setAside += slices;
  else if (isSetAside && mode === 'count_as_good') counts.assumedGood += slices;
  else if (slice.timed + slice.failed >= terms.form.minRequestsPerSlice) {
    if (testOf(terms)(slice)) counts.held += slices;
    else counts.missed += slices;
  } else if (terms.form.emptySlice === 'good') counts.assumedGood += slices;
  else if (terms.form.emptySlice === 'bad') counts.assumedBad += slices;
  else counts.setAside += slices;
}
