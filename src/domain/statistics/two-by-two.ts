/** Two groups, each with so many hits of so many trials. */
export type TwoByTwo = {
  readonly hitsA: number;
  readonly totalA: number;
  readonly hitsB: number;
  readonly totalB: number;
};

/** Slack for sums of probabilities that should be equal: the one R's `fisher.test` uses. */
const TIE = 1 + 1e-7;

/**
 * Weights proportional to a unimodal distribution over `from..to`, from the ratio of each weight to the one before it.
 * Starts at the mode, so that nothing but negligible tails underflows; no factorials, no logarithms.
 */
function fromRatios(from: number, to: number, mode: number, ratio: (k: number) => number): Float64Array {
  const weights = new Float64Array(to - from + 1);
  weights[mode - from] = 1;
  for (let k = mode + 1, weight = 1; k <= to && weight > 0; k += 1) {
    weight *= ratio(k);
    weights[k - from] = weight;
  }
  for (let k = mode, weight = 1; k > from && weight > 0; k -= 1) {
    weight /= ratio(k);
    weights[k - 1 - from] = weight;
  }
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

/**
 * Fisher's exact test, two-sided: with the margins fixed, the probability of all tables no more likely than this one.
 * Fisher (1934), Statistical Methods for Research Workers, 5th ed., §21.02.
 */
export function fisherExact({ hitsA, totalA, hitsB, totalB }: TwoByTwo): number {
  const hits = hitsA + hitsB;
  const all = totalA + totalB;
  const from = Math.max(0, hits - totalB);
  const to = Math.min(hits, totalA);
  const mode = Math.min(to, Math.max(from, Math.floor(((hits + 1) * (totalA + 1)) / (all + 2))));
  const probabilities = fromRatios(
    from,
    to,
    mode,
    (k) => ((totalA - k + 1) * (hits - k + 1)) / (k * (totalB - hits + k)),
  );
  const observed = (probabilities[hitsA - from] ?? 0) * TIE;
  const extreme = probabilities.reduce((sum, p) => (p <= observed ? sum + p : sum), 0);
  return Math.min(1, extreme);
}

/** Sample odds ratio; `null` where a cell that divides is empty. Printed beside the exact tests in their published figures. */
export function oddsRatio({ hitsA, totalA, hitsB, totalB }: TwoByTwo): number | null {
  const divisor = (totalA - hitsA) * hitsB;
  return divisor === 0 ? null : (hitsA * (totalB - hitsB)) / divisor;
}

function binomialWeights(n: number, p: number): Float64Array {
  const mode = Math.min(n, Math.floor((n + 1) * p));
  const odds = p / (1 - p);
  return fromRatios(0, n, mode, (k) => ((n - k + 1) / k) * odds);
}

/** Wald's statistic with the pooled variance; 0 where both shares are equal. */
function wald({ hitsA, totalA, hitsB, totalB }: TwoByTwo): number {
  const difference = hitsA / totalA - hitsB / totalB;
  if (difference === 0) return 0;
  const pooled = (hitsA + hitsB) / (totalA + totalB);
  return Math.abs(difference) / Math.sqrt(pooled * (1 - pooled) * (1 / totalA + 1 / totalB));
}

/** For each number of hits in A: the numbers in B up to `low` and from `high` on are at least as extreme. */
type Extreme = { readonly low: Int32Array; readonly high: Int32Array };

function extremeTables(table: TwoByTwo): Extreme {
  const { totalA, totalB } = table;
  const limit = wald(table) * (1 - 1e-12);
  const low = new Int32Array(totalA + 1);
  const high = new Int32Array(totalA + 1);
  for (let a = 0; a <= totalA; a += 1) {
    const isExtreme = (b: number): boolean => wald({ ...table, hitsA: a, hitsB: b }) >= limit;
    const equal = (a / totalA) * totalB;
    // The statistic grows away from equal shares, on either side.
    low[a] = lastTrue(-1, Math.floor(equal), isExtreme);
    high[a] = totalB + 1 - lastTrue(-1, totalB - Math.ceil(equal), (d) => isExtreme(totalB - d)) - 1;
  }
  return { low, high };
}

/** Greatest `k` in `least..most` for which the predicate, true up to some point, holds; `least` if it never does. */
function lastTrue(least: number, most: number, holds: (k: number) => boolean): number {
  let low = least;
  let high = most;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (holds(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

function probabilityOfExtreme({ low, high }: Extreme, totalA: number, totalB: number, p: number): number {
  const a = binomialWeights(totalA, p);
  const b = binomialWeights(totalB, p);
  const below = new Float64Array(totalB + 2);
  for (let k = 0; k <= totalB; k += 1) below[k + 1] = (below[k] ?? 0) + (b[k] ?? 0);
  let sum = 0;
  for (let k = 0; k <= totalA; k += 1) {
    const tails = (below[(low[k] ?? -1) + 1] ?? 0) + 1 - (below[high[k] ?? 0] ?? 1);
    sum += (a[k] ?? 0) * tails;
  }
  return sum;
}

/** More trials than this per group cost more time than the gain in power is worth; Fisher's test serves. */
export const MOST_BARNARD_TRIALS = 2000;

const GRID = 400;
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * Barnard's exact test, two-sided, with Wald's pooled statistic: the largest probability, over the unknown common share,
 * of a table at least as extreme. More powerful than Fisher's. Barnard (1945), Nature 156. `null` beyond
 * `MOST_BARNARD_TRIALS` trials in a group.
 */
export function barnardExact(table: TwoByTwo): number | null {
  const { totalA, totalB } = table;
  if (totalA > MOST_BARNARD_TRIALS || totalB > MOST_BARNARD_TRIALS) return null;
  if (wald(table) === 0) return 1;
  const extreme = extremeTables(table);
  const at = (p: number): number => probabilityOfExtreme(extreme, totalA, totalB, p);
  // The supremum often lies at a very small share, so the grid is even in the logit.
  const share = (i: number): number => 1 / (1 + Math.exp(-(-12 + (24 * i) / GRID)));
  let best = 0;
  for (let i = 1, most = 0; i < GRID; i += 1) {
    const p = at(share(i));
    if (p > most) {
      most = p;
      best = i;
    }
  }
  let [left, right] = [best - 1, best + 1];
  for (let step = 0; step < 60; step += 1) {
    const width = (right - left) * GOLDEN;
    if (at(share(right - width)) > at(share(left + width))) right = left + width;
    else left = right - width;
  }
  return Math.min(1, at(share((left + right) / 2)));
}
