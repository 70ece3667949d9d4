import type { NotRunReason } from '../measure/outcome.ts';
import type { Schedule } from '../time/schedule.ts';
import { type Ascending, exchangeAscending, mergeAscending, spreadOf } from '../time/spread.ts';
import { type Attempted, healthOf } from './health.ts';
import {
  addUp,
  lastSampleOf,
  MINUTE_MS,
  type SeriesHour,
  type SeriesName,
  type SeriesSlice,
} from './series-hour.ts';
import type { Coverage, LastAttempt, SeriesView, Slot } from './status-view.ts';

/** A stretch in which a series was due; `toAt` exclusive, `null` while in force. */
export type Span = SeriesName & {
  readonly schedule: Schedule;
  readonly fromAt: number;
  readonly toAt: number | null;
};

/** Ticks of a schedule in `[fromAt, toAt)`; `null` if it cannot be counted. */
export type CountTicks = (schedule: Schedule, fromAt: number, toAt: number) => number | null;

/** What one series is judged by, beside what it did. */
export type SeriesFacts = {
  readonly now: number;
  /** Ticks before this instant have been answered or will never be. */
  readonly settledTo: number;
  /** Newest first, any purpose; `null`: the last attempt of the hour tells the health alone. */
  readonly attempts: readonly Attempted[] | null;
  /** `false` while the past is still being written: what is missing in it is not missing. */
  readonly isPastWritten: boolean;
};

/** What follows from the hour and the plan alone, whatever the time is. */
type CountedSeries = {
  readonly hour: SeriesHour;
  readonly spans: readonly Span[];
  /** So many minutes of the hour have settled. */
  readonly settled: number;
  readonly isPastWritten: boolean;
  readonly ttftUs: Ascending;
  readonly totalUs: Ascending;
  /** What the hour cost, 10^-9 of the currency of the price. */
  readonly costNanos: number;
  readonly lastSample: SeriesSlice['lastSample'];
  /** No failure is later; `null`: none is known. */
  readonly lastFailedAt: number | null;
  readonly figures: Omit<SeriesView, 'health'>;
};

/** The view of a series and what it was made from: the next one is made from both. */
export type BuiltSeries = { readonly counted: CountedSeries; readonly view: SeriesView };

/**
 * The view of a series. Made from the one before where there is one, with the same result as from nothing: only minutes in
 * which something is new are counted, and where nothing is new at all the view is the very same object.
 */
export function buildSeries(
  hour: SeriesHour,
  spans: readonly Span[],
  facts: SeriesFacts,
  countTicks: CountTicks,
  before: BuiltSeries | null,
): BuiltSeries {
  const { isPastWritten } = facts;
  const basis = { hour, spans, settled: settledMinutes(hour, facts.settledTo), isPastWritten };
  const known = before?.counted ?? null;
  const counted =
    known !== null && isSameBasis(known, basis)
      ? known
      : countSeries(basis, isPastWritten ? countTicks : null, known);
  const health = judgeSeries(counted, facts);
  if (before !== null && counted === known && before.view.health === health) return before;
  return { counted, view: { ...counted.figures, health } };
}

type Basis = Pick<CountedSeries, 'hour' | 'spans' | 'settled' | 'isPastWritten'>;

function isSameBasis(one: Basis, other: Basis): boolean {
  return one.hour === other.hour && one.settled === other.settled && isDueAlike(one, other);
}

function isDueAlike(one: Basis, other: Basis): boolean {
  return one.spans === other.spans && one.isPastWritten === other.isPastWritten;
}

function settledMinutes({ fromAt, minutes }: SeriesHour, settledTo: number): number {
  return Math.min(minutes.length, Math.max(0, Math.floor((settledTo - fromAt) / MINUTE_MS)));
}

function countSeries(
  basis: Basis,
  countTicks: CountTicks | null,
  before: CountedSeries | null,
): CountedSeries {
  const { hour, spans, settled } = basis;
  const known = hour.minutes.filter((slice) => slice !== null);
  const slots = buildSlots(basis, countTicks, before);
  const lastSample = lastSampleOf(hour);
  const lastBad = slots.findLast((slot) => slot.bad > 0);
  const changed = changedSlices(before?.hour ?? null, hour);
  const ttftUs = exchanged(before?.ttftUs ?? [], changed, (slice) => slice.ttftUs);
  const totalUs = exchanged(before?.totalUs ?? [], changed, (slice) => slice.totalUs);
  return {
    ...basis,
    ttftUs,
    totalUs,
    lastSample,
    lastFailedAt: lastBad === undefined ? null : lastBad.fromAt + MINUTE_MS - 1,
    costNanos: sum(known, ({ costNanos }) => costNanos),
    figures: {
      probe: hour.probe,
      region: hour.region,
      last: lastSample === null ? null : lastAttempt(lastSample),
      good: sum(slots, ({ good }) => good),
      bad: sum(slots, ({ bad }) => bad),
      excluded: sum(slots, ({ excluded }) => excluded),
      byOutcome: addUp(known.map(({ byOutcome }) => byOutcome)),
      byDoubt: addUp(known.map(({ byDoubt }) => byDoubt)),
      ttft: spreadOf(ttftUs),
      total: spreadOf(totalUs),
      coverage: buildCoverage(hour, spans, settled, countTicks),
      slots,
    },
  };
}

