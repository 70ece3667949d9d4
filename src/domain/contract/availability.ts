import type { Interval } from '../time/interval.ts';
import { counted } from '../wording.ts';
import type { AvailabilityTerms, Contract, SliceBadWhen } from './contract.ts';
import { addTo, type Exact, type ExactSum, exact, ONE, ratio, totalOf, ZERO } from './exact.ts';
import { type SliceCounts, sliceCounts, slicesInMaintenance } from './slice-counts.ts';
import type { PlannedContract, Tally } from './tally.ts';

/** What one slice is to the contract. `assumed…`: nothing was measured, the contract's rule for empty slices decided. */
export type SliceState = 'good' | 'bad' | 'assumed_good' | 'assumed_bad' | 'set_aside';

/** A month of minutes has more than forty thousand states: they are kept as numbers, a byte each. */
const CODE = { good: 0, bad: 1, assumed_good: 2, assumed_bad: 3, set_aside: 4 } as const satisfies Record<
  SliceState,
  number
>;

export type Coverage = { readonly withData: number; readonly slices: number };

/** Availability by one contract's own rules. */
export type Availability = {
  /** Share of 1, not rounded; `null`: nothing to divide by. */
  readonly share: Exact | null;
  readonly coverage: Coverage;
  /** What a statement may rest on: units with data (requests or slices), and the bad ones among them. */
  readonly trials: { readonly n: number; readonly bad: Exact; readonly unit: 'requests' | 'slices' };
  /** Share of bad requests per slice with data, in order; `NaN` where there was none. */
  readonly sequence: Float64Array;
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
  /** The code of each slice's state, margins included. */
  readonly states: Uint8Array;
  /** How many slices of the period are in each state. */
  readonly inState: Readonly<Record<SliceState, number>>;
};

