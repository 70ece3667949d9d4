import type { Comparator, Contract, LatencyComparator } from '../contract/contract.ts';
import { type Exact, exact, HUNDRED, ONE } from '../contract/exact.ts';
import { keptTarget } from '../contract/kept-target.ts';
import { isUpperLimit } from '../contract/latency-question.ts';
import { isJudgedPerTarget } from '../report/report-scope.ts';
import type { LivePlan, LiveQuestion } from './live-plan.ts';
import type { Allowance } from './period-budget.ts';

/**
 * Whom a contract holds an objective against: each target alone, or all behind a key together. Requests of several targets
 * add up (`summed`). Slices do not, for all their requests make the share of one slice: they are counted slice by slice. Where
 * slices are not known, but one that is bad of all is bad of at least one, the sum is the most that can be bad (`bounded`).
 * The rest is then known when the period closes.
 */
export type Judged = 'alone' | 'summed' | 'bounded' | 'at close';

/** What a contract promises about one figure. */
export type Goal = {
  readonly contract: string;
  readonly value: string;
  readonly comparator: Comparator | LatencyComparator;
  /** Share of bad trials it allows, the contract's rounding taken into account. */
  readonly allowance: Allowance;
  readonly judged: Judged;
  /** Fewest trials for a verdict. */
  readonly minSamples: number;
};

/** The fixed part of one objective, prepared once per plan. */
export type ObjectiveShape = {
  readonly position: number;
  readonly question: LiveQuestion;
  readonly id: string;
  readonly metric: 'availability' | 'ttft_ms' | 'e2e_ms' | 'tokens_per_s';
  readonly percentile: string | null;
  readonly goal: Goal | null;
};

export function objectiveShapes({ contract, questions }: LivePlan): readonly ObjectiveShape[] {
  return questions.map((question, position) => {
    const common = {
      position,
      question,
      id: `${question.promised ? contract.id : 'none'}/${question.id}`,
      metric: question.kind === 'availability' ? ('availability' as const) : question.terms.metric,
    };
    if (question.kind === 'percentile') {
      const { form } = question.terms;
      const percentile = exact(form.percentile).div(HUNDRED);
      const share = isUpperLimit(form.comparator) ? ONE.sub(percentile) : percentile;
      return {
        ...common,
        percentile: form.percentile,
        goal: question.promised
          ? {
              contract: contract.id,
              value: form.value,
              comparator: form.comparator,
              allowance: allowanceOf(share, isUpperLimit(form.comparator)),
              judged: judgedBy(contract, question),
              minSamples: Math.max(1, form.minSamples),
            }
          : null,
      };
    }
    const target = question.kind === 'availability' ? question.terms.target : question.terms.form.target;
    const kept = keptTarget(target, contract.rounding);
    const share = ONE.sub(kept.percent.div(HUNDRED));
    return {
      ...common,
      percentile: null,
      goal: question.promised
        ? {
            contract: contract.id,
            value: target.value,
            comparator: target.comparator,
            allowance: allowanceOf(share, kept.inclusive),
            judged: judgedBy(contract, question),
            minSamples: 1,
          }
        : null,
    };
  });
}

function judgedBy(contract: Contract, question: LiveQuestion): Judged {
  if (isJudgedPerTarget(contract)) return 'alone';
  if (question.kind === 'percentile') return 'summed';
  if (question.kind === 'attainment') return 'at close';
  const { method, minRequestsPerSlice, denominator } = question.terms;
  if (method.kind === 'occurrences') return 'summed';
  const hasRuns = method.kind === 'timeslices' && method.minRunSlices > 1;
  const isPlain = !hasRuns && minRequestsPerSlice <= 1 && denominator !== 'deployed_slices';
  return isPlain ? 'bounded' : 'at close';
}

function allowanceOf(share: Exact, inclusive: boolean): Allowance {
  // Above a hundred percent there is nothing, so not even none may be bad.
  if (share.lt(0)) return { numerator: 0, denominator: 1, inclusive: false };
  return { numerator: Number(share.n), denominator: Number(share.d), inclusive };
}
