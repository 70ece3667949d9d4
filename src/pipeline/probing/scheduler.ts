import type { Interval } from '../../domain/time/interval.ts';
import { type Schedule, sameSchedule } from '../../domain/time/schedule.ts';
import type { Cancel, Clock } from '../clock.ts';
import { countExpected, intervalAfter, tickAfter } from './expected-ticks.ts';
import type { SteadyClock } from './steady-clock.ts';
import { createTickHeap } from './tick-heap.ts';

export type Scheduled = { readonly id: string; readonly schedule: Schedule };

export type Tick = {
  /** The instant on the grid, epoch ms. */
  readonly scheduledAt: number;
  /** The same instant on the monotonic clock, µs: what the lag is measured from. */
  readonly dueUs: number;
};

export type SchedulerEvents = {
  /** A tick is due now. Must return at once and must not throw. */
  readonly onTick: (id: string, tick: Tick) => void;
  /** A tick could not be run in time, because we slept, were blocked, or the clock jumped over it. */
  readonly onMissed: (id: string, scheduledAt: number) => void;
  /** So many ticks were missed at once that no row was made for these; coverage still counts them as missing. */
  readonly onUntold?: (ticks: number) => void;
};

export type Scheduler = {
  /**
   * Makes these the scheduled series. One that stays with the same schedule goes on undisturbed; a new or changed
   * one starts with its first tick at or after `fromAt`; the others end. Ids are unique.
   */
  readonly schedule: (series: readonly Scheduled[], fromAt: number) => void;
  readonly stop: () => void;
};

/** A tick that is later than this, or than half its interval, is not worth running: the next one is nearer. */
const LATEST_MS = 2000;

/**
 * We wake at least this often, so that a clock that was set is noticed soon although waiting is monotonic.
 */
const LONGEST_SLEEP_MS = 1000;

/** A start may lie a little ahead, and no step is made of that. */
const EARLY_MS = 60_000;

/** As of the clock that closing doubts: time servers move one that was right by less. */
const LEAP_MS = 5 * 60_000;

/** Rows for missed ticks made at one wake-up at most: a machine that slept for a week must not drown the store. */
const MOST_MISSED_ROWS = 50_000;

type Entry = {
  readonly id: string;
  readonly schedule: Schedule;
  readonly slot: number;
  /** No tick before this instant has ever been run for it here. */
  startedAt: number;
  /** No tick up to here will come again. */
  passedAt: number;
  nextAt: number;
};

/**
 * Fires every series at the instants of its schedule: open loop (a tick never waits for an earlier one), on a grid
 * that does not depend on when we were started, each tick once. One timer serves all series.
 *
 * The wall clock says when a tick is due, the monotonic clock how long to wait. When the wall clock is set back, the
 * instants that come a second time do not fire again, but those before the start do for the first time; when it is set
 * forward, the instants it jumps over are missed. A clock that leapt ahead and is put right comes back to instants that were
 * only jumped over: those are run, for otherwise a minute of a wrong date would keep us silent until that date.
 */
