import { addToDay, emptyDay } from '../../domain/live/day-record.ts';
import { LIVE_WINDOWS } from '../../domain/live/live-window.ts';
import {
  addAnswers,
  answersOf,
  type BucketAnswer,
  copySums,
  type QuestionSums,
  subtractAnswers,
} from '../../domain/live/question-sums.ts';
import type { Target } from '../../domain/measure/target.ts';
import type { StoredBucket } from '../../store/store.ts';
import { type Clock, delay } from '../clock.ts';
import {
  type Base,
  type ClosedHours,
  type ClosedHoursStore,
  declaredAs,
  firstHour,
  LONG,
  lastClosed,
  pendingHours,
  periodStart,
  TARGETS_AT_ONCE,
} from './closed-hours.ts';
import type { LiveScope } from './live-scope.ts';
import { type ClosedSlices, copySlices, createSliceCounter, emptyHours } from './sliced-scopes.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * What is known up to the last closed hour, from what was known some hours before: the hours since then come in, and as
 * many leave each window. Reads only those, and gives what reading everything anew would give. `before` stays as it is.
 *
 * The caller knows of no bucket of the time before that was written since.
 *
 * @returns `null`: something else has changed too, so that all must be read anew
 */
export async function readNextHours(
  store: Pick<ClosedHoursStore, 'readBuckets' | 'readDirty'>,
  scope: LiveScope,
  clock: Clock,
  before: ClosedHours,
  targets: readonly Target[],
  now: number,
): Promise<ClosedHours | null> {
  const closedTo = lastClosed(now);
  if (!isCountedAsNow(scope, before, targets, closedTo, now)) return null;
  const fromAt = firstHour(closedTo, before.bases.values(), before.slices);
  // What changes while the hours are read shows the next time.
  const basisOf = new Map<string, string>();
  for (const [id, { terms }] of before.bases)
    basisOf.set(id, scope.basisOf(id, terms, { fromAt, toAt: closedTo }));
  let next = before;
  while (next.closedTo < closedTo) {
    const one = await nextHour(store, scope, clock, next);
    if (one === null) return null;
    next = one;
  }
  const bases = new Map<string, Base>();
  for (const [id, base] of next.bases) bases.set(id, { ...base, basis: basisOf.get(id) ?? base.basis });
  return { ...next, bases, pendingHours: (await pendingHours(store, closedTo)).length };
}

/** Whether all that is known was counted as it would be now. */
function isCountedAsNow(
  scope: LiveScope,
  { fromAt, closedTo: toAt, declared, isWhole, bases }: ClosedHours,
  targets: readonly Target[],
  closedTo: number,
  now: number,
): boolean {
  if (!isWhole || closedTo < toAt || closedTo - toAt > DAY_MS || declared !== declaredAs(targets))
    return false;
  return targets.every((target) => {
    const base = bases.get(target.id);
    if (base === undefined || base.terms !== scope.termsOf(target, now)) return false;
    const period = periodStart(scope, base.terms, now);
    return (
      period.fromAt === base.period.fromAt &&
      base.bySpan.has(Math.min(closedTo, period.hourAt)) &&
      base.basis === scope.basisOf(target.id, base.terms, { fromAt, toAt })
    );
  });
}

type HourRows = ReadonlyMap<string, readonly StoredBucket[]>;

