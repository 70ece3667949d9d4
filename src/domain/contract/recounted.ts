import type { Interval } from '../time/interval.ts';
import type { Contract } from './contract.ts';
import { type Exact, exact, exactText, fixed, HUNDRED, roundExact } from './exact.ts';
import type { SliceRun } from './slice-runs.ts';
import { type Step, signOf, step } from './working.ts';

/** What an objective comes to when its own counts are added up again. */
export type Recount = {
  readonly id: string;
  /** In percent, ms or tokens/s, as an exact fraction; `null`: no data, or a failed request. */
  readonly exact: string | null;
  readonly result: 'met' | 'breached' | 'undecided';
  readonly steps: readonly Step[];
};

/** Good, bad and excluded requests of every slice, those just outside of the period included. */
export type AvailabilityCounts = {
  readonly id: string;
  readonly kind: 'availability';
  readonly sliceMs: number;
  /** Slices before and after the period, kept so that a run of bad slices across its edge has its length. */
  readonly margin: number;
  /** Good, bad, excluded. */
  readonly runs: readonly SliceRun[];
};

/** Requests of every slice that were timed in time, timed at all, and failed. */
export type AttainmentCounts = {
  readonly id: string;
  readonly kind: 'window_attainment';
  readonly sliceMs: number;
  /** Passed, timed, failed and, for a mean, the sum of the values in µs (or 0.001 tokens/s). */
  readonly runs: readonly SliceRun[];
};

/** Where a percentile lies among all requests of the period. */
export type PercentileCounts = {
  readonly id: string;
  readonly kind: 'whole_window_percentile';
  readonly timed: number;
  /** Of the timed ones, those that satisfy the objective. */
  readonly passed: number;
  readonly failed: number;
  /** The timed value at the rank in question, µs or 0.001 tokens/s; `null`: that rank is a failed request. */
  readonly value: number | null;
  /** Timed requests below it, and at or below it. */
  readonly below: number;
  readonly upTo: number;
  /** The next greater value, for interpolation; `null`: there is none. */
  readonly next: number | null;
};

export type ObjectiveCounts = AvailabilityCounts | AttainmentCounts | PercentileCounts;

/** What the counts of a statement are read by. */
export type RecountSetting = {
  readonly contract: Contract;
  readonly period: Interval;
  /** Admitted by the contract; disjoint, ascending. */
  readonly maintenance: readonly Interval[];
};

/**
 * The slices at whose start planned work may begin or cease to cover them: all slices between two of these lie in it, or none
 * does. Counted from the start of the period.
 */
export function edgesOfWork({ period, maintenance }: RecountSetting, sliceMs: number): number[] {
  return maintenance
    .flatMap(({ fromAt, toAt }) => [fromAt, toAt])
    .map((at) => (at - period.fromAt) / sliceMs)
    .flatMap((slice) => [Math.floor(slice), Math.ceil(slice)]);
}

/** Rounds as the contract says and holds it against the target. */
export function conclude(
  id: string,
  share: Exact | null,
  { rounding }: Contract,
  target: { readonly value: string; readonly comparator: '>=' | '>' },
  steps: readonly Step[],
): Recount {
  if (share === null) {
    return {
      id,
      exact: null,
      result: 'undecided',
      steps: [...steps, step('Against the target', 'no data', 'undecided')],
    };
  }
  const raw = share.mul(HUNDRED);
  const percent = roundExact(raw, rounding.decimals, rounding.mode);
  const wanted = exact(target.value);
  const isMet = target.comparator === '>' ? percent.gt(wanted) : percent.gte(wanted);
  const result = isMet ? 'met' : 'breached';
  const rounded = percent.equals(raw)
    ? []
    : [
        step(
          'Rounded',
          `${rounding.mode === 'floor' ? 'down' : 'half up'} to ${rounding.decimals} decimals`,
          `${fixed(percent, rounding.decimals)} %`,
        ),
      ];
  return {
    id,
    exact: exactText(percent),
    result,
    steps: [
      ...steps,
      ...rounded,
      step(
        'Against the target',
        `${fixed(percent, 6)} %, promised ${signOf(target.comparator)} ${target.value} %`,
        result,
      ),
    ],
  };
}

export function compares(value: Exact | null, comparator: '<' | '<=' | '>' | '>=', limit: Exact): boolean {
  if (value === null) return false;
  if (comparator === '<') return value.lt(limit);
  if (comparator === '<=') return value.lte(limit);
  return comparator === '>' ? value.gt(limit) : value.gte(limit);
}
