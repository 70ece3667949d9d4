import { type SliceJudge, sliceJudge } from '../contract/availability.ts';
import type { Contract } from '../contract/contract.ts';
import { coversWhole, type Interval } from '../time/interval.ts';
import { firstAtOrAfter, type JudgedLines, UNTIMED, WITHIN_LIMIT } from './judged-lines.ts';
import type { SlicedQuestion } from './live-plan.ts';
import type { QuestionSums } from './question-sums.ts';
import { addSliceOfRequests, addSliceOfTimes, joinTo } from './slice-counting.ts';
import { RUN_HEAD, type SliceRuns, sliceMsOf } from './slice-runs.ts';

const WIDTH = 4;

/** The slices of a stretch, with what all targets of a scope together had in each. */
export type SliceTable = {
  readonly question: SlicedQuestion;
  /** Begins where a slice does; the last slice may reach beyond it. */
  readonly span: Interval;
  readonly slices: number;
  /** By how much the counts of a slice differ from those of the slice before it, so that a run costs as little as a slice. */
  readonly steps: Float64Array;
};

/**
 * Makes one empty table after the other, each in the place of the one before it: hundreds of them for every day would be
 * hundreds of megabytes.
 */
export function createTables(): (question: SlicedQuestion, span: Interval) => SliceTable {
  let steps = new Float64Array(0);
  return (question, span) => {
    const slices = Math.ceil((span.toAt - span.fromAt) / sliceMsOf(question));
    const length = (slices + 1) * WIDTH;
    if (steps.length < length) steps = new Float64Array(length);
    else steps.fill(0, 0, length);
    return { question, span, slices, steps };
  };
}

function step(table: SliceTable, place: number, by: number): void {
  table.steps[place] = (table.steps[place] ?? 0) + by;
}

/** Adds what one target had in slices that lie within the table. Changes `table`. */
export function addRunsTo(table: SliceTable, { runs, sliceMs, width }: SliceRuns): void {
  for (let start = 0; start < runs.length; start += RUN_HEAD + width) {
    const first = ((runs[start] ?? 0) - table.span.fromAt) / sliceMs;
    const end = first + (runs[start + 1] ?? 0);
    for (let column = 0; column < width; column += 1) {
      const count = runs[start + RUN_HEAD + column] ?? 0;
      step(table, first * WIDTH + column, count);
      step(table, end * WIDTH + column, -count);
    }
  }
}

function addSlice(table: SliceTable, place: number, count: number): void {
  step(table, place, count);
  step(table, place + WIDTH, -count);
}

/** Adds one target's requests from the table's start on. Changes `table`. */
export function addLinesTo(table: SliceTable, position: number, lines: JudgedLines): void {
  const { question, span, slices } = table;
  const sliceMs = sliceMsOf(question);
  const countings = lines.kinds.map(({ counting }) => counting);
  const roles = lines.kinds.map((kind) => kind.roles[position]);
  const column = lines.times[position] ?? null;
  const start = span.fromAt - lines.since;
  for (let i = firstAtOrAfter(lines, span.fromAt); i < lines.length; ) {
    const slice = Math.floor(((lines.after[i] ?? 0) - start) / sliceMs);
    if (slice >= slices) return;
    const end = start + (slice + 1) * sliceMs;
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    for (; i < lines.length && (lines.after[i] ?? 0) < end; i += 1) {
      const kind = lines.kind[i] ?? 0;
      if (question.kind === 'availability') {
        const counting = countings[kind];
        if (counting === 'good') a += 1;
        else if (counting === 'bad') b += 1;
        else c += 1;
      } else if (roles[kind] === 'failed') c += 1;
      else if (roles[kind] === 'timed' && column !== null && column.state[i] !== UNTIMED) {
        a += 1;
        if (column.state[i] === WITHIN_LIMIT) b += 1;
        d += column.value[i] ?? 0;
      }
    }
    if (a > 0) addSlice(table, slice * WIDTH, a);
    if (b > 0) addSlice(table, slice * WIDTH + 1, b);
    if (c > 0) addSlice(table, slice * WIDTH + 2, c);
    if (d > 0) addSlice(table, slice * WIDTH + 3, d);
  }
}

/** What the slices from one instant on add up to. */
export type SumsSince = { readonly fromAt: number; readonly sums: QuestionSums };

