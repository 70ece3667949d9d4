import type { Commitment } from '../contract/commitment.ts';
import { type LiveReport, PERIOD_STANDINGS, type PeriodStanding } from '../live/live-report.ts';
import { countedOf, type Spending, spendingOf } from '../measure/account.ts';
import type { SpendCap } from '../measure/probe.ts';
import type { Target } from '../measure/target.ts';
import { countTicks, type Schedule, sameSchedule } from '../time/schedule.ts';
import { type CountTicks, intervalOf, type Span, sum } from './build-series-view.ts';
import { type BuiltTarget, buildTarget } from './build-target-view.ts';
import { type Attempted, HEALTH_ORDER, type Health } from './health.ts';
import { addUp, type SeriesHour, seriesKey } from './series-hour.ts';
import {
  type Coverage,
  commitmentsOf,
  type PlannedWorkView,
  type ProberLife,
  type SeriesView,
  type Standing,
  type StatusView,
} from './status-view.ts';

/** What the operator chose to show. */
export type ViewSettings = {
  readonly title: string;
  /** Any gateway simulated makes the whole page practice. */
  readonly practice: boolean;
  readonly timezone: string;
  readonly locale: string;
  /** Tiers in the order in which they shall stand; those not named follow by name. */
  readonly tiers?: readonly string[];
  /** What is promised for a target by the contract in force at an instant; `null` = nothing. */
  readonly commitmentFor: (target: Target, at: number) => Commitment | null;
  /** The currency of a target's price; `null` = it has none. */
  readonly currencyOf?: (target: Target) => string | null;
  readonly spendCap?: SpendCap | null;
};

export type StatusFacts = {
  readonly now: number;
  /** Inclusive; a whole minute. */
  readonly fromAt: number;
  /** Exclusive; the last minute may still be running. */
  readonly toAt: number;
  /** Of all series of the window, over the same minutes. The same object as before means that nothing in it is new. */
  readonly hours: readonly SeriesHour[];
  /** `false` while the minutes are fewer than an hour's because the rest is still to be read. */
  readonly isHourRead: boolean;
  /** Ticks before this instant have been answered or will never be. */
  readonly settledTo: number;
  readonly targets: readonly Target[];
  readonly spans: readonly Span[];
  /** Newest first, any purpose, by `seriesKey`, for series whose last attempt alone does not tell their health. */
  readonly recent: ReadonlyMap<string, readonly Attempted[]>;
  /** When the prober last gave a sign of life, if it is known beyond its samples. */
  readonly proberSeenAt: number | null;
  /** Cost since midnight UTC by target id, 10^-9; `null` while a part of the day is still to be read. */
  readonly spentToday: ReadonlyMap<string, number> | null;
  /** The live figures, if there are any yet. */
  readonly live: LiveReport | null;
  readonly preparingPpm: number | null;
  /** Planned work of now and the days to come, in time order. */
  readonly plannedWork: readonly PlannedWorkView[];
};

/** Makes one view after the other; stops after each target that is made anew, for a thread that has other things to do. */
export type StatusViews = (facts: StatusFacts) => Generator<void, StatusView>;

/** Counts `every` schedules; a cron expression needs an engine that the domain does not have. */
function countScheduledTicks(schedule: Schedule, fromAt: number, toAt: number): number | null {
  return schedule.kind === 'every' ? countTicks(schedule.everyMs, schedule.phaseMs, fromAt, toAt) : null;
}

/**
 * The page's whole content from what the store knows. The same facts give the same view, whatever views were made before; what
 * was made before only spares making it again: targets in which nothing is new are the very same objects.
 */
export function createStatusViews(
  settings: ViewSettings,
  countTicks: CountTicks = countScheduledTicks,
): StatusViews {
  let plan: Plan = { spans: [], bySeries: new Map(), shortestMs: 0 };
  let known: ReadonlyMap<string, BuiltTarget> = new Map();

  return function* (facts) {
    plan = planOf(facts.spans, plan);
    const { bySeries, shortestMs } = plan;
    const byTarget = Map.groupBy(facts.hours, (hour) => hour.target);
    const judgedBy = {
      ...facts,
      spansOf: (key: string): readonly Span[] => bySeries.get(key) ?? NEVER_DUE,
      isPastWritten: facts.preparingPpm === null,
      countTicks,
    };
    const built = new Map<string, BuiltTarget>();
    for (const target of facts.targets) {
      const before = known.get(target.id) ?? null;
      const commitment = settings.commitmentFor(target, facts.now);
      const made = buildTarget(
        { target, commitment, hours: byTarget.get(target.id) ?? [] },
        judgedBy,
        before,
      );
      built.set(target.id, made);
      if (made !== before) yield;
    }
    known = built;
    return assembleView(facts, settings, [...built.values()], shortestMs);
  };
}

type Plan = {
  /** The list as it was told; the same list is not looked at again. */
  readonly spans: readonly Span[];
  readonly bySeries: ReadonlyMap<string, readonly Span[]>;
  /** The shortest interval of all; 0 without any. */
  readonly shortestMs: number;
};

const NEVER_DUE: readonly Span[] = [];

