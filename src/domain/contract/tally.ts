import { covers, type Interval } from '../time/interval.ts';
import type { Period } from '../time/period.ts';
import type { Contract, LatencyTerms } from './contract.ts';
import { countUnder, type Verdict } from './counting.ts';
import { type LatencyQuestion, latencyQuestion, type Timing, timeOf } from './latency-question.ts';
import { effectiveOutcome, holds, type RequestFacts } from './line-predicate.ts';
import { type Facets, facetsOf, kindKey } from './request-kind.ts';
import { addValueCounts, countValue, emptyValueCounts, type ValueCounts } from './value-counts.ts';

/** One request, or `count` requests alike. */
export type Line = RequestFacts &
  Timing & {
    /** Epoch ms. */
    readonly at: number;
    /** How often it happened; a positive whole number. */
    readonly count: number;
  };

/** A contract to be answered from the tally, with the maintenance it admits in the period. */
export type PlannedContract = {
  readonly contract: Contract;
  /** Disjoint, ascending. */
  readonly maintenance: readonly Interval[];
};

/**
 * What a tally must be able to answer. It keeps apart every kind of request that one of its contracts could tell
 * apart, so the same tally is evaluated under any of them without going back to the lines.
 */
export type TallyPlan = {
  readonly period: Period;
  readonly contracts: readonly PlannedContract[];
  /** Width of the finest slice: a common divisor of all slices asked for. */
  readonly sliceMs: number;
  /** Slices of the period; the last one may be cut short by its end. */
  readonly slices: number;
  /** Slices kept on each side of the period, so that a run of bad slices across its edge has its true length. */
  readonly margin: number;
  readonly facets: Facets;
  readonly series: readonly SeriesPlan[];
};

type SeriesPlan = {
  readonly contract: number;
  readonly terms: LatencyTerms;
  readonly question: LatencyQuestion;
};

/** Requests no contract of the plan can tell apart, counted per slice. */
export type Kind = {
  readonly facts: RequestFacts;
  /** Bit i: in the maintenance of contract i. */
  readonly maintenance: number;
  readonly verdicts: readonly Verdict[];
  readonly timing: readonly KindTiming[];
  readonly pages: (Float64Array | undefined)[];
  /** Requests within the period, margins not counted. */
  inPeriod: number;
};

/** `timed`: its latency counts; `failed`: slower than any threshold; `skipped`: not part of the objective. */
export type KindTiming = { readonly role: 'timed' | 'failed' | 'skipped'; readonly flags: readonly string[] };

/** What a latency objective needs, per slice and over the whole period. Margins are not timed. */
export type SeriesTally = {
  /** Answered and timed. */
  readonly timed: Float64Array;
  /** Of those, how many satisfy the objective's comparison. */
  readonly passed: Float64Array;
  readonly failed: Float64Array;
  /** Sum of values, only where the objective is a mean. */
  readonly sum: Float64Array | null;
  /** Only where the objective is a percentile over the whole window. */
  readonly values: ValueCounts | null;
  /** Answered, but the line carries no such measurement. */
  untimed: number;
  /** Greatest value at or under the threshold, least value over it; exact also when `values` are rounded. */
  greatestUnder: number;
  leastOver: number;
  /** Values over the threshold. */
  over: number;
};

export type Tally = {
  readonly plan: TallyPlan;
  readonly kinds: Map<number | string, Kind>;
  readonly series: readonly SeriesTally[];
  /** Requests before or after the period. */
  outside: number;
};

const PAGE = 1024;
const ANSWERED = new Set(['ok', 'quality.wrong_answer']);

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

/** Where a contract counts no slices, they still show when something happened and how failures cluster. */
const DEFAULT_SLICE_MS = 300_000;

/** The slices of a contract that an objective over the whole window is laid out in. */
export function layoutSliceMs({ availability }: Contract): number {
  return availability?.sliceMs ?? DEFAULT_SLICE_MS;
}

function slicesAsked(contract: Contract): number[] {
  return [
    layoutSliceMs(contract),
    ...contract.latency.flatMap(({ form }) => (form.kind === 'window_attainment' ? [form.sliceMs] : [])),
  ];
}

/** How far beyond its period a contract looks, so that a run of bad slices across an edge has its true length; ms. */
export function marginMs({ availability }: Contract): number {
  if (availability?.method.kind !== 'timeslices') return 0;
  return (availability.method.minRunSlices - 1) * availability.sliceMs;
}

/** A plan that can answer all given contracts for one period. */
export function planTally(period: Period, contracts: readonly PlannedContract[]): TallyPlan {
  const terms = contracts.map((one) => one.contract);
  const sliceMs = terms.flatMap(slicesAsked).reduce((a, b) => gcd(a, b), 0);
  return {
    period,
    contracts,
    sliceMs,
    slices: Math.ceil((period.toAt - period.fromAt) / sliceMs),
    margin: Math.max(0, ...terms.map(marginMs)) / sliceMs,
    facets: facetsOf(terms),
    series: terms.flatMap((contract, index) =>
      contract.latency.map((one) => ({ contract: index, terms: one, question: latencyQuestion(one) })),
    ),
  };
}

