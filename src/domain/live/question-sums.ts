import {
  addSparse,
  clearHistogram,
  copyHistogram,
  emptyHistogram,
  type LatencyHistogram,
  type SparseCounts,
  sparseOf,
  subtractSparse,
} from '../statistics/latency-histogram.ts';
import { clip, type Interval, union } from '../time/interval.ts';
import { isBySlice, type LivePlan, type LiveQuestion } from './live-plan.ts';
import { emptyRuns, joinedRuns, type SliceRuns } from './slice-runs.ts';

/** Requests and slices for one availability question. */
export type AvailabilityCounts = {
  good: number;
  bad: number;
  excluded: number;
  /** Slices by what they are to the contract; `assumed…` had too few requests. */
  heldSlices: number;
  missedSlices: number;
  assumedGood: number;
  assumedBad: number;
  setAside: number;
  /** Slices with at least one counted request. */
  withData: number;
  /** Failed requests of slices with any, by how many requests the slice had: sums of fractions stay exact. */
  readonly failedBySize: Map<number, number>;
};

/** Requests for a percentile over the whole window. */
export type PercentileCounts = {
  /** Answered and timed. */
  timed: number;
  /** Of those, how many keep the limit. */
  passed: number;
  failed: number;
  /** Answered, but without such a measurement. */
  untimed: number;
  readonly histogram: LatencyHistogram;
};

/** Slices for a share of slices whose statistic holds. */
export type AttainmentCounts = {
  held: number;
  missed: number;
  assumedGood: number;
  assumedBad: number;
  setAside: number;
};

/**
 * Running sums of one question. Adding in any order gives the same sums.
 *
 * `slices`: what each slice came to, where that is kept; `null` where it is not, or where a part of it is not known.
 */
export type QuestionSums =
  | {
      readonly kind: 'availability';
      readonly counts: AvailabilityCounts;
      readonly down: Interval[];
      slices: SliceRuns | null;
    }
  | { readonly kind: 'percentile'; readonly counts: PercentileCounts }
  | { readonly kind: 'attainment'; readonly counts: AttainmentCounts; slices: SliceRuns | null };

export type AvailabilitySums = Extract<QuestionSums, { kind: 'availability' }>;
export type AttainmentSums = Extract<QuestionSums, { kind: 'attainment' }>;

/** What a stretch of time added up to for one question: plain, mergeable, small. */
export type BucketAnswer =
  | {
      readonly kind: 'availability';
      readonly counts: Readonly<Omit<AvailabilityCounts, 'failedBySize'>>;
      /** Size of the slice, failed requests in such slices, …; by ascending size. */
      readonly failedBySize: readonly number[];
      /** Bad slices, joined where they touch: from, to, from, to … epoch ms, ascending. */
      readonly down: readonly number[];
      /** Absent where it is not kept, or was not yet when this was counted. */
      readonly slices?: SliceRuns;
    }
  | {
      readonly kind: 'percentile';
      readonly counts: Readonly<Omit<PercentileCounts, 'histogram'>>;
      readonly histogram: SparseCounts;
    }
  | {
      readonly kind: 'attainment';
      readonly counts: Readonly<AttainmentCounts>;
      readonly slices?: SliceRuns;
    };

export function emptySums(plan: LivePlan): readonly QuestionSums[] {
  return plan.questions.map(({ kind }) => emptySum(kind));
}

/** Sums that also keep what each slice came to, for the questions that are decided by it: what buckets are made of. */
export function emptyBucketSums(plan: LivePlan): readonly QuestionSums[] {
  return plan.questions.map((question) => {
    const sum = emptySum(question.kind);
    if (isBySlice(question) && sum.kind !== 'percentile') sum.slices = emptyRuns(question);
    return sum;
  });
}

export function emptySum(kind: LiveQuestion['kind']): QuestionSums {
  switch (kind) {
    case 'availability':
      return {
        kind,
        counts: {
          good: 0,
          bad: 0,
          excluded: 0,
          heldSlices: 0,
          missedSlices: 0,
          assumedGood: 0,
          assumedBad: 0,
          setAside: 0,
          withData: 0,
          failedBySize: new Map(),
        },
        down: [],
        slices: null,
      };
    case 'percentile':
      return {
        kind,
        counts: { timed: 0, passed: 0, failed: 0, untimed: 0, histogram: emptyHistogram() },
      };
    case 'attainment':
      return {
        kind,
        counts: { held: 0, missed: 0, assumedGood: 0, assumedBad: 0, setAside: 0 },
        slices: null,
      };
  }
}

