import { nearestRank, rankInterval } from '../statistics/quantile.ts';
import type { Interval } from '../time/interval.ts';
import { counted } from '../wording.ts';
import type { LatencyForm, LatencyTerms } from './contract.ts';
import { type Exact, exact, HUNDRED, ONE, ratio } from './exact.ts';
import { isUpperLimit, type LatencyQuestion } from './latency-question.ts';
import { timeAtRank } from './ranked-time.ts';
import { slicesInMaintenance } from './slice-counts.ts';
import { rankPasses, sliceTest } from './slice-statistic.ts';
import {
  inWiderSlices,
  layoutSliceMs,
  type SeriesTally,
  sumOf,
  type Tally,
  type TallyPlan,
} from './tally.ts';
import { placeAtRank, type ValueCounts } from './value-counts.ts';

/** A value of a latency objective in its own unit. */
export type Measured = {
  /** ms or tokens/s. */
  readonly value: number;
  readonly exact: Exact;
};

/** What a latency objective came to, before any target. */
export type LatencyFigures = {
  readonly unit: 'ms' | 'tokens/s' | 'percent';
  /** Attainment as a share of 1, or the percentile; `null`: no data, or the percentile is a failed request. */
  readonly share: Exact | null;
  readonly measured: Measured | null;
  /** The same percentile over answered requests only. */
  readonly successesOnly: Measured | null;
  /** By the contract's arithmetic; `null`: too little data. Attainment is judged by its target instead. */
  readonly isMet: boolean | null;
  readonly n: number;
  readonly failures: number;
  /** Trials that missed, and the share of misses the objective allows. */
  readonly trials: { readonly n: number; readonly bad: number; readonly unit: 'requests' | 'slices' };
  readonly allowed: number;
  readonly interval: { readonly low: number | null; readonly high: number | null } | null;
  /** Share of misses per slice with data, in order; `NaN` where there was none. */
  readonly sequence: Float64Array;
  readonly coverage: { readonly withData: number; readonly slices: number };
  /** Stretches of slices with a miss. */
  readonly misses: readonly Interval[];
  readonly flags: readonly string[];
};

const US_PER_MS = 1000;
function measure(terms: LatencyTerms, value: number | null): Measured | null {
  if (value === null) return null;
  if (terms.metric === 'tokens_per_s') return { value: value / 1000, exact: ratio(value, 1000) };
  return { value: value / US_PER_MS, exact: ratio(value, US_PER_MS) };
}

function seriesFlags(terms: LatencyTerms, tally: Tally, position: number): string[] {
  const flags = new Map<string, number>();
  for (const kind of tally.kinds.values()) {
    const timing = kind.timing[position];
    if (timing === undefined || timing.role === 'skipped' || kind.inPeriod === 0) continue;
    for (const flag of timing.flags) flags.set(flag, (flags.get(flag) ?? 0) + kind.inPeriod);
  }
  const named = [...flags].sort().map(([flag, count]) => `${flag} (${counted(count, 'request')})`);
  const untimed = tally.series[position]?.untimed ?? 0;
  if (untimed > 0)
    named.push(
      `coverage: ${counted(untimed, 'answered request carries', 'answered requests carry')} no ${terms.metric}; left out`,
    );
  return named;
}

/** Joins neighbouring slices with a miss. */
function missSpans(
  sequence: Float64Array,
  sliceMs: number,
  { period: { fromAt, toAt } }: TallyPlan,
): Interval[] {
  const spans: Interval[] = [];
  for (let slice = 0; slice < sequence.length; slice += 1) {
    if (!((sequence[slice] ?? 0) > 0)) continue;
    const first = slice;
    while ((sequence[slice + 1] ?? 0) > 0) slice += 1;
    spans.push({
      fromAt: fromAt + first * sliceMs,
      toAt: Math.min(fromAt + (slice + 1) * sliceMs, toAt),
    });
  }
  return spans;
}

export type Attainment = LatencyTerms & {
  readonly form: Extract<LatencyForm, { kind: 'window_attainment' }>;
};
export type Percentile = LatencyTerms & {
  readonly form: Extract<LatencyForm, { kind: 'whole_window_percentile' }>;
};