function rule(badWhen: SliceBadWhen): (good: number, bad: number) => boolean {
  if (badWhen.kind === 'all_failed') return (good, bad) => bad > 0 && good === 0;
  const rate = exact(badWhen.rate);
  return (good, bad) => {
    // Most slices have no failed request.
    if (bad === 0 && rate.n > 0n) return false;
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

function statesOf(
  terms: AvailabilityTerms,
  { contract }: PlannedContract,
  counts: SliceCounts,
  inMaintenance: Uint8Array,
): Uint8Array {
  const judge = sliceJudge(terms, contract.maintenance.mode);
  const deployed = deployedSlices(terms, counts);
  const states = new Uint8Array(counts.good.length);
  for (let i = 0; i < states.length; i += 1) {
    const slice = i - counts.margin;
    const isOutside = slice < 0 || slice >= counts.slices;
    const good = counts.good[i] ?? 0;
    const bad = counts.bad[i] ?? 0;
    const isSetAside = !isOutside && inMaintenance[slice] === 1;
    const isEmpty = good + bad < terms.minRequestsPerSlice;
    // Nothing is known about an empty slice beyond the period: it cannot lengthen a run.
    if (isOutside && isEmpty) states[i] = CODE.assumed_good;
    else if (isEmpty && !isSetAside && (i < deployed.first || i > deployed.last)) states[i] = CODE.set_aside;
    else states[i] = CODE[judge(good, bad, counts.excluded[i] ?? 0, isSetAside)];
  }
  return states;
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

/** `began`: before its first slice where it was cut to the period. */
type Run = { readonly first: number; readonly last: number; readonly began: number };

/** Longest stretches of bad slices, margins included. */
function runsOf(states: Uint8Array): Run[] {
  const runs: Run[] = [];
  let first = -1;
  for (let i = 0; i <= states.length; i += 1) {
    if (states[i] === CODE.bad || states[i] === CODE.assumed_bad) {
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

function timeslices({ counts, states, inState }: Slices, runs: readonly Run[], dropped: number): Figure {
  const denominator = counts.slices - inState.set_aside;
  let down = 0;
  let measuredDown = 0;
  for (const run of runs) {
    down += run.last - run.first + 1;
    for (let i = run.first; i <= run.last; i += 1) {
      if (states[i + counts.margin] === CODE.bad) measuredDown += 1;
    }
  }
  return {
    share: denominator === 0 ? null : ratio(denominator - down, denominator),
    trials: { n: inState.good + inState.bad, bad: ratio(measuredDown, 1), unit: 'slices' },
    flags:
      dropped === 0
        ? []
        : [
            `note: ${counted(dropped, 'bad slice')} in runs shorter than the minimum ${dropped === 1 ? 'is' : 'are'} dropped`,
          ],
  };
}

function ratioTimeslices({ counts, states, inState }: Slices): Figure {
  const sum: ExactSum = new Map();
  for (let i = counts.margin; i < counts.margin + counts.slices; i += 1) {
    const bad = counts.bad[i] ?? 0;
    if (bad === 0) continue;
    const isMeasured = states[i] === CODE.good || states[i] === CODE.bad;
    if (isMeasured) addTo(sum, bad, (counts.good[i] ?? 0) + bad);
  }
  const denominator = counts.slices - inState.set_aside;
  const bad = totalOf(sum);
  const down = bad.add(ratio(inState.assumed_bad, 1));
  return {
    share: denominator === 0 ? null : ONE.sub(down.div(ratio(denominator, 1))),
    trials: { n: inState.good + inState.bad, bad, unit: 'slices' },
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

function sequenceOf({ counts, states, terms }: Slices): Float64Array {
  const isWhole = terms.method.kind === 'timeslices';
  const sequence = new Float64Array(counts.slices).fill(Number.NaN);
  for (let slice = 0; slice < sequence.length; slice += 1) {
    const i = slice + counts.margin;
    const state = states[i];
    if (state !== CODE.good && state !== CODE.bad) continue;
    const bad = counts.bad[i] ?? 0;
    if (isWhole) sequence[slice] = state === CODE.bad ? 1 : 0;
    else sequence[slice] = bad / ((counts.good[i] ?? 0) + bad);
  }
  return sequence;
}

function sliceFlags({ terms, counts, inState, period }: Slices, coverage: Coverage): string[] {
  const flags: string[] = [];
  const few = terms.minRequestsPerSlice > 1 ? 'too few requests' : 'no request';
  for (const counting of ['good', 'bad'] as const) {
    const assumed = inState[`assumed_${counting}`];
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
    if (!hasSeveralInASlice(counts))
      flags.push('note: one request per slice: the error-rate rule means "the request failed"');
  }
  if (terms.method.kind !== 'occurrences' && (period.toAt - period.fromAt) % terms.sliceMs !== 0) {
    flags.push('note: the last slice is cut short by the end of the period and counts as a whole one');
  }
  return flags;
}

function hasSeveralInASlice({ good, bad }: SliceCounts): boolean {
  for (let i = 0; i < good.length; i += 1) if ((good[i] ?? 0) + (bad[i] ?? 0) > 1) return true;
  return false;
}

/** Availability of one planned contract over the tally's period. */
export function availabilityOf(tally: Tally, index: number, terms: AvailabilityTerms): Availability {
  const { period, contracts } = tally.plan;
  const planned = contracts[index];
  if (planned === undefined) throw new Error('no such contract in the plan');
  const counts = sliceCounts(tally, index, terms.sliceMs);
  const inMaintenance = slicesInMaintenance(planned, period, terms.sliceMs);
  const states = statesOf(terms, planned, counts, inMaintenance);
  const ofCode = [0, 0, 0, 0, 0];
  let withData = 0;
  let removed = 0;
  for (let slice = 0; slice < counts.slices; slice += 1) {
    const i = slice + counts.margin;
    const state = states[i] ?? 0;
    ofCode[state] = (ofCode[state] ?? 0) + 1;
    if ((counts.good[i] ?? 0) + (counts.bad[i] ?? 0) > 0) withData += 1;
    if (state === CODE.set_aside && inMaintenance[slice] === 1) removed += 1;
  }
  const [good = 0, bad = 0, assumed_good = 0, assumed_bad = 0, set_aside = 0] = ofCode;
  const inState = { good, bad, assumed_good, assumed_bad, set_aside };
  const slices: Slices = { terms, counts, period, states, inState };
  const { counted, dropped } = countedRuns(slices);
  const figure = figureOf(slices, counted, dropped);
  const coverage = { withData, slices: counts.slices - removed };
  // Slices that were set aside are no downtime, whatever share of the others was bad.
  const consideredMs =
    set_aside === 0 ? period.toAt - period.fromAt : (counts.slices - set_aside) * terms.sliceMs;
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
