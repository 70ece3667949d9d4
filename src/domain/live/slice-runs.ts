import type { SlicedQuestion } from './live-plan.ts';

/**
 * What each slice of a stretch came to, as far as anything came: neighbouring slices with the same counts are one run.
 * Slices in which nothing was asked are left out.
 */
export type SliceRuns = {
  readonly sliceMs: number;
  /** Counts per slice: good, bad, excluded requests; or timed, passed, failed, and the sum of the times for a mean. */
  readonly width: number;
  /** One run after the other: its start (epoch ms), how many slices, then their counts. */
  readonly runs: readonly number[];
};

/** Numbers before the counts of a run. */
export const RUN_HEAD = 2;

export function sliceMsOf(question: SlicedQuestion): number {
  return question.kind === 'availability' ? question.terms.sliceMs : question.terms.form.sliceMs;
}

export function sliceWidth(question: SlicedQuestion): number {
  return question.kind === 'attainment' && question.terms.form.stat === 'mean' ? 4 : 3;
}

export function emptyRuns(question: SlicedQuestion): SliceRuns {
  return { sliceMs: sliceMsOf(question), width: sliceWidth(question), runs: [] };
}

/** The same by ascending time, with runs as long as can be: equal for any order in which they were put together. */
export function joinedRuns({ runs, sliceMs, width }: SliceRuns): SliceRuns {
  const length = RUN_HEAD + width;
  const starts = Array.from({ length: runs.length / length }, (_, index) => index * length).sort(
    (a, b) => (runs[a] ?? 0) - (runs[b] ?? 0),
  );
  const joined: number[] = [];
  for (const start of starts) {
    const last = joined.length - length;
    const [at = 0, slices = 0] = runs.slice(start, start + RUN_HEAD);
    const touches = last >= 0 && (joined[last] ?? 0) + (joined[last + 1] ?? 0) * sliceMs === at;
    const isEqual = (column: number): boolean =>
      joined[last + RUN_HEAD + column] === runs[start + RUN_HEAD + column];
    if (touches && Array.from({ length: width }, (_, column) => column).every(isEqual))
      joined[last + 1] = (joined[last + 1] ?? 0) + slices;
    else joined.push(...runs.slice(start, start + length));
  }
  return { sliceMs, width, runs: joined };
}

/** Goes on from what is known already: give it later slices by ascending time. */
export function startRuns(before: SliceRuns): {
  /** The counts of one slice; those beyond the width are left out. */
  readonly add: (startAt: number, counts: readonly number[]) => void;
  readonly all: () => SliceRuns;
} {
  const { sliceMs, width } = before;
  const runs = [...before.runs];
  const length = RUN_HEAD + width;
  return {
    add(startAt, counts) {
      const last = runs.length - length;
      const touches = last >= 0 && (runs[last] ?? 0) + (runs[last + 1] ?? 0) * sliceMs === startAt;
      let isEqual = touches;
      for (let column = 0; isEqual && column < width; column += 1)
        isEqual = runs[last + RUN_HEAD + column] === counts[column];
      if (isEqual) runs[last + 1] = (runs[last + 1] ?? 0) + 1;
      else runs.push(startAt, 1, ...counts.slice(0, width));
    },
    all: () => ({ sliceMs, width, runs }),
  };
}
