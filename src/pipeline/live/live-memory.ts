import { addCounts, type DayRecord, emptyDay } from '../../domain/live/day-record.ts';
import { emptyLines, firstAtOrAfter, type JudgedLines } from '../../domain/live/judged-lines.ts';
import { addLines } from '../../domain/live/line-counting.ts';
import { liveObjective } from '../../domain/live/live-objective.ts';
import type { LivePlan } from '../../domain/live/live-plan.ts';
import type { LiveReport, LiveTarget } from '../../domain/live/live-report.ts';
import {
  LIVE_WINDOWS,
  type LiveWindow,
  liveWindow,
  type RollingName,
  type WindowName,
} from '../../domain/live/live-window.ts';
import type { BySlice } from '../../domain/live/pooled-targets.ts';
import { clearSums, emptySums, type QuestionSums } from '../../domain/live/question-sums.ts';
import type { Target } from '../../domain/measure/target.ts';
import type { Interval } from '../../domain/time/interval.ts';
import type { ScheduleSpan, Store } from '../../store/store.ts';
import { type Clock, delay } from '../clock.ts';
import { countExpected } from '../probing/expected-ticks.ts';
import { type Base, type ClosedHours, DAYS, LONG, readClosedHours, TARGETS_AT_ONCE } from './closed-hours.ts';
import { evaluateSlices } from './evaluate-slices.ts';
import type { LiveScope } from './live-scope.ts';
import { readNextHours } from './next-hours.ts';
import { createRecentRequests } from './recent-requests.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Windows that are counted from single requests. */
const SHORT: readonly RollingName[] = ['5m', '1h', '6h'];

export type LiveStore = Pick<
  Store,
  | 'readTargets'
  | 'readSchedules'
  | 'readDecided'
  | 'readPackedUntil'
  | 'readBuckets'
  | 'readDirty'
  | 'markDirty'
>;

export type LiveMemory = {
  /** Tells that something was recorded for a tick at `at` or later. */
  readonly touched: (at: number) => void;
  /** Tells that the buckets of an hour were written. */
  readonly counted: (hourAt: number) => void;
  /** Reads all buckets anew. */
  readonly rebuild: (now: number) => Promise<void>;
  /**
   * Reads what the hours came to that were counted: only these and those that leave a window, where none of the time before
   * was counted again and nothing else has changed; else everything.
   */
  readonly advance: (now: number) => Promise<void>;
  /** Learns what is new and answers for every target that counts. Its cost follows new samples, not history. */
  readonly evaluate: (now: number) => Promise<CountedReport>;
};

/** Each target by itself. */
export type CountedReport = LiveReport & {
  /** Targets not probed any more, which were in the running period and are judged as one with others. */
  readonly retired: ReadonlySet<string>;
  /** How the running periods stand that are decided slice by slice. */
  readonly bySlice: BySlice;
};

type Counted = { readonly targets: readonly Target[]; readonly retired: ReadonlySet<string> };

type ShortSums = {
  readonly short: readonly (readonly QuestionSums[])[];
  readonly open: readonly QuestionSums[];
};

