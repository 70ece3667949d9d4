import type { Contract } from '../contract/contract.ts';
import { earned, moneyOf } from '../contract/credit.ts';
import { feeFor } from '../contract/credit-total.ts';
import { exact, HUNDRED, maxExact, ONE, ratio, roundExact, shortest } from '../contract/exact.ts';
import { badFractions, type LiveObjective } from '../live/live-objective.ts';
import { mostBad } from '../live/period-budget.ts';
import type { Stake } from './alert.ts';

/**
 * What the provider owes at least if an objective is missed in the running period. Where it is lost for certain: the credit
 * of the period if everything that is still to come is good. Where it can still be met: the credit of a period that misses
 * it by one. `null` where the contract earns nothing, or where nothing is known of the period.
 */
export function stakeOf(contract: Contract, objective: LiveObjective): Stake | null {
  const { budget, period, goal } = objective;
  if (budget === null || goal === null) return null;
  const latency = contract.latency.find(({ id }) => objective.id === `${contract.id}/${id}`);
  const shape = objective.kind === 'availability' ? contract.credits.shape : latency?.credits;
  if (shape == null) return null;
  const soFar = objective.windows.period;
  const total = (soFar.counted ?? soFar.n) + budget.remaining;
  if (total === 0) return null;
  const missed = ratio(mostBad(goal.allowance, total) + 1, total);
  // Parts of slices as they are: rounded up, a month at exactly 99 % would owe the step below it.
  const lost = maxExact((badFractions(soFar) ?? ratio(budget.used, 1)).div(ratio(total, 1)), missed);
  const windowMs = period.toAt - period.fromAt;
  const { decimals, mode } = contract.rounding;
  const isRatio = objective.kind !== 'percentile';
  const { percent } = earned(shape, {
    objective: objective.id,
    percent: isRatio ? roundExact(ONE.sub(lost).mul(HUNDRED), decimals, mode) : null,
    target: isRatio ? exact(goal.value) : null,
    isBreached: true,
    downtimeMs: lost.mul(ratio(windowMs, 1)),
    windowMs,
  });
  if (percent.equals(0)) return null;
  const cap = contract.credits.capPercent;
  const capped = cap !== null && percent.gt(exact(cap)) ? exact(cap) : percent;
  const { amount } = moneyOf(contract, capped, feeFor(contract.fee, objective.target));
  const { currency } = contract;
  return {
    contract: contract.id,
    creditPercent: `at least ${shortest(capped, 4)} %`,
    creditMoney: amount === null ? null : currency === null ? amount : `${currency} ${amount}`,
    isCertain: budget.isBreachCertain,
  };
}
