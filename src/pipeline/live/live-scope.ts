import { type MaintenanceWindow, maintenanceWithin } from '../../domain/contract/admitted-maintenance.ts';
import type { Contract } from '../../domain/contract/contract.ts';
import { contractGoverning } from '../../domain/contract/contract-in-force.ts';
import { type ObjectiveShape, objectiveShapes } from '../../domain/live/live-objective.ts';
import { createLiveJudge, type LiveJudge, type LivePlan, livePlanOf } from '../../domain/live/live-plan.ts';
import type { Target } from '../../domain/measure/target.ts';
import type { Interval } from '../../domain/time/interval.ts';
import { type Period, windowAt } from '../../domain/time/period.ts';
import type { TargetCounting } from '../../domain/view/history.ts';

/** How the targets under one version of a contract are counted. */
export type LiveTerms = {
  readonly plan: LivePlan;
  readonly judge: LiveJudge;
  readonly shapes: readonly ObjectiveShape[];
};

/** What is counted for which target, and what planned work is set aside. */
export type LiveScope = {
  /** A period is judged by the version in force at its start, as it will be when it closes. */
  readonly termsOf: (target: Pick<Target, 'id' | 'gateway' | 'tier' | 'model'>, at: number) => LiveTerms;
  /** The contract's period that holds an instant. */
  readonly periodAt: (terms: LiveTerms, at: number) => Period;
  /** What the contract sets aside of a stretch: disjoint, ascending. */
  readonly maintenanceIn: (target: string, terms: LiveTerms, span: Interval) => readonly Interval[];
  /** Names the way a stretch is counted: what was counted in another way must be counted again. */
  readonly basisOf: (target: string, terms: LiveTerms, span: Interval) => string;
};

export type ScopeOptions = {
  /** All versions of the contract a target is under; none: nothing is promised. */
  readonly versionsOf: (target: Pick<Target, 'id' | 'gateway' | 'tier' | 'model'>) => readonly Contract[];
  /** Planned work announced for a target, at any time. */
  readonly plannedWorkOf: (target: string) => readonly MaintenanceWindow[];
};

export function createLiveScope({ versionsOf, plannedWorkOf }: ScopeOptions): LiveScope {
  const byContract = new Map<Contract | null, LiveTerms>();
  const periods = new Map<Contract, Period>();

  const termsFor = (contract: Contract | null): LiveTerms => {
    let terms = byContract.get(contract);
    if (terms === undefined) {
      const plan = livePlanOf(contract);
      terms = { plan, judge: createLiveJudge(plan), shapes: objectiveShapes(plan) };
      byContract.set(contract, terms);
    }
    return terms;
  };

  const windowOf = (contract: Contract, at: number): Period => {
    const known = periods.get(contract);
    if (known !== undefined && known.fromAt <= at && at < known.toAt) return known;
    const period = windowAt(contract.window, at);
    periods.set(contract, period);
    return period;
  };

  const maintenanceIn: LiveScope['maintenanceIn'] = (target, { plan }, span) =>
    maintenanceWithin(plan.contract, plannedWorkOf(target), span);

  return {
    termsOf: (target, at) => termsFor(contractGoverning(versionsOf(target), at, windowOf)),
    periodAt: ({ plan }, at) => windowOf(plan.contract, at),
    maintenanceIn,
    basisOf(target, terms, span) {
      const maintenance = maintenanceIn(target, terms, span);
      return maintenance.length === 0 ? terms.plan.key : JSON.stringify([terms.plan.key, maintenance]);
    },
  };
}

/** The counting of one target as a scope has it at an instant. */
export function countingIn(
  scope: LiveScope,
  target: Parameters<LiveScope['termsOf']>[0],
  at: number,
): TargetCounting {
  const terms = scope.termsOf(target, at);
  return {
    plan: terms.plan,
    judge: terms.judge,
    maintenanceIn: (span) => scope.maintenanceIn(target.id, terms, span),
    basisOf: (span) => scope.basisOf(target.id, terms, span),
  };
}
