import type { Bucket } from '../domain/live/bucket.ts';
import { highestOf, mergeSparse, type SparseCounts } from '../domain/statistics/latency-histogram.ts';
import type { Interval } from '../domain/time/interval.ts';
import { histogramAt, type TargetCounting } from '../domain/view/history.ts';
import { closedTo } from '../domain/view/target-view.ts';
import type { Store } from '../store/store.ts';
import { breathe } from './breathe.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** What the buckets of one stretch say about a target: how often each latency came, and how many requests failed. */
type StoredBlock = { readonly latencies: SparseCounts; readonly failed: number };

/** Stored requests of many targets, by stretches that are drawn again as a whole. */
export type StoredTiers = Interval & {
  /** By stretch: each latency in ms as the highest value of its histogram's bucket, `Infinity` for a failure. */
  readonly blocksOf: (target: string) => ReadonlyMap<number, Float64Array>;
};

type Asked = { readonly counting: TargetCounting; readonly metric: 'ttft_ms' | 'e2e_ms' };

/**
 * Reads what hours and days have been counted, in small pieces with room for others in between: whole days from days,
 * the rest from hours. Ends with the last hour that is over.
 */
export async function readStoredTiers(
  store: Pick<Store, 'readBuckets' | 'readDirty'>,
  asked: ReadonlyMap<string, Asked>,
  days: number,
  blockMs: number,
  now: number,
): Promise<StoredTiers> {
  const toAt = closedTo(now);
  const fromAt = Math.floor((toAt - days * DAY_MS) / blockMs) * blockMs;
  const dirty = new Set((await store.readDirty('day', now, 200)).map((span) => span.fromAt));
  const blocks = new Map<string, Map<number, StoredBlock>>();
  for (let at = fromAt; at < toAt; ) {
    const isWholeDay = blockMs >= DAY_MS && at % DAY_MS === 0 && at + DAY_MS <= toAt && !dirty.has(at);
    const length = isWholeDay ? DAY_MS : HOUR_MS;
    for (const row of await store.readBuckets(isWholeDay ? 'day' : 'hour', at, at + 1)) {
      const own = asked.get(row.target);
      if (own === undefined || row.basis !== own.counting.basisOf({ fromAt: at, toAt: at + length }))
        continue;
      const found = blockOf(row.bucket, own);
      const ofTarget = blocks.get(row.target) ?? new Map<number, StoredBlock>();
      blocks.set(row.target, ofTarget);
      const block = Math.floor(at / blockMs);
      const known = ofTarget.get(block);
      ofTarget.set(
        block,
        known === undefined
          ? found
          : {
              latencies: mergeSparse(known.latencies, found.latencies),
              failed: known.failed + found.failed,
            },
      );
    }
    at += length;
    await breathe();
  }
  return {
    fromAt,
    toAt,
    blocksOf: (target) =>
      new Map([...(blocks.get(target) ?? [])].map(([block, stored]) => [block, spread(stored)])),
  };
}

function blockOf({ answers }: Bucket, { counting, metric }: Asked): StoredBlock {
  const [availability] = answers;
  const latency = answers[histogramAt(counting.plan, metric)];
  return {
    latencies: latency?.kind === 'percentile' ? latency.histogram : [],
    failed: availability?.kind === 'availability' ? availability.counts.bad : 0,
  };
}

function spread({ latencies, failed }: StoredBlock): Float64Array {
  let n = failed;
  for (let i = 1; i < latencies.length; i += 2) n += latencies[i] ?? 0;
  const values = new Float64Array(n).fill(Number.POSITIVE_INFINITY);
  let place = 0;
  for (let i = 0; i < latencies.length; i += 2) {
    const end = place + (latencies[i + 1] ?? 0);
    values.fill(highestOf(latencies[i] ?? 0) / 1000, place, end);
    place = end;
  }
  return values;
}