export function emptyTally(plan: TallyPlan): Tally {
  return {
    plan,
    kinds: new Map(),
    series: plan.series.map(({ terms }) => ({
      timed: new Float64Array(plan.slices),
      passed: new Float64Array(plan.slices),
      failed: new Float64Array(plan.slices),
      sum:
        terms.form.kind === 'window_attainment' && terms.form.stat === 'mean'
          ? new Float64Array(plan.slices)
          : null,
      values: terms.form.kind === 'whole_window_percentile' ? emptyValueCounts() : null,
      untimed: 0,
      greatestUnder: Number.NEGATIVE_INFINITY,
      leastOver: Number.POSITIVE_INFINITY,
      over: 0,
    })),
    outside: 0,
  };
}

/** The verdict of a contract on a kind of request, inside or outside of its maintenance. */
export function verdictIn(
  { contract }: PlannedContract,
  facts: RequestFacts,
  inMaintenance: boolean,
): Verdict {
  const verdict = countUnder(contract, facts);
  if (!inMaintenance) return verdict;
  switch (contract.maintenance.mode) {
    case 'remove_from_denominator':
      return { counting: 'excluded', reason: 'maintenance', flags: [] };
    case 'count_as_good':
      return verdict.counting === 'bad' ? { counting: 'good', reason: 'maintenance', flags: [] } : verdict;
    case 'not_excluded':
      return verdict;
  }
}

/** What a kind of request is to a latency objective. */
export function timingOf(terms: LatencyTerms, facts: RequestFacts, verdict: Verdict): KindTiming {
  const skipped = { role: 'skipped', flags: [] } as const;
  if (verdict.counting === 'excluded' || verdict.reason === 'maintenance') return skipped;
  const eligible = holds(terms.eligible, facts);
  if (eligible.truth === 'no') return skipped;
  const flags = eligible.because.map(
    (field) => `ambiguity: lines do not say ${field}, which ${terms.id} asks for; taken as eligible`,
  );
  if (verdict.counting === 'bad') return terms.failures === 'miss' ? { role: 'failed', flags } : skipped;
  // A refused request is quick and proves nothing about speed, even where the contract does not hold it against anyone.
  return ANSWERED.has(effectiveOutcome(facts)) ? { role: 'timed', flags } : skipped;
}

function newKind(line: RequestFacts, maintenance: number, plan: TallyPlan): Kind {
  const facts: RequestFacts = {
    doubt: line.doubt,
    status: line.status,
    outcome: line.outcome,
    code: line.code,
    tags: [...line.tags],
    serviceTier: line.serviceTier,
    model: line.model,
    endpoint: line.endpoint,
    region: line.region,
    stream: line.stream,
    clientTimeoutMs: line.clientTimeoutMs,
    promptTokens: line.promptTokens,
    outputTokens: line.outputTokens,
  };
  const verdicts = plan.contracts.map((one, i) => verdictIn(one, facts, (maintenance & (1 << i)) !== 0));
  const timing = plan.series.map(({ contract, terms }) => {
    const verdict = verdicts[contract];
    if (verdict === undefined) throw new Error('a series of no contract');
    return timingOf(terms, facts, verdict);
  });
  return { facts, maintenance, verdicts, timing, pages: [], inPeriod: 0 };
}

/** Index into the tally's slices, margins included; -1 if the instant lies outside of them. */
function sliceIndex(plan: TallyPlan, at: number): number {
  const { period, sliceMs, slices, margin } = plan;
  if (at < period.toAt) {
    const index = margin + Math.floor((at - period.fromAt) / sliceMs);
    return index < 0 ? -1 : index;
  }
  const after = Math.floor((at - period.toAt) / sliceMs);
  return after >= margin ? -1 : margin + slices + after;
}

function maintenanceMask(plan: TallyPlan, at: number): number {
  let mask = 0;
  for (let i = 0; i < plan.contracts.length; i += 1) {
    const intervals = plan.contracts[i]?.maintenance;
    if (intervals !== undefined && intervals.length > 0 && covers(intervals, at)) mask |= 1 << i;
  }
  return mask;
}

function countIn(pages: (Float64Array | undefined)[], index: number, count: number): void {
  const number = Math.floor(index / PAGE);
  let page = pages[number];
  if (page === undefined) {
    page = new Float64Array(PAGE);
    pages[number] = page;
  }
  page[index % PAGE] = (page[index % PAGE] ?? 0) + count;
}

function add(counts: Float64Array, index: number, count: number): void {
  counts[index] = (counts[index] ?? 0) + count;
}

