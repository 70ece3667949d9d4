import type { Interval } from '../time/interval.ts';
import { counted } from '../wording.ts';
import type { AvailabilityTerms, Contract, SliceBadWhen } from './contract.ts';
import { addTo, type Exact, type ExactSum, exact, ONE, ratio, totalOf, ZERO } from './exact.ts';
import { inMaintenance, type SliceCounts, sliceCounts } from './slice-counts.ts';
import type { Tally } from './tally.ts';

/** What one slice is to the contract. `assumed…`: nothing was measured, the contract's rule for empty slices decided. */
export type SliceState = 'good' | 'bad' | 'assumed_good' | 'assumed_bad' | 'set_aside';

export type Coverage = { readonly withData: number; readonly slices: number };

/** Availability by one contract's own rules. */
export type Availability = {
  /** Share of 1, not rounded; `null`: nothing to divide by. */
  readonly share: Exact | null;
  readonly coverage: Coverage;
  /** What a statement may rest on: units with data (requests or slices), and the bad ones among them. */
  readonly trials: { readonly n: number; readonly bad: Exact; readonly unit: 'requests' | 'slices' };
  /** Share of bad requests per slice with data, in order; `null` where there was none. */
  readonly sequence: readonly (number | null)[];
  /** Downtime as the contract counts it. */
  readonly downtimeMs: Exact;
  /** Within the period. */
  readonly incidents: readonly Interval[];
  /** When the first of them began, which may be before the period as far as is known there; `null`: there is none. */
  readonly firstBeganAt: number | null;
  readonly flags: readonly string[];
};

type Slices = {
  readonly terms: AvailabilityTerms;
  readonly counts: SliceCounts;
  readonly period: Interval;
  /** One state per slice, margins included. */
  readonly states: readonly SliceState[];
};

function rule(badWhen: SliceBadWhen): (good: number, bad: number) => boolean {
  if (badWhen.kind === 'all_failed') return (good, bad) => bad > 0 && good === 0;
  const rate = exact(badWhen.rate);
  return (good, bad) => {
    const failed = BigInt(bad) * rate.d;
    const allowed = BigInt(good + bad) * rate.n;
    return badWhen.comparator === '>' ? failed > allowed : failed >= allowed;
  };
}

function isBadSlice({ method }: AvailabilityTerms): (good: number, bad: number) => boolean {
  return method.kind === 'timeslices' ? rule(method.badWhen) : (_good, bad) => bad > 0;
}

const EMPTY = { good: 'assumed_good', bad: 'assumed_bad', exclude: 'set_aside' } as const;

/** What a slice with these counts is to the contract. `isSetAside`: it lies wholly in admitted maintenance. */
export type SliceJudge = (good: number, bad: number, excluded: number, isSetAside: boolean) => SliceState;

export function sliceJudge(terms: AvailabilityTerms, mode: Contract['maintenance']['mode']): SliceJudge {
  const isBad = isBadSlice(terms);
  return (good, bad, excluded, isSetAside) => {
    if (isSetAside && mode === 'remove_from_denominator') return 'set_aside';
    if (isSetAside && mode === 'count_as_good') return good + bad > 0 ? 'good' : 'assumed_good';
    if (good + bad >= terms.minRequestsPerSlice) return isBad(good, bad) ? 'bad' : 'good';
    if (terms.denominator === 'non_excluded_slices' && good + bad === 0 && excluded > 0) return 'set_aside';
    return EMPTY[terms.emptySlice];
  };
}

function statesOf(tally: Tally, index: number, terms: AvailabilityTerms, counts: SliceCounts): SliceState[] {
  const planned = tally.plan.contracts[index];
  if (planned === undefined) throw new Error('no such contract in the plan');
  const judge = sliceJudge(terms, planned.contract.maintenance.mode);
  const deployed = deployedSlices(terms, counts);
  return Array.from(counts.good, (good, i): SliceState => {
    const slice = i - counts.margin;
    const isOutside = slice < 0 || slice >= counts.slices;
    const bad = counts.bad[i] ?? 0;
    const excluded = counts.excluded[i] ?? 0;
    const isSetAside = !isOutside && inMaintenance(planned, tally.plan.period, slice, terms.sliceMs);
    const isEmpty = good + bad < terms.minRequestsPerSlice;
    // Nothing is known about an empty slice beyond the period: it cannot lengthen a run.
    if (isOutside && isEmpty) return 'assumed_good';
    if (isEmpty && !isSetAside && (i < deployed.first || i > deployed.last)) return 'set_aside';
    return judge(good, bad, excluded, isSetAside);
  });
}

