import type { Counting, Doubt, NotRunReason, Outcome } from '../measure/outcome.ts';
import type { Sample } from '../measure/sample.ts';
import { type Ascending, mergeAscending } from '../time/spread.ts';

export const MINUTE_MS = 60_000;

/** How a series is called: three names that together are its own. */
export type SeriesName = {
  readonly probe: string;
  readonly target: string;
  readonly region: string;
};

/** What one series did in one minute, or in a part of it, as the store tells it. */
export type SeriesSlice = SeriesName & {
  /** Of every purpose. */
  readonly attempts: number;
  readonly samples: number;
  readonly counts: Readonly<Record<Counting, number>>;
  readonly byOutcome: Readonly<Partial<Record<Outcome, number>>>;
  readonly byDoubt: Readonly<Partial<Record<Doubt, number>>>;
  readonly notRun: Readonly<Partial<Record<NotRunReason, number>>>;
  readonly ttftUs: Ascending;
  readonly totalUs: Ascending;
  readonly lastSample: Pick<
    Sample,
    'scheduledAt' | 'purpose' | 'outcome' | 'validity' | 'status' | 'ttftUs' | 'totalUs'
  > | null;
  /** Of every attempt, whatever its purpose; 10^-9 of the currency of the price. */
  readonly costNanos: number;
};

/**
 * One series over the minutes of the window. Neither it nor its slices are ever changed: whatever is new makes another one,
 * so that the same object means that nothing is new.
 */
export type SeriesHour = SeriesName & {
  readonly key: string;
  /** Where the first minute begins. */
  readonly fromAt: number;
  /** Oldest first, without gaps; `null`: the series was not there. */
  readonly minutes: readonly (SeriesSlice | null)[];
};

export function seriesKey(of: SeriesName): string {
  return `${of.target}\n${of.probe}\n${of.region}`;
}

/** The attempt of the latest minute that has one. */
export function lastSampleOf({ minutes }: SeriesHour): SeriesSlice['lastSample'] {
  return minutes.findLast((slice) => slice !== null && slice.lastSample !== null)?.lastSample ?? null;
}

/** The parts of one minute of a series, in time order, as the whole minute. */
export function joinSlices(parts: readonly [SeriesSlice, ...SeriesSlice[]]): SeriesSlice {
  const busy = parts.filter((part) => !isIdle(part));
  const [only = parts[0]] = busy;
  if (busy.length <= 1) return only;
  const { probe, target, region } = only;
  return {
    probe,
    target,
    region,
    attempts: busy.reduce((sum, { attempts }) => sum + attempts, 0),
    samples: busy.reduce((sum, { samples }) => sum + samples, 0),
    counts: { good: 0, bad: 0, excluded: 0, ...addUp(busy.map(({ counts }) => counts)) },
    byOutcome: addUp(busy.map(({ byOutcome }) => byOutcome)),
    byDoubt: joinCounts(busy.map(({ byDoubt }) => byDoubt)),
    notRun: joinCounts(busy.map(({ notRun }) => notRun)),
    ttftUs: mergeAscending(busy.map(({ ttftUs }) => ttftUs)),
    totalUs: mergeAscending(busy.map(({ totalUs }) => totalUs)),
    lastSample: busy.findLast(({ lastSample }) => lastSample !== null)?.lastSample ?? null,
    costNanos: busy.reduce((sum, { costNanos }) => sum + costNanos, 0),
  };
}

/** Most have nothing to count: what has nothing stays the object it is, which many share. */
function joinCounts<K extends string>(
  parts: readonly Readonly<Partial<Record<K, number>>>[],
): Readonly<Partial<Record<K, number>>> {
  const [first] = parts;
  return first !== undefined && parts.every(isEmpty) ? first : addUp(parts);
}

/** Nothing but its name is in it. */
function isIdle({ attempts, notRun }: SeriesSlice): boolean {
  return attempts === 0 && isEmpty(notRun);
}

function isEmpty(counts: object): boolean {
  for (const _ in counts) return false;
  return true;
}

/**
 * Does the store tell the same of a minute as before? What is known may lack its last attempt, which is dropped once a later
 * minute has one.
 */
export function isSameSlice(known: SeriesSlice, told: SeriesSlice): boolean {
  return (
    known === told ||
    (known.attempts === told.attempts &&
      known.samples === told.samples &&
      known.costNanos === told.costNanos &&
      areSameCounts(known.counts, told.counts) &&
      areSameCounts(known.byOutcome, told.byOutcome) &&
      areSameCounts(known.byDoubt, told.byDoubt) &&
      areSameCounts(known.notRun, told.notRun) &&
      areSameNumbers(known.ttftUs, told.ttftUs) &&
      areSameNumbers(known.totalUs, told.totalUs) &&
      (known.lastSample === null || isSameAttempt(known.lastSample, told.lastSample)))
  );
}

type Counts = Readonly<Partial<Record<string, number>>>;

export function areSameCounts(one: Counts, other: Counts): boolean {
  for (const key in one) if (one[key] !== other[key]) return false;
  for (const key in other) if (!(key in one)) return false;
  return true;
}

function areSameNumbers(one: Ascending, other: Ascending): boolean {
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index += 1) if (one[index] !== other[index]) return false;
  return true;
}

function isSameAttempt(
  one: NonNullable<SeriesSlice['lastSample']>,
  other: SeriesSlice['lastSample'],
): boolean {
  return (
    other !== null &&
    one.scheduledAt === other.scheduledAt &&
    one.purpose === other.purpose &&
    one.outcome === other.outcome &&
    one.status === other.status &&
    one.ttftUs === other.ttftUs &&
    one.totalUs === other.totalUs &&
    one.validity.kind === other.validity.kind &&
    (one.validity.kind === 'valid' ||
      (other.validity.kind !== 'valid' && one.validity.reason === other.validity.reason))
  );
}

/** The counts of several, by name. */
export function addUp<K extends string>(
  parts: readonly Readonly<Partial<Record<K, number>>>[],
): Partial<Record<K, number>> {
  const result: Partial<Record<K, number>> = {};
  for (const part of parts) for (const key in part) result[key] = (result[key] ?? 0) + (part[key] ?? 0);
  return result;
}
