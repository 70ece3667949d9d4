import type { Contract } from '../contract/contract.ts';
import type { ObjectiveCounts } from '../contract/recounted.ts';
import { stretchesOf } from '../contract/slice-runs.ts';

/** Neighbouring slices that may be told in one line without losing anything the arithmetic needs. */
export type SliceStretch = {
  /** Index of its first slice, counted from the start of the period; negative before it. */
  readonly first: number;
  readonly slices: number;
  /** `good`: every slice holds without a doubt; `same`: all of them have the same numbers. */
  readonly kind: 'good' | 'same';
  /** Sums over its slices, in the order of the counts. */
  readonly sums: readonly number[];
};

type SlicedCounts = Exclude<ObjectiveCounts, { readonly kind: 'whole_window_percentile' }>;

/**
 * The slices of an objective as few stretches. Slices that are plainly good (everything counted, nothing bad, enough requests)
 * are told together, the others by themselves or with neighbours that are the same: from these lines the objective follows as
 * it does from all slices. `periodSlices`: how many the period has; those beside it stay apart.
 */
export function* sliceStretches(
  counts: SlicedCounts,
  contract: Contract,
  periodSlices: number,
): Generator<SliceStretch> {
  const isGood = goodSlice(counts, contract);
  const margin = counts.kind === 'availability' ? counts.margin : 0;
  let open: {
    first: number;
    slices: number;
    kind: 'good' | 'same';
    one: readonly number[];
    sums: number[];
  } | null = null;
  const edges = [margin, margin + periodSlices];
  for (const { first, slices, numbers } of stretchesOf(counts.runs, edges)) {
    const kind = isGood(numbers) ? 'good' : 'same';
    const joins: boolean =
      open !== null &&
      !edges.includes(first) &&
      open.kind === kind &&
      (kind === 'good' || numbers.every((number, i) => number === open?.one[i]));
    const sums = numbers.map((number) => number * slices);
    if (open !== null && joins) {
      open.slices += slices;
      open.sums = open.sums.map((sum, i) => sum + (sums[i] ?? 0));
      continue;
    }
    if (open !== null) yield open;
    open = { first: first - margin, slices, kind, one: numbers, sums };
  }
  if (open !== null) yield open;
}

function goodSlice(counts: SlicedCounts, contract: Contract): (numbers: readonly number[]) => boolean {
  if (counts.kind === 'availability') {
    const least = contract.availability?.minRequestsPerSlice ?? 1;
    return ([good = 0, bad = 0, excluded = 0]) => good >= least && bad === 0 && excluded === 0;
  }
  const form = contract.latency.find(({ id }) => id === counts.id)?.form;
  if (form?.kind !== 'window_attainment' || form.stat === 'mean') return () => false;
  return ([passed = 0, timed = 0, failed = 0]) =>
    timed >= Math.max(1, form.minRequestsPerSlice) && passed === timed && failed === 0;
}
