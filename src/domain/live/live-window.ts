import type { AvailabilityTerms } from '../contract/contract.ts';
import {
  addTo,
  type Exact,
  type ExactSum,
  exact,
  HUNDRED,
  ONE,
  ratio,
  roundExact,
  totalOf,
} from '../contract/exact.ts';
import { isUpperLimit } from '../contract/latency-question.ts';
import { type LatencyHistogram, latencyAtRank } from '../statistics/latency-histogram.ts';
import { nearestRank } from '../statistics/quantile.ts';
import { clip, type Interval, lengthOf, union } from '../time/interval.ts';
import type { LivePlan, LiveQuestion } from './live-plan.ts';
import type { Goal, ObjectiveShape } from './objective-shape.ts';
import { mostBad } from './period-budget.ts';
import type { QuestionSums } from './question-sums.ts';

/** The rolling windows, and the contract's period so far. */
export const LIVE_WINDOWS = {
  '5m': 300_000,
  '1h': 3_600_000,
  '6h': 21_600_000,
  '24h': 86_400_000,
  '7d': 604_800_000,
  '30d': 2_592_000_000,
  '90d': 7_776_000_000,
} as const;
export type RollingName = keyof typeof LIVE_WINDOWS;
export type WindowName = RollingName | 'period';
export const ROLLING_NAMES = Object.keys(LIVE_WINDOWS) as readonly RollingName[];

/**
 * One objective over one window. Plain numbers that add up; everything else (percentages, statements) follows from them.
 * The engine gives the same for the same stretch of samples.
 */
export type LiveWindow = {
  /** Inclusive. Windows up to six hours begin on a minute, longer ones on an hour. */
  readonly fromAt: number;
  /** Exclusive; a whole minute. */
  readonly toAt: number;
  /** Trials that were measured, and the bad ones: requests, or slices where the contract counts slices. */
  readonly n: number;
  readonly bad: number;
  readonly unit: 'requests' | 'slices';
  /** The contract's own ratio: good of counted, assumed slices included; `null` for a percentile, or without data. */
  readonly good: number | null;
  readonly counted: number | null;
  /** Only where the ratio is a sum of fractions: `a/b`. */
  readonly exactShare: string | null;
  /** The percentile, whole µs (or 0.001 tokens/s), at most 0.4 % high and never on the wrong side of the limit. */
  readonly latency: number | null;
  /** `null`: nothing was promised. */
  readonly result: 'met' | 'breached' | 'undecided' | null;
  /** Slices with a counted request, of all that were not set aside; `null` where no slices are kept. */
  readonly coverage: { readonly withData: number; readonly slices: number } | null;
};

/** From the first to the last slice in which anything was asked. */
export type Deployed = Interval & {
  /** Empty slices of the window before and after it that planned work does not set aside. */
  readonly outside: number;
};

/**
 * One window of one objective, from the sums of the parts it is made of.
 *
 * @param deployed where a contract counts deployed slices only and they are known; `null`: they are not
 */
export function liveWindow(
  shape: ObjectiveShape,
  plan: LivePlan,
  parts: readonly QuestionSums[],
  span: Interval,
  deployed: Deployed | null = null,
): LiveWindow {
  const { question, goal } = shape;
  switch (question.kind) {
    case 'availability':
      return availabilityWindow(question, goal, plan, parts, span, deployed);
    case 'percentile':
      return percentileWindow(question, goal, parts, span);
    case 'attainment':
      return attainmentWindow(question, goal, parts, span);
  }
}