export function createLiveMemory(store: LiveStore, scope: LiveScope, clock: Clock): LiveMemory {
  const recent = createRecentRequests(store, scope, clock);
  let closed: ClosedHours = {
    fromAt: 0,
    closedTo: 0,
    declared: '',
    isWhole: false,
    bases: new Map(),
    daysFrom: 0,
    heads: new Map(),
    slices: [],
    pendingHours: 0,
  };
  /** Hours that were counted since the last reading began. */
  let written: readonly number[] = [];
  const shortSums = new WeakMap<LivePlan, ShortSums>();
  /** The last answers, for as long as nothing has changed that they follow from. */
  let latest: {
    readonly toAt: number;
    readonly due: string;
    readonly targets: LiveReport['targets'];
    readonly bySlice: BySlice;
  } | null = null;

  /** Current targets, and those that are not but whose requests of the period are judged as one with others'. */
  const countedTargets = async (now: number): Promise<Counted> => {
    const all = await store.readTargets();
    const current = all.filter((target) => target.current);
    const periodFrom = new Map<string, number>();
    for (const target of all) {
      if (target.current) continue;
      const terms = scope.termsOf(target, now);
      const isPooled = terms.shapes.some(({ goal }) => goal !== null && goal.judged !== 'alone');
      if (isPooled) periodFrom.set(target.id, scope.periodAt(terms, now).fromAt);
    }
    const retired = new Set<string>();
    if (periodFrom.size === 0) return { targets: current, retired };
    for (const span of await store.readSchedules(Math.min(...periodFrom.values()), now + 1)) {
      const fromAt = periodFrom.get(span.target);
      if (fromAt !== undefined && (span.toAt ?? now) > fromAt) retired.add(span.target);
    }
    return { targets: [...current, ...all.filter(({ id }) => retired.has(id))], retired };
  };

  const rebuild = async (now: number): Promise<void> => {
    const told = written.length;
    const { targets } = await countedTargets(now);
    closed = await readClosedHours(store, scope, clock, targets, now);
    written = written.slice(told);
    latest = null;
  };

  const advance = async (now: number): Promise<void> => {
    const told = written.length;
    const { fromAt, closedTo } = closed;
    const isWithin = (at: number, toAt: number): boolean => at >= fromAt && at < toAt;
    if (written.some((at) => isWithin(at, closedTo))) return rebuild(now);
    const { targets } = await countedTargets(now);
    const next = await readNextHours(store, scope, clock, closed, targets, now);
    // An hour that was counted again meanwhile may have been read either way.
    if (next === null || written.slice(told).some((at) => isWithin(at, next.closedTo))) return rebuild(now);
    closed = next;
    written = written.slice(told);
    latest = null;
  };

  /** The same sums for one target after the other, cleared: making new ones costs more than counting. */
  const sumsFor = (plan: LivePlan): ShortSums => {
    const known = shortSums.get(plan);
    if (known !== undefined) {
      for (const sums of known.short) clearSums(sums);
      clearSums(known.open);
      return known;
    }
    const made = { short: SHORT.map(() => emptySums(plan)), open: emptySums(plan) };
    shortSums.set(plan, made);
    return made;
  };

  const evaluateTarget = (
    target: Target,
    spans: readonly ScheduleSpan[],
    toAt: number,
  ): LiveTarget | null => {
    const { closedTo } = closed;
    const base = closed.bases.get(target.id);
    if (base === undefined) return null;
    const { terms } = base;
    const { plan } = terms;
    const lines = recent.linesOf(target.id) ?? emptyLines(plan);
    const span = (fromAt: number) => ({
      fromAt,
      toAt,
      maintenance: scope.maintenanceIn(target.id, terms, { fromAt, toAt }),
    });
    const { short: shortSums, open } = sumsFor(plan);
    const short = SHORT.map((name, index) => {
      const fromAt = toAt - LIVE_WINDOWS[name];
      const sums = shortSums[index] ?? emptySums(plan);
      addLines(sums, plan, lines, span(fromAt), firstAtOrAfter(lines, fromAt));
      return { name, fromAt, parts: [sums] };
    });
    addLines(open, plan, lines, span(closedTo), firstAtOrAfter(lines, closedTo));
    const since = (fromAt: number): readonly (readonly QuestionSums[])[] => {
      const counted = base.bySpan.get(fromAt);
      return counted === undefined ? [open] : [counted, open];
    };
    const long = LONG.map((name) => {
      const fromAt = closedTo - LIVE_WINDOWS[name];
      return { name, fromAt, parts: since(fromAt) };
    });
    const period = scope.periodAt(terms, toAt);
    const all = [
      ...short,
      ...long,
      { name: 'period' as const, ...periodParts(period.fromAt, toAt, base, target.id, open, lines) },
    ];
    const remainingTicks = remainingTicksOf(spans, toAt, period);
    const objectives = terms.shapes.map((shape) => {
      const windows: Partial<Record<WindowName, LiveWindow>> = {};
      for (const { name, fromAt, parts } of all) {
        const own: QuestionSums[] = [];
        for (const sums of parts) {
          const one = sums[shape.position];
          if (one !== undefined) own.push(one);
        }
        windows[name] = liveWindow(shape, plan, own, { fromAt, toAt });
      }
      return liveObjective(target.id, shape, windows as Record<WindowName, LiveWindow>, {
        period,
        remainingTicks,
      });
    });
    return { target: target.id, objectives, days: daysOf(base, open, toAt) };
  };

  const periodParts = (
    fromAt: number,
    toAt: number,
    base: Base,
    id: string,
    open: readonly QuestionSums[],
    lines: JudgedLines,
  ): { readonly fromAt: number; readonly parts: readonly (readonly QuestionSums[])[] } => {
    const { plan } = base.terms;
    const own = (stretchLines: JudgedLines, endAt: number, first: number) => {
      const sums = emptySums(plan);
      const maintenance = scope.maintenanceIn(id, base.terms, { fromAt, toAt: endAt });
      addLines(sums, plan, stretchLines, { fromAt, toAt: endAt, maintenance }, first);
      return sums;
    };
    // A period that has just begun lies wholly in the edge.
    if (fromAt >= closed.closedTo)
      return { fromAt, parts: [own(lines, toAt, firstAtOrAfter(lines, fromAt))] };
    const hourAt = Math.ceil(fromAt / HOUR_MS) * HOUR_MS;
    const counted = base.bySpan.get(hourAt);
    const head = closed.heads.get(id);
    return {
      fromAt,
      parts: [
        ...(head === undefined ? [] : [own(head, hourAt, 0)]),
        ...(counted === undefined ? [] : [counted]),
        open,
      ],
    };
  };

  const daysOf = (base: Base, open: readonly QuestionSums[], toAt: number): readonly DayRecord[] => {
    const today = Math.floor((toAt - 1) / DAY_MS) * DAY_MS;
    const days = Array.from({ length: DAYS }, (_, index) => {
      const at = today - (DAYS - 1 - index) * DAY_MS;
      return base.days[(at - closed.daysFrom) / DAY_MS] ?? emptyDay(at);
    });
    // The open hours never reach back over more than one midnight by more than an hour: they belong to today.
    const [requests] = open;
    const known = days[DAYS - 1] ?? emptyDay(today);
    if (requests?.kind === 'availability') days[DAYS - 1] = addCounts(known, requests.counts, 0);
    return days;
  };

  return {
    touched: recent.touched,
    counted(hourAt) {
      written = [...written, hourAt];
    },
    rebuild,
    advance,
    async evaluate(now) {
      const { targets, retired } = await countedTargets(now);
      const isOutdated =
        closed.closedTo === 0 ||
        closed.closedTo > now ||
        // Whoever slept need not read, minute by minute, what nobody measured.
        now - closed.closedTo > DAY_MS ||
        targets.some((target) => {
          const base = closed.bases.get(target.id);
          return base === undefined || base.terms !== scope.termsOf(target, now);
        });
      if (isOutdated) await rebuild(now);
      const isNew = await recent.refresh(targets, now, closed.closedTo);
      const toAt = recent.learntTo() ?? now;
      // What is due from now on, not what was due when the last closed minute ended: a series that has just been
      // declared, or declared anew, would look as if nothing were to come, and a breach as if it were certain.
      const inForce = (await store.readSchedules(now, now + 1)).filter((span) => span.toAt === null);
      const spans = Map.groupBy(inForce, ({ target }) => target);
      const due = JSON.stringify(inForce.map(({ probe, target, schedule }) => [probe, target, schedule]));
      if (isNew || latest === null || latest.toAt !== toAt || latest.due !== due) {
        const answers = new Map<string, LiveTarget>();
        for (const [index, target] of targets.entries()) {
          const answer = evaluateTarget(target, spans.get(target.id) ?? [], toAt);
          if (answer !== null) answers.set(target.id, answer);
          if (index % TARGETS_AT_ONCE === TARGETS_AT_ONCE - 1) await delay(clock, 0);
        }
        const slicedNow = {
          scope,
          closedTo: closed.closedTo,
          toAt,
          linesOf: recent.linesOf,
          remainingTicksOf: (id: string, period: Interval) =>
            remainingTicksOf(spans.get(id) ?? [], toAt, period),
          answers,
        };
        const bySlice = await evaluateSlices(closed.slices, slicedNow, clock);
        latest = { toAt, due, targets: answers, bySlice };
      }
      const { targets: each, bySlice } = latest;
      return { at: now, toAt, targets: each, retired, bySlice, pendingHours: closed.pendingHours };
    },
  };
}

/** Ticks from an instant to the end of a period. */
function remainingTicksOf(spans: readonly ScheduleSpan[], fromAt: number, { toAt }: Interval): number {
  return spans.reduce(
    (sum, one) => sum + (countExpected(one.schedule, fromAt, Math.min(one.toAt ?? toAt, toAt)) ?? 0),
    0,
  );
}
