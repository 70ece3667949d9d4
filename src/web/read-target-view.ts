import { scopesOver } from '../domain/alert/alert-policy.ts';
import { OUTCOME_CODES, OUTCOMES } from '../domain/measure/outcome.ts';
import type { Interval } from '../domain/time/interval.ts';
import { type TargetCounting, widthFor } from '../domain/view/history.ts';
import type { StatusView, TargetView } from '../domain/view/status-view.ts';
import {
  type Failure,
  rangeOf,
  type SampleRow,
  SPANS,
  type SpanName,
  slowestOf,
  type TargetPageView,
} from '../domain/view/target-view.ts';
import type { Store } from '../store/store.ts';
import { breathe } from './breathe.ts';
import type { WebContext } from './context.ts';
import type { IncidentLines } from './incident-lines.ts';

const SHOWN_FAILURES = 20;
const MOST_INCIDENTS = 100;
const BAD_OUTCOMES = OUTCOME_CODES.filter((code) => OUTCOMES[code].counts === 'bad');
const RECENT_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** One target over a span that ends with the status it belongs to, or where probing ended, or over a range of the reader's own. */
export async function readTargetView(
  { store, history, incidentLines }: Pick<WebContext, 'store' | 'history' | 'incidentLines'>,
  counting: TargetCounting,
  view: StatusView,
  { target, retiredAt }: { readonly target: TargetView; readonly retiredAt: number | null },
  asked: SpanName | Interval,
): Promise<TargetPageView> {
  const span = typeof asked === 'string' ? asked : null;
  // Spans end at whole minutes: the last one counts whole.
  const endsAt = retiredAt === null ? view.at : Math.ceil(retiredAt / MINUTE_MS) * MINUTE_MS;
  const range = typeof asked === 'string' ? rangeOf(asked, target, counting, endsAt) : asked;
  const widthMs = (span === null ? null : SPANS[span].widthMs) ?? widthFor(range);
  const { columns, whole } = await history.read(target.id, counting, range, widthMs, view.at);
  const { targets: _all, ...status } = view;
  await breathe();
  return {
    status,
    target,
    retiredAt,
    span,
    ...range,
    widthMs,
    buckets: columns,
    whole,
    last: await readLast(store, target, view.at),
    slowest: await readSlowest(
      store,
      target.id,
      await history.slowestHour(target.id, counting, columns),
      range,
    ),
    failures: await readFailures(
      store,
      target.id,
      history.hoursWithFailures(target.id, counting, columns),
      range,
    ),
    ...(await readOwnIncidents(store, incidentLines, target.id, range)),
  };
}

/** Cells of an incident are targets, or whole tiers and gateways. */
async function readOwnIncidents(
  store: Store,
  lines: IncidentLines,
  target: string,
  range: Interval,
): Promise<Pick<TargetPageView, 'incidents' | 'incidentCount'>> {
  const asked = { cells: scopesOver(target), ...range, limit: MOST_INCIDENTS };
  const { incidents, total } = await store.listIncidentsOf(asked);
  return { incidents: await lines.read(incidents), incidentCount: total };
}

async function readLast(store: Store, { id, series }: TargetView, now: number): Promise<SampleRow | null> {
  const [lead] = series;
  if (lead === undefined) return null;
  const latest = await store.readSamples({
    target: id,
    probe: lead.probe,
    purposes: ['scheduled'],
    fromAt: now - RECENT_MS,
    toAt: now + 1,
    order: 'newest-first',
    limit: 8,
  });
  return latest.find(({ region }) => region === lead.region) ?? null;
}

async function readSlowest(
  store: Store,
  target: string,
  hour: Interval | null,
  range: Interval,
): Promise<SampleRow | null> {
  if (hour === null) return null;
  return slowestOf(
    await store.readSamples({ target, purposes: ['scheduled', 'reprobe'], ...within(hour, range) }),
  );
}

async function readFailures(
  store: Store,
  target: string,
  hours: AsyncIterable<Interval>,
  range: Interval,
): Promise<Failure[]> {
  const shown: Failure[] = [];
  for await (const hour of hours) {
    await breathe();
    const failed = await store.readSamples({
      target,
      outcomes: BAD_OUTCOMES,
      ...within(hour, range),
      order: 'newest-first',
      limit: SHOWN_FAILURES - shown.length,
    });
    for (const sample of failed) {
      shown.push({ sample, evidence: sample.hasEvidence ? await store.readEvidence(sample) : null });
    }
    if (shown.length >= SHOWN_FAILURES) break;
  }
  return shown;
}

function within(hour: Interval, range: Interval): Interval {
  return { fromAt: Math.max(hour.fromAt, range.fromAt), toAt: Math.min(hour.toAt, range.toAt) };
}
