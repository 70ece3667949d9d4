import { LIVE_WINDOWS } from '../live/live-window.ts';
import { countsForLatency } from '../measure/outcome.ts';
import type { Evidence, Sample } from '../measure/sample.ts';
import type { Interval } from '../time/interval.ts';
import { windowAt } from '../time/period.ts';
import type { HistoryColumn, TargetCounting } from './history.ts';
import type { IncidentLine } from './incident-view.ts';
import type { StatusView, TargetView } from './status-view.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** How far a target's page looks back, and how long a stretch of its charts is; `null`: whatever the range needs. */
export const SPANS = {
  '1h': { name: '1 hour', short: '1 h', widthMs: 2 * MINUTE_MS },
  '6h': { name: '6 hours', short: '6 h', widthMs: 10 * MINUTE_MS },
  '24h': { name: '24 hours', short: '24 h', widthMs: 30 * MINUTE_MS },
  '7d': { name: '7 days', short: '7 d', widthMs: 2 * HOUR_MS },
  '30d': { name: '30 days', short: '30 d', widthMs: 6 * HOUR_MS },
  '90d': { name: '90 days', short: '90 d', widthMs: 24 * HOUR_MS },
  period: { name: 'contract period', short: 'Period', widthMs: null },
} as const;
export type SpanName = keyof typeof SPANS;

export function isSpanName(text: string): text is SpanName {
  return Object.hasOwn(SPANS, text);
}

/** An hour is counted when answers to its last tick cannot come any more. */
const SETTLE_MS = 120_000;
/** Figures older than this are not those of now. */
const FRESH_MS = 3 * MINUTE_MS;

/** The end of the last hour whose answers have all come. */
export function closedTo(now: number): number {
  return Math.floor((now - SETTLE_MS) / HOUR_MS) * HOUR_MS;
}

/** The range a span stands for: the very window of the objectives, so that chart and table tell of the same requests. */
export function rangeOf(
  span: SpanName,
  { live }: Pick<TargetView, 'live'>,
  { plan }: Pick<TargetCounting, 'plan'>,
  now: number,
): Interval {
  const window = live?.objectives[0]?.windows[span];
  if (window !== undefined && Math.abs(now - window.toAt) < FRESH_MS) {
    return { fromAt: window.fromAt, toAt: window.toAt };
  }
  const toAt = Math.floor(now / MINUTE_MS) * MINUTE_MS;
  if (span === 'period')
    return { fromAt: Math.min(windowAt(plan.contract.window, toAt).fromAt, toAt - MINUTE_MS), toAt };
  const isShort = LIVE_WINDOWS[span] <= LIVE_WINDOWS['6h'];
  return { fromAt: (isShort ? toAt : closedTo(now)) - LIVE_WINDOWS[span], toAt };
}

export type SampleRow = Omit<Sample, 'evidence'>;

export type Failure = { readonly sample: SampleRow; readonly evidence: Evidence | null };

/** Everything a target's page prints. */
export type TargetPageView = {
  readonly status: Omit<StatusView, 'targets'>;
  readonly target: TargetView;
  /** When it was last planned to be probed, for a target that is not any more; its spans end there. */
  readonly retiredAt: number | null;
  /** `null`: a range of the reader's own. */
  readonly span: SpanName | null;
  readonly fromAt: number;
  readonly toAt: number;
  /** Of a whole stretch; the first and the last may be shorter. */
  readonly widthMs: number;
  readonly buckets: readonly HistoryColumn[];
  /** The range as one. */
  readonly whole: HistoryColumn;
  /** The latest attempt of the busiest series, with all its phases, up to now. */
  readonly last: SampleRow | null;
  /** The answered attempt of the range that took longest. */
  readonly slowest: SampleRow | null;
  /** Newest first, of any purpose, of hours with a counted failure. */
  readonly failures: readonly Failure[];
  /** The latest of those it was part of that touch the range, newest first. */
  readonly incidents: readonly IncidentLine[];
  /** How many there are. */
  readonly incidentCount: number;
};

/** The answered attempt that took longest, of those that may be counted for latency. */
export function slowestOf(samples: readonly SampleRow[]): SampleRow | null {
  let slowest: SampleRow | null = null;
  for (const sample of samples) {
    if (sample.totalUs === null || !countsForLatency(sample.validity)) continue;
    if (slowest === null || sample.totalUs > (slowest.totalUs ?? 0)) slowest = sample;
  }
  return slowest;
}
