import { rollUp } from '../domain/live/bucket.ts';
import { addAnswers, answersOf } from '../domain/live/question-sums.ts';
import { lineOfSample } from '../domain/measure/line-of-sample.ts';
import type { Interval } from '../domain/time/interval.ts';
import {
  addToHistory,
  columnOf,
  emptyHistory,
  type HistoryColumn,
  type HistorySums,
  stretchesOf,
  type TargetCounting,
} from '../domain/view/history.ts';
import { closedTo } from '../domain/view/target-view.ts';
import type { BucketGrain, Store } from '../store/store.ts';
import { breathe } from './breathe.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** So many uncounted hours are read attempt by attempt; more are left to whoever counts. */
const MOST_RAW_HOURS = 3;
/** What was read of closed hours is believed for so long: a late answer changes them seldom. */
const KEPT_MS = 60_000;
const KEPT = 128;
const STRETCHES_AT_ONCE = 12;

export type History = {
  readonly columns: readonly HistoryColumn[];
  readonly whole: HistoryColumn;
};

export type HistoryReader = {
  /** What a target did in a range, in stretches of `widthMs` (minutes, hours or days, at boundaries of UTC). */
  readonly read: (
    target: string,
    counting: TargetCounting,
    range: Interval,
    widthMs: number,
    now: number,
  ) => Promise<History>;
  /** The hours of a range with a counted failure, the latest first. */
  readonly hoursWithFailures: (
    target: string,
    counting: TargetCounting,
    columns: readonly HistoryColumn[],
  ) => AsyncGenerator<Interval>;
  /** The hour of the slowest answer; `null` if nothing was answered. */
  readonly slowestHour: (
    target: string,
    counting: TargetCounting,
    columns: readonly HistoryColumn[],
  ) => Promise<Interval | null>;
  /** The past was rewritten: nothing that was read before is believed. */
  readonly forget: () => void;
};

type HistoryStore = Pick<Store, 'readBuckets' | 'readDecided' | 'readDirty'>;

type Closed = { readonly columns: readonly HistoryColumn[]; readonly sums: HistorySums };
type Kept = { readonly at: number; readonly counting: TargetCounting; readonly closed: Promise<Closed> };

/**
 * Reads histories from stored days and hours, and only the hours that are not over yet (and short spans) attempt by
 * attempt. The closed part of a range is read once a minute at most, however many look.
 */
