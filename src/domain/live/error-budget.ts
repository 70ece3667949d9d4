import { type Exact, exact, floorExact, HUNDRED, ONE, ratio } from '../contract/exact.ts';
import { atLeast } from '../statistics/binomial.ts';

/** What a target in percent allows: the share that may be bad. */
export function allowedShare(targetPercent: string): Exact {
  return ONE.sub(exact(targetPercent).div(HUNDRED));
}

/** The budget of a span, in units of what the contract counts (requests, slices or ms). */
export type ErrorBudget = {
  readonly allowed: Exact;
  readonly spent: Exact;
  /** Negative once it is overspent. */
  readonly left: Exact;
  /** Further bad units that still leave the target met, of `total` units in all; negative once it is missed. */
  readonly affordable: bigint;
};

/** The budget of `total` units of which `bad` were bad. */
export function errorBudget(targetPercent: string, total: number, bad: number): ErrorBudget {
  const allowed = allowedShare(targetPercent).mul(ratio(total, 1));
  const left = allowed.sub(ratio(bad, 1));
  return { allowed, spent: ratio(bad, 1), left, affordable: floorExact(left) };
}

/**
 * How many times faster than allowed the budget is being spent: the bad share over the allowed share. `null` without
 * data; infinite if nothing is allowed and something was bad.
 */
export function burnRate(bad: number, n: number, targetPercent: string): number | null {
  if (n === 0) return null;
  const allowed = allowedShare(targetPercent);
  if (allowed.equals(0)) return bad === 0 ? 0 : Number.POSITIVE_INFINITY;
  return ratio(bad, n).div(allowed).valueOf();
}

/** The burn rate that spends `share` of the budget of `periodMs` within `windowMs`. Site Reliability Workbook, ch. 5. */
export function burnFactor(share: number, periodMs: number, windowMs: number): number {
  return (share * periodMs) / windowMs;
}

/** Fewest bad of `n` whose burn rate is above `factor`; more than `n` if none can be. */
export function fewestBadAbove(factor: string, targetPercent: string, n: number): number {
  return Number(floorExact(exact(factor).mul(allowedShare(targetPercent)).mul(ratio(n, 1)))) + 1;
}

/** Probability of at least `bad` of `n` while the target is exactly met. */
export function chanceWhileMet(bad: number, n: number, targetPercent: string): number {
  return atLeast(bad, n, allowedShare(targetPercent).valueOf());
}
