import { ceilExact, exact, ratio } from '../contract/exact.ts';
import { atLeast, atMost } from './binomial.ts';

/**
 * Nearest rank of a percentile, 1-based: ⌈p/100 · n⌉ on exact numbers. `percentile` is a decimal text such as `99.9`:
 * in binary floats 0.07 · 100 is 7.000000000000001, whose ceiling is 8.
 */
export function nearestRank(percentile: string, n: number): number {
  const rank = Number(ceilExact(exact(percentile).mul(ratio(n, 100))));
  return Math.max(1, Math.min(n, rank));
}

/** 1-based ranks between which a quantile lies; `upper` is `null` if even the largest value may be under it. */
export type RankInterval = {
  readonly lower: number | null;
  readonly upper: number | null;
  readonly coverage: number;
};

/**
 * Order-statistic interval of the quantile `p` (0..1) from `n` independent values: the greatest `lower` with
 * P(B ≤ lower − 1) ≤ α/2 and the least `upper` with P(B ≥ upper) ≤ α/2, B ~ Bin(n, p).
 */
export function rankInterval(n: number, p: number, level = 0.95): RankInterval {
  const half = (1 - level) / 2;
  let low = 0;
  let high = n;
  while (low < high) {
    const middle = Math.floor((low + high + 1) / 2);
    if (atMost(middle - 1, n, p) <= half) low = middle;
    else high = middle - 1;
  }
  const lower = low === 0 ? null : low;
  low = 1;
  high = n + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (atLeast(middle, n, p) <= half) high = middle;
    else low = middle + 1;
  }
  const upper = low > n ? null : low;
  const above = upper === null ? 0 : atLeast(upper, n, p);
  return { lower, upper, coverage: 1 - above - atMost((lower ?? 0) - 1, n, p) };
}
