import type { RequestHandler } from 'express';
import { Gauge, Registry } from 'prom-client';
import type { LiveObjective } from '../domain/live/live-objective.ts';
import { HEALTH_ORDER } from '../domain/view/health.ts';
import type { StatusView, TargetView } from '../domain/view/status-view.ts';
import type { OutboxSummary } from '../store/store.ts';
import type { WebContext } from './context.ts';
import { labelsOfTarget, type Metrics } from './metrics.ts';

const MOST_TARGETS = 2_000;

/** `GET /metrics`: what Prometheus collects. Gauges come from the edition that the pages show. */
export function metricsRoute({ board, store }: WebContext, metrics: Metrics): RequestHandler {
  return async (_request, response) => {
    const [{ view }, outbox, unreadable] = await Promise.all([
      board.read(),
      store.readOutbox(),
      store.readUnreadable(),
    ]);
    const now = gaugesOf(view, outbox, unreadable.length);
    const text = await Registry.merge([metrics.registry, now]).metrics();
    response.set({ 'Content-Type': now.contentType, 'Cache-Control': 'no-store' }).send(text);
  };
}

type Labels = Readonly<Record<string, string>>;

/** Fresh for every answer, so that a target that is gone, or has no data, leaves no stale number behind. */
function gaugesOf(view: StatusView, outbox: OutboxSummary, unreadableHours: number): Registry {
  const registry = new Registry();
  const gauge = (
    name: string,
    help: string,
    values: readonly (readonly [labels: Labels, value: number | null])[],
  ): void => {
    const known = values.flatMap(([labels, value]) => (value === null ? [] : [{ labels, value }]));
    const [first] = known;
    if (first === undefined) return;
    const made = new Gauge({ name, help, labelNames: Object.keys(first.labels), registers: [registry] });
    for (const { labels, value } of known) made.set(labels, value);
  };

  const targets = view.targets
    .slice(0, MOST_TARGETS)
    .map((target) => [{ ...labelsOfTarget(target) }, target] as const);
  const perTarget = (name: string, help: string, of: (target: TargetView) => number | null): void =>
    gauge(
      name,
      help,
      targets.map(([labels, target]) => [labels, of(target)]),
    );

  perTarget(
    'probity_target_up',
    '1 if the last attempt that tells was answered, 0 if not; absent while unknown.',
    upOf,
  );
  perTarget(
    'probity_target_uptime_ratio',
    'Good attempts among those that count, over the last hour.',
    ({ series: [lead] }) => (lead === undefined ? null : ratio(lead.good, lead.good + lead.bad)),
  );
  perTarget(
    'probity_target_ttft_p99_seconds',
    'Nearest-rank 99th percentile over the last hour; the largest value while n is below 100.',
    ({ series: [lead] }) => seconds(lead?.ttft?.p99Us),
  );
  perTarget(
    'probity_target_total_p99_seconds',
    'Nearest-rank 99th percentile over the last hour; the largest value while n is below 100.',
    ({ series: [lead] }) => seconds(lead?.total?.p99Us),
  );
  perTarget(
    'probity_target_samples',
    'Attempts of the last hour that count: the n of the uptime.',
    ({ series: [lead] }) => (lead === undefined ? null : lead.good + lead.bad),
  );
  perTarget(
    'probity_target_coverage_ratio',
    'Ticks measured among ticks due, over the settled part of the last hour.',
    ({ series: [lead] }) => {
      const { expected = null, measured = 0 } = lead?.coverage ?? {};
      return expected === null ? null : ratio(Math.min(measured, expected), expected);
    },
  );
  perTarget(
    'probity_target_on_target',
    '1 if the last hour keeps the limits of the contract, 0 if not; absent while undecided.',
    ({ standings: { overall } }) => (overall === 'within' ? 1 : overall === 'missed' ? 0 : null),
  );
  const objectives = promisedIn(view.targets);
  gauge(
    'probity_objective_budget_left_ratio',
    'Share of the error budget of the running contract period that is left; below 0 more was used than it allows.',
    objectives.map(([labels, { budget }]) => [labels, budget?.leftPpm == null ? null : budget.leftPpm / 1e6]),
  );
  gauge(
    'probity_objective_breach_certain',
    '1 if the running period can no longer be met, whatever comes.',
    objectives.map(([labels, { budget }]) => [
      labels,
      budget === null ? null : Number(budget.isBreachCertain),
    ]),
  );
  gauge(
    'probity_objective_burn_rate',
    'Bad share of a window over the share that the contract allows: at 1 the budget lasts just as long as the period.',
    objectives.flatMap(([labels, { burn }]) =>
      Object.entries(burn).map(([window, rate]) => [{ ...labels, window }, rate] as const),
    ),
  );
  gauge(
    'probity_targets',
    'Targets by state.',
    HEALTH_ORDER.map((state) => [{ state }, view.byHealth[state]]),
  );
  const { expected, measured } = view.coverage;
  gauge('probity_coverage_ratio', 'Ticks measured among ticks due, over all targets.', [
    [{}, expected === null ? null : ratio(Math.min(measured, expected), expected)],
  ]);
  gauge('probity_prober_last_sign_timestamp_seconds', 'When the prober last gave a sign of life.', [
    [{}, view.prober.kind === 'never' ? null : view.prober.lastSignAt / 1000],
  ]);
  gauge('probity_practice', '1 if what is measured is simulated.', [[{}, view.practice ? 1 : 0]]);
  gauge(
    'probity_outbox_deliveries',
    'Messages on their way, by state. Dead ones were given up and need a person.',
    (['pending', 'leased', 'dead'] as const).map((state) => [{ state }, outbox.counts[state]]),
  );
  gauge('probity_outbox_oldest_timestamp_seconds', 'When the oldest undelivered message was queued.', [
    [{}, outbox.oldestQueuedAt === null ? null : outbox.oldestQueuedAt / 1000],
  ]);
  gauge(
    'probity_unreadable_hours',
    'Stored hours of one series each that cannot be read any more; they count as not measured.',
    [[{}, unreadableHours]],
  );
  return registry;
}

/** What contracts promise about each target, with what the metrics call it. */
function promisedIn(targets: readonly TargetView[]): (readonly [Labels, LiveObjective])[] {
  return targets
    .slice(0, MOST_TARGETS)
    .flatMap((target) =>
      (target.live?.objectives ?? [])
        .filter(({ goal }) => goal !== null)
        .map((objective) => [{ ...labelsOfTarget(target), objective: objective.id }, objective] as const),
    );
}

function upOf({ health }: TargetView): number | null {
  switch (health) {
    case 'up':
    case 'unsteady':
      return 1;
    case 'failing':
    case 'down':
      return 0;
    case 'unmeasured':
    case 'waiting':
      return null;
  }
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

function seconds(us: number | undefined): number | null {
  return us === undefined ? null : us / 1e6;
}
