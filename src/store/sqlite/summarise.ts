import {
  type Counting,
  countsForAvailability,
  countsForLatency,
  type Doubt,
  type NotRunReason,
  OUTCOMES,
  type Outcome,
} from '../../domain/measure/outcome.ts';
import type { SeriesWindow, StoredAttempt } from '../store.ts';
import type { AllSamples } from './all-samples.ts';
import { outcomeOf, validityOf } from './closed-lists.ts';
import type { NotRunTable } from './not-run.ts';
import { type AttemptRow, PURPOSE_NO, type StoredRow } from './samples.ts';
import type { SeriesEntry, SeriesRegistry } from './series.ts';

type Tally = {
  readonly entry: SeriesEntry;
  samples: number;
  valid: number;
  readonly counts: Record<Counting, number>;
  readonly byOutcome: Partial<Record<Outcome, number>>;
  readonly byDoubt: Partial<Record<Doubt, number>>;
  readonly notRun: Partial<Record<NotRunReason, number>>;
  readonly ttftUs: number[];
  readonly totalUs: number[];
  costNanos: number;
  last: AttemptRow | null;
};

/** Gives a stored row its names back. */
type AttemptOf = (row: StoredRow) => StoredAttempt;

/** The body of `Store.summarise`; the caller holds the transaction. One pass over the rows of the window. */
export function summarise(
  registry: SeriesRegistry,
  samples: AllSamples,
  notRun: NotRunTable,
  attemptOf: AttemptOf,
  fromAt: number,
  toAt: number,
): readonly SeriesWindow[] {
  const tallies = talliesBySeriesNo(registry);
  // A reprobe follows its scheduled attempt directly: that is how the attempts come.
  let held: AttemptRow | null = null;
  const decide = (attempt: AttemptRow | null): void => {
    const tally = attempt === null ? undefined : tallies.get(attempt[1]);
    if (attempt !== null && tally !== undefined) count(tally, attempt);
  };
  for (const attempt of samples.attemptsBetween(fromAt, toAt)) {
    const [scheduledAt, seriesNo, purposeNo, , , , , costNanos] = attempt;
    const tally = tallies.get(seriesNo);
    if (tally === undefined) continue;
    tally.costNanos += costNanos ?? 0;
    if (purposeNo === PURPOSE_NO.scheduled) {
      decide(held);
      held = attempt;
    } else if (purposeNo === PURPOSE_NO.reprobe) {
      const spoilt: boolean = held !== null && held[0] === scheduledAt && held[1] === seriesNo;
      if (!spoilt) decide(held);
      if (!spoilt || held?.[3] === 'client.stale_socket') held = attempt;
    }
  }
  decide(held);
  for (const { seriesNo, reason, ticks } of notRun.counts(fromAt, toAt)) {
    const tally = tallies.get(seriesNo);
    if (tally !== undefined) tally.notRun[reason] = (tally.notRun[reason] ?? 0) + ticks;
  }

  const windows: SeriesWindow[] = [];
  for (const tally of new Set(tallies.values())) windows.push(windowOf(tally, samples, attemptOf));
  return windows.sort((one, other) => compare(one.target, other.target) || compare(one.probe, other.probe));
}

/** Series of one target under today's and former ids share a tally; series that are not current have none. */
function talliesBySeriesNo(registry: SeriesRegistry): ReadonlyMap<number, Tally> {
  const byName = new Map<string, Tally>();
  for (const entry of registry.entries) {
    if (!entry.current) continue;
    byName.set(nameOf(entry), {
      entry,
      samples: 0,
      valid: 0,
      counts: { good: 0, bad: 0, excluded: 0 },
      byOutcome: {},
      byDoubt: {},
      notRun: {},
      ttftUs: [],
      totalUs: [],
      costNanos: 0,
      last: null,
    });
  }
  const byNo = new Map<number, Tally>();
  for (const entry of registry.entries) {
    const tally = byName.get(nameOf(entry));
    if (tally !== undefined) byNo.set(entry.seriesNo, tally);
  }
  return byNo;
}

function count(tally: Tally, attempt: AttemptRow): void {
  const [, , , code, doubt, ttftUs, totalUs] = attempt;
  const outcome = outcomeOf(code);
  tally.samples += 1;
  // Series under a former and a current id share a tally, and are not interleaved by tick.
  if (tally.last === null || attempt[0] >= tally.last[0]) tally.last = attempt;
  tally.byOutcome[outcome] = (tally.byOutcome[outcome] ?? 0) + 1;
  const validity = validityOf(doubt);
  if (validity.kind !== 'valid') {
    tally.byDoubt[validity.reason] = (tally.byDoubt[validity.reason] ?? 0) + 1;
  }
  if (!countsForAvailability(validity)) return;
  tally.valid += 1;
  const { counts } = OUTCOMES[outcome];
  tally.counts[counts] += 1;
  if (counts !== 'good' || !countsForLatency(validity)) return;
  if (ttftUs !== null) tally.ttftUs.push(ttftUs);
  if (totalUs !== null) tally.totalUs.push(totalUs);
}

function windowOf(tally: Tally, samples: AllSamples, attemptOf: AttemptOf): SeriesWindow {
  const { probe, target, region } = tally.entry;
  return {
    probe,
    target,
    region,
    samples: tally.samples,
    valid: tally.valid,
    counts: tally.counts,
    byOutcome: tally.byOutcome,
    byDoubt: tally.byDoubt,
    notRun: tally.notRun,
    ttftUs: ascending(tally.ttftUs),
    totalUs: ascending(tally.totalUs),
    costNanos: tally.costNanos,
    lastSample: lastSampleOf(tally, samples, attemptOf),
  };
}

function lastSampleOf({ last }: Tally, samples: AllSamples, attemptOf: AttemptOf): StoredAttempt | null {
  if (last === null) return null;
  const [scheduledAt, seriesNo, purposeNo] = last;
  const row = samples.get({ scheduledAt, seriesNo, purposeNo });
  return row === null ? null : attemptOf(row);
}

/** A typed array sorts numbers as numbers, several times faster than a comparing function does. */
function ascending(values: readonly number[]): readonly number[] {
  return Array.from(Float64Array.from(values).sort());
}

function nameOf({ probe, target, region }: SeriesEntry): string {
  return `${probe}\n${target}\n${region}`;
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
