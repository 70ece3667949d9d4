import { addToDay, type DayRecord, emptyDay } from '../../domain/live/day-record.ts';
import { emptyLines, type JudgedLines } from '../../domain/live/judged-lines.ts';
import { judgeLines } from '../../domain/live/line-counting.ts';
import { LIVE_WINDOWS, type RollingName } from '../../domain/live/live-window.ts';
import { addAnswers, copySums, emptySums, type QuestionSums } from '../../domain/live/question-sums.ts';
import { lineOfSample } from '../../domain/measure/line-of-sample.ts';
import type { Target } from '../../domain/measure/target.ts';
import type { BucketGrain, Store, StoredBucket } from '../../store/store.ts';
import { type Clock, delay } from '../clock.ts';
import type { LiveScope, LiveTerms } from './live-scope.ts';
import { SETTLE_MS } from './roll-up.ts';
import {
  type ClosedSlices,
  createSliceCounter,
  emptySlices,
  neededFrom,
  slicedScopes,
} from './sliced-scopes.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** So many targets are counted or evaluated before others get the thread. */
export const TARGETS_AT_ONCE = 32;
/** So many days are shown. */
export const DAYS = 90;
/** Windows that are counted from buckets and the raw edge. */
export const LONG: readonly RollingName[] = ['24h', '7d', '30d', '90d'];

export type ClosedHoursStore = Pick<Store, 'readDecided' | 'readBuckets' | 'readDirty' | 'markDirty'>;

/** What is known up to the last counted hour. */
export type ClosedHours = {
  /** The first hour that any figure asks for. */
  readonly fromAt: number;
  readonly closedTo: number;
  /** The targets as they were declared: the buckets of a former name belong to its successor. */
  readonly declared: string;
  /** `false`: some buckets were counted in another way, or do not tell their slices. */
  readonly isWhole: boolean;
  readonly bases: ReadonlyMap<string, Base>;
  /** Where the days of every base begin. */
  readonly daysFrom: number;
  /** Requests before the first whole hour of a period, where it does not begin on one. */
  readonly heads: ReadonlyMap<string, JudgedLines>;
  readonly slices: readonly ClosedSlices[];
  /** Hours that still have to be counted. */
  readonly pendingHours: number;
};

/** What is known about one target up to the last counted hour. */
export type Base = {
  readonly terms: LiveTerms;
  readonly period: PeriodStart;
  /** How all that was read is counted. */
  readonly basis: string;
  /** Sums of `[start, closedTo)`, by start. They are not changed any more. */
  readonly bySpan: Map<number, readonly QuestionSums[]>;
  /** Oldest first, up to the day in which `closedTo` lies. */
  readonly days: DayRecord[];
};

/** Periods begin at midnights of their zone, which need not be whole hours of UTC. */
export type PeriodStart = { readonly fromAt: number; readonly hourAt: number };

/** Where the period that holds `now` begins, and its first whole hour. */
export function periodStart(scope: LiveScope, terms: LiveTerms, now: number): PeriodStart {
  const { fromAt } = scope.periodAt(terms, now);
  return { fromAt, hourAt: Math.ceil(fromAt / HOUR_MS) * HOUR_MS };
}

/** Where the last hour ends that is over, late answers included. */
export function lastClosed(now: number): number {
  return Math.floor((now - SETTLE_MS) / HOUR_MS) * HOUR_MS;
}

/** All that the store says of the targets, as one text to compare. */
export function declaredAs(targets: readonly Target[]): string {
  return JSON.stringify(targets);
}

/** The first hour that any figure asks for. */
export function firstHour(
  closedTo: number,
  counted: Iterable<Pick<Base, 'period'>>,
  slices: readonly ClosedSlices[],
): number {
  let first = closedTo;
  for (const { period } of counted)
    first = Math.min(first, closedTo - LIVE_WINDOWS['90d'], Math.floor(period.fromAt / HOUR_MS) * HOUR_MS);
  for (const one of slices) first = Math.min(first, Math.floor(neededFrom(one) / HOUR_MS) * HOUR_MS);
  return first;
}

/** Hours that still have to be counted. */
export async function pendingHours(
  store: Pick<ClosedHoursStore, 'readDirty'>,
  closedTo: number,
): Promise<readonly number[]> {
  const dirty = await store.readDirty('hour', closedTo, DAYS * 24);
  return dirty.flatMap(({ fromAt }) => (fromAt >= closedTo - LIVE_WINDOWS['90d'] ? [fromAt] : []));
}

/**
 * Reads the buckets of every counted hour, newest first, and marks those that were counted in another way. Yields between
 * any two reads.
 */