/** One bar per minute; those of minutes in which nothing changed are taken over. */
function buildSlots(
  basis: Basis,
  countTicks: CountTicks | null,
  before: CountedSeries | null,
): readonly Slot[] {
  const { hour, spans, settled } = basis;
  const known = before !== null && isDueAlike(before, basis) ? before : null;
  return hour.minutes.map((slice, index) => {
    const isSettled = index < settled;
    if (known !== null) {
      const place = placeIn(known.hour, hour, index);
      const slot = known.figures.slots[place];
      if (slot !== undefined && known.hour.minutes[place] === slice && place < known.settled === isSettled) {
        return slot;
      }
    }
    return buildSlot(slice, hour.fromAt + index * MINUTE_MS, isSettled ? spans : null, countTicks);
  });
}

/** The place at which another hour holds the same minute, if it does. */
function placeIn(other: SeriesHour, hour: SeriesHour, index: number): number {
  return index + (hour.fromAt - other.fromAt) / MINUTE_MS;
}

type Changed = { readonly gone: readonly SeriesSlice[]; readonly come: readonly SeriesSlice[] };

/** Which slices one hour has and the other has not. */
function changedSlices(before: SeriesHour | null, hour: SeriesHour): Changed {
  const notIn = (other: SeriesHour | null, hour: SeriesHour): SeriesSlice[] =>
    hour.minutes.filter(
      (slice, index): slice is SeriesSlice =>
        slice !== null && (other === null || other.minutes[placeIn(other, hour, index)] !== slice),
    );
  return { gone: before === null ? [] : notIn(hour, before), come: notIn(before, hour) };
}

function exchanged(
  ascending: Ascending,
  { gone, come }: Changed,
  of: (slice: SeriesSlice) => Ascending,
): Ascending {
  const merged = mergeAscending(come.map(of));
  return ascending.length === 0 ? merged : exchangeAscending(ascending, mergeAscending(gone.map(of)), merged);
}

function judgeSeries(
  { hour, spans, lastSample, lastFailedAt }: CountedSeries,
  { now, settledTo, attempts }: SeriesFacts,
): SeriesView['health'] {
  const interval = intervalOf(spans);
  const staleAfterMs = interval === null ? now - hour.fromAt : 3 * interval + now - settledTo;
  const known = attempts ?? (lastSample === null ? [] : [lastSample]);
  return healthOf(known, lastFailedAt, staleAfterMs, now);
}

/** How often a series is due now; `null` if it is not due at a fixed interval. */
export function intervalOf(spans: readonly Span[]): number | null {
  const schedule = spans.at(-1)?.schedule;
  return schedule?.kind === 'every' ? schedule.everyMs : null;
}

/** @param spans when the series was due; `null` while answers of the minute may still arrive */
function buildSlot(
  slice: SeriesSlice | null,
  fromAt: number,
  spans: readonly Span[] | null,
  countTicks: CountTicks | null,
): Slot {
  const good = slice?.counts.good ?? 0;
  const bad = slice?.counts.bad ?? 0;
  const samples = slice?.samples ?? 0;
  const notRun = slice === null ? 0 : total(slice.notRun);
  const expected = spans === null ? null : dueIn(spans, fromAt, fromAt + MINUTE_MS, countTicks);
  return {
    fromAt,
    good,
    bad,
    excluded: samples - good - bad,
    notRun,
    missing: expected === null ? null : Math.max(0, expected - samples - notRun),
  };
}

/** Over whole settled minutes only, so that a tick whose answer is still on its way is not called missing. */
function buildCoverage(
  { fromAt, minutes }: SeriesHour,
  spans: readonly Span[],
  settled: number,
  countTicks: CountTicks | null,
): Coverage {
  const known = minutes.slice(0, settled).filter((slice) => slice !== null);
  const expected = settled === 0 ? 0 : dueIn(spans, fromAt, fromAt + settled * MINUTE_MS, countTicks);
  const measured = sum(known, ({ samples }) => samples);
  const notRun: Readonly<Partial<Record<NotRunReason, number>>> = addUp(known.map((slice) => slice.notRun));
  const missing = expected === null ? null : Math.max(0, expected - measured - total(notRun));
  return { expected, measured, notRun, missing };
}

/** Ticks due in `[fromAt, toAt)`; `null` if they cannot be counted. */
function dueIn(
  spans: readonly Span[],
  fromAt: number,
  toAt: number,
  countTicks: CountTicks | null,
): number | null {
  if (countTicks === null) return null;
  let due = 0;
  for (const span of spans) {
    const from = Math.max(fromAt, span.fromAt);
    const to = Math.min(toAt, span.toAt ?? toAt);
    const ticks = from < to ? countTicks(span.schedule, from, to) : 0;
    if (ticks === null) return null;
    due += ticks;
  }
  return due;
}

function lastAttempt(sample: NonNullable<SeriesSlice['lastSample']>): LastAttempt {
  return {
    at: sample.scheduledAt,
    outcome: sample.outcome,
    validity: sample.validity,
    status: sample.status,
    ttftUs: sample.ttftUs,
    totalUs: sample.totalUs,
  };
}

export function sum<T>(list: readonly T[], of: (item: T) => number): number {
  let total = 0;
  for (const item of list) total += of(item);
  return total;
}

function total(counts: Readonly<Partial<Record<string, number>>>): number {
  return sum(Object.values(counts), (count) => count ?? 0);
}
