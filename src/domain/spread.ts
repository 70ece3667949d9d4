/** How a set of durations lies: all whole µs. `p99Us` is the largest value while `n` is below 100. */
export type Spread = {
  readonly n: number;
  readonly p50Us: number;
  readonly p90Us: number;
  readonly p99Us: number;
  readonly maxUs: number;
};

/**
 * The value at the nearest rank, ceil(n × ppm / 1,000,000): the smallest value that at least that share does not
 * exceed. No interpolation, so the result was really measured. https://en.wikipedia.org/wiki/Percentile#The_nearest-rank_method
 *
 * `ascending` must be sorted; `null` if it is empty.
 */
export function atRank(ascending: readonly number[], ppm: number): number | null {
  const rank = Math.max(1, Math.ceil((ascending.length * ppm) / 1_000_000));
  return ascending[rank - 1] ?? null;
}

/** `null` for no values: no data is not zero. */
export function spreadOf(ascending: readonly number[]): Spread | null {
  const [p50Us, p90Us, p99Us] = [500_000, 900_000, 990_000].map((ppm) => atRank(ascending, ppm));
  const maxUs = ascending.at(-1);
  if (p50Us == null || p90Us == null || p99Us == null || maxUs === undefined) return null;
  return { n: ascending.length, p50Us, p90Us, p99Us, maxUs };
}

/** Merges sorted lists into one sorted list. */
export function mergeAscending(lists: readonly (readonly number[])[]): number[] {
  const merged = Float64Array.from(lists.flat());
  merged.sort();
  return Array.from(merged);
}