function availabilityWindow(
  { terms }: Extract<LiveQuestion, { kind: 'availability' }>,
  goal: Goal | null,
  plan: LivePlan,
  parts: readonly QuestionSums[],
  span: Interval,
  deployed: Deployed | null,
): LiveWindow {
  const { sums, good, bad, held, missed, assumedBad, withData, ...assumed } = totalsOf(parts);
  const slices = Math.ceil((span.toAt - span.fromAt) / terms.sliceMs);
  let { assumedGood, setAside } = assumed;
  let down = assumedBad;
  // Hours in which nobody was there left no bucket: all their slices are empty.
  const unseen = Math.max(0, slices - held - missed - assumedGood - assumedBad - setAside);
  if (terms.emptySlice === 'good') assumedGood += unseen;
  else if (terms.emptySlice === 'bad') down += unseen;
  else setAside += unseen;
  const isOutsideKnown = deployed !== null && terms.denominator === 'deployed_slices';
  if (isOutsideKnown && terms.emptySlice !== 'exclude') {
    setAside += deployed.outside;
    if (terms.emptySlice === 'good') assumedGood -= deployed.outside;
    else down -= deployed.outside;
  }
  const common = { ...span, latency: null, coverage: { withData, slices }, exactShare: null };
  if (terms.method.kind === 'occurrences') {
    const n = good + bad;
    const counted = n === 0 ? null : n;
    return {
      ...common,
      n,
      bad,
      unit: 'requests',
      good: counted === null ? null : good,
      counted,
      result: resultOf(goal, n > 0, good, n),
    };
  }
  const counted = slices - setAside;
  const isEmptyBad = terms.emptySlice === 'bad';
  const hasData = good + bad > 0;
  // Empty slices may be good by contract, but a window without a single request is no uptime: nobody looked.
  const isKnown = hasData && counted > 0;
  const measured = { n: held + missed, unit: 'slices' as const, counted: isKnown ? counted : null };
  if (terms.method.kind === 'ratio_timeslices') {
    const share = ratioShare(
      sums.map(({ counts }) => counts.failedBySize),
      down,
      counted,
    );
    return {
      ...common,
      ...measured,
      bad: missed,
      good: null,
      exactShare: isKnown ? (share?.toFraction() ?? null) : null,
      result: eitherWay(terms, isOutsideKnown ? 0 : isEmptyBad ? down : assumedGood, (outside) => {
        if (goal === null) return null;
        const own = ratioShare(
          sums.map(({ counts }) => counts.failedBySize),
          isEmptyBad ? down - outside : down,
          counted - outside,
        );
        return !hasData || own === null ? 'undecided' : exactResult(goal, plan, own);
      }),
    };
  }
  const counts = terms.method.minRunSlices > 1;
  const downSlices = counts
    ? longRuns(
        isOutsideKnown
          ? clip(union(sums.flatMap((one) => one.down)), deployed)
          : sums.flatMap((one) => one.down),
        terms.method.minRunSlices * terms.sliceMs,
        span,
      ) / terms.sliceMs
    : missed + down;
  const badMeasured = counts ? Math.min(missed, Math.ceil(downSlices)) : missed;
  return {
    ...common,
    ...measured,
    bad: badMeasured,
    good: isKnown ? counted - Math.ceil(downSlices) : null,
    result: eitherWay(terms, isOutsideKnown ? 0 : isEmptyBad ? down : assumedGood, (outside) => {
      // Without what was assumed a run may be too short to count.
      const least = !isEmptyBad || outside === 0 ? downSlices : counts ? 0 : downSlices - outside;
      return resultOf(goal, isKnown, counted - outside - Math.ceil(least), counted - outside);
    }),
  };
}

/**
 * A contract about deployed slices leaves out the empty ones before the first request and after the last. Counts that add up
 * do not tell which of the empty slices those are: none at the least, all of them at the most. Where both readings say the
 * same the contract does; else nothing is decided before the period is judged as a whole.
 *
 * @param assumed empty slices that were counted good or bad
 * @param resultWithout the result if so many of them are left out
 */
function eitherWay(
  { denominator, emptySlice }: AvailabilityTerms,
  assumed: number,
  resultWithout: (outside: number) => LiveWindow['result'],
): LiveWindow['result'] {
  const all = resultWithout(0);
  if (denominator !== 'deployed_slices' || emptySlice === 'exclude' || assumed === 0) return all;
  return all === resultWithout(assumed) ? all : 'undecided';
}

/** The parts of an availability question added up: one walk, for it is done for every window of every pass. */
function totalsOf(parts: readonly QuestionSums[]) {
  const sums: Extract<QuestionSums, { kind: 'availability' }>[] = [];
  let [good, bad, withData, held, missed] = [0, 0, 0, 0, 0];
  let [assumedGood, assumedBad, setAside] = [0, 0, 0];
  for (const part of parts) {
    if (part.kind !== 'availability') continue;
    sums.push(part);
    const { counts } = part;
    good += counts.good;
    bad += counts.bad;
    withData += counts.withData;
    held += counts.heldSlices;
    missed += counts.missedSlices;
    assumedGood += counts.assumedGood;
    assumedBad += counts.assumedBad;
    setAside += counts.setAside;
  }
  return { sums, good, bad, withData, held, missed, assumedGood, assumedBad, setAside };
}

/** Downtime within `span` in runs that last long enough, whole: a run counts by its true length, across any edge. */
function longRuns(down: readonly Interval[], leastMs: number, span: Interval): number {
  const runs = union(down).filter(({ fromAt, toAt }) => toAt - fromAt >= leastMs);
  return lengthOf(clip(runs, span));
}

