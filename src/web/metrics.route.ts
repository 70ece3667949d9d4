import type { RequestHandler } from 'express';
import { Gauge, Registry } from 'prom-client';
import type { LiveObjective } from '../domain/live/live-objective.ts';
import { HEALTH_ORDER } from '../domain/view/health.ts';
import type { StatusView, TargetView } from '../domain/view/status-view.ts';
import type { OutboxSummary } from '../store/store.ts';
import { answerOf, type Edition } from './board.ts';
import { breathe } from './breathe.ts';
import type { WebContext } from './context.ts';
import { labelsOfTarget, type Metrics } from './metrics.ts';
import { type Prepared, prepare, sendPrepared } from './prepared.ts';

const MOST_TARGETS = 2_000;

/**
 * `GET /metrics`: what Prometheus collects. Gauges come from the edition that the pages show, and the text is made once for
 * everybody who collects while it is shown.
 */
export function metricsRoute({ board, store }: WebContext, metrics: Metrics): RequestHandler {
  const make = async ({ view }: Edition): Promise<Prepared> => {
    const [outbox, unreadable] = await Promise.all([store.readOutbox(), store.readUnreadable()]);
    return prepare(
      metrics.registry.contentType,
      await textOf(metrics.registry, view, outbox, unreadable.length),
    );
  };
  return async (request, response) => {
    const edition = await board.read();
    const answer = await answerOf(edition.answers, 'metrics', () => make(edition));
    await sendPrepared(request, response, answer, 'no-store');
  };
}

/** Metric by metric, with room for others in between: with hundreds of targets it is megabytes. */
async function textOf(
  counted: Registry,
  view: StatusView,
  outbox: OutboxSummary,
  unreadableHours: number,
): Promise<Buffer> {
  const pieces: Buffer[] = [];
  const add = async (registry: Registry, name: string): Promise<void> => {
    if (pieces.length > 0) pieces.push(Buffer.from('\n'));
    pieces.push(Buffer.from(`${await registry.getSingleMetricAsString(name)}\n`));
    await breathe();
  };
  for (const { name } of counted.getMetricsAsArray()) await add(counted, name);
  // Gauges are fresh for every answer, so that a target that is gone, or has no data, leaves no stale number behind.
  for (const { name, help, values } of gaugesOf(view, outbox, unreadableHours)) {
    const known = values.flatMap(([labels, value]) => (value === null ? [] : [{ labels, value }]));
    const [first] = known;
    if (first === undefined) continue;
    const registry = new Registry();
    const made = new Gauge({ name, help, labelNames: Object.keys(first.labels), registers: [registry] });
    for (const { labels, value } of known) made.set(labels, value);
    await add(registry, name);
  }
  return Buffer.concat(pieces);
}

type Labels = Readonly<Record<string, string>>;
type Values = readonly (readonly [labels: Labels, value: number | null])[];
type GaugeSpec = { readonly name: string; readonly help: string; readonly values: Values };

/** One after the other, so that each is gone before the next is made. */
function* gaugesOf(view: StatusView, outbox: OutboxSummary, unreadableHours: number): Iterable<GaugeSpec> {
  const gauge = (name: string, help: string, values: Values): GaugeSpec => ({ name, help, values });
  const targets = view.targets
    .slice(0, MOST_TARGETS)
    .map((target) => [{ ...labelsOfTarget(target) }, target] as const);
  const perTarget = (name: string, help: string, of: (target: TargetView) => number | null): GaugeSpec =>
    gauge(
      name,
      help,
      targets.map(([labels, target]) => [labels, of(target)]),
    );

  yield perTarget(
    'probity_target_up',
    '1 if the last attempt that tells was answered, 0 if not; absent while unknown.',
    upOf,
  );
  yield perTarget(
    'probity_target_uptime_ratio',
    'Good attempts among those that count, over the last hour.',
    ({ series: [lead] }) => (lead === undefined ? null : ratio(lead.good, lead.good + lead.bad)),
  );
  yield perTarget(
    'probity_target_ttft_p99_seconds',
    'Nearest-rank 99th percentile over the last hour; the largest value while n is below 100.',
    ({ series: [lead] }) => seconds(lead?.ttft?.p99Us),
  );
  yield perTarget(
    'probity_target_total_p99_seconds',
    'Nearest-rank 99th percentile over the last hour; the largest value while n is below 100.',
    ({ series: [lead] }) => seconds(lead?.total?.p99Us),
  );
  yield perTarget(
    'probity_target_samples',
    'Attempts of the last hour that count: the n of the uptime.',
    ({ series: [lead] }) => (lead === undefined ? null : lead.good + lead.bad),
  );
  yield perTarget(
    'probity_target_coverage_ratio',
    'Ticks measured among ticks due, over the settled part of the last hour.',
    ({ series: [lead] }) => {
      const { expected = null, measured = 0 } = lead?.coverage ?? {};
      return expected === null ? null : ratio(Math.min(measured, expected), expected);
    },
  );
  yield perTarget(
    'probity_target_on_target',
    '1 if the last hour keeps the limits of the contract, 0 if not; absent while undecided.',
    ({ standings: { overall } }) => (overall === 'within' ? 1 : overall === 'missed' ? 0 : null),
  );
  const objectives = promisedIn(view.targets);
  yield gauge(
    'probity_objective_budget_left_ratio',
    'Share of the error budget of the running contract period that is left; below 0 more was used than it allows.',
    objectives.map(([labels, { budget }]) => [labels, budget?.leftPpm == null ? null : budget.leftPpm / 1e6]),
  );
  yield gauge(
    'probity_objective_breach_certain',
    '1 if the running period can no longer be met, whatever comes.',
    objectives.map(([labels, { budget }]) => [
      labels,
      budget === null ? null : Number(budget.isBreachCertain),
    ]),
  );
  yield gauge(
    'probity_objective_burn_rate',
    'Bad share of a window over the share that the contract allows: at 1 the budget lasts just as long as the period.',
    objectives.flatMap(([labels, { burn }]) =>
      Object.entries(burn).map(([window, rate]) => [{ ...labels, window }, rate] as const),
    ),
  );
  yield gauge(
    'probity_targets',
    'Targets by state.',
    HEALTH_ORDER.map((state) => [{ state }, view.byHealth[state]]),
  );
  const { expected, measured } = view.coverage;
  yield gauge('probity_coverage_ratio', 'Ticks measured among ticks due, over all targets.', [
    [{}, expected === null ? null : ratio(Math.min(measured, expected), expected)],
  ]);
  yield gauge('probity_prober_last_sign_timestamp_seconds', 'When the prober last gave a sign of life.', [
    [{}, view.prober.kind === 'never' ? null : view.prober.lastSignAt / 1000],
  ]);
  yield gauge('probity_practice', '1 if what is measured is simulated.', [[{}, view.practice ? 1 : 0]]);
  yield gauge(
    'probity_outbox_deliveries',
    'Messages on their way, by state. Dead ones were given up and need a person.',
    (['pending', 'leased', 'dead'] as const).map((state) => [{ state }, outbox.counts[state]]),
  );
  yield gauge('probity_outbox_oldest_timestamp_seconds', 'When the oldest undelivered message was queued.', [
    [{}, outbox.oldestQueuedAt === null ? null : outbox.oldestQueuedAt / 1000],
  ]);
  yield gauge(
    'probity_unreadable_hours',
    'Stored hours of one series each that cannot be read any more; they count as not measured.',
    [[{}, unreadableHours]],
  );
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
