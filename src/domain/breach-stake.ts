import type { Stake } from './alert.ts';
import type { Contract } from './contract.ts';
import { earned } from './credit.ts';
import { exact, HUNDRED, ONE, ratio, shortest } from './exact.ts';
import type { LiveObjective } from './live-objective.ts';

/**
 * What the provider owes at least for an objective that is lost for certain: the credit of the period if everything that is
 * still to come is good. Before the period is closed nobody can say more. `null` where nothing is certain yet, where the
 * contract earns nothing, or where the objective has no percentage to look up.
 */
export function leastStake(contract: Contract, objective: LiveObjective): Stake | null {
  const { budget, period } = objective;
  if (budget === null || !budget.isBreachCertain) return null;
  const latency = contract.latency.find(({ id }) => objective.id === `${contract.id}/${id}`);
  const shape = objective.kind === 'availability' ? contract.credits.shape : latency?.credits;
  if (shape == null) return null;
  const soFar = objective.windows.period;
  const total = (soFar.counted ?? soFar.n) + budget.remaining;
  if (total === 0) return null;
  const lost = ratio(Math.ceil(budget.used), total);
  const windowMs = period.toAt - period.fromAt;
  const isRatio = objective.kind !== 'percentile';
  const { percent } = earned(shape, {
    objective: objective.id,
    percent: isRatio ? ONE.sub(lost).mul(HUNDRED) : null,
    target: isRatio && objective.goal !== null ? exact(objective.goal.value) : null,
    isBreached: true,
    downtimeMs: lost.mul(ratio(windowMs, 1)),
    windowMs,
  });
  if (percent.equals(0)) return null;
  const cap = contract.credits.capPercent;
  const capped = cap !== null && percent.gt(exact(cap)) ? exact(cap) : percent;
  return {
    contract: contract.id,
    creditPercent: `at least ${shortest(capped, 4)} %`,
    creditMoney: null,
  };
}
