import { type ConfidenceInterval, clopperPearson } from './binomial.ts';
import { type Block, type BootstrapDifference, bootstrapDifference } from './block-bootstrap.ts';
import { nearestRank, rankInterval } from './quantile.ts';
import { barnardExact, fisherExact, type TwoByTwo } from './two-by-two.ts';

/** One counted request of a tier. */
export type TierSample = {
  /** When it was due, epoch ms: both tiers are probed at the same ticks. */
  readonly at: number;
  /** ms; `null`: it failed, which is slower than any answer. */
  readonly ms: number | null;
};

export type Tier = {
  readonly name: string;
  readonly samples: readonly TierSample[];
  /** What a token costs, in any unit common to both; `null`: unknown. */
  readonly price: number | null;
};

/** A value in ms; `'failed'` where the rank is a failed request, `null` without data or beyond the last rank. */
export type RankMs = number | 'failed' | null;

export type TierFigures = {
  readonly name: string;
  readonly n: number;
  readonly failures: number;
  /** Share of good requests with its 95 % interval; `null` without data. */
  readonly availability: { readonly share: number; readonly interval: ConfidenceInterval } | null;
  readonly p50: RankMs;
  readonly p99: RankMs;
  /** 95 % order-statistic interval of the p99. */
  readonly p99Interval: { readonly low: RankMs; readonly high: RankMs };
  /** Requests over the common threshold, failures included. */
  readonly over: number;
};

/** Which group does better, if the samples prove that one does. */
export type Finding = 'first' | 'second' | 'not proven';

export type TierComparison = {
  readonly tiers: readonly [TierFigures, TierFigures];
  /** Failed requests of each: Fisher's exact test. */
  readonly failures: { readonly p: number; readonly better: Finding };
  /** Requests over a threshold both are held to: the contract's, or the pooled p99. */
  readonly exceedances: {
    readonly thresholdMs: RankMs;
    readonly source: 'contract' | 'pooled p99';
    readonly fisher: number;
    /** `null`: too many samples for Barnard's test. */
    readonly barnard: number | null;
    readonly better: Finding;
  } | null;
  /** p99 of the first minus p99 of the second, ms. */
  readonly difference: (BootstrapDifference & { readonly better: Finding }) | null;
  /** Price of the first over that of the second; `null` if one is unknown. */
  readonly priceRatio: number | null;
  readonly sentence: string;
};

export type ComparisonOptions = {
  /** The contract's latency threshold; `null`: the p99 of both together. */
  readonly thresholdMs: number | null;
  readonly seed: number;
  readonly draws: number;
};

/** A claim about two tiers is made at this error probability. */
export const COMPARISON_ALPHA = 0.05;
const BLOCK_MS = 3_600_000;

function slowness(sample: TierSample): number {
  return sample.ms ?? Number.POSITIVE_INFINITY;
}

function named(value: number | undefined): RankMs {
  if (value === undefined) return null;
  return Number.isFinite(value) ? value : 'failed';
}

function ascending(tier: Tier): Float64Array {
  return Float64Array.from(tier.samples, slowness).sort();
}

function atRank(sorted: Float64Array, rank: number | null): RankMs {
  return rank === null ? null : named(sorted[rank - 1]);
}

function countOver(sorted: Float64Array, threshold: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    // A failed request is over any threshold, even one that is a failed request itself.
    const value = sorted[middle] ?? 0;
    if (value > threshold || value === Number.POSITIVE_INFINITY) high = middle;
    else low = middle + 1;
  }
  return sorted.length - low;
}

function figuresOf(tier: Tier, sorted: Float64Array, threshold: number | null): TierFigures {
  const n = sorted.length;
  const failures = n === 0 ? 0 : countOver(sorted, Number.MAX_VALUE);
  const ranks = n === 0 ? null : rankInterval(n, 0.99);
  return {
    name: tier.name,
    n,
    failures,
    availability: n === 0 ? null : { share: (n - failures) / n, interval: clopperPearson(n - failures, n) },
    p50: n === 0 ? null : atRank(sorted, nearestRank('50', n)),
    p99: n === 0 ? null : atRank(sorted, nearestRank('99', n)),
    p99Interval: { low: atRank(sorted, ranks?.lower ?? null), high: atRank(sorted, ranks?.upper ?? null) },
    over: threshold === null ? failures : countOver(sorted, threshold),
  };
}

function better(table: TwoByTwo, p: number): Finding {
  if (p > COMPARISON_ALPHA) return 'not proven';
  return table.hitsA / table.totalA < table.hitsB / table.totalB ? 'first' : 'second';
}

function blocksOf(a: Tier, b: Tier): Block[] {
  const blocks = new Map<number, { a: number[]; b: number[] }>();
  const into = (tier: Tier, key: 'a' | 'b'): void => {
    for (const sample of tier.samples) {
      const hour = Math.floor(sample.at / BLOCK_MS);
      const block = blocks.get(hour) ?? { a: [], b: [] };
      block[key].push(slowness(sample));
      blocks.set(hour, block);
    }
  };
  into(a, 'a');
  into(b, 'b');
  return [...blocks].sort((x, y) => x[0] - y[0]).map(([, block]) => block);
}

function exceedances(
  tables: readonly [TierFigures, TierFigures],
  threshold: number | null,
  source: 'contract' | 'pooled p99',
): TierComparison['exceedances'] {
  const [a, b] = tables;
  if (threshold === null || a.n === 0 || b.n === 0) return null;
  const table = { hitsA: a.over, totalA: a.n, hitsB: b.over, totalB: b.n };
  const fisher = fisherExact(table);
  const barnard = barnardExact(table);
  // One test decides, named beforehand: the more powerful where it can be computed.
  return { thresholdMs: named(threshold), source, fisher, barnard, better: better(table, barnard ?? fisher) };
}

