import type { Pool } from '../src/domain/live/live-objective.ts';
import type { PeriodBudget } from '../src/domain/live/period-budget.ts';
import { capitalised, countOf, formatSpan, shorten } from './format.ts';
import { type Html, html } from './html.ts';

const WIDTH = 100;

/** What is left of a period's error budget: a bar, and the same in time and probes. Overspent is said, not drawn. */
export function budgetBar(budget: PeriodBudget, pool: Pool | null): Html {
  const share = budget.leftPpm === null ? 0 : Math.max(0, Math.min(1_000_000, budget.leftPpm)) / 1_000_000;
  const tone = budget.left < 0 ? 'over' : share < 0.25 ? 'low' : 'fine';
  const to = Math.round(share * WIDTH * 10) / 10;
  return html`<span class="budget is-${tone}" title="${budgetTitle(budget, pool)}"><svg viewBox="0 0 ${WIDTH} 6" preserveAspectRatio="none" aria-hidden="true"><path class="bg-track" d="M0 3H${WIDTH}"/>${to > 0 && html`<path class="bg-left" d="M0 3H${to}"/>`}</svg><span>${budgetWords(budget)}${pool !== null && html`<small> ${ofAll(pool)}</small>`}</span></span>`;
}

/** `12 min left`, or by how much it is overspent. */
function budgetWords({ left, leftMs }: PeriodBudget): string {
  return left < 0 ? `${formatSpan(-leftMs)} over budget` : `${formatSpan(leftMs)} of budget left`;
}

/** How much of the budget is used, in full. */
export function budgetTitle(
  { allowed, used, leftProbes, unit, remaining }: PeriodBudget,
  pool: Pool | null,
): string {
  const trial = unit === 'slices' ? 'slice' : 'request';
  const left =
    leftProbes < 0
      ? `${countOf(-leftProbes, 'probe')} too many`
      : `${countOf(leftProbes, 'probe')} may still fail`;
  return `${pool === null ? '' : `${capitalised(ofAll(pool))}: `}${Math.round(used * 100) / 100} of ${countOf(allowed, trial)} that may fail this period are used; ${left}, of ${countOf(remaining, trial)} to come`;
}

/** `of all 3 targets of acme/pro`: whose a figure is where a contract judges several targets as one. */
export function ofAll({ targets, scope }: Pick<Pool, 'targets' | 'scope'>): string {
  return `of all ${countOf(targets, 'target')} of ${shorten(scope, 48)}`;
}
