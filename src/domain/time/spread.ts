/** Numbers in ascending order. */
export type Ascending = ArrayLike<number>;

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
export function atRank(ascending: Ascending, ppm: number): number | null {
  const rank = Math.max(1, Math.ceil((ascending.length * ppm) / 1_000_000));
  return ascending[rank - 1] ?? null;
}

/** `null` for no values: no data is not zero. */
export function spreadOf(ascending: Ascending): Spread | null {
  const [p50Us, p90Us, p99Us] = [500_000, 900_000, 990_000].map((ppm) => atRank(ascending, ppm));
  const maxUs = ascending[ascending.length - 1];
  if (p50Us == null || p90Us == null || p99Us == null || maxUs === undefined) return null;
  return { n: ascending.length, p50Us, p90Us, p99Us, maxUs };
}

/** Merges sorted lists into one sorted list. */
export function mergeAscending(lists: readonly (readonly number[])[]): Ascending {
  const merged = new Float64Array(lists.reduce((sum, list) => sum + list.length, 0));
  let place = 0;
  for (const list of lists) {
    merged.set(list, place);
    place += list.length;
  }
  return merged.sort();
}
