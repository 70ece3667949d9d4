import { isFailed } from './health.ts';
import { countsForAvailability, countsForLatency, OUTCOMES } from './outcome.ts';
import type { Evidence, Sample } from './sample.ts';
import { type Spread, spreadOf } from './spread.ts';
import type { StatusView, TargetView } from './status-view.ts';

/** How far a target's page looks back, and into how many stretches it divides that. */
export const SPANS = {
  '1h': { name: '1 hour', ms: 3_600_000, buckets: 30 },
  '6h': { name: '6 hours', ms: 21_600_000, buckets: 36 },
  '24h': { name: '24 hours', ms: 86_400_000, buckets: 48 },
} as const;
export type SpanName = keyof typeof SPANS;

export function isSpanName(text: string): text is SpanName {
  return Object.hasOwn(SPANS, text);
}

export type SampleRow = Omit<Sample, 'evidence'>;

/** What the attempts of one stretch say together. Spreads are `null` where nothing was answered: a gap. */
export type LatencyBucket = {
  readonly fromAt: number;
  readonly toAt: number;
  readonly good: number;
  readonly bad: number;
  readonly ttft: Spread | null;
  readonly total: Spread | null;
};

export type Failure = { readonly sample: SampleRow; readonly evidence: Evidence | null };

/** Everything a target's page prints. The first series of the target is the one that is charted. */
export type TargetPageView = {
  readonly status: Omit<StatusView, 'targets'>;
  readonly target: TargetView;
  readonly span: SpanName;
  readonly fromAt: number;
  readonly toAt: number;
  readonly buckets: readonly LatencyBucket[];
  /** The latest attempt of the charted series, with all its phases. */
  readonly last: SampleRow | null;
  readonly slowest: SampleRow | null;
  /** Newest first, of any purpose. */
  readonly failures: readonly Failure[];
  readonly failed: number;
};

/**
 * Divides the attempts of one series into equal stretches of `[fromAt, toAt)`. Only scheduled attempts and those
 * that replaced one count; confirmations come in bursts just when things are bad, and would weigh too much.
 */
export function bucketsOf(
  samples: readonly SampleRow[],
  fromAt: number,
  toAt: number,
  count: number,
): LatencyBucket[] {
  const width = (toAt - fromAt) / count;
  const groups = Map.groupBy(
    samples.filter((sample) => sample.purpose === 'scheduled' || sample.purpose === 'reprobe'),
    (sample) => Math.floor((sample.scheduledAt - fromAt) / width),
  );
  return Array.from({ length: count }, (_, index): LatencyBucket => {
    const group = groups.get(index) ?? [];
    const counting = group.filter((sample) => countsForAvailability(sample.validity));
    const good = counting.filter((sample) => OUTCOMES[sample.outcome].counts === 'good');
    const timed = good.filter((sample) => countsForLatency(sample.validity));
    const times = (of: (sample: SampleRow) => number | null): number[] =>
      timed.flatMap((sample) => of(sample) ?? []).sort((a, b) => a - b);
    return {
      fromAt: fromAt + index * width,
      toAt: fromAt + (index + 1) * width,
      good: good.length,
      bad: counting.filter(isFailed).length,
      ttft: spreadOf(times((sample) => sample.ttftUs)),
      total: spreadOf(times((sample) => sample.totalUs)),
    };
  });
}

/** The answered attempt that took longest, of those that may be counted for latency. */
export function slowestOf(samples: readonly SampleRow[]): SampleRow | null {
  let slowest: SampleRow | null = null;
  for (const sample of samples) {
    if (sample.totalUs === null || !countsForLatency(sample.validity)) continue;
    if (slowest === null || sample.totalUs > (slowest.totalUs ?? 0)) slowest = sample;
  }
  return slowest;
}
