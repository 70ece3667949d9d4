import betaQuantile from '@stdlib/stats-base-dists-beta-quantile';
import binomialCdf from '@stdlib/stats-base-dists-binomial-cdf';

/** P(B ≤ k) for B ~ Bin(n, p). `k` below 0 gives 0. */
export function atMost(k: number, n: number, p: number): number {
  if (k < 0) return 0;
  return k >= n ? 1 : binomialCdf(k, n, p);
}

/**
 * P(B ≥ k) for B ~ Bin(n, p), as the lower tail of the failures' complement: `1 − cdf` would lose small probabilities to
 * cancellation.
 */
export function atLeast(k: number, n: number, p: number): number {
  return k <= 0 ? 1 : atMost(n - k, n, 1 - p);
}

export type ConfidenceInterval = { readonly low: number; readonly high: number };

/**
 * Clopper–Pearson interval of a proportion, `x` successes of `n`: never covers less than `level`. Used for claims.
 * Clopper & Pearson (1934), Biometrika 26(4).
 */
export function clopperPearson(x: number, n: number, level = 0.95): ConfidenceInterval {
  const half = (1 - level) / 2;
  return {
    low: x <= 0 ? 0 : betaQuantile(half, x, n - x + 1),
    high: x >= n ? 1 : betaQuantile(1 - half, x + 1, n - x),
  };
}

/** 97.5 % point of the normal distribution. */
const Z_95 = 1.959963984540054;

/**
 * Wilson score interval at 95 %: right on average. Wilson (1927), JASA 22(158). Everything we claim rests on Clopper and
 * Pearson instead; this stands beside it for its published figures, which the tests hold both to.
 */
export function wilson(x: number, n: number): ConfidenceInterval {
  const share = x / n;
  const z2 = Z_95 * Z_95;
  const scale = 1 + z2 / n;
  const centre = (share + z2 / (2 * n)) / scale;
  const half = (Z_95 * Math.sqrt((share * (1 - share)) / n + z2 / (4 * n * n))) / scale;
  return { low: x === 0 ? 0 : centre - half, high: x === n ? 1 : centre + half };
}

/**
 * Least `k` with P(B ≥ k) ≤ alpha: from there on a breach is proven; `null` if even n of n prove nothing. Statements ask for
 * the probability of one `k`; this and the next turn it into the printed tables of thresholds, for which they stand.
 */
export function leastProvingBreach(n: number, p: number, alpha: number): number | null {
  let low = 0;
  let high = n + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (atLeast(middle, n, p) <= alpha) high = middle;
    else low = middle + 1;
  }
  return low > n ? null : low;
}

/** Greatest `k` with P(B ≤ k) ≤ alpha: up to there compliance is proven; `null` if not even none of n proves it. */
export function greatestProvingMet(n: number, p: number, alpha: number): number | null {
  let low = -1;
  let high = n;
  while (low < high) {
    const middle = Math.floor((low + high + 1) / 2);
    if (atMost(middle, n, p) <= alpha) low = middle;
    else high = middle - 1;
  }
  return low < 0 ? null : low;
}

/** Fewest trials that prove a share of at most `p` bad ones when `k` were bad. */
export function fewestToProveMet(k: number, p: number, alpha: number): number {
  let high = Math.max(1, k + 1);
  while (atMost(k, high, p) > alpha) high *= 2;
  let low = Math.floor(high / 2);
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (middle > k && atMost(k, middle, p) <= alpha) high = middle;
    else low = middle + 1;
  }
  return low;
}
