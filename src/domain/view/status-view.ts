import type { Commitment } from '../contract/commitment.ts';
import type { Pool } from '../live/live-objective.ts';
import type { LiveTarget, PeriodStanding } from '../live/live-report.ts';
import type { Counted, Spending } from '../measure/account.ts';
import type { Doubt, NotRunReason, Outcome, Validity } from '../measure/outcome.ts';
import type { Spread } from '../time/spread.ts';
import { HEALTH_ORDER, type Health } from './health.ts';

/**
 * A number held against its target over the window shown. `undecided`: no data, or so few answers that a single
 * slow one would decide. This is not the contract's verdict, which is about a closed period.
 */
export type Standing = 'within' | 'missed' | 'undecided' | 'none';

/** One minute of a series. `missing` is `null` while answers of the minute may still arrive. */
export type Slot = {
  readonly fromAt: number;
  readonly good: number;
  readonly bad: number;
  /** Attempts that count for nothing: doubtful, ours, or excluded by their outcome. */
  readonly excluded: number;
  readonly notRun: number;
  readonly missing: number | null;
};

/** Ticks of the settled part of the window. `expected` is `null` if the schedule cannot be counted. */
export type Coverage = {
  readonly expected: number | null;
  readonly measured: number;
  readonly notRun: Readonly<Partial<Record<NotRunReason, number>>>;
  readonly missing: number | null;
};

export type LastAttempt = {
  readonly at: number;
  readonly outcome: Outcome;
  readonly validity: Validity;
  readonly status: number | null;
  readonly ttftUs: number | null;
  readonly totalUs: number | null;
};

export type SeriesView = {
  readonly probe: string;
  readonly region: string;
  readonly health: Health;
  readonly last: LastAttempt | null;
  readonly good: number;
  readonly bad: number;
  readonly excluded: number;
  readonly byOutcome: Readonly<Partial<Record<Outcome, number>>>;
  readonly byDoubt: Readonly<Partial<Record<Doubt, number>>>;
  readonly ttft: Spread | null;
  readonly total: Spread | null;
  readonly coverage: Coverage;
  /** Oldest first, one per minute of the window. */
  readonly slots: readonly Slot[];
};

export type Standings = {
  readonly uptime: Standing;
  readonly ttft: Standing;
  readonly total: Standing;
  readonly overall: Standing;
};

/** One cell of the matrix. `series[0]` is the one whose numbers the cell shows; the others are on its own page. */
export type TargetView = {
  readonly id: string;
  readonly gateway: string;
  readonly tier: string;
  readonly model: string;
  readonly health: Health;
  /** Since when it has been failing, as far as the window shows; `null` if it is not. */
  readonly failingSince: number | null;
  readonly commitment: Commitment | null;
  readonly standings: Standings;
  readonly series: readonly SeriesView[];
  /** Rolling windows, budget and days; `null` until they are counted. */
  readonly live: LiveTarget | null;
  /** How it stands in the contract's running period; `none` without a contract or before it is known. */
  readonly periodStanding: PeriodStanding;
};

/** Is anybody measuring? `silent`: no sign of life for longer than the plan allows. */
export type ProberLife =
  | { readonly kind: 'never' }
  | { readonly kind: 'alive'; readonly lastSignAt: number }
  | { readonly kind: 'silent'; readonly lastSignAt: number };

/** A stretch of planned work. Whether it is set aside, the contract of each target says. */
export type PlannedWorkView = {
  readonly scope: string;
  /** Inclusive. */
  readonly fromAt: number;
  /** Exclusive. */
  readonly toAt: number;
  readonly announcedAt: number | null;
  readonly reason: string;
};

export type StatusView = {
  readonly title: string;
  readonly practice: boolean;
  /** IANA name of the zone in which the page prints times. */
  readonly timezone: string;
  readonly locale: string;
  readonly at: number;
  /** Inclusive; a whole minute. */
  readonly fromAt: number;
  /** Exclusive; the window's last minute may still be running. */
  readonly toAt: number;
  /** In the order of the configuration. */
  readonly tiers: readonly string[];
  readonly prober: ProberLife;
  readonly samples: number;
  readonly coverage: Coverage;
  readonly counted: Counted;
  /** One entry per currency; none without prices. */
  readonly spending: readonly Spending[];
  readonly byHealth: Readonly<Record<Health, number>>;
  readonly byStanding: Readonly<Record<Standing, number>>;
  readonly targets: readonly TargetView[];
  readonly byPeriod: Readonly<Record<PeriodStanding, number>>;
  /** Up to when the long windows are counted, and what is still missing; `null` before the first evaluation. */
  readonly evaluated: { readonly toAt: number; readonly pendingHours: number } | null;
  /** Planned work that is going on or begins soon, in time order. */
  readonly plannedWork: readonly PlannedWorkView[];
  /** How much of a simulated past is written, parts per million; `null` unless one is being written. */
  readonly preparingPpm: number | null;
  /** `false` shortly after a start, while the view is of less than an hour because the rest is still to be read. */
  readonly isHourRead: boolean;
};

/** Are hours of the long windows still to be counted? Until they are, months and budgets say nothing. */
export function isCounting({
  preparingPpm,
  evaluated,
}: Pick<StatusView, 'preparingPpm' | 'evaluated'>): boolean {
  return preparingPpm !== null || (evaluated !== null && evaluated.pendingHours > 0);
}

/** The targets that are judged as one with a target; `null`: it is judged alone, or nothing is promised. */
export function poolOf({ live }: Pick<TargetView, 'live'>): Pool | null {
  return live?.objectives.find(({ pool }) => pool !== null)?.pool ?? null;
}

/** One target for each thing a contract judges: itself, or the first of those that are judged as one. */
export function commitmentsOf(targets: readonly TargetView[]): readonly TargetView[] {
  const seen = new Set<string>();
  return targets.filter((target) => {
    const scope = poolOf(target)?.scope;
    if (scope === undefined) return true;
    const isFirst = !seen.has(scope);
    seen.add(scope);
    return isFirst;
  });
}

/** Worst health first, then worst standing, then by name: the order a reader needs. */
export function compareByUrgency(a: TargetView, b: TargetView): number {
  const health = HEALTH_ORDER.indexOf(a.health) - HEALTH_ORDER.indexOf(b.health);
  if (health !== 0) return health;
  const order: readonly Standing[] = ['missed', 'undecided', 'within', 'none'];
  const standing = order.indexOf(a.standings.overall) - order.indexOf(b.standings.overall);
  return standing !== 0 ? standing : a.id.localeCompare(b.id, 'en');
}
