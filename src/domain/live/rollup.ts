import { type SliceJudge, sliceJudge } from '../contract/availability.ts';
import { slicePasses } from '../contract/latency-objective.ts';
import type { Line } from '../contract/tally.ts';
import {
  addSparse,
  clearHistogram,
  copyHistogram,
  countLatency,
  emptyHistogram,
  type LatencyHistogram,
  makeRoom,
  type SparseCounts,
  sparseOf,
} from '../statistics/latency-histogram.ts';
import { covers, coversWhole, type Interval, union } from '../time/interval.ts';
import { appendLine, emptyLines, type JudgedLines, UNTIMED, WITHIN_LIMIT } from './judged-lines.ts';
import { type LiveJudge, type LivePlan, type LiveQuestion, wholePlan } from './live-plan.ts';

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

/** Running sums of one question. Adding in any order gives the same sums. */
export type QuestionSums =
  | { readonly kind: 'availability'; readonly counts: AvailabilityCounts; readonly down: Interval[] }
  | { readonly kind: 'percentile'; readonly counts: PercentileCounts }
  | { readonly kind: 'attainment'; readonly counts: AttainmentCounts };

/** What a stretch of time added up to for one question: plain, mergeable, small. */
export type BucketAnswer =
  | {
      readonly kind: 'availability';
      readonly counts: Readonly<Omit<AvailabilityCounts, 'failedBySize'>>;
      /** Size of the slice, failed requests in such slices, …; by ascending size. */
      readonly failedBySize: readonly number[];
      /** Bad slices, joined where they touch: from, to, from, to … epoch ms, ascending. */
      readonly down: readonly number[];
    }
  | {
      readonly kind: 'percentile';
      readonly counts: Readonly<Omit<PercentileCounts, 'histogram'>>;
      readonly histogram: SparseCounts;
    }
  | { readonly kind: 'attainment'; readonly counts: Readonly<AttainmentCounts> };

/**
 * What one target did in one hour or day, derived from its samples and never counted up: exact counters, and histograms
 * that merge. Percentiles of buckets are never averaged; their histograms are added.
 */
export type Bucket = {
  /** Deciding attempts by outcome, doubtful ones included. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly doubts: Readonly<Record<string, number>>;
  readonly notRun: Readonly<Record<string, number>>;
  /** One per question of the whole plan, in its order. */
  readonly answers: readonly BucketAnswer[];
};

export function emptySums(plan: LivePlan): readonly QuestionSums[] {
  return plan.questions.map(({ kind }) => emptySum(kind));
}

function emptySum(kind: LiveQuestion['kind']): QuestionSums {
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
      };
    case 'percentile':
      return {
        kind,
        counts: { timed: 0, passed: 0, failed: 0, untimed: 0, histogram: emptyHistogram() },
      };
    case 'attainment':
      return { kind, counts: { held: 0, missed: 0, assumedGood: 0, assumedBad: 0, setAside: 0 } };
  }
}

/** Sets everything back to nothing, so that the same sums can be used again. Changes `sums`. */
export function clearSums(sums: readonly QuestionSums[]): void {
  for (const sum of sums) {
    const { counts } = sum;
    for (const [key, value] of Object.entries(counts)) {
      if (typeof value === 'number') Object.assign(counts, { [key]: 0 });
    }
    if (sum.kind === 'availability') {
      sum.counts.failedBySize.clear();
      sum.down.length = 0;
    } else if (sum.kind === 'percentile') clearHistogram(sum.counts.histogram);
  }
}

/**
 * Judges requests by ascending time and appends them to `into`, which was made for the same plan.
 *
 * @param maintenance what the contract sets aside: disjoint, ascending
 */
export function judgeLines(
  into: JudgedLines,
  plan: LivePlan,
  judge: LiveJudge,
  lines: Iterable<Line>,
  maintenance: readonly Interval[],
): void {
  for (const line of lines)
    appendLine(into, plan, judge, line, maintenance.length > 0 && covers(maintenance, line.at));
}

/** A stretch of time; slices are counted from its start. */
export type Stretch = Interval & {
  /** What the contract sets aside: disjoint, ascending. */
  readonly maintenance: readonly Interval[];
};

/**
 * Adds the requests of a stretch, by ascending time, from index `from` up to but without `to`. Changes `sums`. A stretch
 * must be added whole: its slices are judged by what is in them.
 */
