import type { Comparator, Contract, LatencyComparator } from '../contract/contract.ts';
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
import { keptTarget } from '../contract/kept-target.ts';
import { isUpperLimit } from '../contract/latency-question.ts';
import { isJudgedPerTarget } from '../report/report-scope.ts';
import { latencyAtRank } from '../statistics/latency-histogram.ts';
import { nearestRank } from '../statistics/quantile.ts';
import type { Interval } from '../time/interval.ts';
import { clip, lengthOf, union } from '../time/interval.ts';
import type { Period } from '../time/period.ts';
import type { LivePlan, LiveQuestion } from './live-plan.ts';
import { type Allowance, exhaustedAt, mostBad, type PeriodBudget, periodBudget } from './period-budget.ts';
import type { AvailabilityCounts, QuestionSums } from './rollup.ts';

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

/**
 * Whom a contract holds an objective against: each target alone, or all behind a key together. Requests of several targets
 * add up (`summed`). Slices do not, for all their requests make the share of one slice; but where a slice that is bad of all
 * is bad of at least one, the sum is the most that can be bad (`bounded`). The rest is known when the period closes.
 */
export type Judged = 'alone' | 'summed' | 'bounded' | 'at close';

/** The targets that are judged as one with a target, itself included. */
export type Pool = {
  /** `gateway/tier`. */
  readonly scope: string;
  readonly targets: number;
  readonly judged: Exclude<Judged, 'alone'>;
};

/** One objective of one target, at one instant. */
export type LiveObjective = {
  readonly target: string;
  /** Stable, e.g. `pro-channel/availability`; `none/…` where nothing was promised. */
  readonly id: string;
  readonly kind: LiveQuestion['kind'];
  readonly metric: 'availability' | 'ttft_ms' | 'e2e_ms' | 'tokens_per_s';
  /** The percentile, e.g. `99`; `null` for others. */
  readonly percentile: string | null;
  /** `null`: nothing was promised. */
  readonly goal: {
    readonly contract: string;
    readonly value: string;
    readonly comparator: Comparator | LatencyComparator;
    /** Share of bad trials it allows, the contract's rounding taken into account. */
    readonly allowance: Allowance;
    readonly judged: Judged;
    /** Fewest trials for a verdict. */
    readonly minSamples: number;
  } | null;
  /** Set where the contract judges several targets as one: budget, burn, outlook and the period are then theirs. */
  readonly pool: Pool | null;
  readonly windows: Readonly<Record<WindowName, LiveWindow>>;
  readonly period: Period;
  /** Of the period; `null` if nothing was promised. */
  readonly budget: PeriodBudget | null;
  /** Bad share of the window over the share allowed; `null` without samples or promise. */
  readonly burn: {
    readonly '1h': number | null;
    readonly '6h': number | null;
    readonly '24h': number | null;
  };
  /** When the budget is gone at the pace of the last day; `null`: not before the period ends. */
  readonly exhaustedAt: number | null;
};

/** The fixed part of one objective, prepared once per plan. */
export type ObjectiveShape = {
  readonly position: number;
  readonly question: LiveQuestion;
  readonly id: string;
  readonly metric: LiveObjective['metric'];
  readonly percentile: string | null;
  readonly goal: LiveObjective['goal'];
};

export function objectiveShapes({ contract, questions }: LivePlan): readonly ObjectiveShape[] {
  return questions.map((question, position) => {
    const common = {
      position,
      question,
      id: `${question.promised ? contract.id : 'none'}/${question.id}`,
      metric: question.kind === 'availability' ? ('availability' as const) : question.terms.metric,
    };
    if (question.kind === 'percentile') {
      const { form } = question.terms;
      const percentile = exact(form.percentile).div(HUNDRED);
      const share = isUpperLimit(form.comparator) ? ONE.sub(percentile) : percentile;
      return {
        ...common,
        percentile: form.percentile,
        goal: question.promised
          ? {
              contract: contract.id,
              value: form.value,
              comparator: form.comparator,
              allowance: allowanceOf(share, isUpperLimit(form.comparator)),
              judged: judgedBy(contract, question),
              minSamples: Math.max(1, form.minSamples),
            }
          : null,
      };
    }
    const target = question.kind === 'availability' ? question.terms.target : question.terms.form.target;
    const kept = keptTarget(target, contract.rounding);
    const share = ONE.sub(kept.percent.div(HUNDRED));
    return {
      ...common,
      percentile: null,
      goal: question.promised
        ? {
            contract: contract.id,
            value: target.value,
            comparator: target.comparator,
            allowance: allowanceOf(share, kept.inclusive),
            judged: judgedBy(contract, question),
            minSamples: 1,
          }
        : null,
    };
  });
}

