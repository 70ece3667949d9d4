import { timeOf } from '../contract/latency-question.ts';
import type { Line } from '../contract/tally.ts';
import type { LiveJudge, LiveKind, LivePlan } from './live-plan.ts';

/**
 * Requests of one target by ascending time, judged once and counted often. In columns, because hours of requests of
 * hundreds of targets are held at once: a request takes some twenty bytes instead of some hundreds.
 */
export type JudgedLines = {
  /** How many requests there are; the columns may be longer. */
  length: number;
  /** Epoch ms of the first request. */
  since: number;
  /** Whole ms after `since`, at most 49 days. */
  after: Uint32Array;
  /** Index into `kinds`. */
  kind: Uint16Array;
  readonly kinds: LiveKind[];
  /** One per question of the plan; `null` for availability, which needs no time. */
  readonly times: readonly (TimeColumn | null)[];
};

/** One question's answer for each request. */
export type TimeColumn = {
  /** Whole µs, or 0.001 tokens/s. */
  value: Uint32Array | Float64Array;
  state: Uint8Array;
};

/** The states of a time column. */
export const UNTIMED = 0;
export const OVER_LIMIT = 1;
export const WITHIN_LIMIT = 2;

/** 71 minutes: longer than any request is waited for. */
const MOST_US = 2 ** 32 - 1;
const FIRST_ROOM = 32;

export function emptyLines(plan: LivePlan): JudgedLines {
  return {
    length: 0,
    since: 0,
    after: new Uint32Array(0),
    kind: new Uint16Array(0),
    kinds: [],
    times: plan.questions.map((one) =>
      one.kind === 'availability'
        ? null
        : {
            value: one.question.metric === 'tokens_per_s' ? new Float64Array(0) : new Uint32Array(0),
            state: new Uint8Array(0),
          },
    ),
  };
}

/**
 * Appends a request that is not earlier than the last one. Changes `lines`.
 *
 * @param plan the one that `lines` was made for
 * @param inMaintenance whether the contract sets the time of the request aside
 */
export function appendLine(
  lines: JudgedLines,
  plan: LivePlan,
  judge: LiveJudge,
  line: Line,
  inMaintenance: boolean,
): void {
  if (lines.length === 0) lines.since = line.at;
  if (lines.length === lines.after.length)
    resize(lines, Math.max(FIRST_ROOM, Math.ceil(lines.length * 1.25)));
  const place = lines.length;
  lines.length += 1;
  lines.after[place] = line.at - lines.since;
  lines.kind[place] = kindNo(lines.kinds, judge(line, inMaintenance));
  for (const [position, column] of lines.times.entries()) {
    const question = plan.questions[position];
    if (column === null || question === undefined || question.kind === 'availability') continue;
    const time = timeOf(question.question, line);
    column.state[place] = time === null ? UNTIMED : time.passes ? WITHIN_LIMIT : OVER_LIMIT;
    if (time !== null)
      column.value[place] = column.value instanceof Uint32Array ? Math.min(time.value, MOST_US) : time.value;
  }
}

/** Forgets the requests at and after an instant. Changes `lines`. */
export function forgetFrom(lines: JudgedLines, at: number): void {
  lines.length = firstAtOrAfter(lines, at);
}

/** Forgets the requests before an instant. Changes `lines`. */
export function forgetBefore(lines: JudgedLines, at: number): void {
  const first = firstAtOrAfter(lines, at);
  if (first === 0) return;
  const sooner = lines.after[first] ?? 0;
  lines.since += sooner;
  for (let place = first; place < lines.length; place += 1) {
    lines.after[place - first] = (lines.after[place] ?? 0) - sooner;
  }
  lines.kind.copyWithin(0, first, lines.length);
  for (const column of lines.times) {
    column?.value.copyWithin(0, first, lines.length);
    column?.state.copyWithin(0, first, lines.length);
  }
  lines.length -= first;
}

/** Index of the first request at or after an instant. */
export function firstAtOrAfter({ since, after, length }: JudgedLines, instant: number): number {
  const wanted = instant - since;
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((after[middle] ?? wanted) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Requests that count alike share a kind; there are few. */
function kindNo(kinds: LiveKind[], kind: LiveKind): number {
  const known = kinds.findIndex(
    (one) =>
      one === kind ||
      (one.counting === kind.counting && one.roles.every((role, index) => role === kind.roles[index])),
  );
  return known === -1 ? kinds.push(kind) - 1 : known;
}

function resize(lines: JudgedLines, room: number): void {
  const longer = <Column extends Float64Array | Uint32Array | Uint16Array | Uint8Array>(
    column: Column,
    empty: Column,
  ): Column => {
    empty.set(column);
    return empty;
  };
  lines.after = longer(lines.after, new Uint32Array(room));
  lines.kind = longer(lines.kind, new Uint16Array(room));
  for (const column of lines.times) {
    if (column === null) continue;
    column.value =
      column.value instanceof Uint32Array
        ? longer(column.value, new Uint32Array(room))
        : longer(column.value, new Float64Array(room));
    column.state = longer(column.state, new Uint8Array(room));
  }
}