/** One hour on; `null`: it, or one that leaves a window, is not counted as it should be. */
async function nextHour(
  store: Pick<ClosedHoursStore, 'readBuckets'>,
  scope: LiveScope,
  clock: Clock,
  before: ClosedHours,
): Promise<ClosedHours | null> {
  const at = before.closedTo;
  const closedTo = at + HOUR_MS;
  const read = async (fromAt: number): Promise<HourRows | null> => {
    const rows = Map.groupBy(await store.readBuckets('hour', fromAt, fromAt + 1), ({ target }) => target);
    await delay(clock, 0);
    const span = { fromAt, toAt: fromAt + HOUR_MS };
    for (const [id, { terms }] of before.bases) {
      const basis = scope.basisOf(id, terms, span);
      if (rows.get(id)?.some((row) => row.basis !== basis)) return null;
    }
    return rows;
  };
  const come = await read(at);
  if (come === null) return null;
  const bases = new Map<string, Base>();
  for (const [id, base] of before.bases) bases.set(id, { ...base, bySpan: new Map() });

  /** The sums since `start`, with the new hour; those of a window lose the hour it began with. */
  const countOn = async (startOf: (base: Base) => number, leave: HourRows | null): Promise<boolean> => {
    let counted = 0;
    for (const [id, base] of before.bases) {
      const start = startOf(base);
      const sums = base.bySpan.get(start);
      const startAt = leave === null ? start : start + HOUR_MS;
      const next = sums && moved(sums, answersIn(come, id), leave && answersIn(leave, id), startAt);
      if (!next) return false;
      bases.get(id)?.bySpan.set(startAt, next);
      counted += 1;
      if (counted % TARGETS_AT_ONCE === 0) await delay(clock, 0);
    }
    return true;
  };
  let slices: readonly ClosedSlices[] | null = before.slices;
  for (const name of LONG) {
    const start = at - LIVE_WINDOWS[name];
    const leave = await read(start);
    if (leave === null || !(await countOn(() => start, leave))) return null;
    if (name === '24h') slices = nextSlices(scope, before.slices, come, leave, closedTo);
    if (slices === null) return null;
  }
  if (!(await countOn(({ period }) => period.hourAt, null))) return null;
  const fromAt = firstHour(closedTo, bases.values(), slices);
  const daysFrom = Math.floor(fromAt / DAY_MS) * DAY_MS;
  for (const [id, base] of bases) {
    const days = base.days.slice((daysFrom - before.daysFrom) / DAY_MS);
    // The first day may keep hours that left: it is shown as long as all of it lies within ninety days, and no longer.
    const today = Math.floor((at - daysFrom) / DAY_MS);
    for (const { bucket } of come.get(id) ?? [])
      days[today] = addToDay(days[today] ?? emptyDay(daysFrom + today * DAY_MS), bucket);
    bases.set(id, { ...base, days });
  }
  return { ...before, fromAt, closedTo, bases, daysFrom, slices };
}

function answersIn(rows: HourRows, target: string): readonly (readonly BucketAnswer[])[] {
  return rows.get(target)?.map(({ bucket }) => bucket.answers) ?? [];
}

/** Sums with some buckets more and some fewer; where nothing changes, the same. `null`: these were not in them. */
function moved(
  sums: readonly QuestionSums[],
  come: readonly (readonly BucketAnswer[])[],
  leave: readonly (readonly BucketAnswer[])[] | null,
  startAt: number,
): readonly QuestionSums[] | null {
  if (come.length === 0 && (leave === null || leave.length === 0)) return sums;
  const next = copySums(sums);
  for (const answers of come) addAnswers(next, answers);
  for (const answers of leave ?? []) if (!subtractAnswers(next, answers, startAt)) return null;
  return copySums(next);
}

/** The same for what is decided slice by slice: the period grows, its last twenty-four hours move. */
function nextSlices(
  scope: LiveScope,
  before: readonly ClosedSlices[],
  come: HourRows,
  leave: HourRows,
  closedTo: number,
): readonly ClosedSlices[] | null {
  const next = copySlices(before, closedTo);
  const left = emptyHours(before);
  const count = (all: readonly ClosedSlices[], rows: HourRows, fromAt: number): boolean => {
    const counter = createSliceCounter(scope, all);
    const span = { fromAt, toAt: fromAt + HOUR_MS };
    for (const [target, own] of rows)
      for (const { bucket } of own) if (!counter.add(target, bucket, span)) return false;
    counter.end(span);
    return true;
  };
  const hourAt = closedTo - HOUR_MS;
  if (!count(next, come, hourAt) || !count(left, leave, hourAt - LIVE_WINDOWS['24h'])) return null;
  for (const [index, { day }] of next.entries()) {
    const hour = left[index]?.day.sums;
    if (hour !== undefined && !subtractAnswers([day.sums], answersOf([hour]), day.fromAt)) return null;
  }
  return next;
}