/** Share of slices whose statistic holds. */
function attainment(tally: Tally, terms: Attainment, position: number, contract: number): LatencyFigures {
  const { plan } = tally;
  const series = tally.series[position];
  const planned = plan.contracts[contract];
  if (series === undefined || planned === undefined) throw new Error('no such series in the plan');
  const { form } = terms;
  const inMaintenance = slicesInMaintenance(planned, plan.period, form.sliceMs);
  const slices = inMaintenance.length;
  const timed = inWiderSlices(series.timed, plan, form.sliceMs);
  const passed = inWiderSlices(series.passed, plan, form.sliceMs);
  const failed = inWiderSlices(series.failed, plan, form.sliceMs);
  const sum = series.sum === null ? null : inWiderSlices(series.sum, plan, form.sliceMs);
  const holds = sliceTest(terms);
  const sequence = new Float64Array(slices).fill(Number.NaN);
  const { mode } = planned.contract.maintenance;
  let measured = 0;
  let missed = 0;
  let removed = 0;
  let assumed = 0;
  let hits = 0;
  let denominator = 0;
  for (let slice = 0; slice < slices; slice += 1) {
    const sums = {
      timed: timed[slice] ?? 0,
      passed: passed[slice] ?? 0,
      failed: failed[slice] ?? 0,
      sum: sum?.[slice] ?? 0,
    };
    const isRemoved = inMaintenance[slice] === 1;
    if (isRemoved) removed += 1;
    if (isRemoved && mode === 'remove_from_denominator') continue;
    if (isRemoved && mode === 'count_as_good') {
      hits += 1;
      denominator += 1;
    } else if (sums.timed + sums.failed >= form.minRequestsPerSlice) {
      const passes = holds(sums);
      measured += 1;
      denominator += 1;
      if (passes) hits += 1;
      else missed += 1;
      sequence[slice] = passes ? 0 : 1;
    } else if (form.emptySlice !== 'exclude') {
      assumed += 1;
      denominator += 1;
      if (form.emptySlice === 'good') hits += 1;
    }
  }
  const flags = seriesFlags(terms, tally, position);
  if (assumed > 0) {
    flags.push(
      `coverage: ${assumed} of ${slices} slices had too few requests; the contract counts them ${form.emptySlice}`,
    );
  }
  if (form.stat === 'mean' && sumOf(series.failed) > 0) {
    flags.push('ambiguity: a failed request has no latency; means are taken over the answered ones');
  }
  return {
    unit: 'percent',
    share: denominator === 0 || measured === 0 ? null : ratio(hits, denominator),
    measured: null,
    successesOnly: null,
    isMet: null,
    n: sumOf(series.timed) + sumOf(series.failed),
    failures: sumOf(series.failed),
    trials: { n: measured, bad: missed, unit: 'slices' },
    allowed: ONE.sub(exact(form.target.value).div(HUNDRED)).valueOf(),
    interval: null,
    sequence,
    coverage: { withData: measured, slices: slices - removed },
    misses: missSpans(sequence, form.sliceMs, plan),
    flags,
  };
}

type WholeWindow = {
  readonly terms: Percentile;
  readonly values: ValueCounts;
  readonly failures: number;
  /** Failures stand at the slow end of the order: after all latencies, before all speeds. */
  readonly failuresFirst: boolean;
  readonly series: SeriesTally;
  readonly question: LatencyQuestion;
  /** Answered requests that hold. */
  readonly passed: number;
};

/** The values at ranks of all requests; `null` where the rank is a failed request or does not exist. */
function rankedAmongAll(
  { values, failures, failuresFirst, series, question, passed }: WholeWindow,
  ranks: readonly number[],
): (number | null)[] {
  return ranks.map((rank) => {
    const place = failuresFirst
      ? placeAtRank(values, rank - failures)
      : timeAtRank(series, question, passed, rank);
    return place?.value ?? null;
  });
}

/** Whether the interpolated percentile holds; exact even where the stored values are rounded. */
function linearPasses(window: WholeWindow, series: SeriesTally, n: number, bound: Exact): boolean {
  const { terms } = window;
  const position = ratio(n - 1, 1)
    .mul(exact(terms.form.percentile))
    .div(HUNDRED);
  const below = Number(position.floor().valueOf());
  const part = position.sub(ratio(below, 1));
  const under = window.values.total - series.over;
  const strict = terms.form.comparator === '<';
  const upperRank = part.equals(0) ? below + 1 : below + 2;
  // Between two values that are at most the threshold only their being both equal to it breaks a strict comparison.
  if (upperRank <= under) return !strict || window.passed >= below + 1;
  if (below + 1 > under) return false;
  if (!Number.isFinite(series.leastOver)) return false;
  const value = interpolate(series.greatestUnder, series.leastOver, part);
  return strict ? value.lt(bound) : value.lte(bound);
}

function interpolate(lowUs: number, highUs: number, part: Exact): Exact {
  return ratio(lowUs, US_PER_MS).add(part.mul(ratio(highUs - lowUs, US_PER_MS)));
}

function linearValue(window: WholeWindow, n: number): Measured | null {
  const position = ratio(n - 1, 1)
    .mul(exact(window.terms.form.percentile))
    .div(HUNDRED);
  const below = Number(position.floor().valueOf());
  const part = position.sub(ratio(below, 1));
  const [low, high] = rankedAmongAll(window, [below + 1, Math.min(below + 2, n)]);
  if (low == null) return null;
  if (part.equals(0)) return measure(window.terms, low);
  if (high == null) return null;
  const value = interpolate(low, high, part);
  return { value: value.valueOf(), exact: value };
}