/** Sets everything back to nothing, so that the same sums can be used again. Changes `sums`. */
export function clearSums(sums: readonly QuestionSums[]): void {
  for (const sum of sums) {
    switch (sum.kind) {
      case 'availability':
        clearAvailability(sum.counts);
        sum.down.length = 0;
        break;
      case 'percentile':
        sum.counts.timed = 0;
        sum.counts.passed = 0;
        sum.counts.failed = 0;
        sum.counts.untimed = 0;
        clearHistogram(sum.counts.histogram);
        break;
      case 'attainment':
        clearAttainment(sum.counts);
        break;
    }
  }
}

/** Name by name: walking over the keys of thousands of sums costs more than all the counting. */
function clearAvailability(counts: AvailabilityCounts): void {
  counts.good = 0;
  counts.bad = 0;
  counts.excluded = 0;
  counts.heldSlices = 0;
  counts.missedSlices = 0;
  counts.assumedGood = 0;
  counts.assumedBad = 0;
  counts.setAside = 0;
  counts.withData = 0;
  counts.failedBySize.clear();
}

function clearAttainment(counts: AttainmentCounts): void {
  counts.held = 0;
  counts.missed = 0;
  counts.assumedGood = 0;
  counts.assumedBad = 0;
  counts.setAside = 0;
}

type Numbers<Counts> = { [Key in keyof Counts as Counts[Key] extends number ? Key : never]: number };

function addNumbers<Counts extends object>(into: Numbers<Counts>, from: Readonly<Numbers<Counts>>): void {
  for (const key of Object.keys(from) as (keyof Numbers<Counts>)[]) {
    if (typeof from[key] === 'number') into[key] = (into[key] + from[key]) as (typeof into)[typeof key];
  }
}

/** Adds what a bucket of the same plan came to, as far as `sums` ask for it. Changes `sums`. */
export function addAnswers(sums: readonly QuestionSums[], answers: readonly BucketAnswer[]): void {
  for (const [position, sum] of sums.entries()) {
    const answer = answers[position];
    if (sum.kind === 'availability' && answer?.kind === 'availability') {
      addNumbers<Omit<AvailabilityCounts, 'failedBySize'>>(sum.counts, answer.counts);
      for (let i = 0; i < answer.failedBySize.length; i += 2) {
        const size = answer.failedBySize[i] ?? 0;
        sum.counts.failedBySize.set(
          size,
          (sum.counts.failedBySize.get(size) ?? 0) + (answer.failedBySize[i + 1] ?? 0),
        );
      }
      for (let i = 0; i < answer.down.length; i += 2) {
        sum.down.push({ fromAt: answer.down[i] ?? 0, toAt: answer.down[i + 1] ?? 0 });
      }
      addRuns(sum, answer.slices);
    } else if (sum.kind === 'percentile' && answer?.kind === 'percentile') {
      addNumbers<Omit<PercentileCounts, 'histogram'>>(sum.counts, answer.counts);
      addSparse(sum.counts.histogram, answer.histogram);
    } else if (sum.kind === 'attainment' && answer?.kind === 'attainment') {
      addNumbers<AttainmentCounts>(sum.counts, answer.counts);
      addRuns(sum, answer.slices);
    } else throw new Error('a bucket of another plan');
  }
}

/** One part that is not known by slice makes the whole unknown. Changes `sum`. */
function addRuns(sum: AvailabilitySums | AttainmentSums, slices: SliceRuns | undefined): void {
  if (sum.slices === null) return;
  sum.slices = slices === undefined ? null : { ...sum.slices, runs: [...sum.slices.runs, ...slices.runs] };
}

