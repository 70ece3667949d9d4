import type { LiveReport } from '../domain/live/live-report.ts';
import {
  type SeriesSlice,
  type Slice,
  type StatusFacts,
  seriesKey,
  statusViewSteps,
  type ViewSettings,
} from '../domain/view/build-status-view.ts';
import { type Attempted, isFailed, isTelling } from '../domain/view/health.ts';
import type { StatusView } from '../domain/view/status-view.ts';
import type { Store } from '../store/store.ts';
import { breathe, inPieces } from './breathe.ts';
import { createDaySpend } from './day-spend.ts';

const HOUR_MS = 3_600_000;
const SLICE_MS = 60_000;
const SLICES = 60;
/** An answer may come this long after its tick: the longest deadline and the way into the store. */
export const SETTLE_MS = 90_000;
/** Name of the fact in which the prober leaves the time (epoch ms) at which it was last alive. */
export const PROBER_SEEN_FACT = 'prober.seenAt';

/** Planned work that begins later is not shown yet. */
const WORK_AHEAD_MS = 7 * 86_400_000;
const RECENT_ATTEMPTS = 12;
/** So many targets are worked out before others get the thread: a few milliseconds. */
const TARGETS_AT_ONCE = 16;
/** The same while the hour is being read: at a start others are busy for long, and somebody is waiting. */
const TARGETS_AT_START = 128;
/** An edition reads so many attempts that were never read, whole minutes, the newest first; the next one goes on. */
const NEW_ATTEMPTS = 10_000;
/** An hour's costs are read in about a quarter of the time its attempts take. */
const NEW_COSTS = 4 * NEW_ATTEMPTS;

