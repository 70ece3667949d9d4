import { type SliceJudge, sliceJudge } from '../contract/availability.ts';
import type { Line } from '../contract/tally.ts';
import { countLatency, makeRoom } from '../statistics/latency-histogram.ts';
import { covers, coversWhole, type Interval } from '../time/interval.ts';
import { appendLine, type JudgedLines, UNTIMED, WITHIN_LIMIT } from './judged-lines.ts';
import type { LiveJudge, LivePlan, LiveQuestion } from './live-plan.ts';
import type { AttainmentSums, AvailabilitySums, PercentileCounts, QuestionSums } from './question-sums.ts';
import { addSliceOfRequests, addSliceOfTimes } from './slice-counting.ts';
import { startRuns } from './slice-runs.ts';

/**
 * Judges requests by ascending time and appends them to `into`, which was made for the same plan.
 *
 * @param maintenance what the contract sets aside: disjoint, ascending
 */
export function judgeLines(
  into: JudgedLines,
  plan: LivePlan,
  judge: LiveJudge,
  lines: Iterable<Line>,
  maintenance: readonly Interval[],
): void {
  for (const line of lines)
    appendLine(into, plan, judge, line, maintenance.length > 0 && covers(maintenance, line.at));
}

/** A stretch of time; slices are counted from its start. */
export type Stretch = Interval & {
  /** What the contract sets aside: disjoint, ascending. */
  readonly maintenance: readonly Interval[];
};

/**
 * Adds the requests of a stretch, by ascending time, from index `from` up to but without `to`. Changes `sums`. A stretch
 * must be added whole: its slices are judged by what is in them.
 */
export function addLines(
  sums: readonly QuestionSums[],
  plan: LivePlan,
  lines: JudgedLines,
  stretch: Stretch,
  from = 0,
  to = lines.length,
): void {
  for (const [position, question] of plan.questions.entries()) {
    const sum = sums[position];
    if (sum === undefined) throw new Error('sums of another plan');
    if (question.kind === 'availability' && sum.kind === 'availability') {
      addAvailability(
        sum,
        sliceJudge(question.terms, plan.contract.maintenance.mode),
        question,
        lines,
        stretch,
        from,
        to,
      );
    } else if (question.kind === 'percentile' && sum.kind === 'percentile') {
      addTimed(sum.counts, position, lines, from, to);
    } else if (question.kind === 'attainment' && sum.kind === 'attainment') {
      addAttainment(sum, question, plan, position, lines, stretch, from, to);
    }
  }
}

function addTimed(
  counts: PercentileCounts,
  position: number,
  lines: JudgedLines,
  from: number,
  to: number,
): void {
  const column = lines.times[position];
  if (column == null) throw new Error('lines of another plan');
  const { state, value } = column;
  const roles = lines.kinds.map((kind) => kind.roles[position]);
  let [least, most] = [Number.POSITIVE_INFINITY, 0];
  for (let i = from; i < to; i += 1) {
    if (state[i] === UNTIMED) continue;
    const us = value[i] ?? 0;
    if (us < least) least = us;
    if (us > most) most = us;
  }
  if (least <= most) makeRoom(counts.histogram, least, most);
  for (let i = from; i < to; i += 1) {
    const role = roles[lines.kind[i] ?? 0];
    if (role === 'failed') counts.failed += 1;
    if (role !== 'timed') continue;
    if (state[i] === UNTIMED) {
      counts.untimed += 1;
      continue;
    }
    counts.timed += 1;
    if (state[i] === WITHIN_LIMIT) counts.passed += 1;
    countLatency(counts.histogram, value[i] ?? 0);
  }
}

/** Calls `visit` for every slice of a stretch in order, with the lines that fall into it. */
function eachSlice(
  { fromAt, toAt, maintenance }: Stretch,
  sliceMs: number,
  lines: JudgedLines,
  from: number,
  to: number,
  visit: (startAt: number, endAt: number, first: number, end: number, isSetAside: boolean) => void,
): void {
  let next = from;
  for (let at = fromAt; at < toAt; at += sliceMs) {
    const endAt = Math.min(at + sliceMs, toAt);
    const first = next;
    while (next < to && lines.since + (lines.after[next] ?? 0) < endAt) next += 1;
    const isSetAside = maintenance.length > 0 && coversWhole(maintenance, at, endAt);
    visit(at, endAt, first, next, isSetAside);
  }
}

function addAvailability(
  sum: AvailabilitySums,
  judge: SliceJudge,
  question: Extract<LiveQuestion, { kind: 'availability' }>,
  lines: JudgedLines,
  stretch: Stretch,
  from: number,
  to: number,
): void {
  const countings = lines.kinds.map(({ counting }) => counting);
  const runs = sum.slices === null ? null : startRuns(sum.slices);
  eachSlice(stretch, question.terms.sliceMs, lines, from, to, (startAt, endAt, first, end, isSetAside) => {
    let good = 0;
    let bad = 0;
    for (let i = first; i < end; i += 1) {
      const counting = countings[lines.kind[i] ?? 0];
      if (counting === 'good') good += 1;
      else if (counting === 'bad') bad += 1;
    }
    const excluded = end - first - good - bad;
    addSliceOfRequests(sum, question, judge, startAt, endAt, good, bad, excluded, isSetAside);
    if (runs !== null && end > first) runs.add(startAt, [good, bad, excluded]);
  });
  if (runs !== null) sum.slices = runs.all();
}

function addAttainment(
  sum: AttainmentSums,
  question: Extract<LiveQuestion, { kind: 'attainment' }>,
  plan: LivePlan,
  position: number,
  lines: JudgedLines,
  stretch: Stretch,
  from: number,
  to: number,
): void {
  const { mode } = plan.contract.maintenance;
  const { sliceMs } = question.terms.form;
  const column = lines.times[position];
  if (column == null) throw new Error('lines of another plan');
  const roles = lines.kinds.map((kind) => kind.roles[position]);
  const runs = sum.slices === null ? null : startRuns(sum.slices);
  eachSlice(stretch, sliceMs, lines, from, to, (startAt, _endAt, first, end, isSetAside) => {
    const slice = { timed: 0, passed: 0, failed: 0, sum: 0 };
    for (let i = first; i < end; i += 1) {
      const role = roles[lines.kind[i] ?? 0];
      if (role === 'failed') slice.failed += 1;
      if (role !== 'timed' || column.state[i] === UNTIMED) continue;
      slice.timed += 1;
      slice.sum += column.value[i] ?? 0;
      if (column.state[i] === WITHIN_LIMIT) slice.passed += 1;
    }
    addSliceOfTimes(sum, question, mode, slice, isSetAside);
    if (runs !== null && slice.timed + slice.failed > 0)
      runs.add(startAt, [slice.timed, slice.passed, slice.failed, slice.sum]);
  });
  if (runs !== null) sum.slices = runs.all();
}
