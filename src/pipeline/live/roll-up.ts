import {
  addToDraft,
  type Bucket,
  type BucketDraft,
  bucketOf,
  emptyDraft,
  mergeBuckets,
} from '../../domain/live/bucket.ts';
import { lineOfSample } from '../../domain/measure/line-of-sample.ts';
import type { Target } from '../../domain/measure/target.ts';
import type { BucketGrain, DirtySpan, Store } from '../../store/store.ts';
import { type Cancel, type Clock, delay } from '../clock.ts';
import { eachDecided } from '../read-in-pieces.ts';
import type { LiveScope } from './live-scope.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** An answer may come this long after its tick, the way into the store included. */
export const SETTLE_MS = 120_000;
const SPANS_AT_ONCE = 16;

export type RollUpStore = Pick<
  Store,
  | 'readTargets'
  | 'readDirty'
  | 'readDecided'
  | 'readPackedUntil'
  | 'readBuckets'
  | 'writeBuckets'
  | 'markDirty'
>;

export type CountReport = { readonly hours: number; readonly days: number };

/**
 * Counts every hour that is over and has changed, the latest first, then every day, yielding after each: pages and
 * batches come first. All time is counted by the terms in force now, as rolling windows ask for. What was not counted yet stays marked in the store, so it can be stopped at any point.
 */
export async function countDirty(
  store: RollUpStore,
  scope: LiveScope,
  clock: Clock,
  isStopped: () => boolean,
  onSpan: (grain: BucketGrain, fromAt: number) => void = () => {},
): Promise<CountReport> {
  const report = { hours: 0, days: 0 };
  for (const grain of ['hour', 'day'] as const) {
    for (;;) {
      const spans = await store.readDirty(grain, clock.now() - SETTLE_MS, SPANS_AT_ONCE);
      if (spans.length === 0) break;
      const targets = new Map((await store.readTargets()).map((target) => [target.id, target]));
      for (const span of spans) {
        if (isStopped()) return report;
        if (grain === 'hour') await countHour(store, scope, targets, span, clock);
        else await countDay(store, scope, targets, span, clock.now());
        report[grain === 'hour' ? 'hours' : 'days'] += 1;
        onSpan(grain, span.fromAt);
        await delay(clock, 0);
      }
    }
  }
  return report;
}

type Targets = ReadonlyMap<string, Pick<Target, 'id' | 'gateway' | 'tier' | 'model'>>;

async function countHour(
  store: RollUpStore,
  scope: LiveScope,
  targets: Targets,
  span: DirtySpan,
  clock: Clock,
): Promise<void> {
  const now = clock.now();
  const hour = { fromAt: span.fromAt, toAt: span.fromAt + HOUR_MS };
  const drafts = new Map<string, BucketDraft>();
  const reasons = new Map<string, Record<string, number>>();
  await eachDecided(store, clock, hour, [...targets.keys()], (_piece, { byTarget, notRun }) => {
    for (const [id, attempts] of byTarget) {
      const target = targets.get(id);
      if (target === undefined) continue;
      const { plan, judge } = scope.termsOf(target, now);
      const draft = drafts.get(id) ?? emptyDraft(plan);
      drafts.set(id, draft);
      const maintenance = scope.maintenanceIn(id, scope.termsOf(target, now), hour);
      addToDraft(draft, plan, judge, attempts.map(lineOfSample), maintenance);
    }
    for (const { target, reason, ticks } of notRun) {
      const counts = reasons.get(target) ?? {};
      reasons.set(target, counts);
      counts[reason] = (counts[reason] ?? 0) + ticks;
    }
  });
  const buckets = [...new Set([...drafts.keys(), ...reasons.keys()])].flatMap((id) => {
    const target = targets.get(id);
    if (target === undefined) return [];
    const terms = scope.termsOf(target, now);
    const maintenance = scope.maintenanceIn(id, terms, hour);
    const draft = drafts.get(id) ?? emptyDraft(terms.plan);
    const bucket = bucketOf(draft, terms.plan, reasons.get(id) ?? {}, { ...hour, maintenance });
    return [{ target: id, basis: scope.basisOf(id, terms, hour), bucket }];
  });
  await store.writeBuckets('hour', span, buckets);
}

async function countDay(
  store: RollUpStore,
  scope: LiveScope,
  targets: Targets,
  span: DirtySpan,
  now: number,
): Promise<void> {
  const day = { fromAt: span.fromAt, toAt: span.fromAt + DAY_MS };
  const hours = Map.groupBy(await store.readBuckets('hour', day.fromAt, day.toAt), ({ target }) => target);
  const stale = new Set<number>();
  const buckets = [...hours].flatMap(([id, rows]) => {
    const target = targets.get(id);
    if (target === undefined) return [];
    const terms = scope.termsOf(target, now);
    let merged: Bucket | null = null;
    for (const { fromAt, basis, bucket } of rows) {
      if (basis !== scope.basisOf(id, terms, { fromAt, toAt: fromAt + HOUR_MS })) stale.add(fromAt);
      else merged = merged === null ? bucket : mergeBuckets(terms.plan, merged, bucket);
    }
    return merged === null || stale.size > 0
      ? []
      : [{ target: id, basis: scope.basisOf(id, terms, day), bucket: merged }];
  });
  // Counted again, those hours will leave their day to be counted again too.
  if (stale.size > 0) await store.markDirty([...stale]);
  await store.writeBuckets('day', span, buckets);
}

/** Counts what has changed again and again until it is stopped; `stop` resolves when nothing is under way. */
export function startRollUp(
  options: {
    readonly store: RollUpStore;
    readonly scope: LiveScope;
    readonly clock: Clock;
    /** Called as soon as the buckets of a span are written. */
    readonly onSpan: (grain: BucketGrain, fromAt: number) => void;
    /** Called after a round that wrote any, also where it ended in a fault. */
    readonly onCounted: () => void;
    readonly onFault: (error: unknown) => void;
  },
  everyMs = 5_000,
): { readonly stop: () => Promise<void> } {
  const { store, scope, clock, onSpan } = options;
  let stopped = false;
  let running = Promise.resolve();
  let cancel: Cancel = () => {};
  const round = async (): Promise<void> => {
    let isCounted = false;
    const told = (grain: BucketGrain, fromAt: number): void => {
      isCounted = true;
      onSpan(grain, fromAt);
    };
    try {
      await countDirty(store, scope, clock, () => stopped, told);
    } catch (error) {
      options.onFault(error);
    }
    if (stopped) return;
    if (isCounted) options.onCounted();
    next(everyMs);
  };
  const next = (ms: number): void => {
    cancel = clock.after(ms, () => {
      running = round();
    });
  };
  next(0);
  return {
    async stop() {
      stopped = true;
      cancel();
      await running;
    },
  };
}
