import {
  isSameSlice,
  joinSlices,
  MINUTE_MS,
  type SeriesHour,
  type SeriesSlice,
  seriesKey,
} from '../domain/view/series-hour.ts';
import type { Store } from '../store/store.ts';
import { breathe } from './breathe.ts';

const MINUTES = 60;
/** A minute that still grows is read in parts of this length, and of those only the ones in which something is new. */
const PART_MS = 10_000;
/** An answer may come this long after its tick: the longest deadline and the way into the store. */
export const SETTLE_MS = 90_000;
/** A reading reads so many attempts that were never read, whole minutes, the newest first; the next one goes on. */
export const NEW_ATTEMPTS = 10_000;

/** The minutes that were read, up to the one that is running: an hour, or less of it shortly after a start. */
export type RecentHours = {
  /** Inclusive. */
  readonly fromAt: number;
  /** Exclusive: the end of the running minute. */
  readonly toAt: number;
  readonly isHourRead: boolean;
  /** One per series, the very same object as at the last reading where nothing is new. */
  readonly hours: readonly SeriesHour[];
};

export type RecentMinutes = {
  readonly read: (now: number) => Promise<RecentHours>;
  /** Something was recorded for a tick at `at` or later. Whoever tells once tells always. */
  readonly touched: (at: number) => void;
  /** The past was rewritten: nothing that was read before is believed. */
  readonly forget: () => void;
};

/** What each series did, at the place that is its number; nothing where the series was not there. */
type Slices = (SeriesSlice | null)[];

type Minute = {
  readonly slices: Slices;
  /** By where they begin; none where the minute was read as a whole, or does not grow any more. */
  readonly parts: Map<number, Slices>;
};

type Memory = {
  readonly numbers: Map<string, number>;
  readonly minutes: Map<number, Minute>;
  hours: (SeriesHour | null)[];
  /** What the hours were made of. */
  made: { readonly fromAt: number; readonly slices: readonly Slices[] };
  newestFrom: number;
};

/**
 * Keeps the last hour by the minute. Where it is told what is new, it reads only that; else a minute that has settled is
 * read once and again only in turn, one per reading, for samples that arrive late. So a reading costs a few seconds of
 * rows, not an hour of them. After a start the hour of a large deployment is read over several readings.
 */
export function createRecentMinutes(store: Pick<Store, 'summarise'>): RecentMinutes {
  let memory = emptyMemory();
  let turn = 0;
  let isTold = false;
  let touchedFrom = Number.POSITIVE_INFINITY;

  const readSlices = async (into: Memory, fromAt: number, toAt: number, known: Slices): Promise<Slices> => {
    const slices: Slices = [];
    for (const told of await store.summarise(fromAt, toAt)) {
      const number = numberOf(into.numbers, seriesKey(told));
      const before = known[number] ?? null;
      slices[number] = before !== null && isSameSlice(before, told) ? before : told;
    }
    return slices;
  };

  /** A minute of which everything before `newFrom` is known. */
  const readGrowing = async (
    into: Memory,
    fromAt: number,
    known: Minute,
    newFrom: number,
  ): Promise<Minute> => {
    const parts = new Map<number, Slices>();
    for (let at = fromAt; at < fromAt + MINUTE_MS; at += PART_MS) {
      const before = known.parts.get(at);
      if (before !== undefined && at + PART_MS <= newFrom) {
        parts.set(at, before);
        continue;
      }
      parts.set(at, await readSlices(into, at, at + PART_MS, before ?? []));
      // The first time somebody has been waiting since the start.
      if (known.parts.size > 0) await breathe();
    }
    return { slices: joinParts([...parts.values()], known), parts };
  };

  const readMinute = async (into: Memory, fromAt: number, newFrom: number, now: number): Promise<Minute> => {
    const toAt = fromAt + MINUTE_MS;
    const known = into.minutes.get(fromAt) ?? { slices: [], parts: new Map() };
    if (isTold && !isSettled(fromAt, now)) return readGrowing(into, fromAt, known, newFrom);
    return { slices: await readSlices(into, fromAt, toAt, known.slices), parts: new Map() };
  };

  const read = async (now: number): Promise<RecentHours> => {
    const newestFrom = Math.floor(now / MINUTE_MS) * MINUTE_MS;
    // What an older minute was stripped of would be missing once its successors are in the future.
    if (newestFrom < memory.newestFrom) memory = emptyMemory();
    const into = memory;
    const oldestFrom = newestFrom - (MINUTES - 1) * MINUTE_MS;
    for (const fromAt of into.minutes.keys()) if (fromAt < oldestFrom) into.minutes.delete(fromAt);
    turn = (turn + 1) % MINUTES;
    const newFrom = touchedFrom;
    touchedFrom = Number.POSITIVE_INFINITY;
    const newestFirst: Minute[] = [];
    let unread = NEW_ATTEMPTS;
    for (let index = MINUTES - 1; index >= 0; index -= 1) {
      const fromAt = oldestFrom + index * MINUTE_MS;
      const toAt = fromAt + MINUTE_MS;
      const known = into.minutes.get(fromAt);
      // What was told of the minutes that are left is in them when they are read.
      if (known === undefined && unread <= 0) {
        forgetNew(into, fromAt, newFrom);
        break;
      }
      const isNew = isTold ? toAt > newFrom : toAt + SETTLE_MS + MINUTE_MS > now || index === turn;
      let minute = known;
      if (minute === undefined || isNew) {
        minute = await readMinute(into, fromAt, newFrom, now).catch((error: unknown) => {
          touchedFrom = Math.min(touchedFrom, newFrom);
          throw error;
        });
        into.minutes.set(fromAt, minute);
        if (known === undefined) unread -= attemptsIn(minute);
        else await breathe();
      }
      newestFirst.push(minute);
    }
    const minutes = newestFirst.reverse();
    if (into.newestFrom !== newestFrom) {
      into.newestFrom = newestFrom;
      dropOldLast(minutes);
      for (const [at, { parts }] of into.minutes) if (isSettled(at, now)) parts.clear();
    }
    const fromAt = newestFrom - (minutes.length - 1) * MINUTE_MS;
    into.hours = hoursOf(into, minutes, fromAt);
    into.made = { fromAt, slices: minutes.map(({ slices }) => slices) };
    return {
      fromAt,
      toAt: newestFrom + MINUTE_MS,
      isHourRead: minutes.length === MINUTES,
      hours: into.hours.filter((hour) => hour !== null),
    };
  };

  return {
    read,
    touched: (at) => {
      isTold = true;
      touchedFrom = Math.min(touchedFrom, at);
    },
    forget: () => {
      memory = emptyMemory();
    },
  };
}

