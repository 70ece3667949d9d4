/** A span of time: `fromAt` inclusive, `toAt` exclusive, epoch ms. */
export type Interval = { readonly fromAt: number; readonly toAt: number };

/** The same time as disjoint spans in ascending order; touching ones are joined, empty ones dropped. */
export function union(intervals: readonly Interval[]): Interval[] {
  const ascending = intervals.filter((one) => one.toAt > one.fromAt).sort((a, b) => a.fromAt - b.fromAt);
  const joined: Interval[] = [];
  for (const one of ascending) {
    const last = joined.at(-1);
    if (last !== undefined && one.fromAt <= last.toAt) {
      joined[joined.length - 1] = { fromAt: last.fromAt, toAt: Math.max(last.toAt, one.toAt) };
    } else joined.push(one);
  }
  return joined;
}

/** The part of each span that lies within `bounds`. */
export function clip(intervals: readonly Interval[], bounds: Interval): Interval[] {
  return intervals
    .map((one) => ({
      fromAt: Math.max(one.fromAt, bounds.fromAt),
      toAt: Math.min(one.toAt, bounds.toAt),
    }))
    .filter((one) => one.toAt > one.fromAt);
}

/** Total length in ms of spans that do not overlap. */
export function lengthOf(intervals: readonly Interval[]): number {
  return intervals.reduce((sum, one) => sum + (one.toAt - one.fromAt), 0);
}

/** Whether an instant lies in one of the spans (disjoint, ascending). Binary search. */
export function covers(intervals: readonly Interval[], at: number): boolean {
  let low = 0;
  let high = intervals.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const one = intervals[middle];
    if (one === undefined) return false;
    if (at < one.fromAt) high = middle - 1;
    else if (at >= one.toAt) low = middle + 1;
    else return true;
  }
  return false;
}

/** Whether `[fromAt, toAt)` lies wholly in one of the spans (disjoint, ascending). */
export function coversWhole(intervals: readonly Interval[], fromAt: number, toAt: number): boolean {
  return intervals.some((one) => one.fromAt <= fromAt && toAt <= one.toAt);
}
