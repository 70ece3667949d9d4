/** Chance with a seed: mulberry32. https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/** Values of two groups in the same stretch of time, e.g. an hour. `Infinity` stands for a failed request. */
export type Block = { readonly a: ArrayLike<number>; readonly b: ArrayLike<number> };

export type BootstrapOptions = {
  /** Share of the quantile, e.g. 0.99. */
  readonly quantile: number;
  readonly draws: number;
  readonly seed: number;
};

/** Quantile of A minus quantile of B, over resamples of whole blocks. */
export type BootstrapDifference = {
  /** 95 % percentile interval; an end is infinite where the quantile is a failed request. */
  readonly low: number;
  readonly high: number;
  /** Two-sided: twice the smaller share of resamples on either side of no difference. */
  readonly p: number;
  readonly blocks: number;
};

/** One group, its values coded by their rank so that a resample is a count of small integers. */
type Coded = {
  /** Ascending, distinct. */
  readonly values: Float64Array;
  /** Per block: positions in `values`. */
  readonly blocks: readonly Int32Array[];
};

function coded(blocks: readonly ArrayLike<number>[]): Coded {
  const distinct = new Set<number>();
  for (const block of blocks) for (let i = 0; i < block.length; i += 1) distinct.add(block[i] ?? 0);
  const values = Float64Array.from(distinct).sort();
  const position = new Map<number, number>();
  for (const [i, value] of values.entries()) position.set(value, i);
  return {
    values,
    blocks: blocks.map((block) =>
      Int32Array.from(block, (value) => position.get(value) ?? 0)
        .sort()
        .reverse(),
    ),
  };
}

/** Nearest rank from above: how many values are at or over the quantile. */
function countAbove(n: number, quantile: number): number {
  return n - Math.max(1, Math.ceil(quantile * n - 1e-9)) + 1;
}

/** The quantile of the union of the drawn blocks; `null` if they are empty. */
function quantileOf(group: Coded, drawn: Int32Array, quantile: number): number | null {
  let n = 0;
  for (const block of drawn) n += group.blocks[block]?.length ?? 0;
  if (n === 0) return null;
  const wanted = countAbove(n, quantile);
  // Only the top of each block can matter, and most of it does not: take what lies over a rising floor.
  const heap = new Int32Array(group.values.length);
  let floor = 0;
  let kept = 0;
  for (const block of drawn) {
    for (const at of group.blocks[block] ?? []) {
      if (at < floor) break;
      heap[at] = (heap[at] ?? 0) + 1;
      kept += 1;
      while (kept - (heap[floor] ?? 0) >= wanted) {
        kept -= heap[floor] ?? 0;
        floor += 1;
      }
    }
  }
  return group.values[floor] ?? null;
}

/**
 * Block bootstrap of the difference of a quantile: whole blocks are drawn with replacement, both groups from the same
 * blocks, so that outages that last and hours that both share are kept. Künsch (1989), Annals of Statistics 17(3).
 * `null` if a group is empty or there are fewer than two blocks. The same seed gives the same result.
 */
export function bootstrapDifference(
  blocks: readonly Block[],
  { quantile, draws, seed }: BootstrapOptions,
): BootstrapDifference | null {
  const a = coded(blocks.map((block) => block.a));
  const b = coded(blocks.map((block) => block.b));
  if (blocks.length < 2 || a.values.length === 0 || b.values.length === 0) return null;
  const next = seeded(seed);
  const differences: number[] = [];
  const drawn = new Int32Array(blocks.length);
  for (let draw = 0; draw < draws; draw += 1) {
    for (let i = 0; i < drawn.length; i += 1) drawn[i] = Math.floor(next() * blocks.length);
    const qa = quantileOf(a, drawn, quantile);
    const qb = quantileOf(b, drawn, quantile);
    if (qa === null || qb === null) continue;
    // Two failed requests are alike; infinity minus infinity would be no number.
    differences.push(qa === qb ? 0 : qa - qb);
  }
  if (differences.length === 0) return null;
  differences.sort((x, y) => x - y);
  const rank = (share: number): number =>
    differences[Math.max(0, Math.ceil(share * differences.length) - 1)] ?? Number.NaN;
  const atMostZero = differences.filter((one) => one <= 0).length;
  const atLeastZero = differences.filter((one) => one >= 0).length;
  // One is added to both: a resample never proves more than its own number of draws.
  const p = (2 * (Math.min(atMostZero, atLeastZero) + 1)) / (differences.length + 1);
  return { low: rank(0.025), high: rank(0.975), p: Math.min(1, p), blocks: blocks.length };
}