/** The share of requests in each slice that did not pass; `NaN` where there was none. */
function missShares(series: SeriesTally, plan: TallyPlan, sliceMs: number): Float64Array {
  const timed = inWiderSlices(series.timed, plan, sliceMs);
  const passed = inWiderSlices(series.passed, plan, sliceMs);
  const failed = inWiderSlices(series.failed, plan, sliceMs);
  const shares = new Float64Array(timed.length);
  for (let slice = 0; slice < shares.length; slice += 1) {
    const all = (timed[slice] ?? 0) + (failed[slice] ?? 0);
    // Nothing of nothing is `NaN`.
    shares[slice] = (all - (passed[slice] ?? 0)) / all;
  }
  return shares;
}

function percentileOverWindow(
  tally: Tally,
  terms: Percentile,
  position: number,
  contract: number,
): LatencyFigures {
  const { plan } = tally;
  const series = tally.series[position];
  const question = plan.series[position]?.question;
  if (series?.values == null || question === undefined) throw new Error('no such series in the plan');
  const { form } = terms;
  const failures = sumOf(series.failed);
  const passed = sumOf(series.passed);
  const n = series.values.total + failures;
  const window: WholeWindow = {
    terms,
    values: series.values,
    failures,
    failuresFirst: !isUpperLimit(form.comparator),
    series,
    question,
    passed,
  };
  const flags = seriesFlags(terms, tally, position);
  const percentile = exact(form.percentile);
  const share = percentile.div(HUNDRED);
  const isLinear = form.method === 'linear';
  const rank = n === 0 ? 0 : nearestRank(form.percentile, n);
  const [at] = rankedAmongAll(window, [rank]);
  const measured = isLinear && n > 0 ? linearValue(window, n) : measure(terms, at ?? null);
  const isMet =
    n < Math.max(1, form.minSamples)
      ? null
      : isLinear
        ? linearPasses(window, series, n, exact(form.value))
        : rankPasses(rank, form.comparator, n, passed);
  if (n > 0 && measured === null) flags.push(`note: the ${form.percentile}th percentile is a failed request`);
  if (n < form.minSamples) flags.push(`coverage: ${n} of at least ${form.minSamples} samples`);
  if (series.values.resolution > 1) {
    flags.push(
      `note: more than 262,144 distinct values: the value shown is rounded up to ${series.values.resolution / 1000} ms; the verdict is exact`,
    );
  }
  const successes = series.values.total;
  const answeredRank = successes === 0 ? 0 : nearestRank(form.percentile, successes);
  const [answered] = rankedAmongAll({ ...window, failures: 0 }, [answeredRank]);
  const ranks = n === 0 ? null : rankInterval(n, share.valueOf());
  const [low, high] =
    ranks === null ? [null, null] : rankedAmongAll(window, [ranks.lower ?? 0, ranks.upper ?? 0]);
  const planned = plan.contracts[contract];
  if (planned === undefined) throw new Error('no such contract in the plan');
  const sliceMs = layoutSliceMs(planned.contract);
  const sequence = missShares(series, plan, sliceMs);
  const inMaintenance = slicesInMaintenance(planned, plan.period, sliceMs);
  let withData = 0;
  let removed = 0;
  for (let slice = 0; slice < sequence.length; slice += 1) {
    if (!Number.isNaN(sequence[slice])) withData += 1;
    if (inMaintenance[slice] === 1) removed += 1;
  }
  return {
    unit: terms.metric === 'tokens_per_s' ? 'tokens/s' : 'ms',
    share: null,
    measured,
    successesOnly: measure(terms, answered ?? null),
    isMet,
    n,
    failures,
    trials: { n, bad: n - passed, unit: 'requests' },
    allowed: isUpperLimit(form.comparator) ? ONE.sub(share).valueOf() : share.valueOf(),
    interval:
      ranks === null
        ? null
        : {
            low: measure(terms, low ?? null)?.value ?? null,
            high: measure(terms, high ?? null)?.value ?? null,
          },
    sequence,
    coverage: { withData, slices: sequence.length - removed },
    misses: missSpans(sequence, sliceMs, plan),
    flags,
  };
}

export function isAttainment(terms: LatencyTerms): terms is Attainment {
  return terms.form.kind === 'window_attainment';
}

export function isPercentile(terms: LatencyTerms): terms is Percentile {
  return terms.form.kind === 'whole_window_percentile';
}

/** The figures of the series at `position` of the tally's plan. */
export function latencyFigures(tally: Tally, position: number): LatencyFigures {
  const plan = tally.plan.series[position];
  if (plan === undefined) throw new Error('no such series in the plan');
  const { terms, contract } = plan;
  if (isAttainment(terms)) return attainment(tally, terms, position, contract);
  if (isPercentile(terms)) return percentileOverWindow(tally, terms, position, contract);
  throw new Error(`a form nobody knows in ${terms.id}`);
}