/** Minutes before `beforeAt` that this reading does not come to: those in which something is new are read when one does. */
function forgetNew({ minutes }: Memory, beforeAt: number, newFrom: number): void {
  for (const at of minutes.keys()) if (at < beforeAt && at + MINUTE_MS > newFrom) minutes.delete(at);
}

function isSettled(fromAt: number, now: number): boolean {
  return fromAt + MINUTE_MS + SETTLE_MS <= now;
}

function emptyMemory(): Memory {
  return {
    numbers: new Map(),
    minutes: new Map(),
    hours: [],
    made: { fromAt: Number.NaN, slices: [] },
    newestFrom: Number.NEGATIVE_INFINITY,
  };
}

function numberOf(numbers: Map<string, number>, key: string): number {
  const known = numbers.get(key);
  if (known !== undefined) return known;
  numbers.set(key, numbers.size);
  return numbers.size - 1;
}

function attemptsIn({ slices }: Minute): number {
  return slices.reduce((sum, slice) => sum + (slice?.samples ?? 0), 0);
}

/** The parts of a minute as one; a series in which nothing is new keeps its slice. */
function joinParts(parts: readonly Slices[], known: Minute): Slices {
  const before = [...known.parts.values()];
  const slices: Slices = [];
  const count = Math.max(...parts.map(({ length }) => length));
  for (let number = 0; number < count; number += 1) {
    const whole = known.slices[number] ?? null;
    const isKnown =
      whole !== null &&
      before.length === parts.length &&
      parts.every((part, index) => part[number] === before[index]?.[number]);
    slices[number] = isKnown ? whole : joined(parts, number, whole);
  }
  return slices;
}

function joined(parts: readonly Slices[], number: number, known: SeriesSlice | null): SeriesSlice | null {
  const [first, ...more] = parts.flatMap((part) => part[number] ?? []);
  if (first === undefined) return null;
  const told = joinSlices([first, ...more]);
  return known !== null && isSameSlice(known, told) ? known : told;
}

/** Takes the last attempts away that a later minute has outdated: only the latest of all is looked at. */
function dropOldLast(minutes: readonly Minute[]): void {
  const seen = new Set<number>();
  for (const { slices } of minutes.toReversed()) {
    slices.forEach((slice, number) => {
      if (slice === null || slice.lastSample === null) return;
      if (seen.has(number)) slices[number] = { ...slice, lastSample: null };
      else seen.add(number);
    });
  }
}

/** The minutes by series, by the number of the series; nothing for a series that is in none of them. */
function hoursOf(
  { numbers, hours, made }: Memory,
  minutes: readonly Minute[],
  fromAt: number,
): (SeriesHour | null)[] {
  const isSameWindow = made.fromAt === fromAt && made.slices.length === minutes.length;
  const anew = minutes.flatMap(({ slices }, index) =>
    made.slices[index] === slices ? [] : [{ slices, index }],
  );
  return [...numbers].map(([key, number]) => {
    const known = hours[number] ?? null;
    const isAsBefore = anew.every(({ slices, index }) => (slices[number] ?? null) === known?.minutes[index]);
    if (known !== null && isSameWindow && isAsBefore) return known;
    const own = minutes.map(({ slices }) => slices[number] ?? null);
    const some = own.find((slice) => slice !== null);
    if (some === undefined) return null;
    const { probe, target, region } = some;
    return { key, probe, target, region, fromAt, minutes: own };
  });
}
