/** Neighbouring slices with the same numbers, written once: how many, then the numbers. */
export type SliceRun = readonly [slices: number, ...numbers: number[]];

/** Columns of equal length as runs. */
export function runsOfColumns(columns: readonly ArrayLike<number>[]): SliceRun[] {
  const length = columns[0]?.length ?? 0;
  const runs: [number, ...number[]][] = [];
  let last: [number, ...number[]] | null = null;
  for (let slice = 0; slice < length; slice += 1) {
    let isSame = last !== null;
    for (let i = 0; isSame && i < columns.length; i += 1) isSame = columns[i]?.[slice] === last?.[i + 1];
    if (last !== null && isSame) last[0] += 1;
    else {
      last = [1, ...columns.map((column) => column[slice] ?? 0)];
      runs.push(last);
    }
  }
  return runs;
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
