import type { JudgedLines } from '../../domain/live/judged-lines.ts';
import { liveObjective } from '../../domain/live/live-objective.ts';
import type { LiveReport } from '../../domain/live/live-report.ts';
import { type Deployed, LIVE_WINDOWS, liveWindow } from '../../domain/live/live-window.ts';
import { type BySlice, type Decided, scopeKey } from '../../domain/live/pooled-targets.ts';
import { emptySum } from '../../domain/live/question-sums.ts';
import { sliceMsOf } from '../../domain/live/slice-runs.ts';
import { addLinesTo, addTable, createTables, slicesWithin } from '../../domain/live/slice-table.ts';
import type { Interval } from '../../domain/time/interval.ts';
import { type Clock, delay } from '../clock.ts';
import type { LiveScope } from './live-scope.ts';
import { type ClosedSlices, leadOf } from './sliced-scopes.ts';

const HOUR_MS = 3_600_000;
/** So many scopes are evaluated before others get the thread. */
const SCOPES_AT_ONCE = 32;

export type SlicedNow = {
  readonly scope: LiveScope;
  readonly closedTo: number;
  readonly toAt: number;
  readonly linesOf: (target: string) => JudgedLines | null;
  /** Ticks of a target until a period ends. */
  readonly remainingTicksOf: (target: string, period: Interval) => number;
  /** Each target by itself. */
  readonly answers: LiveReport['targets'];
};

/**
 * How the running period stands for everything that is decided slice by slice: counted hours, and the requests since then.
 * The engine says the same of the same requests. What cannot be known yet is left out.
 */
export async function evaluateSlices(
  all: readonly ClosedSlices[],
  now: SlicedNow,
  clock: Clock,
): Promise<BySlice> {
  const decided = new Map<string, Decided>();
  const tableOf = createTables();
  for (const [index, closed] of all.entries()) {
    if (index > 0 && index % SCOPES_AT_ONCE === 0) await delay(clock, 0);
    const { of } = closed;
    const period = now.scope.periodAt(of.terms, now.toAt);
    const windows = windowsOf(closed, period, now, tableOf);
    const [own] = of.targets.flatMap((id) => {
      const objectives = now.answers.get(id)?.objectives ?? [];
      return objectives.filter((one) => one.id === of.shape.id);
    });
    if (windows === null || own === undefined) continue;
    const remainingTicks = of.targets.reduce((sum, id) => sum + now.remainingTicksOf(id, period), 0);
    const outlook = { period, remainingTicks };
    const whole = liveObjective(of.id, of.shape, { ...own.windows, ...windows }, outlook);
    decided.set(scopeKey(of.id, of.shape.id, period.fromAt), {
      period: whole.windows.period,
      budget: whole.budget,
      burn: whole.burn,
      exhaustedAt: whole.exhaustedAt,
    });
  }
  return decided;
}

function windowsOf(
  closed: ClosedSlices,
  { fromAt }: Interval,
  now: SlicedNow,
  tableOf: ReturnType<typeof createTables>,
) {
  const { of } = closed;
  const { scope, closedTo, toAt } = now;
  const { plan } = of.terms;
  const leadMs = leadOf(of);
  const isInEdge = fromAt >= closedTo;
  // Buckets count slices from whole hours of UTC, a contract from the start of its period.
  const isAligned = (fromAt % HOUR_MS) % sliceMsOf(of.question) === 0;
  const knows = isInEdge
    ? fromAt - leadMs >= toAt - LIVE_WINDOWS['6h']
    : closed.isKnown && closed.period.fromAt === fromAt;
  if (!isAligned || !knows) return null;
  const earliest = Math.min(closedTo, toAt - LIVE_WINDOWS['6h'], isInEdge ? fromAt - leadMs : closedTo);
  const span = { fromAt: Math.floor(earliest / HOUR_MS) * HOUR_MS, toAt };
  const table = tableOf(of.question, span);
  for (const target of of.targets) {
    const lines = now.linesOf(target);
    if (lines !== null) addLinesTo(table, of.shape.position, lines);
  }
  const since = (at: number) => ({ fromAt: at, sums: emptySum(of.question.kind) });
  const open = isInEdge
    ? { ...since(fromAt), leadMs, seen: null }
    : { ...since(closedTo), leadMs: 0, seen: null };
  const [hour, sixHours, day] = [
    since(toAt - LIVE_WINDOWS['1h']),
    since(toAt - LIVE_WINDOWS['6h']),
    since(closedTo),
  ];
  const maintenanceIn = (stretch: Interval) => scope.maintenanceIn(of.targets[0] ?? of.id, of.terms, stretch);
  const { mode } = plan.contract.maintenance;
  addTable(table, mode, maintenanceIn(span), open, [hour, sixHours, day]);
  const parts = isInEdge ? [open.sums] : [closed.period.sums, open.sums];
  const seen = spanning(isInEdge ? null : closed.period.seen, open.seen);
  let deployed: Deployed | null = null;
  if (seen !== null) {
    const maintenance = maintenanceIn({ fromAt, toAt });
    const outside = (stretch: Interval) => slicesWithin(of.question, stretch, maintenance, toAt);
    const before = outside({ fromAt, toAt: seen.fromAt });
    deployed = { ...seen, outside: before + outside({ fromAt: seen.toAt, toAt }) };
  }
  const rolling = (from: number, sums: typeof parts) =>
    liveWindow(of.shape, plan, sums, { fromAt: from, toAt });
  return {
    '1h': rolling(hour.fromAt, [hour.sums]),
    '6h': rolling(sixHours.fromAt, [sixHours.sums]),
    '24h': rolling(closed.day.fromAt, [closed.day.sums, day.sums]),
    period: liveWindow(of.shape, plan, parts, { fromAt, toAt }, deployed),
  };
}

function spanning(one: Interval | null, other: Interval | null): Interval | null {
  if (one === null || other === null) return one ?? other;
  return { fromAt: Math.min(one.fromAt, other.fromAt), toAt: Math.max(one.toAt, other.toAt) };
}
