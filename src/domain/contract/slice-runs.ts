/** Neighbouring slices with the same numbers, written once: how many, then the numbers. */
export type SliceRun = readonly [slices: number, ...numbers: number[]];

/** Columns of equal length as runs. */
export function runsOfColumns(columns: readonly ArrayLike<number>[]): SliceRun[] {
  const length = columns[0]?.length ?? 0;
  const runs: [number, ...number[]][] = [];
  for (let slice = 0; slice < length; slice += 1) {
    const last = runs.at(-1);
    if (last !== undefined && columns.every((column, i) => column[slice] === last[i + 1])) last[0] += 1;
    else runs.push([1, ...columns.map((column) => column[slice] ?? 0)]);
  }
  return runs;
}

/** The numbers of each slice in turn; `index` counts from 0. */
export function* slicesOfRuns(
  runs: readonly SliceRun[],
): Generator<{ readonly index: number; readonly numbers: readonly number[] }> {
  let index = 0;
  for (const [slices, ...numbers] of runs) {
    for (let i = 0; i < slices; i += 1) {
      yield { index, numbers };
      index += 1;
    }
  }
}
