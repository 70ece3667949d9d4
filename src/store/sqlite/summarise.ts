import {
  type Counting,
  countsForAvailability,
  countsForLatency,
  type Doubt,
  type NotRunReason,
  OUTCOMES,
  type Outcome,
} from '../../domain/measure/outcome.ts';
import { areSameCounts } from '../../domain/view/series-hour.ts';
import type { SeriesWindow, StoredAttempt } from '../store.ts';
import type { AllSamples } from './all-samples.ts';
import { outcomeOf, validityOf } from './closed-lists.ts';
import type { NotRunTable } from './not-run.ts';
import { type AttemptRow, PURPOSE_NO, type StoredRow } from './samples.ts';
import type { SeriesEntry, SeriesRegistry } from './series.ts';

type Tally = {
  readonly group: Group;
  attempts: number;
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

/** Series of one target under today's and former ids, which are summarised as one. */
type Group = {
  readonly entry: SeriesEntry;
  /** What it is summarised as where it has no rows: most have none in a few seconds. */
  readonly idle: SeriesWindow;
  /** The attempts read last, newest first: the next summary is often of the same stretches. */
  latest: readonly { readonly row: AttemptRow; readonly attempt: StoredAttempt }[];
  /** What the last summary counted. */
  counted: Pick<SeriesWindow, 'counts' | 'byOutcome'> | null;
};

type Groups = {
  /** In the order of the summary. */
  readonly all: readonly Group[];
  /** Series that are not current have none. */
  readonly bySeriesNo: ReadonlyMap<number, Group>;
};

const KEPT_ATTEMPTS = 6;

/** Names change with the registry, and everything that is remembered under them goes with it. */
const GROUPS = new WeakMap<SeriesRegistry, Groups>();

/** The body of `Store.summarise`; the caller holds the transaction. One pass over the rows of the window. */
export function summarise(
  registry: SeriesRegistry,
  samples: AllSamples,
  notRun: NotRunTable,
  attemptOf: AttemptOf,
  fromAt: number,
  toAt: number,
): readonly SeriesWindow[] {
  const groups = groupsOf(registry);
  const tallies = new Map<Group, Tally>();
  const tallyOf = (seriesNo: number): Tally | null => {
    const group = groups.bySeriesNo.get(seriesNo);
    if (group === undefined) return null;
    const known = tallies.get(group);
    if (known !== undefined) return known;
    const made = emptyTally(group);
    tallies.set(group, made);
    return made;
  };
  // A reprobe follows its scheduled attempt directly: that is how the attempts come.
  let held: AttemptRow | null = null;
  const decide = (attempt: AttemptRow | null): void => {
    const tally = attempt === null ? null : tallyOf(attempt[1]);
    if (attempt !== null && tally !== null) count(tally, attempt);
  };
  for (const attempt of samples.attemptsBetween(fromAt, toAt)) {
    const [scheduledAt, seriesNo, purposeNo, , , , , costNanos] = attempt;
    const tally = tallyOf(seriesNo);
    if (tally === null) continue;
    tally.attempts += 1;
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
    const tally = tallyOf(seriesNo);
    if (tally !== null) tally.notRun[reason] = (tally.notRun[reason] ?? 0) + ticks;
  }
  return groups.all.map((group) => {
    const tally = tallies.get(group);
    return tally === undefined ? group.idle : windowOf(tally, samples, attemptOf);
  });
}

function groupsOf(registry: SeriesRegistry): Groups {
  const known = GROUPS.get(registry);
  if (known !== undefined) return known;
  const byName = new Map<string, Group>();
  for (const entry of registry.entries) {
    if (entry.current)
      byName.set(nameOf(entry), { entry, idle: idleWindow(entry), latest: [], counted: null });
  }
  const bySeriesNo = new Map<number, Group>();
  for (const entry of registry.entries) {
    const group = byName.get(nameOf(entry));
    if (group !== undefined) bySeriesNo.set(entry.seriesNo, group);
  }
  const all = [...byName.values()].sort(
    ({ entry: one }, { entry: other }) =>
      compare(one.target, other.target) || compare(one.probe, other.probe),
  );
  const made = { all, bySeriesNo };
  GROUPS.set(registry, made);
  return made;
}

function emptyTally(group: Group): Tally {
  return {
    group,
    attempts: 0,
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
  };
}

function idleWindow({ probe, target, region }: SeriesEntry): SeriesWindow {
  return {
    probe,
    target,
    region,
    attempts: 0,
    samples: 0,
    valid: 0,
    counts: { good: 0, bad: 0, excluded: 0 },
    byOutcome: {},
    byDoubt: {},
    notRun: {},
    ttftUs: [],
    totalUs: [],
    costNanos: 0,
    lastSample: null,
  };
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
  const { probe, target, region } = tally.group.entry;
  const { counts, byOutcome } = countedIn(tally);
  return {
    probe,
    target,
    region,
    attempts: tally.attempts,
    samples: tally.samples,
    valid: tally.valid,
    counts,
    byOutcome,
    byDoubt: orNothing(tally.byDoubt),
    notRun: orNothing(tally.notRun),
    ttftUs: ascending(tally.ttftUs),
    totalUs: ascending(tally.totalUs),
    costNanos: tally.costNanos,
    lastSample: lastSampleOf(tally, samples, attemptOf),
  };
}

/** Most minutes of a series are like the one before: they share what they counted. */
function countedIn({ group, counts, byOutcome }: Tally): Pick<SeriesWindow, 'counts' | 'byOutcome'> {
  const { counted } = group;
  if (
    counted !== null &&
    areSameCounts(counted.counts, counts) &&
    areSameCounts(counted.byOutcome, byOutcome)
  ) {
    return counted;
  }
  group.counted = { counts, byOutcome };
  return group.counted;
}

const NOTHING = Object.freeze({});

/** Most minutes of most series have nothing to tell: they share one object. */
function orNothing<Counts extends object>(counts: Counts): Counts | typeof NOTHING {
  for (const _ in counts) return counts;
  return NOTHING;
}

/** Rows never change: the attempt that was read for the same row is the same. */
function lastSampleOf(
  { last, group }: Tally,
  samples: AllSamples,
  attemptOf: AttemptOf,
): StoredAttempt | null {
  if (last === null) return null;
  const [scheduledAt, seriesNo, purposeNo] = last;
  const known = group.latest.find(
    ({ row }) => row[0] === scheduledAt && row[1] === seriesNo && row[2] === purposeNo,
  );
  if (known !== undefined) return known.attempt;
  const row = samples.get({ scheduledAt, seriesNo, purposeNo });
  if (row === null) return null;
  const attempt = attemptOf(row);
  group.latest = [{ row: last, attempt }, ...group.latest.slice(0, KEPT_ATTEMPTS - 1)];
  return attempt;
}

/** A typed array sorts numbers as numbers, several times faster than a comparing function does. */
function ascending(values: readonly number[]): readonly number[] {
  // A list that has grown keeps room for more; a copy does not, and tens of thousands are kept, one for each minute.
  return (values.length < 2 ? values : Array.from(Float64Array.from(values).sort())).slice();
}

function nameOf({ probe, target, region }: SeriesEntry): string {
  return `${probe}\n${target}\n${region}`;
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
