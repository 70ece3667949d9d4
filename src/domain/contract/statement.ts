import { atLeast, atMost } from '../statistics/binomial.ts';

/** Error probability of a statement about a closed period. */
export const ALPHA = 0.05;

/** How strongly successive slices resemble each other, and what that leaves of the evidence. */
export type Correlation = {
  /** Lag-1 autocorrelation of the slices' bad share. */
  readonly rho: number;
  /** n · (1 − ρ)/(1 + ρ): independent trials the n trials are worth. */
  readonly nEffective: number;
  readonly verdict: StatementVerdict;
};

export type StatementVerdict = 'proven met' | 'proven breached' | 'not proven';

/**
 * What the trials prove about the objective, as a binomial test that takes them for independent. `p` is the
 * probability of a result at least this extreme if the objective were just at its limit.
 */
export type Statement = {
  readonly verdict: StatementVerdict;
  readonly n: number;
  /** Bad trials. */
  readonly k: number;
  readonly p: number | null;
  readonly interval: StatementInterval | null;
  readonly unit: 'requests' | 'slices';
  readonly correlation: Correlation | null;
};

export type StatementInterval = {
  readonly level: 0.95;
  readonly method: 'clopper-pearson' | 'order-statistics';
  /** In `unit`; `null`: open. */
  readonly low: number | null;
  readonly high: number | null;
  readonly unit: 'percent' | 'ms' | 'tokens/s';
};

export type BinomialVerdict = { readonly verdict: StatementVerdict; readonly p: number | null };

/**
 * Whether `k` bad of `n` prove that the bad share is above (`breached`) or below (`met`) `allowed`. `kHigh` ≥ k serves the
 * claim of compliance where bad trials are fractions: each claim gets the rounding that is against it.
 */
export function binomialVerdict(n: number, k: number, allowed: number, kHigh = k): BinomialVerdict {
  if (n === 0) return { verdict: 'not proven', p: null };
  const breached = atLeast(k, n, allowed);
  const met = atMost(kHigh, n, allowed);
  if (k > 0 && breached <= ALPHA) return { verdict: 'proven breached', p: breached };
  if (met <= ALPHA) return { verdict: 'proven met', p: met };
  return { verdict: 'not proven', p: Math.min(breached, met) };
}

/** Lag-1 autocorrelation over pairs of neighbours that both have a value (not `NaN`); `null` if nothing varies. */
export function lagOneCorrelation(sequence: ArrayLike<number>): number | null {
  let count = 0;
  let sum = 0;
  for (let i = 0; i < sequence.length; i += 1) {
    const value = sequence[i] ?? Number.NaN;
    if (Number.isNaN(value)) continue;
    count += 1;
    sum += value;
  }
  if (count < 3) return null;
  const mean = sum / count;
  let variance = 0;
  let covariance = 0;
  let before = Number.NaN;
  for (let i = 0; i < sequence.length; i += 1) {
    const value = (sequence[i] ?? Number.NaN) - mean;
    if (!Number.isNaN(value)) variance += value ** 2;
    if (!Number.isNaN(before * value)) covariance += before * value;
    before = value;
  }
  return variance === 0 ? null : covariance / variance;
}

/** Independent trials that `n` trials with lag-1 correlation `rho` are worth. A negative `rho` adds none. */
export function effectiveN(n: number, rho: number): number {
  const bounded = Math.min(Math.max(rho, 0), 1);
  return (n * (1 - bounded)) / (1 + bounded);
}

/** The same test on the effective number of trials, with the bad share kept. */
export function correlationOf(
  sequence: ArrayLike<number>,
  n: number,
  k: number,
  allowed: number,
): Correlation | null {
  const rho = lagOneCorrelation(sequence);
  if (rho === null || n === 0) return null;
  const nEffective = effectiveN(n, rho);
  const trials = Math.floor(nEffective);
  const bad = (k / n) * trials;
  const { verdict } = binomialVerdict(trials, Math.floor(bad), allowed, Math.ceil(bad));
  return { rho, nEffective, verdict };
}