function differenceOf(a: Tier, b: Tier, { seed, draws }: ComparisonOptions): TierComparison['difference'] {
  const found = bootstrapDifference(blocksOf(a, b), { quantile: 0.99, draws, seed });
  if (found === null) return null;
  const isProven = found.p <= COMPARISON_ALPHA && (found.high < 0 || found.low > 0);
  return { ...found, better: isProven ? (found.high < 0 ? 'first' : 'second') : 'not proven' };
}

function millis(value: RankMs): string {
  if (value === null) return 'unknown';
  return value === 'failed' ? 'a failed request' : `${Math.ceil(value).toLocaleString('en-US')} ms`;
}

function probability(p: number): string {
  return p < 0.001 ? 'p < 0.001' : `p = ${p.toFixed(3)}`;
}

function span(low: number, high: number): string {
  const text = (ms: number): string =>
    Number.isFinite(ms) ? `${Math.round(Math.abs(ms)).toLocaleString('en-US')}` : 'without limit';
  const [from, to] = Math.abs(low) < Math.abs(high) ? [low, high] : [high, low];
  return `${text(from)} to ${text(to)} ms`;
}

function tailSentence({ tiers: [a, b], difference }: Omit<TierComparison, 'sentence'>): string {
  const both = `p99 ${millis(a.p99)} against ${millis(b.p99)} (n = ${a.n} and ${b.n})`;
  if (difference === null) return `${a.name} and ${b.name} cannot be compared: ${both}`;
  const { low, high, p } = difference;
  switch (difference.better) {
    case 'first':
      return `${a.name} is faster in the tail than ${b.name}: ${both}, ${span(low, high)} less with 95 % confidence, ${probability(p)}`;
    case 'second':
      return `${a.name} is slower in the tail than ${b.name}: ${both}, ${span(low, high)} more with 95 % confidence, ${probability(p)}`;
    case 'not proven':
      return `No difference in the tail is proven between ${a.name} and ${b.name}: ${both}, ${probability(p)}`;
  }
}

function failureSentence({ tiers: [a, b], failures }: Omit<TierComparison, 'sentence'>): string {
  const counts = `${a.failures} of ${a.n} against ${b.failures} of ${b.n}`;
  if (failures.better === 'not proven') return `no difference in failures is proven (${counts})`;
  const word = failures.better === 'first' ? 'fewer' : 'more';
  return `it fails ${word} requests (${counts}, ${probability(failures.p)})`;
}

/** Whether a dearer tier is worth its price is the reader's call; whether it is better at all is ours. */
function priceSentence(found: Omit<TierComparison, 'sentence'>): string {
  const { priceRatio, difference, failures, tiers } = found;
  if (priceRatio === null) return '';
  const verdicts = [difference?.better ?? 'not proven', failures.better];
  const [dearer, isDearer]: [Finding, boolean] =
    priceRatio > 1 ? ['first', true] : ['second', priceRatio < 1];
  if (!isDearer) return ' Both cost the same.';
  const name = priceRatio > 1 ? tiers[0].name : tiers[1].name;
  const times = (priceRatio > 1 ? priceRatio : 1 / priceRatio).toLocaleString('en-US', {
    maximumFractionDigits: 2,
  });
  const other: Finding = dearer === 'first' ? 'second' : 'first';
  const gains = verdicts.includes(dearer);
  const loses = verdicts.includes(other);
  if (gains && !loses) return ` ${name} costs ${times} times as much and is measurably better.`;
  if (gains && loses)
    return ` ${name} costs ${times} times as much, is better in one respect and worse in the other.`;
  if (loses) return ` ${name} costs ${times} times as much and is measurably worse.`;
  return ` ${name} costs ${times} times as much, and nothing proves that it is better.`;
}

/**
 * Whether one tier is better than another, in three questions that must not be mixed up: does it fail less, is it over a
 * common threshold less often, and is its p99 lower? Each has its own test; failed requests count as slower than any
 * answer throughout. A test of the whole distribution would answer another question than the tail.
 */
export function compareTiers(a: Tier, b: Tier, options: ComparisonOptions): TierComparison {
  const [sortedA, sortedB] = [ascending(a), ascending(b)];
  const pooled = Float64Array.from([...sortedA, ...sortedB]).sort();
  const pooledP99 = pooled.length === 0 ? null : (pooled[nearestRank('99', pooled.length) - 1] ?? null);
  const threshold = options.thresholdMs ?? pooledP99;
  const tiers = [figuresOf(a, sortedA, threshold), figuresOf(b, sortedB, threshold)] as const;
  const [first, second] = tiers;
  const table = { hitsA: first.failures, totalA: first.n, hitsB: second.failures, totalB: second.n };
  const hasBoth = first.n > 0 && second.n > 0;
  const p = hasBoth ? fisherExact(table) : 1;
  const found: Omit<TierComparison, 'sentence'> = {
    tiers,
    failures: { p, better: hasBoth ? better(table, p) : 'not proven' },
    exceedances: exceedances(tiers, threshold, options.thresholdMs === null ? 'pooled p99' : 'contract'),
    difference: differenceOf(a, b, options),
    priceRatio: a.price === null || b.price === null || b.price === 0 ? null : a.price / b.price,
  };
  return { ...found, sentence: `${tailSentence(found)}; ${failureSentence(found)}.${priceSentence(found)}` };
}