/** First and last slice in which the target was seen at all; everything where the contract does not ask. */
function deployedSlices(terms: AvailabilityTerms, counts: SliceCounts): { first: number; last: number } {
  if (terms.denominator !== 'deployed_slices') return { first: 0, last: Number.POSITIVE_INFINITY };
  let first = Number.POSITIVE_INFINITY;
  let last = -1;
  for (let i = 0; i < counts.good.length; i += 1) {
    const seen = (counts.good[i] ?? 0) + (counts.bad[i] ?? 0) + (counts.excluded[i] ?? 0);
    if (seen === 0) continue;
    first = Math.min(first, i);
    last = i;
  }
  return { first, last };
}

function isDown(state: SliceState | undefined): boolean {
  return state === 'bad' || state === 'assumed_bad';
}

/** `began`: before its first slice where it was cut to the period. */
type Run = { readonly first: number; readonly last: number; readonly began: number };

/** Longest stretches of bad slices, margins included. */
function runsOf(states: readonly SliceState[]): Run[] {
  const runs: Run[] = [];
  let first = -1;
  for (let i = 0; i <= states.length; i += 1) {
    if (isDown(states[i])) {
      if (first < 0) first = i;
    } else if (first >= 0) {
      runs.push({ first, last: i - 1, began: first });
      first = -1;
    }
  }
  return runs;
}

/** The runs that last long enough, cut to the period, as slice numbers of the period. */
function countedRuns({ terms, counts, states }: Slices): { counted: Run[]; dropped: number } {
  const minimum = terms.method.kind === 'timeslices' ? terms.method.minRunSlices : 1;
  const counted: Run[] = [];
  let dropped = 0;
  for (const run of runsOf(states)) {
    const first = Math.max(run.first - counts.margin, 0);
    const last = Math.min(run.last - counts.margin, counts.slices - 1);
    if (last < first) continue;
    const began = run.first - counts.margin;
    if (run.last - run.first + 1 >= minimum) counted.push({ first, last, began });
    else dropped += last - first + 1;
  }
  return { counted, dropped };
}

function spanOf(run: Run, { period, terms }: Slices): Interval {
  return {
    fromAt: period.fromAt + run.first * terms.sliceMs,
    toAt: Math.min(period.fromAt + (run.last + 1) * terms.sliceMs, period.toAt),
  };
}

type Figure = Pick<Availability, 'share' | 'trials'> & { readonly flags: readonly string[] };

function occurrences({ counts }: Slices): Figure {
  let good = 0;
  let bad = 0;
  for (let i = counts.margin; i < counts.margin + counts.slices; i += 1) {
    good += counts.good[i] ?? 0;
    bad += counts.bad[i] ?? 0;
  }
  const n = good + bad;
  return {
    share: n === 0 ? null : ratio(good, n),
    trials: { n, bad: ratio(bad, 1), unit: 'requests' },
    flags: [],
  };
}

function inside<T>({ counts }: Slices, values: readonly T[]): readonly T[] {
  return values.slice(counts.margin, counts.margin + counts.slices);
}

function timeslices(slices: Slices, runs: readonly Run[], dropped: number): Figure {
  const states = inside(slices, slices.states);
  const denominator = states.filter((state) => state !== 'set_aside').length;
  const down = runs.reduce((sum, run) => sum + run.last - run.first + 1, 0);
  let measuredDown = 0;
  for (const run of runs) {
    for (let i = run.first; i <= run.last; i += 1) if (states[i] === 'bad') measuredDown += 1;
  }
  const measured = states.filter((state) => state === 'good' || state === 'bad').length;
  return {
    share: denominator === 0 ? null : ratio(denominator - down, denominator),
    trials: { n: measured, bad: ratio(measuredDown, 1), unit: 'slices' },
    flags:
      dropped === 0
        ? []
        : [
            `note: ${counted(dropped, 'bad slice')} in runs shorter than the minimum ${dropped === 1 ? 'is' : 'are'} dropped`,
          ],
  };
}

function ratioTimeslices(slices: Slices): Figure {
  const { counts } = slices;
  const sum: ExactSum = new Map();
  let denominator = 0;
  let measured = 0;
  let down = 0;
  for (const [slice, state] of inside(slices, slices.states).entries()) {
    if (state === 'set_aside') continue;
    denominator += 1;
    const good = counts.good[slice + counts.margin] ?? 0;
    const bad = counts.bad[slice + counts.margin] ?? 0;
    if (state === 'assumed_bad') down += 1;
    if (state === 'good' || state === 'bad') {
      measured += 1;
      if (bad > 0) addTo(sum, bad, good + bad);
    }
  }
  const bad = totalOf(sum);
  return {
    share: denominator === 0 ? null : ONE.sub(bad.add(ratio(down, 1)).div(ratio(denominator, 1))),
    trials: { n: measured, bad, unit: 'slices' },
    flags: [],
  };
}

