import type { LiveReport } from '../domain/live/live-report.ts';
import type { CountTicks } from '../domain/view/build-series-view.ts';
import { createStatusViews, type StatusFacts, type ViewSettings } from '../domain/view/build-status-view.ts';
import { type Attempted, isFailed, isTelling } from '../domain/view/health.ts';
import { lastSampleOf, MINUTE_MS, type SeriesHour } from '../domain/view/series-hour.ts';
import type { StatusView } from '../domain/view/status-view.ts';
import type { Store } from '../store/store.ts';
import { breathe, inPieces } from './breathe.ts';
import { createDaySpend } from './day-spend.ts';
import { createRecentMinutes, NEW_ATTEMPTS, type RecentHours, SETTLE_MS } from './recent-minutes.ts';

const HOUR_MS = 3_600_000;
/** Name of the fact in which the prober leaves the time (epoch ms) at which it was last alive. */
export const PROBER_SEEN_FACT = 'prober.seenAt';

/** Planned work that begins later is not shown yet. */
const WORK_AHEAD_MS = 7 * 86_400_000;
const RECENT_ATTEMPTS = 12;
/** So many targets are made anew before others get the thread: about a millisecond. */
const TARGETS_AT_ONCE = 16;
/** The same while the hour is being read: at a start others are busy for long, and somebody is waiting. */
const TARGETS_AT_START = 128;
/**
 * In an outage of everything the last attempts of hundreds of series are read, a millisecond or less each. At a start
 * whoever gets the thread in between keeps it for tens of milliseconds.
 */
const SERIES_AT_ONCE = 4;
const SERIES_AT_START = 64;
/** An hour's costs are read in about a quarter of the time its attempts take. */
const NEW_COSTS = 4 * NEW_ATTEMPTS;

export type WindowOptions = {
  readonly store: Store;
  readonly settings: ViewSettings;
  readonly countTicks?: CountTicks;
  /** The latest live figures. */
  readonly live?: () => LiveReport | null;
  /** How much of a simulated past is written, parts per million. */
  readonly preparingPpm?: () => number | null;
};

export type RecentWindow = {
  readonly read: (now: number) => Promise<StatusView>;
  /** Something was recorded for a tick at `at` or later. Whoever tells once tells always. */
  readonly touched: (at: number) => void;
  /** The past was rewritten: nothing that was read before is believed. */
  readonly forget: () => void;
};

/**
 * The last hour as one view. What a reading costs follows what is new, not how much there is: minutes, targets and days in
 * which nothing is new are taken over from the reading before. Until the hour is whole after a start, the view is of the
 * minutes that were read, and says so.
 */
export function createRecentWindow(options: WindowOptions): RecentWindow {
  const { store, settings, live, preparingPpm } = options;
  const minutes = createRecentMinutes(store);
  const makeView = createStatusViews(settings, options.countTicks);
  const knownAttempts: KnownAttempts = new WeakMap();
  let daySpend = createDaySpend(store);
  let isTold = false;
  let plan: { readonly fromAt: number; readonly spans: StatusFacts['spans'] } | null = null;

  /** Who tells what is new also tells when the plan has changed, so that it is read again only as the window moves on. */
  const readPlan = async ({ fromAt, toAt }: RecentHours): Promise<StatusFacts['spans']> => {
    if (isTold && plan?.fromAt === fromAt) return plan.spans;
    const read = { fromAt, spans: await store.readSchedules(fromAt, toAt) };
    plan = read;
    return read.spans;
  };

  const readSpend = async (recent: RecentHours, now: number): Promise<StatusFacts['spentToday']> => {
    if (settings.currencyOf === undefined) return new Map();
    if (!recent.isHourRead) return null;
    const mostHours = (): number => Math.max(1, Math.floor(NEW_COSTS / Math.max(1, attemptsIn(recent))));
    return daySpend.read(now, costsSince(recent, Math.floor(now / HOUR_MS) * HOUR_MS), mostHours);
  };

  const read = async (now: number): Promise<StatusView> => {
    const recent = await minutes.read(now);
    const [targets, spans, seen, attempts, plannedWork, spentToday] = await Promise.all([
      store.readTargets(),
      readPlan(recent),
      store.readFact(PROBER_SEEN_FACT),
      readRecent(store, recent, knownAttempts),
      store.readPlannedWork(now, now + WORK_AHEAD_MS),
      readSpend(recent, now),
    ]);
    const steps = makeView({
      ...recent,
      now,
      settledTo: now - SETTLE_MS,
      targets: targets.filter((target) => target.current),
      spans,
      recent: attempts,
      live: live?.() ?? null,
      preparingPpm: preparingPpm?.() ?? null,
      plannedWork,
      proberSeenAt: seen === null ? null : Number(seen),
      spentToday,
    });
    return inPieces(steps, recent.isHourRead ? TARGETS_AT_ONCE : TARGETS_AT_START);
  };

  return {
    read,
    touched: (at) => {
      isTold = true;
      minutes.touched(at);
      daySpend.touched(at);
    },
    forget: () => {
      plan = null;
      minutes.forget();
      daySpend = createDaySpend(store);
    },
  };
}

function attemptsIn({ hours }: RecentHours): number {
  let attempts = 0;
  for (const { minutes } of hours) for (const slice of minutes) attempts += slice?.samples ?? 0;
  return attempts;
}

/** What each target cost in the minutes from `at` on, 10^-9 of its currency. */
function costsSince({ fromAt, hours }: RecentHours, at: number): ReadonlyMap<string, number> {
  const first = Math.max(0, Math.ceil((at - fromAt) / MINUTE_MS));
  const costs = new Map<string, number>();
  for (const { target, minutes } of hours) {
    let nanos = costs.get(target) ?? 0;
    for (let index = first; index < minutes.length; index += 1) nanos += minutes[index]?.costNanos ?? 0;
    costs.set(target, nanos);
  }
  return costs;
}

/** The latest attempts of a series by its hour: they are others only if something in the hour is. */
type KnownAttempts = WeakMap<SeriesHour, readonly Attempted[]>;

/** The latest attempts of those series whose last one does not already say "up". */
async function readRecent(
  store: Pick<Store, 'readSamples'>,
  { hours, fromAt, toAt, isHourRead }: RecentHours,
  known: KnownAttempts,
): Promise<Map<string, readonly Attempted[]>> {
  const recent = new Map<string, readonly Attempted[]>();
  const atOnce = isHourRead ? SERIES_AT_ONCE : SERIES_AT_START;
  let read = 0;
  for (const hour of hours) {
    if (!isInDoubt(hour)) continue;
    const { key, target, probe, region } = hour;
    let attempts = known.get(hour);
    if (attempts === undefined) {
      const range = { fromAt, toAt, order: 'newest-first', limit: RECENT_ATTEMPTS } as const;
      const found = await store.readSamples({ target, probe, ...range });
      attempts = found.flatMap(({ scheduledAt, outcome, validity, ...attempt }) =>
        attempt.region === region ? [{ scheduledAt, outcome, validity }] : [],
      );
      known.set(hour, attempts);
      read += 1;
      if (read % atOnce === 0) await breathe();
    }
    recent.set(key, attempts);
  }
  return recent;
}

function isInDoubt(hour: SeriesHour): boolean {
  const last = lastSampleOf(hour);
  return last !== null && !(isTelling(last) && !isFailed(last));
}
