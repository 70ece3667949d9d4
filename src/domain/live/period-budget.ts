import { clopperPearson } from '../statistics/binomial.ts';

/**
 * The share of bad trials an objective allows, as a fraction of whole numbers, and whether a share just at it is still
 * allowed. A trial is a request, or a slice of time where the contract counts slices.
 */
export type Allowance = {
  readonly numerator: number;
  readonly denominator: number;
  /** `false`: the share must stay below it. */
  readonly inclusive: boolean;
};

/** The most bad trials of `n` that keep the objective; -1 if even none would. Exact. */
export function mostBad({ numerator, denominator, inclusive }: Allowance, n: number): number {
  if (n * numerator <= Number.MAX_SAFE_INTEGER) {
    const left = (n * numerator) % denominator;
    const most = (n * numerator - left) / denominator;
    return inclusive || left !== 0 ? most : most - 1;
  }
  const product = BigInt(n) * BigInt(numerator);
  const divisor = BigInt(denominator);
  const whole = Number(product / divisor);
  if (inclusive || product % divisor !== 0n) return whole;
  return whole - 1;
}

/** What is left of an objective's budget at one instant of a period. Everything signed: below zero it is overspent. */
export type PeriodBudget = {
  /** Bad trials the whole period allows, if all that is still to come is measured. */
  readonly allowed: number;
  readonly used: number;
  readonly left: number;
  readonly unit: 'requests' | 'slices';
  /** The same in time: how long it may still fail. */
  readonly leftMs: number;
  /** The same in probes at today's cadence. */
  readonly leftProbes: number;
  /** Share that is left, parts per million, rounded down; `null` if nothing was ever allowed. */
  readonly leftPpm: number | null;
  /** Trials still to come until the period ends. */
  readonly remaining: number;
  /** The period is missed even if everything that is still to come is good. */
  readonly isBreachCertain: boolean;
};

export type BudgetFacts = {
  readonly allowance: Allowance;
  /** So far in the period. */
  readonly n: number;
  readonly bad: number;
  /** Those of them that nobody measured: slices without a request that the contract counts bad. */
  readonly assumedBad?: number;
  /** Trials until the period ends at today's cadence. */
  readonly remaining: number;
  readonly unit: 'requests' | 'slices';
  /** How much time one trial stands for, ms. */
  readonly trialMs: number;
  /** Probes in one trial at today's cadence: 1 for requests. */
  readonly probesPerTrial: number;
};

export function periodBudget(facts: BudgetFacts): PeriodBudget {
  const { allowance, n, bad, assumedBad = 0, remaining, unit, trialMs, probesPerTrial } = facts;
  const allowed = mostBad(allowance, n + remaining);
  const left = allowed - bad;
  return {
    allowed: Math.max(0, allowed),
    used: bad,
    left,
    unit,
    leftMs: left * trialMs,
    leftProbes: Math.floor(left * probesPerTrial),
    leftPpm: allowed <= 0 ? null : Math.floor((left * 1_000_000) / allowed),
    remaining,
    // What nobody measured is no certainty, whatever the contract makes of it when the period closes.
    isBreachCertain: n > 0 && left + assumedBad < 0,
  };
}

/** When the budget is gone if trials go on failing as they did: `null` if it lasts until the period ends. */
export function exhaustedAt(
  { left, leftMs }: Pick<PeriodBudget, 'left' | 'leftMs'>,
  recent: { readonly n: number; readonly bad: number },
  now: number,
  periodEndAt: number,
): number | null {
  if (left < 0) return now;
  if (recent.bad === 0 || recent.n === 0) return null;
  // `leftMs` of pure failure last longer the rarer failures are.
  const at = now + Math.floor((leftMs * recent.n) / recent.bad);
  return at < periodEndAt ? at : null;
}

/**
 * Between which shares of good trials the period will end, if what is to come fails as often as lately: the bounds of the
 * 95 % interval of Clopper and Pearson over the recent trials, carried forward. `null` without recent trials.
 */
export function projectedShare(
  facts: Pick<BudgetFacts, 'n' | 'bad' | 'remaining'>,
  recent: { readonly n: number; readonly bad: number },
): { readonly low: number; readonly high: number } | null {
  const total = facts.n + facts.remaining;
  if (recent.n === 0 || total === 0) return null;
  const { low, high } = clopperPearson(recent.bad, recent.n);
  const share = (failing: number): number => 1 - (facts.bad + facts.remaining * failing) / total;
  return { low: share(high), high: share(low) };
}