/** The other way round; `false`: one of them would be less than nothing. */
function subtractNumbers<Counts extends object>(
  into: Numbers<Counts>,
  from: Readonly<Numbers<Counts>>,
): boolean {
  let isEnough = true;
  for (const key of Object.keys(from) as (keyof Numbers<Counts>)[]) {
    if (typeof from[key] !== 'number') continue;
    into[key] = (into[key] - from[key]) as (typeof into)[typeof key];
    if (into[key] < 0) isEnough = false;
  }
  return isEnough;
}

/**
 * Takes away what the first bucket of a stretch came to, which was added before. Changes `sums`, which must not be kept by
 * slice.
 *
 * @param fromAt what is left begins here, epoch ms
 * @returns `false`: there is not so much in them, and they are spoilt
 */
export function subtractAnswers(
  sums: readonly QuestionSums[],
  answers: readonly BucketAnswer[],
  fromAt: number,
): boolean {
  let isEnough = true;
  for (const [position, sum] of sums.entries()) {
    const answer = answers[position];
    if (sum.kind === 'availability' && answer?.kind === 'availability') {
      const { counts, down } = sum;
      isEnough &&= subtractNumbers<Omit<AvailabilityCounts, 'failedBySize'>>(counts, answer.counts);
      isEnough &&= subtractFailed(counts.failedBySize, answer.failedBySize);
      // A day's bucket joins them across its hours: what lasts longer than the bucket stays from there on.
      down.splice(0, down.length, ...union(clip(down, { fromAt, toAt: Number.POSITIVE_INFINITY })));
    } else if (sum.kind === 'percentile' && answer?.kind === 'percentile') {
      isEnough &&= subtractNumbers<Omit<PercentileCounts, 'histogram'>>(sum.counts, answer.counts);
      isEnough &&= subtractSparse(sum.counts.histogram, answer.histogram);
    } else if (sum.kind === 'attainment' && answer?.kind === 'attainment') {
      isEnough &&= subtractNumbers<AttainmentCounts>(sum.counts, answer.counts);
    } else throw new Error('a bucket of another plan');
  }
  return isEnough;
}

function subtractFailed(failedBySize: Map<number, number>, sizes: readonly number[]): boolean {
  for (let i = 0; i < sizes.length; i += 2) {
    const size = sizes[i] ?? 0;
    const left = (failedBySize.get(size) ?? 0) - (sizes[i + 1] ?? 0);
    if (left < 0) return false;
    if (left === 0) failedBySize.delete(size);
    else failedBySize.set(size, left);
  }
  return true;
}

/** Sums that can be added to without changing these. */
export function copySums(sums: readonly QuestionSums[]): readonly QuestionSums[] {
  return sums.map(copySum);
}

/** The same for one question. */
export function copySum(sum: QuestionSums): QuestionSums {
  switch (sum.kind) {
    case 'availability':
      return {
        kind: sum.kind,
        counts: { ...sum.counts, failedBySize: new Map(sum.counts.failedBySize) },
        down: [...sum.down],
        slices: sum.slices,
      };
    case 'percentile':
      return { kind: sum.kind, counts: { ...sum.counts, histogram: copyHistogram(sum.counts.histogram) } };
    case 'attainment':
      return { kind: sum.kind, counts: { ...sum.counts }, slices: sum.slices };
  }
}

/** The sums in the form that is stored. */
export function answersOf(sums: readonly QuestionSums[]): readonly BucketAnswer[] {
  return sums.map(answerOf);
}

function answerOf(sum: QuestionSums): BucketAnswer {
  switch (sum.kind) {
    case 'availability': {
      const { failedBySize, ...counts } = sum.counts;
      return {
        kind: sum.kind,
        counts,
        failedBySize: [...failedBySize].sort(([a], [b]) => a - b).flat(),
        down: union(sum.down).flatMap(({ fromAt, toAt }) => [fromAt, toAt]),
        ...slicesOf(sum),
      };
    }
    case 'percentile': {
      const { histogram, ...counts } = sum.counts;
      return { kind: sum.kind, counts, histogram: sparseOf(histogram) };
    }
    case 'attainment':
      return { kind: sum.kind, counts: { ...sum.counts }, ...slicesOf(sum) };
  }
}

function slicesOf({ slices }: AvailabilitySums | AttainmentSums): { readonly slices?: SliceRuns } {
  return slices === null ? {} : { slices: joinedRuns(slices) };
}
