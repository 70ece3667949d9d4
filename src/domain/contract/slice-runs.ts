/** Neighbouring slices with the same numbers, written once: how many, then the numbers. */
export type SliceRun = readonly [slices: number, ...numbers: number[]];

/** Columns of equal length as runs. */
export function runsOfColumns(columns: readonly Float64Array[]): SliceRun[] {
  const length = columns[0]?.length ?? 0;
  const runs: SliceRun[] = [];
  let first = 0;
  for (let slice = 1; slice <= length; slice += 1) {
    if (slice < length && isLikeTheOneBefore(columns, slice)) continue;
    const numbers = columns.map((column) => column[first] ?? 0);
    runs.push([slice - first, ...numbers]);
    first = slice;
  }
  return runs;
}

function isLikeTheOneBefore(columns: readonly Float64Array[], slice: number): boolean {
  for (const column of columns) if (column[slice] !== column[slice - 1]) return false;
  return true;
}

/** Neighbouring slices with the same numbers; `first` counts from 0. */
export type Stretch = {
  readonly first: number;
  readonly slices: number;
  readonly numbers: readonly number[];
};

/** The runs in turn, parted before each of the slices named in `cuts`. */
export function* stretchesOf(runs: readonly SliceRun[], cuts: readonly number[]): Generator<Stretch> {
  const ascending = cuts.toSorted((a, b) => a - b);
  let next = 0;
  let first = 0;
  for (const run of runs) {
    const numbers = run.slice(1);
    const end = first + run[0];
    while (first < end) {
      while ((ascending[next] ?? end) <= first) next += 1;
      const upTo = Math.min(end, ascending[next] ?? end);
      yield { first, slices: upTo - first, numbers };
      first = upTo;
    }
  }
}
