/**
 * How often each value (latencies in µs, speeds in 0.001 tokens/s) occurred, in bounded memory and without depending on order. Distinct whole numbers are kept as they
 * are until there are more than `MAX_DISTINCT` of them; then all are rounded up to multiples of 1,000, and beyond that of 1,000,000 (µs become ms, then s).
 * What is kept depends only on the set of values seen, so parts may be merged in any order. Verdicts never need the
 * coarser steps: they come from exact counters per threshold.
 */
export type ValueCounts = {
  /** 1, 1,000 or 1,000,000: every key is a multiple of it. */
  resolution: number;
  readonly counts: Map<number, number>;
  total: number;
};

/** Above this many distinct values the resolution is coarsened. About 10 MB. */
export const MAX_DISTINCT = 1 << 18;
const STEP = 1000;

export function emptyValueCounts(): ValueCounts {
  return { resolution: 1, counts: new Map(), total: 0 };
}

function coarsen(values: ValueCounts, resolution: number): void {
  const finer = [...values.counts];
  values.counts.clear();
  values.resolution = resolution;
  for (const [value, count] of finer) {
    const up = Math.ceil(value / resolution) * resolution;
    values.counts.set(up, (values.counts.get(up) ?? 0) + count);
  }
}

/** Counts `value` (whole, not negative) `count` times. Changes `values`. */
export function countValue(values: ValueCounts, value: number, count: number, limit = MAX_DISTINCT): void {
  const { resolution } = values;
  const key = resolution === 1 ? value : Math.ceil(value / resolution) * resolution;
  values.counts.set(key, (values.counts.get(key) ?? 0) + count);
  values.total += count;
  while (values.counts.size > limit) coarsen(values, values.resolution * STEP);
}

/** Adds `from` to `into`. Changes `into`. */
export function addValueCounts(into: ValueCounts, from: ValueCounts, limit = MAX_DISTINCT): void {
  if (from.resolution > into.resolution) coarsen(into, from.resolution);
  for (const [value, count] of from.counts) countValue(into, value, count, limit);
}

type Ascending = {
  /** Of how many values and how fine; counts that have changed since are sorted again. */
  readonly total: number;
  readonly resolution: number;
  readonly values: Float64Array;
  /** How many values are at most as great as the one in the same place. */
  readonly upTo: Float64Array;
};

/** Sorting a quarter of a million values costs more than counting them, and several ranks are asked of the same ones. */
const sorted = new WeakMap<ValueCounts, Ascending>();

function ascendingOf(of: ValueCounts): Ascending {
  const known = sorted.get(of);
  if (known !== undefined && known.total === of.total && known.resolution === of.resolution) {
    return known;
  }
  const values = Float64Array.from(of.counts.keys()).sort();
  const upTo = new Float64Array(values.length);
  let seen = 0;
  for (let i = 0; i < values.length; i += 1) {
    seen += of.counts.get(values[i] ?? 0) ?? 0;
    upTo[i] = seen;
  }
  const made = { total: of.total, resolution: of.resolution, values, upTo };
  sorted.set(of, made);
  return made;
}

/** The first place whose running count reaches the rank. */
function placeOf({ upTo }: Ascending, rank: number): number {
  let low = 0;
  let high = upTo.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((upTo[middle] ?? 0) >= rank) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The value at a 1-based rank with how many are below it, and at or below it; `null` for a rank outside `1..total`. */
export function placeAtRank(
  values: ValueCounts,
  rank: number,
): { readonly value: number; readonly below: number; readonly upTo: number } | null {
  if (rank < 1 || rank > values.total) return null;
  const ascending = ascendingOf(values);
  const at = placeOf(ascending, rank);
  return {
    value: ascending.values[at] ?? 0,
    below: at === 0 ? 0 : (ascending.upTo[at - 1] ?? 0),
    upTo: ascending.upTo[at] ?? 0,
  };
}