/** When each series was due: the same list as before for a series whose plan has not changed. */
function planOf(spans: readonly Span[], before: Plan): Plan {
  if (spans === before.spans) return before;
  const bySeries = new Map<string, readonly Span[]>();
  let shortestMs = Number.POSITIVE_INFINITY;
  for (const [key, told] of Map.groupBy(spans, seriesKey)) {
    const known = before.bySeries.get(key);
    bySeries.set(key, known !== undefined && areSameSpans(known, told) ? known : told);
    shortestMs = Math.min(shortestMs, intervalOf(told) ?? Number.POSITIVE_INFINITY);
  }
  return { spans, bySeries, shortestMs: Number.isFinite(shortestMs) ? shortestMs : 0 };
}

function areSameSpans(one: readonly Span[], other: readonly Span[]): boolean {
  return (
    one.length === other.length &&
    one.every((span, index) => {
      const twin = other[index];
      return (
        twin !== undefined &&
        span.fromAt === twin.fromAt &&
        span.toAt === twin.toAt &&
        sameSchedule(span.schedule, twin.schedule)
      );
    })
  );
}

function assembleView(
  facts: StatusFacts,
  settings: ViewSettings,
  built: readonly BuiltTarget[],
  shortestMs: number,
): StatusView {
  const targets = built.map(({ view }) => view);
  const all = targets.flatMap(({ series }) => series);
  const samples = sum(all, ({ good, bad, excluded }) => good + bad + excluded);
  return {
    title: settings.title,
    practice: settings.practice,
    timezone: settings.timezone,
    locale: settings.locale,
    at: facts.now,
    fromAt: facts.fromAt,
    toAt: facts.toAt,
    tiers: orderTiers(settings, facts.targets),
    prober: proberLife(facts, all, shortestMs),
    samples,
    coverage: sumCoverage(all.map(({ coverage }) => coverage)),
    counted: countedOf(samples, addUp(all.map(({ byDoubt }) => byDoubt))),
    spending: spendingIn(facts, settings, built),
    byHealth: tally<Health>(
      HEALTH_ORDER,
      targets.map(({ health }) => health),
    ),
    byStanding: tally<Standing>(
      ['within', 'missed', 'undecided', 'none'],
      targets.map(({ standings }) => standings.overall),
    ),
    targets,
    byPeriod: tally<PeriodStanding>(
      PERIOD_STANDINGS,
      commitmentsOf(targets).map(({ periodStanding }) => periodStanding),
    ),
    evaluated: facts.live ? { toAt: facts.live.toAt, pendingHours: facts.live.pendingHours } : null,
    plannedWork: facts.plannedWork.map(({ scope, fromAt, toAt, announcedAt, reason }) => ({
      scope,
      fromAt,
      toAt,
      announcedAt,
      reason,
    })),
    preparingPpm: facts.preparingPpm,
    isHourRead: facts.isHourRead,
  };
}

/** Nothing while hours of the day are missing: half a day's spending is none. */
function spendingIn(
  { now, targets, spentToday }: StatusFacts,
  { currencyOf, spendCap }: ViewSettings,
  built: readonly BuiltTarget[],
): Spending[] {
  if (spentToday === null || currencyOf === undefined) return [];
  return spendingOf(targets, {
    now,
    today: spentToday,
    lastHour: new Map(
      built.map(({ target, series }) => [target.id, sum(series, ({ counted }) => counted.costNanos)]),
    ),
    currencyOf,
    cap: spendCap ?? null,
  });
}

function orderTiers(settings: ViewSettings, targets: readonly Target[]): string[] {
  const present = new Set(targets.map((target) => target.tier));
  const named = (settings.tiers ?? []).filter((tier) => present.has(tier));
  return [...new Set([...named, ...[...present].sort()])];
}

function proberLife(facts: StatusFacts, all: readonly SeriesView[], shortestMs: number): ProberLife {
  let lastSignAt = facts.proberSeenAt ?? Number.NEGATIVE_INFINITY;
  for (const { last } of all) if (last !== null) lastSignAt = Math.max(lastSignAt, last.at);
  if (lastSignAt === Number.NEGATIVE_INFINITY) return { kind: 'never' };
  const quietMs = facts.now - lastSignAt;
  const allowedMs = 3 * shortestMs + (facts.now - facts.settledTo);
  return { kind: quietMs > allowedMs ? 'silent' : 'alive', lastSignAt };
}

function sumCoverage(parts: readonly Coverage[]): Coverage {
  const known = parts.filter((part) => part.expected !== null && part.missing !== null);
  const complete = known.length === parts.length;
  return {
    expected: complete ? sum(known, (part) => part.expected ?? 0) : null,
    measured: sum(parts, (part) => part.measured),
    notRun: addUp(parts.map((part) => part.notRun)),
    missing: complete ? sum(known, (part) => part.missing ?? 0) : null,
  };
}

function tally<K extends string>(keys: readonly K[], values: readonly K[]): Record<K, number> {
  const counts = Object.fromEntries(keys.map((key) => [key, 0])) as Record<K, number>;
  for (const value of values) counts[value] += 1;
  return counts;
}