export function createHistoryReader(store: HistoryStore): HistoryReader {
  const kept = new Map<string, Kept>();

  const readRaw = async (target: string, counting: TargetCounting, span: Interval, into: HistorySums) => {
    if (span.fromAt >= span.toAt) return;
    const { byTarget, notRun } = await store.readDecided(span.fromAt, span.toAt, target);
    const reasons: Record<string, number> = {};
    for (const one of notRun) {
      if (one.target === target) reasons[one.reason] = (reasons[one.reason] ?? 0) + one.ticks;
    }
    const lines = (byTarget.get(target) ?? []).map(lineOfSample);
    const stretch = { ...span, maintenance: counting.maintenanceIn(span) };
    addToHistory(into, rollUp(counting.plan, counting.judge, lines, reasons, stretch));
  };

  /** Adds the buckets that begin in a stretch; tells which spans of the grain are there and counted by these terms. */
  const readBuckets = async (
    grain: BucketGrain,
    target: string,
    counting: TargetCounting,
    span: Interval,
    into: HistorySums,
  ): Promise<ReadonlySet<number>> => {
    const length = grain === 'day' ? DAY_MS : HOUR_MS;
    const there = new Set<number>();
    for (const { fromAt, basis, bucket } of await store.readBuckets(grain, span.fromAt, span.toAt, target)) {
      if (basis !== counting.basisOf({ fromAt, toAt: fromAt + length })) {
        // Counted by other terms than today's: not to be added, and not to be passed over in silence.
        if (grain === 'hour') into.counting = true;
        continue;
      }
      there.add(fromAt);
      addToHistory(into, bucket);
    }
    return there;
  };

  const readStretch = async (
    target: string,
    counting: TargetCounting,
    span: Interval,
    closed: number,
    dirty: Dirty,
  ): Promise<HistorySums> => {
    const sums = emptyHistory(counting.plan);
    const isWholeDay = span.fromAt % DAY_MS === 0 && span.toAt - span.fromAt === DAY_MS;
    if (isWholeDay && !dirty.days.has(span.fromAt)) {
      if ((await readBuckets('day', target, counting, span, sums)).size > 0) return sums;
    }
    const firstHour = Math.ceil(span.fromAt / HOUR_MS) * HOUR_MS;
    const lastHour = Math.min(Math.floor(span.toAt / HOUR_MS) * HOUR_MS, closed);
    if (firstHour >= lastHour) {
      await readRaw(target, counting, span, sums);
      return sums;
    }
    await readRaw(target, counting, { fromAt: span.fromAt, toAt: firstHour }, sums);
    const whole = { fromAt: firstHour, toAt: lastHour };
    const there = await readBuckets('hour', target, counting, whole, sums);
    const lacking = dirty.hours.filter((at) => at >= firstHour && at < lastHour && !there.has(at));
    for (const at of lacking) {
      if (at >= closed - MOST_RAW_HOURS * HOUR_MS) {
        await readRaw(target, counting, { fromAt: at, toAt: at + HOUR_MS }, sums);
      } else sums.counting = true;
    }
    await readRaw(target, counting, { fromAt: lastHour, toAt: span.toAt }, sums);
    return sums;
  };

  const readAll = async (
    target: string,
    counting: TargetCounting,
    stretches: readonly Interval[],
    closed: number,
  ): Promise<Closed> => {
    const dirty = await readDirty(store, stretches, closed);
    const whole = emptyHistory(counting.plan);
    const columns: HistoryColumn[] = [];
    for (const [index, span] of stretches.entries()) {
      const sums = await readStretch(target, counting, span, closed, dirty);
      columns.push(columnOf(counting.plan, sums, span));
      merge(whole, sums);
      if (index % STRETCHES_AT_ONCE === STRETCHES_AT_ONCE - 1) await breathe();
    }
    return { columns, sums: whole };
  };

  const readClosed = (
    target: string,
    counting: TargetCounting,
    stretches: readonly Interval[],
    closed: number,
    now: number,
  ): Promise<Closed> => {
    const key = `${target}\n${stretches[0]?.fromAt}\n${stretches.at(-1)?.toAt}\n${stretches.length}`;
    const known = kept.get(key);
    const age = known === undefined ? -1 : now - known.at;
    if (known !== undefined && known.counting.plan === counting.plan && age >= 0 && age < KEPT_MS) {
      return known.closed;
    }
    const reading = readAll(target, counting, stretches, closed);
    const entry: Kept = { at: now, counting, closed: reading };
    kept.delete(key);
    kept.set(key, entry);
    const oldest = kept.size > KEPT ? kept.keys().next().value : undefined;
    if (oldest !== undefined) kept.delete(oldest);
    // What is still being counted, or could not be read, is asked for again.
    const drop = (): void => {
      if (kept.get(key) === entry) kept.delete(key);
    };
    reading.then(({ sums }) => sums.counting && drop(), drop);
    return reading;
  };

  return {
    async read(target, counting, range, widthMs, now) {
      const closed = closedTo(now);
      const stretches = stretchesOf(range, widthMs);
      const open = stretches.findIndex(({ toAt }) => toAt > closed);
      const cut = open === -1 ? stretches.length : open;
      const past = await readClosed(target, counting, stretches.slice(0, cut), closed, now);
      const present = await readAll(target, counting, stretches.slice(cut), closed);
      const sums = emptyHistory(counting.plan);
      merge(sums, past.sums);
      merge(sums, present.sums);
      return {
        columns: [...past.columns, ...present.columns],
        whole: columnOf(counting.plan, sums, range),
      };
    },

    async *hoursWithFailures(target, counting, columns) {
      for (const column of columns.toReversed()) {
        if (column.bad === 0) continue;
        if (column.toAt - column.fromAt <= HOUR_MS) {
          yield column;
          continue;
        }
        const hours = await readHours(store, target, counting, column);
        if (hours.reduce((sum, { bad }) => sum + bad, 0) < column.bad) yield* uncounted(column, hours);
        yield* hours.toReversed().filter(({ bad }) => bad > 0);
      }
    },

    async slowestHour(target, counting, columns) {
      const slowest = columns.reduce<HistoryColumn | null>(
        (most, one) => ((one.total?.maxUs ?? -1) > (most?.total?.maxUs ?? -1) ? one : most),
        null,
      );
      if (slowest === null || slowest.total === null || slowest.toAt - slowest.fromAt <= HOUR_MS) {
        return slowest?.total == null ? null : slowest;
      }
      const hours = await readHours(store, target, counting, slowest);
      const counted = hours.find(({ total }) => total !== null && total.maxUs === slowest.total?.maxUs);
      if (counted !== undefined) return counted;
      const [first] = uncounted(slowest, hours).toReversed();
      return first === undefined ? null : { fromAt: first.fromAt, toAt: slowest.toAt };
    },

    forget() {
      kept.clear();
    },
  };
}

