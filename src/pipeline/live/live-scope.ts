import { type MaintenanceWindow, maintenanceWithin } from '../../domain/contract/admitted-maintenance.ts';
import type { Contract } from '../../domain/contract/contract.ts';
import { createGoverning } from '../../domain/contract/contract-in-force.ts';
import { createLiveJudge, type LiveJudge, type LivePlan, livePlanOf } from '../../domain/live/live-plan.ts';
import { type ObjectiveShape, objectiveShapes } from '../../domain/live/objective-shape.ts';
import { MODEL_LIST, parseTargetId, type Target } from '../../domain/measure/target.ts';
import { judgedAs } from '../../domain/report/report-scope.ts';
import type { Interval } from '../../domain/time/interval.ts';
import type { Period } from '../../domain/time/period.ts';
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
  /** Planned work announced for all of what a contract judges as one: a target, or a key as `gateway/tier`. At any time. */
  readonly plannedWorkOf: (scope: string) => readonly MaintenanceWindow[];
};

export function createLiveScope({ versionsOf, plannedWorkOf }: ScopeOptions): LiveScope {
  const byContract = new Map<Contract | null, LiveTerms>();
  const governing = createGoverning();

  const termsFor = (contract: Contract | null): LiveTerms => {
    let terms = byContract.get(contract);
    if (terms === undefined) {
      const plan = livePlanOf(contract);
      terms = { plan, judge: createLiveJudge(plan), shapes: objectiveShapes(plan) };
      byContract.set(contract, terms);
    }
    return terms;
  };

  const maintenanceIn: LiveScope['maintenanceIn'] = (target, { plan }, span) => {
    const named = parseTargetId(target);
    const scope = named === null ? target : judgedAs(plan.contract, { ...named, id: target });
    return maintenanceWithin(plan.contract, plannedWorkOf(scope), span);
  };

  return {
    termsOf: (target, at) =>
      termsFor(target.model === MODEL_LIST ? null : governing.at(versionsOf(target), at)),
    periodAt: ({ plan }, at) => governing.windowOf(plan.contract, at),
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
