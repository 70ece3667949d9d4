import type { LiveObjective } from './live-objective.ts';
import { periodBudget } from './period-budget.ts';

/**
 * An objective that a contract judges over all targets behind a key together: where requests are counted, as it stands for
 * all of them, by adding up. Slices of several targets do not add up, for one request of any keeps a slice from being empty
 * and all of them make its share: nothing is said of the budget then, and it is told when the period closes. `null`: that,
 * or nothing is promised.
 *
 * @param scope what the contract judges, `gateway/tier`
 * @param each the same objective of each target, at the same instant
 */
export function pooledObjective(scope: string, each: readonly LiveObjective[]): LiveObjective | null {
  const [first] = each;
  if (first?.goal == null || first.budget === null || first.budget.unit === 'slices') return null;
  const soFar = each.map(({ windows }) => windows.period);
  const budgets = each.flatMap(({ budget }) => (budget === null ? [] : [budget]));
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const n = sum(soFar.map((one) => one.n));
  const bad = sum(budgets.map(({ used }) => used));
  const remaining = sum(budgets.map((one) => one.remaining));
  const leftMs = first.period.toAt - first.windows.period.toAt;
  const trialMs = remaining === 0 ? 0 : leftMs / remaining;
  return {
    ...first,
    target: scope,
    windows: { ...first.windows, period: { ...first.windows.period, n, bad, counted: n, good: n - bad } },
    budget: periodBudget({
      allowance: first.goal.allowance,
      n,
      bad,
      remaining,
      unit: 'requests',
      trialMs,
      probesPerTrial: 1,
    }),
  };
}
