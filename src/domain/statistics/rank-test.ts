import { normalAbove } from './normal-tail.ts';

/**
 * Wilcoxon–Mann–Whitney: whether values of one group tend to be smaller than those of the other. That is not whether its
 * p99 is lower, so tiers are not compared by it; it stands for its published figures, which the tests hold it to.
 */
export type RankTest = {
  /** U of the first group: pairs in which it is greater, ties counted half. */
  readonly u: number;
  /** Two-sided, from the normal distribution with continuity and tie correction. */
  readonly p: number;
};

/** Midranks of the pooled values, and Σ(t³ − t) over groups of t ties. */
function ranksOf(values: readonly number[]): { ranks: Float64Array; ties: number } {
  const order = values.map((_, i) => i).sort((x, y) => (values[x] ?? 0) - (values[y] ?? 0));
  const ranks = new Float64Array(values.length);
  let ties = 0;
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && values[order[to] ?? 0] === values[order[from] ?? 0]) to += 1;
    const tied = to - from;
    ties += tied ** 3 - tied;
    for (let i = from; i < to; i += 1) ranks[order[i] ?? 0] = (from + 1 + to) / 2;
    from = to;
  }
  return { ranks, ties };
}

function uOf(a: readonly number[], b: readonly number[]): { u: number; ties: number } {
  const { ranks, ties } = ranksOf([...a, ...b]);
  const sum = ranks.subarray(0, a.length).reduce((total, rank) => total + rank, 0);
  return { u: sum - (a.length * (a.length + 1)) / 2, ties };
}

/** Mann & Whitney (1947), Annals of Mathematical Statistics 18(1). Both groups must hold something. */
export function mannWhitney(a: readonly number[], b: readonly number[]): RankTest {
  const { u, ties } = uOf(a, b);
  const [m, n] = [a.length, b.length];
  const all = m + n;
  const variance = ((m * n) / 12) * (all + 1 - ties / (all * (all - 1)));
  if (variance === 0) return { u, p: 1 };
  const distance = Math.max(u, m * n - u) - (m * n) / 2 - 0.5;
  return { u, p: Math.min(1, 2 * normalAbove(distance / Math.sqrt(variance))) };
}

/**
 * Two-sided p of U without ties, from the exact distribution: orderings of m + n values are counted by their U. For small
 * groups; time and memory grow with m²n.
 */
export function mannWhitneyExact(a: readonly number[], b: readonly number[]): number {
  const { u } = uOf(a, b);
  const [m, n] = [a.length, b.length];
  // Gaussian binomial coefficients: counts[i] orderings have U = i.
  let counts: number[] = [1];
  for (let i = 1; i <= m; i += 1) {
    const grown = multiply(counts, n + i);
    counts = divide(grown, i);
  }
  const total = counts.reduce((x, y) => x + y, 0);
  const from = Math.max(u, m * n - u);
  const tail = counts.reduce((x, y, i) => (i >= from ? x + y : x), 0);
  return Math.min(1, (2 * tail) / total);
}

/** The polynomial times (1 − x^power). */
function multiply(polynomial: readonly number[], power: number): number[] {
  const product = [...polynomial, ...new Array<number>(power).fill(0)];
  polynomial.forEach((value, i) => {
    product[i + power] = (product[i + power] ?? 0) - value;
  });
  return product;
}

/** The polynomial divided by (1 − x^power), which must divide it. */
function divide(polynomial: readonly number[], power: number): number[] {
  const quotient = polynomial.slice(0, polynomial.length - power);
  for (let i = power; i < quotient.length; i += 1)
    quotient[i] = (quotient[i] ?? 0) + (quotient[i - power] ?? 0);
  return quotient;
}
