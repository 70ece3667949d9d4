import type { AlertObjective } from '../../domain/alert/alert-objective.ts';
import type { WindowCount } from '../../domain/alert/burn-rule.ts';
import type { Reading } from '../../domain/alert/down-rule.ts';
import { countsForAvailability } from '../../domain/measure/outcome.ts';
import type { NotRun, Purpose } from '../../domain/measure/sample.ts';
import type { StoredAttempt } from '../../store/store.ts';
import { clearPlace, countAt, countOne, createMinuteCounter, type MinuteCounter } from './minute-counter.ts';

/**
 * What alerts remember of the last days: per target and minute, how many samples each objective counted and how many of
 * them were bad. Everything in it follows from stored rows, so it is never stored itself.
 */
export type SampleMemory = {
  /** Replaces what is known of `[fromAt, toAt)`, whole minutes, by these rows, which must be all of that time. */
  readonly learn: (
    fromAt: number,
    toAt: number,
    samples: readonly StoredAttempt[],
    notRun: readonly NotRun[],
  ) => void;
  /** Adds rows to minutes that were learnt without them. */
  readonly add: (samples: readonly StoredAttempt[]) => void;
  /** Counts of an objective in `[fromAt, toAt)`, cut to whole minutes. */
  readonly count: (target: string, objective: string, fromAt: number, toAt: number) => WindowCount;
  /** Ticks in `[fromAt, toAt)` that are accounted for: by a valid sample, or by planned work. */
  readonly countValid: (target: string, fromAt: number, toAt: number) => number;
  /** Ticks in `[fromAt, toAt)` that were not run for want of quota. */
  readonly countOverQuota: (target: string, fromAt: number, toAt: number) => number;
  /** The newest attempts of each series of a target, in any order. */
  readonly readings: (target: string) => readonly Reading[];
  /** The newest tick with a sample, or one we decided not to run. */
  readonly heardAt: (target: string) => number | null;
};

const MINUTE_MS = 60_000;
/** Attempts kept per series for the rules that look at single ones. */
const READINGS = 24;
/** Purposes that decide a tick; bursts sharpen an incident and are counted nowhere. */
const COUNTED: ReadonlySet<Purpose> = new Set(['scheduled', 'reprobe']);

type Cell = {
  /** Ticks accounted for, per minute of the ring. */
  readonly valid: MinuteCounter;
  /** Ticks without quota, per minute of the ring. */
  readonly overQuota: MinuteCounter;
  /** n and k per minute, per objective. */
  readonly counts: Map<string, { readonly n: MinuteCounter; readonly k: MinuteCounter }>;
  readonly series: { readonly probe: string; readonly region: string; readonly readings: Reading[] }[];
  heardAt: number | null;
};

/**
 * @param spanMs how far back it remembers
 * @param objectivesOf the objectives of a target; asked for each time, for they change with the configuration
 * @param isSetAside whether a tick lies in planned work
 */
