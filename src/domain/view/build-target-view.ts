import { type Commitment, isSameCommitment } from '../contract/commitment.ts';
import { type LiveReport, type LiveTarget, periodStandingOf } from '../live/live-report.ts';
import { standingsOf } from '../live/standing.ts';
import type { Target } from '../measure/target.ts';
import {
  type BuiltSeries,
  buildSeries,
  type CountTicks,
  intervalOf,
  type Span,
} from './build-series-view.ts';
import { type Attempted, HEALTH_ORDER, type Health, isFailed, isTelling } from './health.ts';
import type { SeriesHour } from './series-hour.ts';
import type { SeriesView, TargetView } from './status-view.ts';

/** What is known of one target. */
export type TargetFacts = {
  readonly target: Target;
  readonly commitment: Commitment | null;
  readonly hours: readonly SeriesHour[];
};

/** What all targets of a view are judged by. */
export type JudgedBy = {
  readonly now: number;
  readonly settledTo: number;
  readonly isPastWritten: boolean;
  /** Newest first, by the key of the series, where its last attempt alone does not tell its health. */
  readonly recent: ReadonlyMap<string, readonly Attempted[]>;
  readonly live: LiveReport | null;
  /** The same list for as long as the plan of the series does not change. */
  readonly spansOf: (key: string) => readonly Span[];
  readonly countTicks: CountTicks;
};

/** The view of a target and what it was made from: the next one is made from it. */
export type BuiltTarget = {
  readonly target: Target;
  readonly series: readonly BuiltSeries[];
  readonly view: TargetView;
};

/** The view of a target, as from nothing; the very same object as before where nothing is new. */
export function buildTarget(
  { target, commitment, hours }: TargetFacts,
  facts: JudgedBy,
  before: BuiltTarget | null,
): BuiltTarget {
  const series = hours
    .map((hour) => {
      const known = before?.series.find(({ counted }) => counted.hour.key === hour.key) ?? null;
      const judgedBy = { ...facts, attempts: facts.recent.get(hour.key) ?? null };
      return buildSeries(hour, facts.spansOf(hour.key), judgedBy, facts.countTicks, known);
    })
    .sort(byInterval);
  const live = facts.live?.targets.get(target.id) ?? null;
  const health = worstHealth(series);
  const troubled = series.find(({ view }) => view.health === health);
  const since =
    troubled === undefined || (health !== 'down' && health !== 'failing')
      ? null
      : failingSince(troubled.view, facts.recent.get(troubled.counted.hour.key) ?? []);
  if (
    before !== null &&
    before.target === target &&
    before.view.live === live &&
    before.view.failingSince === since &&
    isSameCommitment(before.view.commitment, commitment) &&
    before.series.length === series.length &&
    before.series.every((one, index) => one.view === series[index]?.view)
  ) {
    return before;
  }
  return {
    target,
    series,
    view: {
      id: target.id,
      gateway: target.gateway,
      tier: target.tier,
      model: target.model,
      health,
      failingSince: since,
      commitment,
      standings: standingsOf(series[0]?.view ?? { good: 0, bad: 0, ttft: null, total: null }, commitment),
      series: series.map(({ view }) => view),
      live,
      periodStanding: periodStanding(live),
    },
  };
}

function periodStanding(live: LiveTarget | null): TargetView['periodStanding'] {
  return live === null ? 'none' : periodStandingOf(live);
}

function worstHealth(series: readonly BuiltSeries[]): Health {
  return HEALTH_ORDER.find((health) => series.some(({ view }) => view.health === health)) ?? 'waiting';
}

/** The busiest series leads: its numbers rest on the most samples. */
function byInterval({ counted: one }: BuiltSeries, { counted: other }: BuiltSeries): number {
  const x = intervalOf(one.spans) ?? Number.POSITIVE_INFINITY;
  const y = intervalOf(other.spans) ?? Number.POSITIVE_INFINITY;
  return x === y ? one.hour.key.localeCompare(other.hour.key, 'en') : x - y;
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
