import { OUTCOME_CODES, OUTCOMES } from '../domain/outcome.ts';
import type { StatusView, TargetView } from '../domain/status-view.ts';
import { bucketsOf, SPANS, type SpanName, slowestOf, type TargetPageView } from '../domain/target-view.ts';
import type { Store } from '../store/store.ts';

const SHOWN_FAILURES = 20;
const BAD_OUTCOMES = OUTCOME_CODES.filter((code) => OUTCOMES[code].counts === 'bad');

/** One target's attempts over a span that ends with the status it belongs to. */
export async function readTargetView(
  store: Store,
  view: StatusView,
  target: TargetView,
  span: SpanName,
): Promise<TargetPageView> {
  const { ms, buckets } = SPANS[span];
  const width = ms / buckets;
  const toAt = Math.ceil(view.at / width) * width;
  const fromAt = toAt - ms;
  const lead = target.series[0];
  const [samples, failures] = await Promise.all([
    lead === undefined ? [] : store.readSamples({ target: target.id, probe: lead.probe, fromAt, toAt }),
    store.readSamples({
      target: target.id,
      outcomes: BAD_OUTCOMES,
      fromAt,
      toAt,
      order: 'newest-first',
    }),
  ]);
  const charted = samples.filter((sample) => sample.region === lead?.region);
  const shown = failures.slice(0, SHOWN_FAILURES);
  const evidence = await Promise.all(
    shown.map((sample) => (sample.hasEvidence ? store.readEvidence(sample) : null)),
  );
  const { targets: _all, ...status } = view;
  return {
    status,
    target,
    span,
    fromAt,
    toAt,
    buckets: bucketsOf(charted, fromAt, toAt, buckets),
    last: charted.findLast((sample) => sample.purpose === 'scheduled') ?? null,
    slowest: slowestOf(charted),
    failures: shown.map((sample, index) => ({ sample, evidence: evidence[index] ?? null })),
    failed: failures.length,
  };
}
