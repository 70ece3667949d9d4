import type { Contract, Target } from './contract.ts';
import { ceilExact, type Exact, exact, floorExact, ratio } from './exact.ts';

/** The percentages that keep a target. */
export type KeptTarget = {
  /** In percent, before any rounding; may be above 100, which nothing reaches. */
  readonly percent: Exact;
  /** `false`: only what is above `percent` keeps it. */
  readonly inclusive: boolean;
};

/**
 * The least percentage, before the contract's rounding, whose rounded value still keeps the target: 99.85 for 99.9 where the
 * contract rounds half up to one decimal.
 */
export function keptTarget({ value, comparator }: Target, rounding: Contract['rounding']): KeptTarget {
  const wanted = exact(value);
  if (rounding.mode === 'none') return { percent: wanted, inclusive: comparator === '>=' };
  const scale = 10n ** BigInt(rounding.decimals);
  const scaled = wanted.mul(ratio(scale, 1));
  const kept = comparator === '>=' ? ceilExact(scaled) : floorExact(scaled) + 1n;
  return {
    percent: rounding.mode === 'floor' ? ratio(kept, scale) : ratio(2n * kept - 1n, 2n * scale),
    inclusive: true,
  };
}