function timeLine(series: SeriesTally, plan: SeriesPlan, line: Line, slice: number): void {
  const time = timeOf(plan.question, line);
  if (time === null) {
    series.untimed += line.count;
    return;
  }
  add(series.timed, slice, line.count);
  if (time.passes) add(series.passed, slice, line.count);
  if (series.sum !== null) add(series.sum, slice, time.value * line.count);
  if (series.values === null) return;
  countValue(series.values, time.value, line.count);
  if (time.under) {
    if (time.value > series.greatestUnder) series.greatestUnder = time.value;
  } else {
    series.over += line.count;
    if (time.value < series.leastOver) series.leastOver = time.value;
  }
}

/** Adds one line. Changes `tally`. */
export function accumulate(tally: Tally, line: Line): void {
  const { plan } = tally;
  const { fromAt, toAt } = plan.period;
  const index = sliceIndex(plan, line.at);
  const inPeriod = line.at >= fromAt && line.at < toAt;
  if (!inPeriod) tally.outside += line.count;
  if (index < 0) return;
  const maintenance = maintenanceMask(plan, line.at);
  const key = kindKey(line, maintenance, plan.facets, plan.contracts.length);
  let kind = tally.kinds.get(key);
  if (kind === undefined) {
    kind = newKind(line, maintenance, plan);
    tally.kinds.set(key, kind);
  }
  countIn(kind.pages, index, line.count);
  if (!inPeriod) return;
  kind.inPeriod += line.count;
  const slice = index - plan.margin;
  for (let i = 0; i < tally.series.length; i += 1) {
    const series = tally.series[i];
    const seriesPlan = plan.series[i];
    if (series === undefined || seriesPlan === undefined) continue;
    const role = kind.timing[i]?.role;
    if (role === 'failed') add(series.failed, slice, line.count);
    else if (role === 'timed') timeLine(series, seriesPlan, line, slice);
  }
}

function addAll(into: Float64Array, from: Float64Array): void {
  for (let i = 0; i < from.length; i += 1) into[i] = (into[i] ?? 0) + (from[i] ?? 0);
}

function mergeSeries(into: SeriesTally, from: SeriesTally): void {
  addAll(into.timed, from.timed);
  addAll(into.passed, from.passed);
  addAll(into.failed, from.failed);
  if (into.sum !== null && from.sum !== null) addAll(into.sum, from.sum);
  if (into.values !== null && from.values !== null) addValueCounts(into.values, from.values);
  into.untimed += from.untimed;
  into.greatestUnder = Math.max(into.greatestUnder, from.greatestUnder);
  into.over += from.over;
  into.leastOver = Math.min(into.leastOver, from.leastOver);
}

/** Adds `from` to `into`; both must have been made from the same plan. Any order gives the same result. */
export function mergeTallies(into: Tally, from: Tally): Tally {
  if (into.plan !== from.plan) throw new Error('tallies of different plans cannot be merged');
  for (const [key, kind] of from.kinds) {
    let own = into.kinds.get(key);
    if (own === undefined) {
      own = newKind(kind.facts, kind.maintenance, into.plan);
      into.kinds.set(key, own);
    }
    for (const [number, page] of kind.pages.entries()) {
      if (page === undefined) continue;
      const mine = own.pages[number];
      if (mine === undefined) own.pages[number] = page.slice();
      else addAll(mine, page);
    }
    own.inPeriod += kind.inPeriod;
  }
  for (let i = 0; i < into.series.length; i += 1) {
    const mine = into.series[i];
    const theirs = from.series[i];
    if (mine !== undefined && theirs !== undefined) mergeSeries(mine, theirs);
  }
  into.outside += from.outside;
  return into;
}

/** Calls `visit` for every slice in which requests of this kind occurred; margins have negative or late indices. */
export function forEachSlice(
  plan: TallyPlan,
  kind: Kind,
  visit: (slice: number, count: number) => void,
): void {
  for (const [number, page] of kind.pages.entries()) {
    if (page === undefined) continue;
    for (let i = 0; i < PAGE; i += 1) {
      const count = page[i] ?? 0;
      if (count > 0) visit(number * PAGE + i - plan.margin, count);
    }
  }
}

/** What all slices add up to. */
export function sumOf(slices: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < slices.length; i += 1) sum += slices[i] ?? 0;
  return sum;
}

/** Sums per slice of the plan as sums per slice of `sliceMs`, which is a multiple of the plan's width. */
export function inWiderSlices(
  fine: Float64Array,
  { sliceMs: fineMs }: TallyPlan,
  sliceMs: number,
): Float64Array {
  if (sliceMs === fineMs) return fine;
  const factor = sliceMs / fineMs;
  const sums = new Float64Array(Math.ceil(fine.length / factor));
  let at = 0;
  for (let first = 0; first < fine.length; first += factor, at += 1) {
    let sum = 0;
    for (let i = first; i < first + factor; i += 1) sum += fine[i] ?? 0;
    sums[at] = sum;
  }
  return sums;
}