export async function readClosedHours(
  store: ClosedHoursStore,
  scope: LiveScope,
  clock: Clock,
  targets: readonly Target[],
  now: number,
): Promise<ClosedHours> {
  const closed = lastClosed(now);
  const dirtyDays = new Set((await store.readDirty('day', now, DAYS * 2)).map(({ fromAt }) => fromAt));
  const dirtyHours = await pendingHours(store, closed);
  for (const fromAt of dirtyHours) dirtyDays.add(Math.floor(fromAt / DAY_MS) * DAY_MS);

  const counted = targets.map((target) => {
    const terms = scope.termsOf(target, now);
    return { id: target.id, terms, period: periodStart(scope, terms, now) };
  });
  const slices = emptySlices(scope, slicedScopes(scope, targets, now), closed, now);
  const oldest = firstHour(closed, counted, slices);

  const building = new Map<string, Base>();
  const running = new Map<string, readonly QuestionSums[]>();
  const starts = new Map<string, ReadonlySet<number>>();
  const boundaries = new Set<number>();
  const nextHeads = new Map<string, JudgedLines>();
  for (const { id, terms, period } of counted) {
    const basis = scope.basisOf(id, terms, { fromAt: oldest, toAt: closed });
    building.set(id, { terms, period, basis, bySpan: new Map(), days: [] });
    running.set(id, emptySums(terms.plan));
    const own = new Set([
      ...LONG.map((name) => closed - LIVE_WINDOWS[name]),
      Math.min(closed, period.hourAt),
    ]);
    starts.set(id, own);
    for (const at of own) boundaries.add(at);
    if (period.hourAt === period.fromAt || period.fromAt >= closed) continue;
    const { byTarget } = await store.readDecided(period.fromAt, period.hourAt, id);
    const maintenance = scope.maintenanceIn(id, terms, { fromAt: period.fromAt, toAt: period.hourAt });
    const head = emptyLines(terms.plan);
    const found = (byTarget.get(id) ?? []).map(lineOfSample);
    judgeLines(head, terms.plan, terms.judge, found, maintenance);
    nextHeads.set(id, head);
  }
  const counter = createSliceCounter(scope, slices);
  const daysFrom = Math.floor(oldest / DAY_MS) * DAY_MS;
  // Days in which nothing was seen are the same for all.
  for (let at = daysFrom; at <= closed; at += DAY_MS) {
    const nothing = emptyDay(at);
    for (const { days } of building.values()) days.push(nothing);
  }
  const snapshot = (at: number): void => {
    if (!boundaries.has(at)) return;
    for (const [id, base] of building) {
      const sums = running.get(id);
      if (sums !== undefined && starts.get(id)?.has(at)) base.bySpan.set(at, copySums(sums));
    }
  };
  const stale = new Set<number>();
  const untold: UntoldSlices[] = [];
  const addRow = (grain: BucketGrain, { target, fromAt, basis, bucket }: StoredBucket): void => {
    const base = building.get(target);
    const sums = running.get(target);
    if (base === undefined || sums === undefined) return;
    const length = grain === 'day' ? DAY_MS : HOUR_MS;
    if (basis !== scope.basisOf(target, base.terms, { fromAt, toAt: fromAt + length })) {
      for (let at = fromAt; at < fromAt + length; at += HOUR_MS) stale.add(at);
      return;
    }
    addAnswers(sums, bucket.answers);
    if (!counter.add(target, bucket, { fromAt, toAt: fromAt + length }))
      untold.push({ grain, target, fromAt });
    const day = Math.floor((fromAt - daysFrom) / DAY_MS);
    base.days[day] = addToDay(base.days[day] ?? emptyDay(daysFrom + day * DAY_MS), bucket);
  };
  snapshot(closed);
  for (let at = closed; at > oldest; ) {
    const dayAt = at - DAY_MS;
    const isWholeDay =
      at % DAY_MS === 0 && dayAt >= oldest && !dirtyDays.has(dayAt) && !hasInside(boundaries, dayAt, at);
    const grain: BucketGrain = isWholeDay ? 'day' : 'hour';
    const fromAt = isWholeDay ? dayAt : at - HOUR_MS;
    for (const row of await store.readBuckets(grain, fromAt, fromAt + 1)) addRow(grain, row);
    counter.end({ fromAt, toAt: at });
    at = fromAt;
    snapshot(at);
    await delay(clock, 0);
  }
  for (const at of await untoldHours(store, clock, untold, new Set(dirtyHours))) stale.add(at);
  if (stale.size > 0) await store.markDirty([...stale].filter((at) => at < closed));
  return {
    fromAt: oldest,
    closedTo: closed,
    declared: declaredAs(targets),
    isWhole: stale.size === 0 && untold.length === 0,
    bases: building,
    daysFrom,
    heads: nextHeads,
    slices,
    pendingHours: new Set([...dirtyHours, ...stale]).size,
  };
}

function hasInside(boundaries: ReadonlySet<number>, fromAt: number, toAt: number): boolean {
  for (const at of boundaries) if (at > fromAt && at < toAt) return true;
  return false;
}

/** A bucket that was counted before its slices were kept. */
type UntoldSlices = { readonly grain: BucketGrain; readonly target: string; readonly fromAt: number };

/**
 * The hours of such buckets that can be counted again. Where the requests themselves are gone, what the bucket holds is all
 * that is left of them, and it stays.
 */
async function untoldHours(
  store: ClosedHoursStore,
  clock: Clock,
  untold: readonly UntoldSlices[],
  known: ReadonlySet<number>,
): Promise<ReadonlySet<number>> {
  const hours = new Map<number, string>();
  for (const { grain, target, fromAt } of untold) if (grain === 'hour') hours.set(fromAt, target);
  const days = Map.groupBy(
    untold.filter(({ grain }) => grain === 'day'),
    ({ fromAt }) => fromAt,
  );
  for (const [dayAt, own] of days) {
    const targets = new Set(own.map(({ target }) => target));
    for (const { target, fromAt, bucket } of await store.readBuckets('hour', dayAt, dayAt + DAY_MS)) {
      const isTold = bucket.answers.some((one) => one.kind !== 'percentile' && one.slices !== undefined);
      if (targets.has(target) && !isTold && Object.keys(bucket.outcomes).length > 0)
        hours.set(fromAt, target);
    }
    await delay(clock, 0);
  }
  const again = new Set<number>();
  for (const [at, target] of hours) {
    if (known.has(at)) continue;
    const { byTarget } = await store.readDecided(at, at + HOUR_MS, target);
    if ((byTarget.get(target)?.length ?? 0) > 0) again.add(at);
    await delay(clock, 0);
  }
  return again;
}
