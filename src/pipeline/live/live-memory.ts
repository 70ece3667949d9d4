import { addCounts, addToDay, type DayRecord, emptyDay } from '../../domain/live/day-record.ts';
import {
  emptyLines,
  firstAtOrAfter,
  forgetBefore,
  forgetFrom,
  type JudgedLines,
} from '../../domain/live/judged-lines.ts';
import { addLines, judgeLines } from '../../domain/live/line-counting.ts';
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
import {
  addAnswers,
  clearSums,
  copySums,
  emptySums,
  type QuestionSums,
} from '../../domain/live/question-sums.ts';
import { lineOfSample } from '../../domain/measure/line-of-sample.ts';
import type { Target } from '../../domain/measure/target.ts';
import type { BucketGrain, ScheduleSpan, Store, StoredBucket } from '../../store/store.ts';
import { type Clock, delay } from '../clock.ts';
import { countExpected } from '../probing/expected-ticks.ts';
import { eachDecided } from '../read-in-pieces.ts';
import type { LiveScope, LiveTerms } from './live-scope.ts';
import { SETTLE_MS } from './roll-up.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Windows up to this long are counted from single requests, longer ones from buckets and the raw edge. */
const EDGE_MS = 6 * HOUR_MS;
const SHORT: readonly RollingName[] = ['5m', '1h', '6h'];
const LONG: readonly RollingName[] = ['24h', '7d', '30d', '90d'];
/** So many targets are evaluated at once, for the same reason. */
const TARGETS_AT_ONCE = 32;
const DAYS = 90;

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
  /** Reads the buckets anew: after hours were counted, or the configuration has changed. */
  readonly rebuild: (now: number) => Promise<void>;
  /** Learns what is new and answers for every current target. Its cost follows new samples, not history. */
  readonly evaluate: (now: number) => Promise<LiveReport>;
};

/** What is known about one target up to the last counted hour. */
type Base = {
  readonly terms: LiveTerms;
  /** Sums of `[start, closedTo)`, by start. */
  readonly bySpan: Map<number, readonly QuestionSums[]>;
  readonly days: Map<number, DayRecord>;
  /** The days before today, in a row. */
  row: { readonly today: number; readonly before: readonly DayRecord[] } | null;
};

/** The latest requests of one target, one by one, and how they were judged. */
type Edge = {
  readonly terms: LiveTerms;
  readonly lines: JudgedLines;
  basis: string;
};

type ShortSums = {
  readonly short: readonly (readonly QuestionSums[])[];
  readonly open: readonly QuestionSums[];
};

/** Periods begin at midnights of their zone, which need not be whole hours of UTC. */
type PeriodStart = { readonly fromAt: number; readonly hourAt: number };

