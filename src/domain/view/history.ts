import type { Bucket } from '../live/bucket.ts';
import { createLiveJudge, type LiveJudge, type LivePlan, livePlanOf, wholePlan } from '../live/live-plan.ts';
import { addAnswers, emptySums, type QuestionSums } from '../live/question-sums.ts';
import {
  bucketIndex,
  highestOf,
  type LatencyHistogram,
  latencyAtRank,
} from '../statistics/latency-histogram.ts';
import type { Interval } from '../time/interval.ts';
import type { Spread } from '../time/spread.ts';

/** How the requests of one target are counted, by the terms in force now. */
export type TargetCounting = {
  readonly plan: LivePlan;
  readonly judge: LiveJudge;
  /** What the contract sets aside of a stretch: disjoint, ascending. */
  readonly maintenanceIn: (span: Interval) => readonly Interval[];
  /** Names the way a stretch is counted: a bucket of another basis says nothing here. */
  readonly basisOf: (span: Interval) => string;
};

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const NO_PLAN = livePlanOf(null);
const NO_COUNTING: TargetCounting = {
  plan: NO_PLAN,
  judge: createLiveJudge(NO_PLAN),
  maintenanceIn: () => [],
  basisOf: () => NO_PLAN.key,
};

/** The counting of a target nobody promised anything for. */
export function uncontracted(): TargetCounting {
  return NO_COUNTING;
}

/** How a set of speeds lies: 0.001 tokens/s, at most 0.4 % low. 99 of 100 answers are at least as fast as `p1`. */
export type SpeedSpread = {
  readonly n: number;
  readonly p50: number;
  readonly p10: number;
  readonly p1: number;
};

/**
 * What one target did in a stretch of time, as its contract counts requests. Percentiles are of answered requests, at
 * most 0.4 % high; `null` where nothing was answered: a gap.
 */
export type HistoryColumn = {
  /** Inclusive. */
  readonly fromAt: number;
  /** Exclusive. */
  readonly toAt: number;
  /** `true` while hours of the stretch still have to be counted: what is here is not all. */
  readonly counting: boolean;
  readonly good: number;
  readonly bad: number;
  /** Attempts that count for nothing. */
  readonly excluded: number;
  /** Ticks without an attempt, of which we know why. */
  readonly notRun: number;
  /** Attempts by outcome, those that count for nothing included. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly ttft: Spread | null;
  readonly total: Spread | null;
  /** Output tokens over total time. */
  readonly speed: SpeedSpread | null;
};

/** Running sums of a stretch. */
export type HistorySums = {
  readonly sums: readonly QuestionSums[];
  readonly outcomes: Record<string, number>;
  notRun: number;
  counting: boolean;
};

export function emptyHistory(plan: LivePlan): HistorySums {
  return { sums: emptySums(wholePlan(plan)), outcomes: {}, notRun: 0, counting: false };
}

/** Adds a bucket of the same plan. Changes `into`. */
export function addToHistory(into: HistorySums, bucket: Bucket): void {
  addAnswers(into.sums, bucket.answers);
  for (const [outcome, count] of Object.entries(bucket.outcomes)) {
    into.outcomes[outcome] = (into.outcomes[outcome] ?? 0) + count;
  }
  for (const ticks of Object.values(bucket.notRun)) into.notRun += ticks;
}

/** The sums of a stretch in the numbers that are shown. */
export function columnOf(plan: LivePlan, history: HistorySums, { fromAt, toAt }: Interval): HistoryColumn {
  const [availability] = history.sums;
  const counts =
    availability?.kind === 'availability' ? availability.counts : { good: 0, bad: 0, excluded: 0 };
  const histogram = (metric: 'ttft_ms' | 'e2e_ms' | 'tokens_per_s'): LatencyHistogram | null => {
    const at = histogramAt(plan, metric);
    const sum = at === -1 ? undefined : history.sums[at];
    return sum?.kind === 'percentile' ? sum.counts.histogram : null;
  };
  return {
    fromAt,
    toAt,
    counting: history.counting,
    good: counts.good,
    bad: counts.bad,
    excluded: counts.excluded,
    notRun: history.notRun,
    outcomes: history.outcomes,
    ttft: spreadIn(histogram('ttft_ms')),
    total: spreadIn(histogram('e2e_ms')),
    speed: speedIn(histogram('tokens_per_s')),
  };
}

/** The place of the answer whose histogram tells of a metric: the contract's 99th percentile, else any; -1: none. */
export function histogramAt(plan: LivePlan, metric: 'ttft_ms' | 'e2e_ms' | 'tokens_per_s'): number {
  const { questions } = wholePlan(plan);
  const tells = (percentile: string | null) => (one: (typeof questions)[number]) =>
    one.kind === 'percentile' &&
    one.terms.metric === metric &&
    (metric !== 'tokens_per_s' || one.terms.tpsBasis === 'total') &&
    (percentile === null || Number(one.terms.form.percentile) === Number(percentile));
  const asked = questions.findIndex(tells('99'));
  return asked === -1 ? questions.findIndex(tells(null)) : asked;
}

function rankOf(total: number, ppm: number): number {
  return Math.max(1, Math.ceil((total * ppm) / 1_000_000));
}

function spreadIn(histogram: LatencyHistogram | null): Spread | null {
  if (histogram === null || histogram.total === 0) return null;
  const at = (ppm: number): number => latencyAtRank([histogram], rankOf(histogram.total, ppm)) ?? 0;
  return {
    n: histogram.total,
    p50Us: at(500_000),
    p90Us: at(900_000),
    p99Us: at(990_000),
    maxUs: latencyAtRank([histogram], histogram.total) ?? 0,
  };
}

function speedIn(histogram: LatencyHistogram | null): SpeedSpread | null {
  if (histogram === null || histogram.total === 0) return null;
  // A speed must not look faster than it was: the lowest value of its bucket.
  const at = (ppm: number): number => {
    const highest = latencyAtRank([histogram], rankOf(histogram.total, ppm)) ?? 0;
    return lowestBeside(highest);
  };
  return { n: histogram.total, p50: at(500_000), p10: at(100_000), p1: at(10_000) };
}

/** The lowest value of the bucket whose highest is given. */
function lowestBeside(highest: number): number {
  const index = bucketIndex(highest);
  return index === 0 ? 0 : highestOf(index - 1) + 1;
}

/**
 * Stretches of one width. Whole hours and days lie at boundaries of UTC, as buckets do, and the first and the last are
 * cut to the range; shorter ones begin with the range.
 */
export function stretchesOf({ fromAt, toAt }: Interval, widthMs: number): Interval[] {
  const stretches: Interval[] = [];
  const first = widthMs < HOUR_MS ? fromAt : Math.floor(fromAt / widthMs) * widthMs;
  for (let at = first; at < toAt; at += widthMs) {
    stretches.push({ fromAt: Math.max(at, fromAt), toAt: Math.min(at + widthMs, toAt) });
  }
  return stretches;
}

const WIDTHS = [1, 2, 5, 10, 30, 60, 120, 180, 360, 720, 1_440].map((minutes) => minutes * MINUTE_MS);
const MOST_COLUMNS = 124;

/** The narrowest stretch that divides a range into at most 124. */
export function widthFor({ fromAt, toAt }: Interval): number {
  return WIDTHS.find((width) => (toAt - fromAt) / width <= MOST_COLUMNS) ?? 24 * HOUR_MS;
}