function ratioShare(
  maps: readonly ReadonlyMap<number, number>[],
  down: number,
  counted: number,
): Exact | null {
  if (counted === 0) return null;
  const sum: ExactSum = new Map();
  for (const map of maps) for (const [size, failed] of map) addTo(sum, failed, size);
  return ONE.sub(totalOf(sum).add(ratio(down, 1)).div(ratio(counted, 1)));
}

/** The arithmetic of a contract over counts of a window; `null`: nothing was promised. */
export function resultOf(
  goal: Goal | null,
  isDecidable: boolean,
  good: number,
  counted: number,
): LiveWindow['result'] {
  if (goal === null) return null;
  if (!isDecidable) return 'undecided';
  return counted - good <= mostBad(goal.allowance, counted) ? 'met' : 'breached';
}

function exactResult(goal: Goal, plan: LivePlan, share: Exact): 'met' | 'breached' {
  const { decimals, mode } = plan.contract.rounding;
  const percent = roundExact(share.mul(HUNDRED), decimals, mode);
  const wanted = exact(goal.value);
  return (goal.comparator === '>' ? percent.gt(wanted) : percent.gte(wanted)) ? 'met' : 'breached';
}

function percentileWindow(
  { terms, question }: Extract<LiveQuestion, { kind: 'percentile' }>,
  goal: Goal | null,
  parts: readonly QuestionSums[],
  span: Interval,
): LiveWindow {
  const histograms: LatencyHistogram[] = [];
  let [timed, passed, failed] = [0, 0, 0];
  for (const part of parts) {
    if (part.kind !== 'percentile') continue;
    const { counts } = part;
    histograms.push(counts.histogram);
    timed += counts.timed;
    passed += counts.passed;
    failed += counts.failed;
  }
  const n = timed + failed;
  const { form } = terms;
  const isUpper = isUpperLimit(form.comparator);
  // Failures stand at the slow end: after all latencies, before all speeds.
  // ⌈p·n⌉ is n − ⌊(1 − p)·n⌋, which is what the allowance gives without building fractions.
  const rank =
    n === 0
      ? 0
      : goal !== null && isUpper
        ? Math.max(1, n - mostBad(goal.allowance, n))
        : nearestRank(form.percentile, n);
  const own = isUpper ? rank : rank - failed;
  const read = latencyAtRank(histograms, own);
  const isMet = isUpper ? passed >= rank : n - passed < rank;
  const common = {
    ...span,
    n,
    bad: n - passed,
    unit: 'requests' as const,
    good: null,
    counted: null,
    exactShare: null,
    coverage: null,
  };
  if (goal === null) return { ...common, latency: read, bad: failed, result: null };
  if (n < Math.max(1, form.minSamples)) return { ...common, latency: read, result: 'undecided' };
  // The counter beside the histogram is exact: what is shown must not contradict it.
  const latency = read === null ? null : onItsSide(read, isMet, isUpper, question.bound);
  return { ...common, latency, result: isMet ? 'met' : 'breached' };
}

function onItsSide(read: number, isMet: boolean, isUpper: boolean, bound: number): number {
  if (isUpper) return isMet ? Math.min(read, bound) : Math.max(read, bound + 1);
  return isMet ? Math.max(read, bound) : Math.min(read, bound - 1);
}

function attainmentWindow(
  { terms }: Extract<LiveQuestion, { kind: 'attainment' }>,
  goal: Goal | null,
  parts: readonly QuestionSums[],
  span: Interval,
): LiveWindow {
  const counts = parts.flatMap((part) => (part.kind === 'attainment' ? [part.counts] : []));
  const sum = (key: 'held' | 'missed' | 'assumedGood' | 'assumedBad' | 'setAside'): number =>
    counts.reduce((total, one) => total + one[key], 0);
  const slices = Math.ceil((span.toAt - span.fromAt) / terms.form.sliceMs);
  const [held, missed] = [sum('held'), sum('missed')];
  let [assumedGood, assumedBad] = [sum('assumedGood'), sum('assumedBad')];
  const unseen = Math.max(0, slices - held - missed - assumedGood - assumedBad - sum('setAside'));
  if (terms.form.emptySlice === 'good') assumedGood += unseen;
  if (terms.form.emptySlice === 'bad') assumedBad += unseen;
  const counted = held + missed + assumedGood + assumedBad;
  const hasData = held + missed > 0;
  return {
    ...span,
    n: held + missed,
    bad: missed,
    unit: 'slices',
    good: hasData ? held + assumedGood : null,
    counted: hasData ? counted : null,
    exactShare: null,
    latency: null,
    result: resultOf(goal, hasData, held + assumedGood, counted),
    coverage: { withData: held + missed, slices },
  };
}
