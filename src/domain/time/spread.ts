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
export function mergeAscending(lists: readonly Ascending[]): Ascending {
  const [only] = lists;
  if (lists.length === 1 && only !== undefined) return only;
  const merged = new Float64Array(lists.reduce((sum, list) => sum + list.length, 0));
  let place = 0;
  for (const list of lists) {
    merged.set(list, place);
    place += list.length;
  }
  return keptList(merged.sort());
}

/** Above so many numbers a typed array is the smaller form. */
const MOST_PLAIN = 24;

/** The same numbers in the form that takes least room: tens of thousands of lists of a few are kept, one for each minute. */
function keptList(values: Float64Array): Ascending {
  if (values.length > MOST_PLAIN) return values;
  const plain: number[] = [];
  for (const value of values) plain.push(value);
  // A list that has grown keeps room for more; a copy does not.
  return plain.slice();
}

/**
 * A sorted list without some of its numbers and with others, in one pass: far cheaper than sorting where little changes. All
 * three are in ascending order. Throws if a number that goes is not there.
 */
export function exchangeAscending(ascending: Ascending, gone: Ascending, come: Ascending): Ascending {
  if (gone.length === 0 && come.length === 0) return ascending;
  const result: number[] = [];
  let nextGone = 0;
  let nextCome = 0;
  for (let index = 0; index < ascending.length; index += 1) {
    const value = ascending[index] ?? 0;
    if (nextGone < gone.length && gone[nextGone] === value) {
      nextGone += 1;
      continue;
    }
    while (nextCome < come.length && (come[nextCome] ?? 0) <= value) {
      result.push(come[nextCome] ?? 0);
      nextCome += 1;
    }
    result.push(value);
  }
  for (; nextCome < come.length; nextCome += 1) result.push(come[nextCome] ?? 0);
  if (nextGone < gone.length) throw new Error(`${gone[nextGone]} is to go and is not there`);
  return result;
}