export function createSampleMemory(
  spanMs: number,
  objectivesOf: (target: string) => readonly AlertObjective[],
  isSetAside: (target: string, at: number) => boolean,
): SampleMemory {
  // One minute more than the span: windows are cut to whole minutes.
  const size = Math.ceil(spanMs / MINUTE_MS) + 1;
  const cells = new Map<string, Cell>();
  /** The minute each place of the ring stands for. */
  const minutes = new Float64Array(size).fill(-1);

  const cellOf = (target: string): Cell => {
    const known = cells.get(target);
    if (known !== undefined) return known;
    const cell: Cell = {
      valid: createMinuteCounter(size),
      overQuota: createMinuteCounter(size),
      counts: new Map(),
      series: [],
      heardAt: null,
    };
    cells.set(target, cell);
    return cell;
  };

  const clear = (fromAt: number, toAt: number): void => {
    for (let minute = Math.floor(fromAt / MINUTE_MS); minute * MINUTE_MS < toAt; minute += 1) {
      const place = minute % size;
      const known = minutes[place] ?? -1;
      // Old rows must not overwrite newer ones that share their place in the ring.
      if (known > minute) continue;
      minutes[place] = minute;
      for (const { valid, overQuota, counts } of cells.values()) {
        clearPlace(valid, place);
        clearPlace(overQuota, place);
        for (const { n, k } of counts.values()) {
          clearPlace(n, place);
          clearPlace(k, place);
        }
      }
    }
  };

  /** Where a tick's minute is kept; `null` if the ring holds a later minute there. */
  const placeOf = (at: number): number | null => {
    const minute = Math.floor(at / MINUTE_MS);
    return minutes[minute % size] === minute ? minute % size : null;
  };

  const add = (sample: StoredAttempt): void => {
    const cell = cellOf(sample.target);
    cell.heardAt = Math.max(cell.heardAt ?? 0, sample.scheduledAt);
    keepReading(cell, sample);
    if (!COUNTED.has(sample.purpose) || sample.outcome === 'client.stale_socket') return;
    const place = placeOf(sample.scheduledAt);
    if (place === null) return;
    if (countsForAvailability(sample.validity)) countOne(cell.valid, place);
    if (isSetAside(sample.target, sample.scheduledAt)) return;
    for (const objective of objectivesOf(sample.target)) {
      const counting = objective.judge(sample);
      if (counting === 'excluded') continue;
      let counts = cell.counts.get(objective.id);
      if (counts === undefined) {
        counts = { n: createMinuteCounter(size), k: createMinuteCounter(size) };
        cell.counts.set(objective.id, counts);
      }
      countOne(counts.n, place);
      if (counting === 'bad') countOne(counts.k, place);
    }
  };

  const sum = (counter: MinuteCounter, fromAt: number, toAt: number): number => {
    if (counter.places === null) return 0;
    const last = Math.floor((toAt - 1) / MINUTE_MS);
    const first = Math.max(Math.ceil(fromAt / MINUTE_MS), last - size + 1);
    let total = 0;
    for (let minute = first; minute <= last; minute += 1) {
      const place = minute % size;
      if (minutes[place] === minute) total += countAt(counter, place);
    }
    return total;
  };

  return {
    learn(fromAt, toAt, samples, notRun) {
      clear(fromAt, toAt);
      for (const sample of samples) add(sample);
      for (const { target, scheduledAt, reason } of notRun) {
        if (reason === 'missed') continue;
        const cell = cellOf(target);
        cell.heardAt = Math.max(cell.heardAt ?? 0, scheduledAt);
        const place = placeOf(scheduledAt);
        // A tick that planned work took away is accounted for.
        if (reason === 'skipped: maintenance' && place !== null) countOne(cell.valid, place);
        if (reason === 'skipped: quota' && place !== null) countOne(cell.overQuota, place);
      }
    },
    add(samples) {
      for (const sample of samples) add(sample);
    },
    count(target, objective, fromAt, toAt) {
      const counts = cells.get(target)?.counts.get(objective);
      if (counts === undefined) return { n: 0, k: 0 };
      return { n: sum(counts.n, fromAt, toAt), k: sum(counts.k, fromAt, toAt) };
    },
    countValid(target, fromAt, toAt) {
      const cell = cells.get(target);
      return cell === undefined ? 0 : sum(cell.valid, fromAt, toAt);
    },
    countOverQuota(target, fromAt, toAt) {
      const cell = cells.get(target);
      return cell === undefined ? 0 : sum(cell.overQuota, fromAt, toAt);
    },
    readings: (target) => cells.get(target)?.series.flatMap(({ readings }) => readings) ?? [],
    heardAt: (target) => cells.get(target)?.heardAt ?? null,
  };
}

/** Keeps the newest of a series, oldest first. Most rows of a start are older than all that is kept: they cost nothing. */
function keepReading(cell: Cell, sample: StoredAttempt): void {
  const { probe, region, purpose, scheduledAt: at, outcome, validity, status } = sample;
  let series = cell.series.find((one) => one.probe === probe && one.region === region);
  if (series === undefined) {
    series = { probe, region, readings: [] };
    cell.series.push(series);
  }
  const { readings } = series;
  const isFull = readings.length >= READINGS;
  if (isFull && at < (readings[0]?.at ?? 0)) return;
  let place = readings.length;
  while (place > 0 && (readings[place - 1]?.at ?? 0) > at) place -= 1;
  let same = place - 1;
  while (same >= 0 && readings[same]?.at === at && readings[same]?.purpose !== purpose) same -= 1;
  const isKnown = same >= 0 && readings[same]?.at === at;
  const valid = countsForAvailability(validity);
  const reading = { at, probe, region, purpose, outcome, valid, status, requestId: null };
  readings.splice(isKnown ? same : place, isKnown ? 1 : 0, reading);
  if (readings.length > READINGS) readings.shift();
}