/** How a period is counted slice by slice. */
export type SlicedPeriod = SumsSince & {
  /** A run of bad slices may have begun this long before the period, ms. */
  readonly leadMs: number;
  /** From the first to the last slice with any request, those before the period included; `null`: there is none yet. */
  seen: Interval | null;
};

/**
 * Judges every slice of a table and adds it to all sums that hold it. Tables may be added in any order. Changes the sums.
 *
 * @param maintenance what the contract sets aside: disjoint, ascending
 */
export function addTable(
  table: SliceTable,
  mode: Contract['maintenance']['mode'],
  maintenance: readonly Interval[],
  period: SlicedPeriod,
  windows: readonly SumsSince[],
): void {
  const { question, span, steps } = table;
  const sliceMs = sliceMsOf(question);
  const judge = question.kind === 'availability' ? sliceJudge(question.terms, mode) : null;
  const cuts = [period.fromAt, period.fromAt - period.leadMs, ...windows.map(({ fromAt }) => fromAt)];
  let [a, b, c, d] = [0, 0, 0, 0];
  let end = 0;
  for (let slice = 0; slice < table.slices; slice = end) {
    a += steps[slice * WIDTH] ?? 0;
    b += steps[slice * WIDTH + 1] ?? 0;
    c += steps[slice * WIDTH + 2] ?? 0;
    d += steps[slice * WIDTH + 3] ?? 0;
    const startAt = span.fromAt + slice * sliceMs;
    // Neighbours with the same counts, on the same side of every start, are judged at once.
    end = slice + 1;
    if (maintenance.length === 0) {
      let most = table.slices;
      for (const at of cuts) if (at > startAt) most = Math.min(most, Math.ceil((at - span.fromAt) / sliceMs));
      while (end < most && isSteady(steps, end)) end += 1;
    }
    const count = end - slice;
    // A slice that is cut short counts as a whole one.
    const endAt = startAt + count * sliceMs;
    const isSetAside =
      maintenance.length > 0 && coversWhole(maintenance, startAt, Math.min(endAt, span.toAt));
    const add = (sums: QuestionSums): void => {
      if (question.kind === 'availability' && sums.kind === 'availability' && judge !== null)
        addSliceOfRequests(sums, question, judge, startAt, endAt, a, b, c, isSetAside, count);
      else if (question.kind === 'attainment' && sums.kind === 'attainment')
        addSliceOfTimes(sums, question, mode, { timed: a, passed: b, failed: c, sum: d }, isSetAside, count);
    };
    if (startAt >= period.fromAt) add(period.sums);
    else if (startAt >= period.fromAt - period.leadMs && judge !== null)
      addLead(period.sums, judge, { fromAt: startAt, toAt: endAt }, a, b, c);
    for (const { fromAt, sums } of windows) if (startAt >= fromAt) add(sums);
    if (a + b + c > 0 && startAt >= period.fromAt - period.leadMs) {
      period.seen = {
        fromAt: Math.min(period.seen?.fromAt ?? startAt, startAt),
        toAt: Math.max(period.seen?.toAt ?? endAt, endAt),
      };
    }
  }
}

function isSteady(steps: Float64Array, slice: number): boolean {
  const at = slice * WIDTH;
  return steps[at] === 0 && steps[at + 1] === 0 && steps[at + 2] === 0 && steps[at + 3] === 0;
}

/** Nothing is known about an empty slice before the period: it cannot lengthen a run. */
function addLead(
  sums: QuestionSums,
  judge: SliceJudge,
  slice: Interval,
  good: number,
  bad: number,
  excluded: number,
): void {
  if (sums.kind === 'availability' && judge(good, bad, excluded, false) === 'bad') joinTo(sums.down, slice);
}

/** How many slices of a stretch planned work does not set aside. */
export function slicesWithin(
  question: SlicedQuestion,
  span: Interval,
  maintenance: readonly Interval[],
  endsAt: number,
): number {
  const sliceMs = sliceMsOf(question);
  const all = Math.max(0, Math.ceil((span.toAt - span.fromAt) / sliceMs));
  if (maintenance.length === 0) return all;
  let aside = 0;
  for (let at = span.fromAt; at < span.toAt; at += sliceMs)
    if (coversWhole(maintenance, at, Math.min(at + sliceMs, endsAt))) aside += 1;
  return all - aside;
}
