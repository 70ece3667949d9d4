import type { Line } from '../contract/tally.ts';
import type { Interval } from '../time/interval.ts';
import { emptyLines, type JudgedLines } from './judged-lines.ts';
import { addLines, judgeLines, type Stretch } from './line-counting.ts';
import { type LiveJudge, type LivePlan, wholePlan } from './live-plan.ts';
import { addAnswers, answersOf, type BucketAnswer, emptyBucketSums } from './question-sums.ts';

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
  const sums = emptyBucketSums(whole);
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
  const sums = emptyBucketSums(wholePlan(plan));
  addAnswers(sums, one.answers);
  addAnswers(sums, other.answers);
  return {
    outcomes: addRecords(one.outcomes, other.outcomes),
    doubts: addRecords(one.doubts, other.doubts),
    notRun: addRecords(one.notRun, other.notRun),
    answers: answersOf(sums),
  };
}
