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
  readonly values: Float64Array;
  /** How many of all values are at most as great as the one in the same place. */
  readonly upTo: Float64Array;
};

/** Values parted into buckets of equal width: only a bucket that a rank falls into has to be sorted. */
type Parted = {
  /** Of how many values and how fine; counts that have changed since are parted again. */
  readonly total: number;
  readonly resolution: number;
  /** Bucket by bucket. */
  readonly values: Float64Array;
  /** Where each bucket begins among the values. */
  readonly starts: Uint32Array;
  /** How many of all values, each as often as it was counted, lie in lower buckets. */
  readonly before: Float64Array;
  readonly sorted: Map<number, Ascending>;
};

const BUCKETS = 1024;

/** Several ranks are asked of the same values. */
const parted = new WeakMap<ValueCounts, Parted>();

function partedOf(of: ValueCounts): Parted {
  const known = parted.get(of);
  if (known !== undefined && known.total === of.total && known.resolution === of.resolution) return known;
  const made = { total: of.total, resolution: of.resolution, ...inBuckets(of.counts), sorted: new Map() };
  parted.set(of, made);
  return made;
}

function inBuckets(counts: ReadonlyMap<number, number>): Pick<Parted, 'values' | 'starts' | 'before'> {
  let least = Number.POSITIVE_INFINITY;
  let greatest = Number.NEGATIVE_INFINITY;
  for (const value of counts.keys()) {
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  const width = (greatest - least) / BUCKETS || 1;
  const bucketOf = (value: number): number => Math.min(Math.floor((value - least) / width), BUCKETS - 1);
  const starts = new Uint32Array(BUCKETS + 1);
  const before = new Float64Array(BUCKETS + 1);
  counts.forEach((count, value) => {
    const next = bucketOf(value) + 1;
    starts[next] = (starts[next] ?? 0) + 1;
    before[next] = (before[next] ?? 0) + count;
  });
  for (let i = 1; i <= BUCKETS; i += 1) {
    starts[i] = (starts[i] ?? 0) + (starts[i - 1] ?? 0);
    before[i] = (before[i] ?? 0) + (before[i - 1] ?? 0);
  }
  const values = new Float64Array(counts.size);
  const free = starts.slice();
  for (const value of counts.keys()) {
    const bucket = bucketOf(value);
    const at = free[bucket] ?? 0;
    values[at] = value;
    free[bucket] = at + 1;
  }
  return { values, starts, before };
}

function bucketInOrder({ counts }: ValueCounts, all: Parted, bucket: number): Ascending {
  const known = all.sorted.get(bucket);
  if (known !== undefined) return known;
  const values = all.values.slice(all.starts[bucket], all.starts[bucket + 1]).sort();
  const upTo = new Float64Array(values.length);
  let seen = all.before[bucket] ?? 0;
  for (let i = 0; i < values.length; i += 1) {
    seen += counts.get(values[i] ?? 0) ?? 0;
    upTo[i] = seen;
  }
  const made = { values, upTo };
  all.sorted.set(bucket, made);
  return made;
}

/** The first place whose running count reaches the rank. */
function placeOf(upTo: Float64Array, rank: number): number {
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
  of: ValueCounts,
  rank: number,
): { readonly value: number; readonly below: number; readonly upTo: number } | null {
  if (rank < 1 || rank > of.total) return null;
  const all = partedOf(of);
  // `before` runs one ahead: what is reached there lies in the bucket before it.
  const bucket = placeOf(all.before, rank) - 1;
  const { values, upTo } = bucketInOrder(of, all, bucket);
  const at = placeOf(upTo, rank);
  return {
    value: values[at] ?? 0,
    below: (at === 0 ? all.before[bucket] : upTo[at - 1]) ?? 0,
    upTo: upTo[at] ?? 0,
  };
}