function judgedBy(contract: Contract, question: LiveQuestion): Judged {
  if (isJudgedPerTarget(contract)) return 'alone';
  if (question.kind === 'percentile') return 'summed';
  if (question.kind === 'attainment') return 'at close';
  const { method, minRequestsPerSlice } = question.terms;
  if (method.kind === 'occurrences') return 'summed';
  const hasRuns = method.kind === 'timeslices' && method.minRunSlices > 1;
  return hasRuns || minRequestsPerSlice > 1 ? 'at close' : 'bounded';
}

function allowanceOf(share: Exact, inclusive: boolean): Allowance {
  // Above a hundred percent there is nothing, so not even none may be bad.
  if (share.lt(0)) return { numerator: 0, denominator: 1, inclusive: false };
  return { numerator: Number(share.n), denominator: Number(share.d), inclusive };
}

/** One window of one objective, from the sums of the parts it is made of. */
export function liveWindow(
  shape: ObjectiveShape,
  plan: LivePlan,
  parts: readonly QuestionSums[],
  span: Interval,
): LiveWindow {
  const { question, goal } = shape;
  switch (question.kind) {
    case 'availability':
      return availabilityWindow(question, goal, plan, parts, span);
    case 'percentile':
      return percentileWindow(question, goal, parts, span);
    case 'attainment':
      return attainmentWindow(question, goal, parts, span);
  }
}

function availabilityWindow(
  { terms }: Extract<LiveQuestion, { kind: 'availability' }>,
  goal: LiveObjective['goal'],
  plan: LivePlan,
  parts: readonly QuestionSums[],
  span: Interval,
): LiveWindow {
  const sums = parts.flatMap((part) => (part.kind === 'availability' ? [part] : []));
  const total = (key: Exclude<keyof AvailabilityCounts, 'failedBySize'>): number =>
    sums.reduce((sum, { counts }) => sum + counts[key], 0);
  const [good, bad] = [total('good'), total('bad')];
  const slices = Math.ceil((span.toAt - span.fromAt) / terms.sliceMs);
  const [held, missed, assumedBad] = [total('heldSlices'), total('missedSlices'), total('assumedBad')];
  let [assumedGood, setAside, down] = [total('assumedGood'), total('setAside'), assumedBad];
  // Hours in which nobody was there left no bucket: all their slices are empty.
  const unseen = Math.max(0, slices - held - missed - assumedGood - assumedBad - setAside);
  if (terms.emptySlice === 'good') assumedGood += unseen;
  else if (terms.emptySlice === 'bad') down += unseen;
  else setAside += unseen;
  const coverage = { withData: total('withData'), slices };
  const common = { ...span, latency: null, coverage, exactShare: null };
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
      result:
        goal === null ? null : !hasData || share === null ? 'undecided' : exactResult(goal, plan, share),
    };
  }
  const counts = terms.method.minRunSlices > 1;
  const downSlices = counts
    ? longRuns(
        sums.flatMap((one) => one.down),
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
    result: resultOf(goal, isKnown, counted - Math.ceil(downSlices), counted),
  };
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
  goal: LiveObjective['goal'],
  isDecidable: boolean,
  good: number,
  counted: number,
): LiveWindow['result'] {
  if (goal === null) return null;
  if (!isDecidable) return 'undecided';
  return counted - good <= mostBad(goal.allowance, counted) ? 'met' : 'breached';
}

function exactResult(
  goal: NonNullable<LiveObjective['goal']>,
  plan: LivePlan,
  share: Exact,
): 'met' | 'breached' {
  const { decimals, mode } = plan.contract.rounding;
  const percent = roundExact(share.mul(HUNDRED), decimals, mode);
  const wanted = exact(goal.value);
  return (goal.comparator === '>' ? percent.gt(wanted) : percent.gte(wanted)) ? 'met' : 'breached';
}