export function createLiveMemory(store: LiveStore, scope: LiveScope, clock: Clock): LiveMemory {
  let closedTo = 0;
  let bases = new Map<string, Base>();
  /** Requests before the first whole hour of a period, where it does not begin on one. */
  let heads = new Map<string, JudgedLines>();
  const edge = new Map<string, Edge>();
  let edgeFrom = 0;
  let learntTo: number | null = null;
  let touchedFrom = Number.POSITIVE_INFINITY;
  let pendingHours = 0;
  const shortSums = new WeakMap<LivePlan, ShortSums>();
  /** The last answers, for as long as nothing has changed that they follow from. */
  let latest: {
    readonly toAt: number;
    readonly due: string;
    readonly targets: LiveReport['targets'];
  } | null = null;

  const currentTargets = async (): Promise<readonly Target[]> =>
    (await store.readTargets()).filter(({ current }) => current);

  const learn = async (targets: readonly Target[], fromAt: number, toAt: number, now: number) => {
    for (const { lines } of edge.values()) forgetFrom(lines, fromAt);
    const byId = new Map(targets.map((target) => [target.id, target]));
    await eachDecided(store, clock, { fromAt, toAt }, [...byId.keys()], (piece, { byTarget }) => {
      for (const [id, found] of byTarget) {
        const target = byId.get(id);
        if (target === undefined) continue;
        const { terms, lines } = edgeOf(target, now);
        const maintenance = scope.maintenanceIn(id, terms, piece);
        judgeLines(lines, terms.plan, terms.judge, found.map(lineOfSample), maintenance);
      }
    });
    const span = { fromAt: edgeFrom, toAt };
    for (const target of targets) {
      const own = edgeOf(target, now);
      own.basis = scope.basisOf(target.id, own.terms, span);
    }
  };

  const edgeOf = (target: Target, now: number): Edge => {
    const known = edge.get(target.id);
    if (known !== undefined) return known;
    const terms = scope.termsOf(target, now);
    const made = { terms, lines: emptyLines(terms.plan), basis: '' };
    edge.set(target.id, made);
    return made;
  };

  /** Whether what was judged would be judged the same way now: terms change, and planned work is announced. */
  const isJudgedAsNow = (targets: readonly Target[], now: number): boolean => {
    if (learntTo === null) return false;
    const span = { fromAt: edgeFrom, toAt: learntTo };
    return targets.every((target) => {
      const own = edge.get(target.id);
      return (
        own !== undefined &&
        own.terms === scope.termsOf(target, now) &&
        own.basis === scope.basisOf(target.id, own.terms, span)
      );
    });
  };

  const periodStart = (terms: LiveTerms, now: number): PeriodStart => {
    const { fromAt } = scope.periodAt(terms, now);
    return { fromAt, hourAt: Math.ceil(fromAt / HOUR_MS) * HOUR_MS };
  };

  const rebuild = async (now: number): Promise<void> => {
    const targets = await currentTargets();
    const closed = Math.floor((now - SETTLE_MS) / HOUR_MS) * HOUR_MS;
    const dirtyDays = new Set((await store.readDirty('day', now, DAYS * 2)).map(({ fromAt }) => fromAt));
    const dirtyHours = (await store.readDirty('hour', closed, DAYS * 24)).filter(
      ({ fromAt }) => fromAt >= closed - LIVE_WINDOWS['90d'],
    );
    for (const { fromAt } of dirtyHours) dirtyDays.add(Math.floor(fromAt / DAY_MS) * DAY_MS);

    const building = new Map<string, Base>();
    const running = new Map<string, readonly QuestionSums[]>();
    const starts = new Map<string, ReadonlySet<number>>();
    const boundaries = new Set<number>();
    const nextHeads = new Map<string, JudgedLines>();
    for (const target of targets) {
      const terms = scope.termsOf(target, now);
      building.set(target.id, { terms, bySpan: new Map(), days: new Map(), row: null });
      running.set(target.id, emptySums(terms.plan));
      const period = periodStart(terms, now);
      const own = new Set([
        ...LONG.map((name) => closed - LIVE_WINDOWS[name]),
        Math.min(closed, period.hourAt),
      ]);
      starts.set(target.id, own);
      for (const at of own) boundaries.add(at);
      if (period.hourAt === period.fromAt || period.fromAt >= closed) continue;
      const { byTarget } = await store.readDecided(period.fromAt, period.hourAt);
      const maintenance = scope.maintenanceIn(target.id, terms, {
        fromAt: period.fromAt,
        toAt: period.hourAt,
      });
      const head = emptyLines(terms.plan);
      const found = (byTarget.get(target.id) ?? []).map(lineOfSample);
      judgeLines(head, terms.plan, terms.judge, found, maintenance);
      nextHeads.set(target.id, head);
    }
    const snapshot = (at: number): void => {
      if (!boundaries.has(at)) return;
      for (const [id, base] of building) {
        const sums = running.get(id);
        if (sums !== undefined && starts.get(id)?.has(at)) base.bySpan.set(at, copySums(sums));
      }
    };
    const stale = new Set<number>();
    const addRow = (grain: BucketGrain, { target, fromAt, basis, bucket }: StoredBucket): void => {
      const base = building.get(target);
      const sums = running.get(target);
      if (base === undefined || sums === undefined) return;
      const length = grain === 'day' ? DAY_MS : HOUR_MS;
      if (basis !== scope.basisOf(target, base.terms, { fromAt, toAt: fromAt + length })) {
        for (let at = fromAt; at < fromAt + length; at += HOUR_MS) stale.add(at);
        return;
      }
      addAnswers(sums, bucket.answers);
      const dayAt = Math.floor(fromAt / DAY_MS) * DAY_MS;
      base.days.set(dayAt, addToDay(base.days.get(dayAt) ?? emptyDay(dayAt), bucket));
    };
    const oldest = Math.min(...boundaries, closed);
    snapshot(closed);
    for (let at = closed; at > oldest; ) {
      const dayAt = at - DAY_MS;
      const isWholeDay =
        at % DAY_MS === 0 && dayAt >= oldest && !dirtyDays.has(dayAt) && !hasInside(boundaries, dayAt, at);
      const grain: BucketGrain = isWholeDay ? 'day' : 'hour';
      const fromAt = isWholeDay ? dayAt : at - HOUR_MS;
      for (const row of await store.readBuckets(grain, fromAt, fromAt + 1)) addRow(grain, row);
      at = fromAt;
      snapshot(at);
      await delay(clock, 0);
    }
    if (stale.size > 0) await store.markDirty([...stale].filter((at) => at < closed));
    pendingHours = dirtyHours.length + stale.size;
    closedTo = closed;
    bases = building;
    heads = nextHeads;
    latest = null;
  };

  /** Reads what is new up to the last whole minute; tells whether there was anything. */
  const refresh = async (targets: readonly Target[], now: number): Promise<boolean> => {
    const toAt = Math.floor(now / MINUTE_MS) * MINUTE_MS;
    const from = Math.min(closedTo, toAt - EDGE_MS);
    if (learntTo === null || learntTo > toAt || from < edgeFrom || !isJudgedAsNow(targets, now)) {
      edge.clear();
      edgeFrom = from;
      touchedFrom = Number.POSITIVE_INFINITY;
      learntTo = null;
      await learn(targets, edgeFrom, toAt, now);
      learntTo = toAt;
      return true;
    }
    const since = Math.max(edgeFrom, Math.min(learntTo, Math.floor(touchedFrom / MINUTE_MS) * MINUTE_MS));
    if (since >= toAt) return false;
    const before = learntTo;
    touchedFrom = Number.POSITIVE_INFINITY;
    // Where reading fails midway, the next pass begins where this one did.
    learntTo = Math.min(before, since);
    await learn(targets, since, toAt, now);
    learntTo = toAt;
    // Sometimes only, for it moves all that is left.
    if (from - edgeFrom >= HOUR_MS) {
      edgeFrom = from;
      for (const { lines } of edge.values()) forgetBefore(lines, edgeFrom);
      const span = { fromAt: edgeFrom, toAt };
      for (const [id, own] of edge) own.basis = scope.basisOf(id, own.terms, span);
    }
    return true;
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
    const base = bases.get(target.id);
    if (base === undefined) return null;
    const { terms } = base;
    const { plan } = terms;
    const lines = edge.get(target.id)?.lines ?? emptyLines(plan);
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
      const closed = base.bySpan.get(fromAt);
      return closed === undefined ? [open] : [closed, open];
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
    const remainingTicks = spans.reduce(
      (sum, one) =>
        sum + (countExpected(one.schedule, toAt, Math.min(one.toAt ?? period.toAt, period.toAt)) ?? 0),
      0,
    );
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
    if (fromAt >= closedTo) return { fromAt, parts: [own(lines, toAt, firstAtOrAfter(lines, fromAt))] };
    const hourAt = Math.ceil(fromAt / HOUR_MS) * HOUR_MS;
    const closed = base.bySpan.get(hourAt);
    const head = heads.get(id);
    return {
      fromAt,
      parts: [
        ...(head === undefined ? [] : [own(head, hourAt, 0)]),
        ...(closed === undefined ? [] : [closed]),
        open,
      ],
    };
  };

  const daysOf = (base: Base, open: readonly QuestionSums[], toAt: number): readonly DayRecord[] => {
    const today = Math.floor((toAt - 1) / DAY_MS) * DAY_MS;
    if (base.row?.today !== today) {
      const before = Array.from({ length: DAYS - 1 }, (_, index) => {
        const dayAt = today - (DAYS - 1 - index) * DAY_MS;
        return base.days.get(dayAt) ?? emptyDay(dayAt);
      });
      base.row = { today, before };
    }
    const known = base.days.get(today) ?? emptyDay(today);
    // The open hours never reach back over more than one midnight by more than an hour: they belong to today.
    const [requests] = open;
    const whole = requests?.kind === 'availability' ? addCounts(known, requests.counts, 0) : known;
    return [...base.row.before, whole];
  };

  return {
    touched(at) {
      touchedFrom = Math.min(touchedFrom, at);
    },
    rebuild,
    async evaluate(now) {
      const targets = await currentTargets();
      const isOutdated =
        closedTo === 0 ||
        closedTo > now ||
        targets.some((target) => {
          const base = bases.get(target.id);
          return base === undefined || base.terms !== scope.termsOf(target, now);
        });
      if (isOutdated) await rebuild(now);
      const isNew = await refresh(targets, now);
      const toAt = learntTo ?? now;
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
        latest = { toAt, due, targets: answers };
      }
      return { at: now, toAt, targets: latest.targets, pendingHours };
    },
  };
}

function hasInside(boundaries: ReadonlySet<number>, fromAt: number, toAt: number): boolean {
  for (const at of boundaries) if (at > fromAt && at < toAt) return true;
  return false;
}
