import { marginMs } from '../../domain/contract/tally.ts';
import type { Bucket } from '../../domain/live/bucket.ts';
import { isBySlice, type SlicedQuestion } from '../../domain/live/live-plan.ts';
import { LIVE_WINDOWS } from '../../domain/live/live-window.ts';
import type { ObjectiveShape } from '../../domain/live/objective-shape.ts';
import { copySum, emptySum } from '../../domain/live/question-sums.ts';
import type { SliceRuns } from '../../domain/live/slice-runs.ts';
import {
  addRunsTo,
  addTable,
  createTables,
  type SlicedPeriod,
  type SumsSince,
} from '../../domain/live/slice-table.ts';
import type { Target } from '../../domain/measure/target.ts';
import { judgedAs } from '../../domain/report/report-scope.ts';
import type { Interval } from '../../domain/time/interval.ts';
import type { LiveScope, LiveTerms } from './live-scope.ts';

/** An objective that is decided slice by slice, of all targets that its contract judges as one. */
export type SlicedScope = {
  /** A target, or a key as `gateway/tier`. */
  readonly id: string;
  readonly terms: LiveTerms;
  readonly shape: ObjectiveShape;
  readonly question: SlicedQuestion;
  readonly targets: readonly string[];
};

/** What is known of such an objective up to the last counted hour. */
export type ClosedSlices = {
  readonly of: SlicedScope;
  readonly period: SlicedPeriod;
  /** The last twenty-four hours before the last counted one ended. */
  readonly day: SumsSince;
  /** `false`: some hours were counted before their slices were kept. */
  isKnown: boolean;
};

export function slicedScopes(
  scope: LiveScope,
  targets: readonly Target[],
  now: number,
): readonly SlicedScope[] {
  const groups = new Map<LiveTerms, Map<string, string[]>>();
  for (const target of targets) {
    const terms = scope.termsOf(target, now);
    if (!terms.plan.questions.some(isBySlice)) continue;
    const byId = groups.get(terms) ?? new Map<string, string[]>();
    groups.set(terms, byId);
    const id = judgedAs(terms.plan.contract, target);
    byId.set(id, [...(byId.get(id) ?? []), target.id]);
  }
  return [...groups].flatMap(([terms, byId]) =>
    [...byId].flatMap(([id, own]) =>
      terms.shapes.flatMap((shape) =>
        isBySlice(shape.question) ? [{ id, terms, shape, question: shape.question, targets: own }] : [],
      ),
    ),
  );
}

/** Adds up the slices of stored buckets, one stretch of time after the other. */
export type SliceCounter = {
  /** A bucket of the stretch; `false`: it holds requests and does not tell of which slices, though that is asked for. */
  readonly add: (target: string, bucket: Bucket, span: Interval) => boolean;
  /** All buckets of the stretch were added. */
  readonly end: (span: Interval) => void;
};

/** Each objective before any hour was added. */
export function emptySlices(
  scope: LiveScope,
  scopes: readonly SlicedScope[],
  closedTo: number,
  now: number,
): readonly ClosedSlices[] {
  return scopes.map((of) => ({
    of,
    period: {
      fromAt: scope.periodAt(of.terms, now).fromAt,
      leadMs: leadOf(of),
      sums: emptySum(of.question.kind),
      seen: null,
    },
    day: { fromAt: closedTo - LIVE_WINDOWS['24h'], sums: emptySum(of.question.kind) },
    isKnown: true,
  }));
}

/** The same to be counted on from the hour before `closedTo`; `before` stays as it is. */
export function copySlices(before: readonly ClosedSlices[], closedTo: number): readonly ClosedSlices[] {
  return before.map(({ of, period, day, isKnown }) => ({
    of,
    period: { ...period, sums: copySum(period.sums) },
    day: { fromAt: closedTo - LIVE_WINDOWS['24h'], sums: copySum(day.sums) },
    isKnown,
  }));
}

/** Each objective with nothing but what its last twenty-four hours began with. */
export function emptyHours(before: readonly ClosedSlices[]): readonly ClosedSlices[] {
  return before.map(({ of, day }) => ({
    of,
    period: { fromAt: Number.POSITIVE_INFINITY, leadMs: 0, sums: emptySum(of.question.kind), seen: null },
    day: { fromAt: day.fromAt, sums: emptySum(of.question.kind) },
    isKnown: true,
  }));
}

/** Nothing before this instant is asked for. */
export function neededFrom({ period, day }: ClosedSlices): number {
  return Math.min(day.fromAt, period.fromAt - period.leadMs);
}

/** Changes `all`, one stretch after the other. */
export function createSliceCounter(scope: LiveScope, all: readonly ClosedSlices[]): SliceCounter {
  const tableOf = createTables();
  const found = new Map<ClosedSlices, SliceRuns[]>();
  const byTarget = new Map<string, ClosedSlices[]>();
  for (const one of all) {
    for (const target of one.of.targets) byTarget.set(target, [...(byTarget.get(target) ?? []), one]);
  }
  return {
    add(target, bucket, span) {
      let isTold = true;
      for (const one of byTarget.get(target) ?? []) {
        if (span.toAt <= neededFrom(one) || Object.keys(bucket.outcomes).length === 0) continue;
        const answer = bucket.answers[one.of.shape.position];
        if (answer === undefined || answer.kind === 'percentile') throw new Error('a bucket of another plan');
        if (answer.slices === undefined) {
          one.isKnown = false;
          isTold = false;
          continue;
        }
        const known = found.get(one);
        if (known === undefined) found.set(one, [answer.slices]);
        else known.push(answer.slices);
      }
      return isTold;
    },
    end(span) {
      for (const one of all) {
        if (span.toAt <= neededFrom(one)) continue;
        const { terms, question, targets } = one.of;
        const maintenance = scope.maintenanceIn(targets[0] ?? one.of.id, terms, span);
        const table = tableOf(question, span);
        for (const slices of found.get(one) ?? []) addRunsTo(table, slices);
        addTable(table, terms.plan.contract.maintenance.mode, maintenance, one.period, [one.day]);
      }
      found.clear();
    },
  };
}

/** How long before a period a run of bad slices may have begun, ms. */
export function leadOf({ question, terms }: Pick<SlicedScope, 'question' | 'terms'>): number {
  return question.kind === 'availability' ? marginMs(terms.plan.contract) : 0;
}
