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
