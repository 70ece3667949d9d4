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

/** The requests of a tier by stretch of time, those of one stretch in any order; a failed request is `Infinity` ms. */
export type BlockedTier = Pick<Tier, 'name' | 'price'> & {
  readonly blocks: ReadonlyMap<number, Float64Array>;
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

function named(value: number | undefined): RankMs {
  if (value === undefined) return null;
  return Number.isFinite(value) ? value : 'failed';
}

function ascending({ blocks }: BlockedTier): Float64Array {
  const all = new Float64Array([...blocks.values()].reduce((sum, block) => sum + block.length, 0));
  let place = 0;
  for (const block of blocks.values()) {
    all.set(block, place);
    place += block.length;
  }
  return all.sort();
}

function byHour({ name, price, samples }: Tier): BlockedTier {
  const hours = Map.groupBy(samples, ({ at }) => Math.floor(at / BLOCK_MS));
  const slowness = ({ ms }: TierSample): number => ms ?? Number.POSITIVE_INFINITY;
  return {
    name,
    price,
    blocks: new Map([...hours].map(([hour, own]) => [hour, Float64Array.from(own, slowness)])),
  };
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

function figuresOf(tier: BlockedTier, sorted: Float64Array, threshold: number | null): TierFigures {
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

function blocksOf(a: BlockedTier, b: BlockedTier): Block[] {
  const none = new Float64Array(0);
  return [...new Set([...a.blocks.keys(), ...b.blocks.keys()])]
    .sort((x, y) => x - y)
    .map((block) => ({ a: a.blocks.get(block) ?? none, b: b.blocks.get(block) ?? none }));
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

function differenceOf(
  a: BlockedTier,
  b: BlockedTier,
  { seed, draws }: ComparisonOptions,
): TierComparison['difference'] {
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

/** How far apart the two p99 are: an end without limit is a failed request. `lower` is the tier with the lower p99. */
function distance(low: number, high: number, word: 'less' | 'more', lower: string, higher: string): string {
  const text = (ms: number): string => Math.round(Math.abs(ms)).toLocaleString('en-US');
  const [near, far] = Math.abs(low) < Math.abs(high) ? [low, high] : [high, low];
  if (!Number.isFinite(near))
    return `an answer for ${lower}, a failed request for ${higher}, with 95 % confidence`;
  if (!Number.isFinite(far)) return `at least ${text(near)} ms ${word} with 95 % confidence`;
  return `${text(near)} to ${text(far)} ms ${word} with 95 % confidence`;
}

function number(n: number): string {
  return n.toLocaleString('en-US');
}

function tailSentence({ tiers: [a, b], difference }: Omit<TierComparison, 'sentence'>): string {
  const both = `p99 ${millis(a.p99)} against ${millis(b.p99)} (n = ${number(a.n)} and ${number(b.n)})`;
  if (difference === null) return `${a.name} and ${b.name} cannot be compared: ${both}`;
  const { low, high, p } = difference;
  switch (difference.better) {
    case 'first':
      return `${a.name} is faster in the tail than ${b.name}: ${both}, ${distance(low, high, 'less', a.name, b.name)}, ${probability(p)}`;
    case 'second':
      return `${a.name} is slower in the tail than ${b.name}: ${both}, ${distance(low, high, 'more', b.name, a.name)}, ${probability(p)}`;
    case 'not proven':
      return `No difference in the tail is proven between ${a.name} and ${b.name}: ${both}, ${probability(p)}`;
  }
}

function failureSentence({ tiers: [a, b], failures }: Omit<TierComparison, 'sentence'>): string {
  const counts = `${number(a.failures)} of ${number(a.n)} against ${number(b.failures)} of ${number(b.n)}`;
  if (failures.better === 'not proven') return `no difference in failures is proven (${counts})`;
  const word = failures.better === 'first' ? 'fewer' : 'more';
  return `${a.name} fails ${word} requests (${counts}, ${probability(failures.p)})`;
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
  return compareBlocks(byHour(a), byHour(b), options);
}

/** The same of requests that are already in stretches, which are what is drawn again: hours, or longer ones. */
export function compareBlocks(a: BlockedTier, b: BlockedTier, options: ComparisonOptions): TierComparison {
  const [sortedA, sortedB] = [ascending(a), ascending(b)];
  const pooled = new Float64Array(sortedA.length + sortedB.length);
  pooled.set(sortedA);
  pooled.set(sortedB, sortedA.length);
  pooled.sort();
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