export function createScheduler(clock: Clock, steady: SteadyClock, events: SchedulerEvents): Scheduler {
  const heap = createTickHeap();
  const entries = new Map<string, Entry>();
  const bySlot: (Entry | undefined)[] = [];
  const freeSlots: number[] = [];
  let cancel: Cancel | null = null;
  let stopped = false;
  let latestStartAt = Number.NEGATIVE_INFINITY;
  let lastWokeAt: number | null = null;
  /** What the last leap ahead jumped over. */
  let jumpedOver: Interval | null = null;
  /** What ran while the clock was ahead; it does not run again when its time comes. */
  let hasRun: Interval | null = null;

  const forget = (entry: Entry): void => {
    heap.remove(entry.slot);
    entries.delete(entry.id);
    bySlot[entry.slot] = undefined;
    freeSlots.push(entry.slot);
  };

  /** Moves an entry to its first tick after `at`, or ends it. */
  const advance = (entry: Entry, at: number): void => {
    const next = tickAfter(entry.schedule, at);
    if (next === null) {
      forget(entry);
      return;
    }
    entry.passedAt = at;
    entry.nextAt = next;
    heap.set(entry.slot, next);
  };

  /** `fromAt` is inclusive. */
  const add = ({ id, schedule }: Scheduled, fromAt: number): void => {
    const slot = freeSlots.pop() ?? bySlot.length;
    const entry: Entry = { id, schedule, slot, startedAt: fromAt, passedAt: fromAt - 1, nextAt: fromAt };
    latestStartAt = Math.max(latestStartAt, fromAt);
    bySlot[slot] = entry;
    entries.set(id, entry);
    advance(entry, fromAt - 1);
  };

  /**
   * A clock that showed a far future when we started, and is put right, must not keep us silent until that future comes:
   * what lies before the start comes for the first time.
   */
  const beginEarlier = (now: number): void => {
    if (now >= latestStartAt - EARLY_MS) return;
    latestStartAt = now;
    for (const entry of [...entries.values()]) {
      if (now >= entry.startedAt - EARLY_MS) continue;
      entry.startedAt = now;
      advance(entry, now);
    }
  };

  const followLeaps = (now: number): void => {
    const wokeAt = lastWokeAt ?? now;
    lastWokeAt = now;
    if (now - wokeAt > LEAP_MS) {
      jumpedOver = { fromAt: wokeAt, toAt: now };
      hasRun = null;
    } else if (jumpedOver !== null && wokeAt - now > LEAP_MS && now < jumpedOver.toAt) {
      const { fromAt, toAt } = jumpedOver;
      const at = Math.max(now, fromAt);
      for (const entry of [...entries.values()]) if (entry.passedAt > at) advance(entry, at);
      // A tick just before the leap's end was late, and may have run.
      hasRun = { fromAt: toAt - LATEST_MS, toAt: wokeAt };
      jumpedOver = null;
    } else if (hasRun !== null && now >= hasRun.toAt) hasRun = null;
  };

  const wake = (): void => {
    cancel = null;
    steady.check();
    const wokeAt = Math.floor(steady.now());
    beginEarlier(wokeAt);
    followLeaps(wokeAt);
    let missed = 0;
    let untold = 0;
    while (!stopped) {
      const now = steady.now();
      const at = heap.firstAt();
      const entry = bySlot[heap.first()];
      if (at > now || entry === undefined) break;
      if (hasRun !== null && at >= hasRun.fromAt && at <= hasRun.toAt) {
        advance(entry, hasRun.toAt);
        continue;
      }
      advance(entry, at);
      // The next tick is known by now, and with it the interval of any kind of schedule.
      const interval = entries.has(entry.id) ? entry.nextAt - at : intervalAfter(entry.schedule, at);
      const latest = Math.min(LATEST_MS, interval / 2);
      if (now - at <= latest) {
        events.onTick(entry.id, { scheduledAt: at, dueUs: steady.monotonicUsAt(at) });
      } else if (missed < MOST_MISSED_ROWS) {
        missed += 1;
        events.onMissed(entry.id, at);
      } else {
        const resumeAt = Math.ceil(now - latest);
        untold += countExpected(entry.schedule, at, resumeAt);
        if (entries.has(entry.id)) advance(entry, resumeAt - 1);
      }
    }
    if (untold > 0) events.onUntold?.(untold);
    arm();
  };

  const arm = (): void => {
    cancel?.();
    cancel = null;
    if (stopped || heap.size() === 0) return;
    const wait = heap.firstAt() - steady.now();
    cancel = clock.after(Math.min(Math.max(wait, 0), LONGEST_SLEEP_MS), wake);
  };

  return {
    schedule: (series, fromAt) => {
      const wanted = new Map(series.map((one) => [one.id, one]));
      for (const entry of [...entries.values()]) {
        const kept = wanted.get(entry.id);
        if (kept !== undefined && sameSchedule(kept.schedule, entry.schedule)) continue;
        forget(entry);
        // After a clock was set back, a changed schedule must not pass the same instants again.
        if (kept !== undefined) add(kept, Math.max(fromAt, entry.passedAt + 1));
      }
      for (const one of wanted.values()) {
        if (!entries.has(one.id)) add(one, fromAt);
      }
      arm();
    },
    stop: () => {
      stopped = true;
      cancel?.();
      cancel = null;
    },
  };
}