type Dirty = { readonly hours: readonly number[]; readonly days: ReadonlySet<number> };

/** Hours and days that have changed since they were counted, or were never counted. */
async function readDirty(
  store: HistoryStore,
  stretches: readonly Interval[],
  closed: number,
): Promise<Dirty> {
  const [first] = stretches;
  const last = stretches.at(-1);
  if (first === undefined || last === undefined || last.toAt - first.fromAt < HOUR_MS) {
    return { hours: [], days: new Set() };
  }
  const hours = (await store.readDirty('hour', Math.min(last.toAt, closed), 2_500)).map(
    ({ fromAt }) => fromAt,
  );
  const days = new Set(hours.map((at) => Math.floor(at / DAY_MS) * DAY_MS));
  if (last.toAt - first.fromAt >= DAY_MS) {
    for (const { fromAt } of await store.readDirty('day', last.toAt, 200)) days.add(fromAt);
  }
  return { hours, days };
}

/** The counted hours of a stretch, oldest first. */
async function readHours(
  store: HistoryStore,
  target: string,
  counting: TargetCounting,
  span: Interval,
): Promise<HistoryColumn[]> {
  const rows = await store.readBuckets(
    'hour',
    Math.floor(span.fromAt / HOUR_MS) * HOUR_MS,
    span.toAt,
    target,
  );
  return rows.flatMap(({ fromAt, basis, bucket }) => {
    const hour = { fromAt, toAt: fromAt + HOUR_MS };
    if (basis !== counting.basisOf(hour)) return [];
    const sums = emptyHistory(counting.plan);
    addToHistory(sums, bucket);
    return [columnOf(counting.plan, sums, hour)];
  });
}

/** The hours at the end of a stretch that are not counted yet, the latest first. */
function uncounted({ fromAt, toAt }: Interval, hours: readonly Interval[]): Interval[] {
  const counted = new Set(hours.map((hour) => hour.fromAt));
  const open: Interval[] = [];
  for (let at = Math.floor((toAt - 1) / HOUR_MS) * HOUR_MS; at + HOUR_MS > fromAt; at -= HOUR_MS) {
    if (counted.has(at) || open.length > MOST_RAW_HOURS) break;
    open.push({ fromAt: Math.max(at, fromAt), toAt: Math.min(at + HOUR_MS, toAt) });
  }
  return open;
}

function merge(into: HistorySums, from: HistorySums): void {
  addAnswers(into.sums, answersOf(from.sums));
  for (const [outcome, count] of Object.entries(from.outcomes)) {
    into.outcomes[outcome] = (into.outcomes[outcome] ?? 0) + count;
  }
  into.notRun += from.notRun;
  into.counting ||= from.counting;
}