function percentileWindow(
  { terms, question }: Extract<LiveQuestion, { kind: 'percentile' }>,
  goal: LiveObjective['goal'],
  parts: readonly QuestionSums[],
  span: Interval,
): LiveWindow {
  const counts = parts.flatMap((part) => (part.kind === 'percentile' ? [part.counts] : []));
  const sum = (key: 'timed' | 'passed' | 'failed'): number =>
    counts.reduce((total, one) => total + one[key], 0);
  const [timed, passed, failed] = [sum('timed'), sum('passed'), sum('failed')];
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
  const read = latencyAtRank(
    counts.map(({ histogram }) => histogram),
    own,
  );
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
  goal: LiveObjective['goal'],
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

/** What is known about what is to come in the period. */
export type Outlook = {
  readonly period: Period;
  /** Ticks of all series of the target from the window's end to the period's. */
  readonly remainingTicks: number;
};

/** Puts windows, budget and outlook together. */
export function liveObjective(
  target: string,
  shape: ObjectiveShape,
  windows: Readonly<Record<WindowName, LiveWindow>>,
  { period, remainingTicks }: Outlook,
): LiveObjective {
  const { id, metric, percentile, goal, question } = shape;
  const { period: soFar } = windows;
  const base = { target, id, kind: question.kind, metric, percentile, goal, pool: null, windows, period };
  if (goal === null) {
    return { ...base, budget: null, burn: { '1h': null, '6h': null, '24h': null }, exhaustedAt: null };
  }
  const leftMs = Math.max(0, period.toAt - soFar.toAt);
  const sliceMs = sliceOf(question);
  const remaining =
    soFar.unit === 'slices' && sliceMs !== null ? Math.floor(leftMs / sliceMs) : remainingTicks;
  const tickMs = remainingTicks === 0 ? 0 : leftMs / remainingTicks;
  const trialMs = soFar.unit === 'slices' && sliceMs !== null ? sliceMs : tickMs;
  const budget = periodBudget({
    allowance: goal.allowance,
    n: soFar.counted ?? soFar.n,
    bad: badOf(soFar),
    badFractions: badFractions(soFar),
    assumedBad: countsEmptyBad(question) ? Math.max(0, (soFar.counted ?? soFar.n) - soFar.n) : 0,
    remaining,
    unit: soFar.unit,
    trialMs,
    probesPerTrial: soFar.unit === 'slices' && tickMs > 0 ? trialMs / tickMs : 1,
  });
  const burn = (name: RollingName): number | null => burnOf(windows[name], goal.allowance);
  return {
    ...base,
    budget,
    burn: { '1h': burn('1h'), '6h': burn('6h'), '24h': burn('24h') },
    exhaustedAt: exhaustedAt(budget, windows['24h'], soFar.toAt, period.toAt),
  };
}

/** Bad trials by the contract's own ratio, assumed slices included. */
function badOf(window: LiveWindow): number {
  const fractions = badFractions(window);
  if (fractions !== null) return fractions.valueOf();
  return window.good === null || window.counted === null ? window.bad : window.counted - window.good;
}

/** The same where a slice may be bad in part; `null` where trials are bad as a whole. */
export function badFractions({ exactShare, counted }: LiveWindow): Exact | null {
  return exactShare === null || counted === null ? null : ONE.sub(exact(exactShare)).mul(ratio(counted, 1));
}

function countsEmptyBad(question: LiveQuestion): boolean {
  if (question.kind === 'availability') return question.terms.emptySlice === 'bad';
  return question.kind === 'attainment' && question.terms.form.emptySlice === 'bad';
}

export function burnOf(
  window: Pick<LiveWindow, 'n' | 'bad'>,
  { numerator, denominator }: Allowance,
): number | null {
  if (window.n === 0) return null;
  if (window.bad === 0) return 0;
  return (window.bad * denominator) / (window.n * numerator);
}

function sliceOf(question: LiveQuestion): number | null {
  if (question.kind === 'availability') return question.terms.sliceMs;
  return question.kind === 'attainment' ? question.terms.form.sliceMs : null;
}
