import { type Exact, ratio } from '../contract/exact.ts';
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
  /** Bad trials the whole period allows, if all that is still to come is measured; parts where trials are bad in part. */
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
  /** The same exactly, where a slice may be bad in part; absent or `null`: trials are bad as a whole. */
  readonly badFractions?: Exact | null;
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
  const { n, bad, remaining, unit, trialMs, probesPerTrial } = facts;
  const { allowed, left, isOver } = heldAgainst(facts);
  return {
    allowed: Math.max(0, allowed),
    used: bad,
    left,
    unit,
    leftMs: left * trialMs,
    leftProbes: Math.floor(left * probesPerTrial),
    leftPpm: allowed <= 0 ? null : Math.floor((left * 1_000_000) / allowed),
    remaining,
    isBreachCertain: n > 0 && isOver,
  };
}

/** What is left, and whether what was measured as bad is already more than the period allows. */
export function heldAgainst({
  allowance,
  n,
  bad,
  badFractions,
  assumedBad = 0,
  remaining,
}: Pick<BudgetFacts, 'allowance' | 'n' | 'bad' | 'badFractions' | 'assumedBad' | 'remaining'>): {
  readonly allowed: number;
  readonly left: number;
  readonly isOver: boolean;
} {
  const total = n + remaining;
  // What nobody measured is no certainty, whatever the contract makes of it when the period closes.
  if (badFractions == null) {
    const allowed = mostBad(allowance, total);
    return { allowed, left: allowed - bad, isOver: allowed - bad + assumedBad < 0 };
  }
  // 8.64 slices allowed and 8.64 bad is a contract that is kept: whole slices, or floats, would say it is broken.
  const { numerator, denominator, inclusive } = allowance;
  const allowed = ratio(BigInt(numerator) * BigInt(total), denominator);
  const left = allowed.sub(badFractions);
  const measured = left.add(ratio(assumedBad, 1));
  return {
    allowed: allowed.valueOf(),
    left: left.valueOf(),
    isOver: inclusive ? measured.lt(0) : measured.lte(0),
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