export function addLines(
  sums: readonly QuestionSums[],
  plan: LivePlan,
  lines: JudgedLines,
  stretch: Stretch,
  from = 0,
  to = lines.length,
): void {
  for (const [position, question] of plan.questions.entries()) {
    const sum = sums[position];
    if (sum === undefined) throw new Error('sums of another plan');
    if (question.kind === 'availability' && sum.kind === 'availability') {
      addAvailability(
        sum,
        sliceJudge(question.terms, plan.contract.maintenance.mode),
        question,
        lines,
        stretch,
        from,
        to,
      );
    } else if (question.kind === 'percentile' && sum.kind === 'percentile') {
      addTimed(sum.counts, position, lines, from, to);
    } else if (question.kind === 'attainment' && sum.kind === 'attainment') {
      addAttainment(sum.counts, question, plan, position, lines, stretch, from, to);
    }
  }
}

function addTimed(
  counts: PercentileCounts,
  position: number,
  lines: JudgedLines,
  from: number,
  to: number,
): void {
  const column = lines.times[position];
  if (column == null) throw new Error('lines of another plan');
  const { state, value } = column;
  const roles = lines.kinds.map((kind) => kind.roles[position]);
  let [least, most] = [Number.POSITIVE_INFINITY, 0];
  for (let i = from; i < to; i += 1) {
    if (state[i] === UNTIMED) continue;
    const us = value[i] ?? 0;
    if (us < least) least = us;
    if (us > most) most = us;
  }
  if (least <= most) makeRoom(counts.histogram, least, most);
  for (let i = from; i < to; i += 1) {
    const role = roles[lines.kind[i] ?? 0];
    if (role === 'failed') counts.failed += 1;
    if (role !== 'timed') continue;
    if (state[i] === UNTIMED) {
      counts.untimed += 1;
      continue;
    }
    counts.timed += 1;
    if (state[i] === WITHIN_LIMIT) counts.passed += 1;
    countLatency(counts.histogram, value[i] ?? 0);
  }
}

/** Calls `visit` for every slice of a stretch in order, with the lines that fall into it. */
function eachSlice(
  { fromAt, toAt, maintenance }: Stretch,
  sliceMs: number,
  lines: JudgedLines,
  from: number,
  to: number,
  visit: (slice: Interval, first: number, end: number, isSetAside: boolean) => void,
): void {
  let next = from;
  for (let at = fromAt; at < toAt; at += sliceMs) {
    const slice = { fromAt: at, toAt: Math.min(at + sliceMs, toAt) };
    const first = next;
    while (next < to && (lines.at[next] ?? Number.POSITIVE_INFINITY) < slice.toAt) next += 1;
    const isSetAside = maintenance.length > 0 && coversWhole(maintenance, slice.fromAt, slice.toAt);
    visit(slice, first, next, isSetAside);
  }
}

function addAvailability(
  { counts, down }: Extract<QuestionSums, { kind: 'availability' }>,
  judge: SliceJudge,
  { terms }: Extract<LiveQuestion, { kind: 'availability' }>,
  lines: JudgedLines,
  stretch: Stretch,
  from: number,
  to: number,
): void {
  const countings = lines.kinds.map(({ counting }) => counting);
  eachSlice(stretch, terms.sliceMs, lines, from, to, (slice, first, end, isSetAside) => {
    let good = 0;
    let bad = 0;
    for (let i = first; i < end; i += 1) {
      const counting = countings[lines.kind[i] ?? 0];
      if (counting === 'good') good += 1;
      else if (counting === 'bad') bad += 1;
    }
    const excluded = end - first - good - bad;
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
      joinTo(down, slice);
  });
}

/** Appends an interval that begins where the last one ends, or later. */
function joinTo(intervals: Interval[], one: Interval): void {
  const last = intervals.at(-1);
  if (last !== undefined && last.toAt === one.fromAt) {
    intervals[intervals.length - 1] = { fromAt: last.fromAt, toAt: one.toAt };
  } else intervals.push(one);
}

function addAttainment(
  counts: AttainmentCounts,
  { terms }: Extract<LiveQuestion, { kind: 'attainment' }>,
  plan: LivePlan,
  position: number,
  lines: JudgedLines,
  stretch: Stretch,
  from: number,
  to: number,
): void {
  const { mode } = plan.contract.maintenance;
  const column = lines.times[position];
  if (column == null) throw new Error('lines of another plan');
  const roles = lines.kinds.map((kind) => kind.roles[position]);
  eachSlice(stretch, terms.form.sliceMs, lines, from, to, (_slice, first, end, isSetAside) => {
    const slice = { timed: 0, passed: 0, failed: 0, sum: 0 };
    for (let i = first; i < end; i += 1) {
      const role = roles[lines.kind[i] ?? 0];
      if (role === 'failed') slice.failed += 1;
      if (role !== 'timed' || column.state[i] === UNTIMED) continue;
      slice.timed += 1;
      slice.sum += column.value[i] ?? 0;
      if (column.state[i] === WITHIN_LIMIT) slice.passed += 1;
    }
    if (isSetAside && mode === 'remove_from_denominator') counts.setAside += 1;
    else if (isSetAside && mode === 'count_as_good') counts.assumedGood += 1;
    else if (slice.timed + slice.failed >= terms.form.minRequestsPerSlice) {
      if (slicePasses(terms, slice)) counts.held += 1;
      else counts.missed += 1;
    } else if (terms.form.emptySlice === 'good') counts.assumedGood += 1;
    else if (terms.form.emptySlice === 'bad') counts.assumedBad += 1;
    else counts.setAside += 1;
  });
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
    } else if (sum.kind === 'percentile' && answer?.kind === 'percentile') {
      addNumbers<Omit<PercentileCounts, 'histogram'>>(sum.counts, answer.counts);
      addSparse(sum.counts.histogram, answer.histogram);
    } else if (sum.kind === 'attainment' && answer?.kind === 'attainment') {
      addNumbers<AttainmentCounts>(sum.counts, answer.counts);
    } else throw new Error('a bucket of another plan');
  }
}

