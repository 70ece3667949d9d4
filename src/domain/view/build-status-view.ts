import type { Commitment } from '../contract/commitment.ts';
import {
  type LiveReport,
  PERIOD_STANDINGS,
  type PeriodStanding,
  periodStandingOf,
} from '../live/live-report.ts';
import { standingsOf } from '../live/standing.ts';
import { countedOf, spendingOf } from '../measure/account.ts';
import type { Counting, Doubt, NotRunReason, Outcome } from '../measure/outcome.ts';
import type { SpendCap } from '../measure/probe.ts';
import type { Sample } from '../measure/sample.ts';
import type { Target } from '../measure/target.ts';
import { countTicks, type Schedule } from '../time/schedule.ts';
import { mergeAscending, spreadOf } from '../time/spread.ts';
import { type Attempted, HEALTH_ORDER, type Health, healthOf, isFailed, isTelling } from './health.ts';
import {
  type Coverage,
  commitmentsOf,
  type LastAttempt,
  type PlannedWorkView,
  type ProberLife,
  type SeriesView,
  type Slot,
  type Standing,
  type StatusView,
  type TargetView,
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

/** What one series did in one minute, as the store tells it. */
export type SeriesSlice = {
  readonly probe: string;
  readonly target: string;
  readonly region: string;
  readonly samples: number;
  readonly counts: Readonly<Record<Counting, number>>;
  readonly byOutcome: Readonly<Partial<Record<Outcome, number>>>;
  readonly byDoubt: Readonly<Partial<Record<Doubt, number>>>;
  readonly notRun: Readonly<Partial<Record<NotRunReason, number>>>;
  readonly ttftUs: readonly number[];
  readonly totalUs: readonly number[];
  readonly lastSample: Pick<
    Sample,
    'scheduledAt' | 'purpose' | 'outcome' | 'validity' | 'status' | 'ttftUs' | 'totalUs'
  > | null;
  /** Of every attempt, whatever its purpose; 10^-9 of the currency of the price. */
  readonly costNanos: number;
};

export type Slice = {
  /** Inclusive. */
  readonly fromAt: number;
  /** Exclusive. */
  readonly toAt: number;
  readonly series: readonly SeriesSlice[];
};

/** A stretch in which a series was due; `toAt` exclusive, `null` while in force. */
export type Span = {
  readonly probe: string;
  readonly target: string;
  readonly region: string;
  readonly schedule: Schedule;
  readonly fromAt: number;
  readonly toAt: number | null;
};

export type StatusFacts = {
  readonly settings: ViewSettings;
  readonly now: number;
  /** Oldest first, without gaps; the last one may still be running. */
  readonly slices: readonly Slice[];
  /** `false` while the slices are fewer than an hour's because the rest is still to be read. Default: true. */
  readonly isHourRead?: boolean;
  /** Ticks before this instant have been answered or will never be. */
  readonly settledTo: number;
  readonly targets: readonly Target[];
  readonly spans: readonly Span[];
  /** Newest first, any purpose, by `seriesKey`, for series whose last attempt alone does not tell their health. */
  readonly recent: ReadonlyMap<string, readonly Attempted[]>;
  /** When the prober last gave a sign of life, if it is known beyond its samples. */
  readonly proberSeenAt: number | null;
  /** Cost since midnight UTC by target id, 10^-9. */
  readonly spentToday: ReadonlyMap<string, number>;
  /** The live figures, if there are any yet. */
  readonly live?: LiveReport | null;
  readonly preparingPpm?: number | null;
  /** Planned work of now and the days to come, in time order. */
  readonly plannedWork?: readonly PlannedWorkView[];
  /** Ticks of a schedule in `[fromAt, toAt)`; `null` if it cannot be counted. */
  readonly countTicks?: (schedule: Schedule, fromAt: number, toAt: number) => number | null;
};

export function seriesKey(of: {
  readonly target: string;
  readonly probe: string;
  readonly region: string;
}): string {
  return `${of.target}\n${of.probe}\n${of.region}`;
}

/** Counts `every` schedules; a cron expression needs an engine that the domain does not have. */
function countScheduledTicks(schedule: Schedule, fromAt: number, toAt: number): number | null {
  return schedule.kind === 'every' ? countTicks(schedule.everyMs, schedule.phaseMs, fromAt, toAt) : null;
}

/**
 * The page's whole content from what the store knows. Pure: the same facts give the same view. Stops after each target, for
 * a thread that has other things to do.
 */
export function* statusViewSteps(facts: StatusFacts): Generator<void, StatusView> {
  const byTarget = Map.groupBy(groupSlices(facts.slices).values(), (entry) => entry.target);
  const spansBySeries = Map.groupBy(facts.spans, seriesKey);
  const targets: TargetView[] = [];
  for (const target of facts.targets) {
    const series = (byTarget.get(target.id) ?? [])
      .map((entry) => buildSeries(entry, spansBySeries.get(seriesKey(entry)) ?? [], facts))
      .sort(byInterval(spansBySeries, target.id));
    targets.push(buildTarget(target, series, facts.settings.commitmentFor(target, facts.now), facts));
    yield;
  }
  const all = targets.flatMap((target) => target.series);
  const samples = all.reduce((sum, one) => sum + one.good + one.bad + one.excluded, 0);
  return {
    title: facts.settings.title,
    practice: facts.settings.practice,
    timezone: facts.settings.timezone,
    locale: facts.settings.locale,
    at: facts.now,
    fromAt: facts.slices[0]?.fromAt ?? facts.now,
    toAt: facts.slices.at(-1)?.toAt ?? facts.now,
    tiers: orderTiers(facts),
    prober: proberLife(facts, all),
    samples,
    coverage: sumCoverage(all.map((one) => one.coverage)),
    counted: countedOf(samples, addUp(all.map((one) => one.byDoubt))),
    spending: spendingOf(facts.targets, {
      now: facts.now,
      today: facts.spentToday,
      lastHour: costByTarget(facts.slices),
      currencyOf: facts.settings.currencyOf ?? (() => null),
      cap: facts.settings.spendCap ?? null,
    }),
    byHealth: tally<Health>(
      HEALTH_ORDER,
      targets.map((target) => target.health),
    ),
    byStanding: tally<Standing>(
      ['within', 'missed', 'undecided', 'none'],
      targets.map((target) => target.standings.overall),
    ),
    targets,
    byPeriod: tally<PeriodStanding>(
      PERIOD_STANDINGS,
      commitmentsOf(targets).map((target) => target.periodStanding),
    ),
    evaluated: facts.live ? { toAt: facts.live.toAt, pendingHours: facts.live.pendingHours } : null,
    plannedWork: (facts.plannedWork ?? []).map(({ scope, fromAt, toAt, announcedAt, reason }) => ({
      scope,
      fromAt,
      toAt,
      announcedAt,
      reason,
    })),
    preparingPpm: facts.preparingPpm ?? null,
    isHourRead: facts.isHourRead ?? true,
  };
}

function costByTarget(slices: readonly Slice[]): Map<string, number> {
  const costs = new Map<string, number>();
  for (const { series } of slices) {
    for (const { target, costNanos } of series) costs.set(target, (costs.get(target) ?? 0) + costNanos);
  }
  return costs;
}

function orderTiers({ settings, targets }: StatusFacts): string[] {
  const present = new Set(targets.map((target) => target.tier));
  const named = (settings.tiers ?? []).filter((tier) => present.has(tier));
  return [...new Set([...named, ...[...present].sort()])];
}

type SeriesEntry = {
  readonly probe: string;
  readonly target: string;
  readonly region: string;
  readonly slices: (SeriesSlice | null)[];
};

function groupSlices(slices: readonly Slice[]): Map<string, SeriesEntry> {
  const entries = new Map<string, SeriesEntry>();
  slices.forEach((slice, index) => {
    for (const series of slice.series) {
      const key = seriesKey(series);
      const { probe, target, region } = series;
      const entry = entries.get(key) ?? { probe, target, region, slices: slices.map(() => null) };
      entries.set(key, entry);
      entry.slices[index] = series;
    }
  });
  return entries;
}

/** The busiest series leads: its numbers rest on the most samples. */
function byInterval(spans: ReadonlyMap<string, readonly Span[]>, target: string) {
  const interval = (series: SeriesView): number =>
    intervalOf(spans.get(seriesKey({ ...series, target })) ?? []) ?? Number.POSITIVE_INFINITY;
  return (a: SeriesView, b: SeriesView): number => {
    const [x, y] = [interval(a), interval(b)];
    return x === y ? seriesKey({ ...a, target }).localeCompare(seriesKey({ ...b, target }), 'en') : x - y;
  };
}

function intervalOf(spans: readonly Span[]): number | null {
  const schedule = spans.at(-1)?.schedule;
  return schedule?.kind === 'every' ? schedule.everyMs : null;
}

function buildSeries(entry: SeriesEntry, spans: readonly Span[], facts: StatusFacts): SeriesView {
  const known = entry.slices.filter((slice) => slice !== null);
  const slots = facts.slices.map((slice, index) =>
    buildSlot(slice, entry.slices[index] ?? null, spans, facts),
  );
  const lastSample = known.findLast((slice) => slice.lastSample !== null)?.lastSample ?? null;
  const attempts = facts.recent.get(seriesKey(entry)) ?? (lastSample === null ? [] : [lastSample]);
  const lastBad = slots.findLast((slot) => slot.bad > 0);
  const settleMs = facts.now - facts.settledTo;
  const interval = intervalOf(spans);
  const staleAfterMs = interval === null ? facts.now - (slots[0]?.fromAt ?? 0) : 3 * interval + settleMs;
  const windowMs = lastBad === undefined ? 0 : (facts.slices[0]?.toAt ?? 0) - (facts.slices[0]?.fromAt ?? 0);
  return {
    probe: entry.probe,
    region: entry.region,
    health: healthOf(
      attempts,
      lastBad === undefined ? null : lastBad.fromAt + windowMs - 1,
      staleAfterMs,
      facts.now,
    ),
    last: lastSample === null ? null : lastAttempt(lastSample),
    good: sum(slots, (slot) => slot.good),
    bad: sum(slots, (slot) => slot.bad),
    excluded: sum(slots, (slot) => slot.excluded),
    byOutcome: addUp(known.map((slice) => slice.byOutcome)),
    byDoubt: addUp(known.map((slice) => slice.byDoubt)),
    ttft: spreadOf(mergeAscending(known.map((slice) => slice.ttftUs))),
    total: spreadOf(mergeAscending(known.map((slice) => slice.totalUs))),
    coverage: buildCoverage(entry, spans, facts),
    slots,
  };
}

function buildSlot(
  slice: Slice,
  series: SeriesSlice | null,
  spans: readonly Span[],
  facts: StatusFacts,
): Slot {
  const good = series?.counts.good ?? 0;
  const bad = series?.counts.bad ?? 0;
  const samples = series?.samples ?? 0;
  const notRun = series === null ? 0 : total(series.notRun);
  const expected = slice.toAt <= facts.settledTo ? dueIn(spans, slice.fromAt, slice.toAt, facts) : null;
  return {
    fromAt: slice.fromAt,
    good,
    bad,
    excluded: samples - good - bad,
    notRun,
    missing: expected === null ? null : Math.max(0, expected - samples - notRun),
  };
}

/** Over whole settled minutes only, so that a tick whose answer is still on its way is not called missing. */
function buildCoverage(entry: SeriesEntry, spans: readonly Span[], facts: StatusFacts): Coverage {
  const settled = facts.slices.filter((slice) => slice.toAt <= facts.settledTo);
  const series = entry.slices.slice(0, settled.length).filter((slice) => slice !== null);
  const [first, last] = [settled[0], settled.at(-1)];
  const expected = first && last ? dueIn(spans, first.fromAt, last.toAt, facts) : 0;
  const measured = sum(series, (slice) => slice.samples);
  const notRun = addUp(series.map((slice) => slice.notRun));
  const missing = expected === null ? null : Math.max(0, expected - measured - total(notRun));
  return { expected, measured, notRun, missing };
}

function dueIn(spans: readonly Span[], fromAt: number, toAt: number, facts: StatusFacts): number | null {
  // A past that is still being written is not missing.
  if (facts.preparingPpm != null) return null;
  const count = facts.countTicks ?? countScheduledTicks;
  let due = 0;
  for (const span of spans) {
    const from = Math.max(fromAt, span.fromAt);
    const to = Math.min(toAt, span.toAt ?? toAt);
    const ticks = from < to ? count(span.schedule, from, to) : 0;
    if (ticks === null) return null;
    due += ticks;
  }
  return due;
}

function buildTarget(
  target: Target,
  series: readonly SeriesView[],
  commitment: Commitment | null,
  facts: StatusFacts,
): TargetView {
  const healths = series.map((one) => one.health);
  const health = HEALTH_ORDER.find((one) => healths.includes(one)) ?? 'waiting';
  const lead = series[0];
  const live = facts.live?.targets.get(target.id) ?? null;
  const troubled = series.find((one) => one.health === health);
  return {
    id: target.id,
    gateway: target.gateway,
    tier: target.tier,
    model: target.model,
    health,
    failingSince:
      troubled === undefined || (health !== 'down' && health !== 'failing')
        ? null
        : failingSince(troubled, facts.recent.get(seriesKey({ ...troubled, target: target.id })) ?? []),
    commitment,
    standings: standingsOf(lead ?? { good: 0, bad: 0, ttft: null, total: null }, commitment),
    series,
    live,
    periodStanding: live === null ? 'none' : periodStandingOf(live),
  };
}

/** The first failure of the run that still goes on; as early as the attempts and minutes at hand can tell. */
function failingSince(series: SeriesView, recent: readonly Attempted[]): number | null {
  const telling = recent.filter(isTelling);
  const end = telling.findIndex((attempt) => !isFailed(attempt));
  const run = end === -1 ? telling : telling.slice(0, end);
  let since = run.at(-1)?.scheduledAt ?? null;
  if (end !== -1) return since;
  for (const slot of series.slots.toReversed()) {
    if (since !== null && slot.fromAt > since) continue;
    if (slot.good > 0) break;
    if (slot.bad > 0) since = slot.fromAt;
  }
  return since;
}

function lastAttempt(sample: NonNullable<SeriesSlice['lastSample']>): LastAttempt {
  return {
    at: sample.scheduledAt,
    outcome: sample.outcome,
    validity: sample.validity,
    status: sample.status,
    ttftUs: sample.ttftUs,
    totalUs: sample.totalUs,
  };
}

function proberLife(facts: StatusFacts, all: readonly SeriesView[]): ProberLife {
  const signs = all.flatMap((one) => (one.last === null ? [] : [one.last.at]));
  if (facts.proberSeenAt !== null) signs.push(facts.proberSeenAt);
  if (signs.length === 0) return { kind: 'never' };
  const lastSignAt = Math.max(...signs);
  const intervals = [...Map.groupBy(facts.spans, seriesKey).values()].flatMap(
    (spans) => intervalOf(spans) ?? [],
  );
  const shortest = intervals.length === 0 ? 0 : Math.min(...intervals);
  const quietMs = facts.now - lastSignAt;
  const allowedMs = 3 * shortest + (facts.now - facts.settledTo);
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

function sum<T>(list: readonly T[], of: (item: T) => number): number {
  return list.reduce((total, item) => total + of(item), 0);
}

function total(counts: Readonly<Record<string, number>>): number {
  return sum(Object.values(counts), (count) => count);
}

function addUp<K extends string>(
  parts: readonly Readonly<Partial<Record<K, number>>>[],
): Partial<Record<K, number>> {
  const result: Partial<Record<K, number>> = {};
  for (const part of parts) {
    for (const key of Object.keys(part) as K[]) result[key] = (result[key] ?? 0) + (part[key] ?? 0);
  }
  return result;
}

function tally<K extends string>(keys: readonly K[], values: readonly K[]): Record<K, number> {
  const counts = Object.fromEntries(keys.map((key) => [key, 0])) as Record<K, number>;
  for (const value of values) counts[value] += 1;
  return counts;
}