function figureOf(slices: Slices, runs: readonly Run[], dropped: number): Figure {
  switch (slices.terms.method.kind) {
    case 'occurrences':
      return occurrences(slices);
    case 'timeslices':
      return timeslices(slices, runs, dropped);
    case 'ratio_timeslices':
      return ratioTimeslices(slices);
  }
}

function sequenceOf(slices: Slices): (number | null)[] {
  const { counts, terms } = slices;
  return inside(slices, slices.states).map((state, slice) => {
    if (state !== 'good' && state !== 'bad') return null;
    if (terms.method.kind === 'timeslices') return state === 'bad' ? 1 : 0;
    const good = counts.good[slice + counts.margin] ?? 0;
    const bad = counts.bad[slice + counts.margin] ?? 0;
    return good + bad === 0 ? null : bad / (good + bad);
  });
}

function sliceFlags(slices: Slices, coverage: Coverage): string[] {
  const { terms, states, counts, period } = slices;
  const flags: string[] = [];
  const few = terms.minRequestsPerSlice > 1 ? 'too few requests' : 'no request';
  for (const counting of ['good', 'bad'] as const) {
    const assumed = inside(slices, states).filter((state) => state === `assumed_${counting}`).length;
    if (assumed === 0 || terms.method.kind === 'occurrences') continue;
    flags.push(
      `coverage: ${assumed} of ${coverage.slices} slices had ${few}; the contract counts them ${counting}`,
    );
  }
  if (terms.denominator === 'deployed_slices') {
    flags.push('ambiguity: deployed slices are taken to be those between the first and the last request');
  }
  const { method } = terms;
  if (method.kind === 'timeslices' && method.badWhen.kind === 'error_rate' && coverage.withData > 0) {
    const most = counts.good.reduce((max, good, i) => Math.max(max, good + (counts.bad[i] ?? 0)), 0);
    if (most <= 1) flags.push('note: one request per slice: the error-rate rule means "the request failed"');
  }
  if (terms.method.kind !== 'occurrences' && (period.toAt - period.fromAt) % terms.sliceMs !== 0) {
    flags.push('note: the last slice is cut short by the end of the period and counts as a whole one');
  }
  return flags;
}

/** Availability of one planned contract over the tally's period. */
export function availabilityOf(tally: Tally, index: number, terms: AvailabilityTerms): Availability {
  const counts = sliceCounts(tally, index, terms.sliceMs);
  const { period } = tally.plan;
  const slices: Slices = { terms, counts, period, states: statesOf(tally, index, terms, counts) };
  const { counted, dropped } = countedRuns(slices);
  const figure = figureOf(slices, counted, dropped);
  const states = inside(slices, slices.states);
  const removed = states.filter(
    (state, slice) => state === 'set_aside' && isRemoved(tally, index, slice, terms.sliceMs),
  ).length;
  const withData = states.filter((_, slice) => {
    const at = slice + counts.margin;
    return (counts.good[at] ?? 0) + (counts.bad[at] ?? 0) > 0;
  }).length;
  const coverage = { withData, slices: counts.slices - removed };
  const setAside = states.filter((state) => state === 'set_aside').length;
  // Slices that were set aside are no downtime, whatever share of the others was bad.
  const consideredMs =
    setAside === 0 ? period.toAt - period.fromAt : (counts.slices - setAside) * terms.sliceMs;
  return {
    share: figure.share,
    coverage,
    trials: figure.trials,
    sequence: sequenceOf(slices),
    downtimeMs: figure.share === null ? ZERO : ONE.sub(figure.share).mul(ratio(consideredMs, 1)),
    incidents: counted.map((run) => spanOf(run, slices)),
    firstBeganAt: counted[0] === undefined ? null : period.fromAt + counted[0].began * terms.sliceMs,
    flags: [...figure.flags, ...sliceFlags(slices, coverage)],
  };
}

function isRemoved(tally: Tally, index: number, slice: number, sliceMs: number): boolean {
  const planned = tally.plan.contracts[index];
  return planned !== undefined && inMaintenance(planned, tally.plan.period, slice, sliceMs);
}