export function copySums(sums: readonly QuestionSums[]): readonly QuestionSums[] {
  return sums.map(copySum);
}

function copySum(sum: QuestionSums): QuestionSums {
  switch (sum.kind) {
    case 'availability':
      return {
        kind: sum.kind,
        counts: { ...sum.counts, failedBySize: new Map(sum.counts.failedBySize) },
        down: [...sum.down],
      };
    case 'percentile':
      return { kind: sum.kind, counts: { ...sum.counts, histogram: copyHistogram(sum.counts.histogram) } };
    case 'attainment':
      return { kind: sum.kind, counts: { ...sum.counts } };
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
      };
    }
    case 'percentile': {
      const { histogram, ...counts } = sum.counts;
      return { kind: sum.kind, counts, histogram: sparseOf(histogram) };
    }
    case 'attainment':
      return { kind: sum.kind, counts: { ...sum.counts } };
  }
}

/** A bucket that is being counted: give it all the deciding attempts of its stretch by ascending time. */
export type BucketDraft = {
  readonly lines: JudgedLines;
  readonly outcomes: Record<string, number>;
  readonly doubts: Record<string, number>;
};

export function emptyDraft(plan: LivePlan): BucketDraft {
  return { lines: emptyLines(wholePlan(plan)), outcomes: {}, doubts: {} };
}

/** Adds the next attempts. Changes `draft`. */
export function addToDraft(
  draft: BucketDraft,
  plan: LivePlan,
  judge: LiveJudge,
  lines: readonly Line[],
  maintenance: readonly Interval[],
): void {
  judgeLines(draft.lines, wholePlan(plan), judge, lines, maintenance);
  for (const { outcome, doubt } of lines) {
    const name = outcome ?? 'unknown';
    draft.outcomes[name] = (draft.outcomes[name] ?? 0) + 1;
    if (doubt !== null) draft.doubts[doubt] = (draft.doubts[doubt] ?? 0) + 1;
  }
}

/** What one target did in a stretch: its deciding attempts, and the ticks that did not run. */
export function bucketOf(
  { lines, outcomes, doubts }: BucketDraft,
  plan: LivePlan,
  notRun: Readonly<Record<string, number>>,
  stretch: Stretch,
): Bucket {
  const whole = wholePlan(plan);
  const sums = emptySums(whole);
  addLines(sums, whole, lines, stretch);
  return { outcomes, doubts, notRun, answers: answersOf(sums) };
}

/** A bucket of attempts that are all at hand, by ascending time. */
export function rollUp(
  plan: LivePlan,
  judge: LiveJudge,
  lines: readonly Line[],
  notRun: Readonly<Record<string, number>>,
  stretch: Stretch,
): Bucket {
  const draft = emptyDraft(plan);
  addToDraft(draft, plan, judge, lines, stretch.maintenance);
  return bucketOf(draft, plan, notRun, stretch);
}

function addRecords(one: Readonly<Record<string, number>>, other: Readonly<Record<string, number>>) {
  const sum: Record<string, number> = { ...one };
  for (const [key, count] of Object.entries(other)) sum[key] = (sum[key] ?? 0) + count;
  return sum;
}

/** Two buckets of one plan as one. Any order of merging gives the same bucket, and the same as counting at once. */
export function mergeBuckets(plan: LivePlan, one: Bucket, other: Bucket): Bucket {
  const sums = emptySums(wholePlan(plan));
  addAnswers(sums, one.answers);
  addAnswers(sums, other.answers);
  return {
    outcomes: addRecords(one.outcomes, other.outcomes),
    doubts: addRecords(one.doubts, other.doubts),
    notRun: addRecords(one.notRun, other.notRun),
    answers: answersOf(sums),
  };
}
