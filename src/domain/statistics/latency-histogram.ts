/**
 * How often each latency occurred, in buckets that are exact below 512 µs and at most 1/256 (0.4 %) wide above: the
 * layout of HdrHistogram with 256 sub-buckets (http://hdrhistogram.org). A bucket answers with its highest value, so
 * what is read is never less than the truth and at most 0.4 % more. Only whole numbers and shifts are used: the same
 * values give the same buckets everywhere and for ever.
 */
export type LatencyHistogram = {
  /** Index of the first entry of `counts`. */
  base: number;
  /** Those of a copy are as narrow as they can be; whatever counts on in it makes them wide again. */
  counts: Int32Array | Uint16Array | Uint8Array;
  total: number;
};

/** Non-empty buckets as index, count, index, count …, by ascending index: the form that is stored. */
export type SparseCounts = readonly number[];

const SUB_BITS = 8;
const SUB = 1 << SUB_BITS;
const EXACT_BELOW = SUB << 1;
/** A day in µs does not fit 32 bits; nothing we wait for lasts over an hour. */
const MOST_US = 2 ** 32 - 1;

/** The bucket of a latency, whole µs; anything above 71 minutes counts as that. */
export function bucketIndex(us: number): number {
  const value = Math.min(us, MOST_US);
  if (value < EXACT_BELOW) return value;
  const shift = 31 - Math.clz32(value) - SUB_BITS;
  return shift * SUB + (value >>> shift);
}

/** The highest whole µs that falls into a bucket. */
export function highestOf(index: number): number {
  if (index < EXACT_BELOW) return index;
  const shift = Math.floor(index / SUB) - 1;
  return (index - shift * SUB + 1) * 2 ** shift - 1;
}

export function emptyHistogram(): LatencyHistogram {
  return { base: 0, counts: new Int32Array(0), total: 0 };
}

/** Values of one series lie close together, so only the stretch that is in use is kept, with some room around it. */
function reach(histogram: LatencyHistogram, low: number, high: number): void {
  const { base, counts } = histogram;
  const end = base + counts.length;
  const isWide = counts instanceof Int32Array;
  if (isWide && counts.length > 0 && low >= base && high < end) return;
  const from = counts.length === 0 ? low : Math.min(low, base);
  const to = counts.length === 0 ? high + 1 : Math.max(high + 1, end);
  const room = counts.length === 0 ? 8 : Math.ceil((to - from) / 8);
  const newBase = from < base || counts.length === 0 ? Math.max(0, from - room) : from;
  const newEnd = to > end || counts.length === 0 ? to + room : to;
  const larger = new Int32Array(newEnd - newBase);
  larger.set(counts, counts.length === 0 ? 0 : base - newBase);
  histogram.base = newBase;
  histogram.counts = larger;
}

/** Forgets every count and keeps the room. Changes `histogram`. */
export function clearHistogram(histogram: LatencyHistogram): void {
  histogram.counts.fill(0);
  histogram.total = 0;
}

/** Makes room for all latencies from `leastUs` to `mostUs` at once, before many are counted. Changes `histogram`. */
export function makeRoom(histogram: LatencyHistogram, leastUs: number, mostUs: number): void {
  reach(histogram, bucketIndex(leastUs), bucketIndex(mostUs));
}

/** Counts a latency of `us` whole µs `count` times. Changes `histogram`. */
export function countLatency(histogram: LatencyHistogram, us: number, count = 1): void {
  const index = bucketIndex(us);
  reach(histogram, index, index);
  const at = index - histogram.base;
  histogram.counts[at] = (histogram.counts[at] ?? 0) + count;
  histogram.total += count;
}

/** Adds stored counts. Any order of adding gives the same histogram. Changes `histogram`. */
export function addSparse(histogram: LatencyHistogram, sparse: SparseCounts): void {
  if (sparse.length === 0) return;
  reach(histogram, sparse[0] ?? 0, sparse[sparse.length - 2] ?? 0);
  const { base, counts } = histogram;
  for (let i = 0; i < sparse.length; i += 2) {
    const at = (sparse[i] ?? 0) - base;
    const count = sparse[i + 1] ?? 0;
    counts[at] = (counts[at] ?? 0) + count;
    histogram.total += count;
  }
}

/**
 * Takes away stored counts that were added before. Changes `histogram`.
 *
 * @returns `false`: there are not so many in it, and it is spoilt
 */
export function subtractSparse(histogram: LatencyHistogram, sparse: SparseCounts): boolean {
  const { base, counts } = histogram;
  for (let i = 0; i < sparse.length; i += 2) {
    const at = (sparse[i] ?? 0) - base;
    const count = sparse[i + 1] ?? 0;
    const left = (counts[at] ?? 0) - count;
    if (left < 0) return false;
    counts[at] = left;
    histogram.total -= count;
  }
  return true;
}

/** A copy that takes as little room as its counts allow: thousands of these are kept. */
export function copyHistogram({ base, counts, total }: LatencyHistogram): LatencyHistogram {
  let first = 0;
  let end = counts.length;
  while (first < end && counts[first] === 0) first += 1;
  while (end > first && counts[end - 1] === 0) end -= 1;
  let most = 0;
  for (let i = first; i < end; i += 1) most = Math.max(most, counts[i] as number);
  const Narrowest = most < 2 ** 8 ? Uint8Array : most < 2 ** 16 ? Uint16Array : Int32Array;
  return { base: base + first, counts: new Narrowest(counts.subarray(first, end)), total };
}

export function sparseOf({ base, counts }: LatencyHistogram): SparseCounts {
  const sparse: number[] = [];
  for (let i = 0; i < counts.length; i += 1) {
    const count = counts[i] ?? 0;
    if (count > 0) sparse.push(base + i, count);
  }
  return sparse;
}

/** Two stored counts as one. */
export function mergeSparse(one: SparseCounts, other: SparseCounts): SparseCounts {
  const merged = emptyHistogram();
  addSparse(merged, one);
  addSparse(merged, other);
  return sparseOf(merged);
}

/**
 * The latency at a 1-based rank of several histograms taken together, by ascending value: the highest of its bucket.
 * `null` if there is no such rank. High percentiles are near the end, so the search begins there.
 */
export function latencyAtRank(histograms: readonly LatencyHistogram[], rank: number): number | null {
  let total = 0;
  let high = -1;
  let low = Number.POSITIVE_INFINITY;
  for (const { base, counts, total: own } of histograms) {
    total += own;
    if (counts.length === 0) continue;
    high = Math.max(high, base + counts.length - 1);
    low = Math.min(low, base);
  }
  if (rank < 1 || rank > total) return null;
  let above = total - rank;
  for (let index = high; index >= low; index -= 1) {
    let count = 0;
    // Asked hundreds of thousands of times a pass: nothing is allocated here.
    for (let part = 0; part < histograms.length; part += 1) {
      const histogram = histograms[part] as LatencyHistogram;
      const at = index - histogram.base;
      if (at >= 0 && at < histogram.counts.length) count += histogram.counts[at] as number;
    }
    if (count > above) return highestOf(index);
    above -= count;
  }
  return null;
}