export type WindowOptions = {
  readonly store: Store;
  readonly settings: ViewSettings;
  readonly countTicks?: StatusFacts['countTicks'];
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
 * Keeps the last hour by the minute. Where it is told what is new, it reads only that; else a minute that has settled is
 * read once and again only in turn, one per reading, for samples that arrive late. So a reading costs a few minutes of
 * rows, not an hour of them. After a start the hour of a large deployment is read over several readings: until it is
 * whole, the view is of the minutes that were read, and says so.
 */
export function createRecentWindow({
  store,
  settings,
  countTicks,
  live,
  preparingPpm,
}: WindowOptions): RecentWindow {
  const kept = new Map<number, readonly SeriesSlice[]>();
  let daySpend = createDaySpend(store);
  let turn = 0;
  let isTold = false;
  let touchedFrom = Number.POSITIVE_INFINITY;
  let strippedAt = 0;

  const read = async (now: number): Promise<StatusView> => {
    const lastFrom = Math.floor(now / SLICE_MS) * SLICE_MS;
    const firstFrom = lastFrom - (SLICES - 1) * SLICE_MS;
    for (const fromAt of kept.keys()) if (fromAt < firstFrom || fromAt > lastFrom) kept.delete(fromAt);
    turn = (turn + 1) % SLICES;
    const newestFirst: Slice[] = [];
    const newFrom = touchedFrom;
    touchedFrom = Number.POSITIVE_INFINITY;
    let unread = NEW_ATTEMPTS;
    for (let index = SLICES - 1; index >= 0; index -= 1) {
      const fromAt = firstFrom + index * SLICE_MS;
      const toAt = fromAt + SLICE_MS;
      const isNew = isTold ? toAt > newFrom : toAt + SETTLE_MS + SLICE_MS > now || index === turn;
      const known = kept.get(fromAt);
      if (known === undefined && unread <= 0) {
        // What was told of the minutes that are left is in them when they are read.
        break;
      }
      let series = isNew ? undefined : known;
      if (series === undefined) {
        series = await store.summarise(fromAt, toAt).catch((error: unknown) => {
          touchedFrom = Math.min(touchedFrom, newFrom);
          throw error;
        });
        if (known === undefined) unread -= series.reduce((sum, { samples }) => sum + samples, 0);
        else await breathe();
      }
      kept.set(fromAt, series);
      newestFirst.push({ fromAt, toAt, series });
    }
    const slices = newestFirst.reverse();
    const isHourRead = slices.length === SLICES;
    if (strippedAt !== lastFrom) {
      strippedAt = lastFrom;
      for (const [fromAt, series] of withoutOldLast(slices)) kept.set(fromAt, series);
    }
    const toAt = lastFrom + SLICE_MS;
    const [targets, spans, seen, recent, plannedWork, spentToday] = await Promise.all([
      store.readTargets(),
      store.readSchedules(firstFrom, toAt),
      store.readFact(PROBER_SEEN_FACT),
      readRecent(store, slices, slices[0]?.fromAt ?? firstFrom, toAt),
      store.readPlannedWork(now, now + WORK_AHEAD_MS),
      readSpend(slices, isHourRead, now),
    ]);
    const steps = statusViewSteps({
      // Half a day's spending is none.
      settings: spentToday === null ? { ...settings, currencyOf: () => null } : settings,
      now,
      slices,
      isHourRead,
      settledTo: now - SETTLE_MS,
      targets: targets.filter((target) => target.current),
      spans,
      recent,
      live: live?.() ?? null,
      preparingPpm: preparingPpm?.() ?? null,
      plannedWork,
      proberSeenAt: seen === null ? null : Number(seen),
      spentToday: spentToday ?? new Map(),
      ...(countTicks === undefined ? {} : { countTicks }),
    });
    return inPieces(steps, isHourRead ? TARGETS_AT_ONCE : TARGETS_AT_START);
  };

  /** `null` while hours of the day are still to be read. */
  const readSpend = async (
    slices: readonly Slice[],
    isHourRead: boolean,
    now: number,
  ): Promise<ReadonlyMap<string, number> | null> => {
    if (settings.currencyOf === undefined) return new Map();
    if (!isHourRead) return null;
    let attempts = 0;
    for (const { series } of slices) for (const { samples } of series) attempts += samples;
    const mostHours = Math.max(1, Math.floor(NEW_COSTS / Math.max(1, attempts)));
    return daySpend(now, costsSince(slices, Math.floor(now / HOUR_MS) * HOUR_MS), mostHours);
  };

  return {
    read,
    touched: (at) => {
      isTold = true;
      touchedFrom = Math.min(touchedFrom, at);
    },
    forget: () => {
      kept.clear();
      daySpend = createDaySpend(store);
    },
  };
}

function costsSince(slices: readonly Slice[], at: number): ReadonlyMap<string, number> {
  const costs = new Map<string, number>();
  for (const { fromAt, series } of slices) {
    if (fromAt < at) continue;
    for (const { target, costNanos } of series) costs.set(target, (costs.get(target) ?? 0) + costNanos);
  }
  return costs;
}

/** The minutes without the last attempts that a later minute has outdated: only the latest of all is looked at. */
function withoutOldLast(slices: readonly Slice[]): Map<number, readonly SeriesSlice[]> {
  const seen = new Set<string>();
  const stripped = new Map<number, readonly SeriesSlice[]>();
  for (const { fromAt, series } of slices.toReversed()) {
    let isOutdated = false;
    const without = series.map((one) => {
      if (one.lastSample === null) return one;
      const key = seriesKey(one);
      if (!seen.has(key)) {
        seen.add(key);
        return one;
      }
      isOutdated = true;
      return { ...one, lastSample: null };
    });
    if (isOutdated) stripped.set(fromAt, without);
  }
  return stripped;
}

/** The latest attempts of those series whose last one does not already say "up". */
async function readRecent(
  store: Store,
  slices: readonly Slice[],
  fromAt: number,
  toAt: number,
): Promise<Map<string, readonly Attempted[]>> {
  const last = new Map<string, SeriesSlice>();
  for (const slice of slices) {
    for (const series of slice.series) if (series.lastSample !== null) last.set(seriesKey(series), series);
  }
  const recent = new Map<string, readonly Attempted[]>();
  for (const [key, series] of last) {
    const sample = series.lastSample;
    if (sample === null || (isTelling(sample) && !isFailed(sample))) continue;
    const attempts = await store.readSamples({
      target: series.target,
      probe: series.probe,
      fromAt,
      toAt,
      order: 'newest-first',
      limit: RECENT_ATTEMPTS,
    });
    recent.set(
      key,
      attempts.filter((attempt) => attempt.region === series.region),
    );
  }
  return recent;
}
