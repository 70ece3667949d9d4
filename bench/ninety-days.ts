import type { Contract } from '../src/domain/contract/contract.ts';
import type { Bucket } from '../src/domain/live/bucket.ts';
import type { BucketAnswer } from '../src/domain/live/question-sums.ts';
import { RUN_HEAD } from '../src/domain/live/slice-runs.ts';
import type { Sample } from '../src/domain/measure/sample.ts';
import type { Target } from '../src/domain/measure/target.ts';
import { createLiveScope } from '../src/pipeline/live/live-scope.ts';
import { countDirty } from '../src/pipeline/live/roll-up.ts';
import type { Store } from '../src/store/store.ts';
import { failure, sample } from '../test/store/builders.ts';
import { impatientClock } from '../test/support/impatient-clock.ts';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
const DAYS = 92;
const UNPACKED_MS = 2 * HOUR_MS;
const ROWS_AT_ONCE = 5_000;

export type Past = {
  readonly targets: readonly Target[];
  readonly probe: string;
  readonly region: string;
  readonly everyMs: number;
  readonly contract: Contract | null;
  /** The past ends here, epoch ms. */
  readonly now: number;
  /** What each answer cost; `null` = no price. */
  readonly costNanos: number | null;
  /** So many of the last hours are recorded row by row; at least one whole hour among them. */
  readonly hours: number;
};

/**
 * Writes ninety days of samples. The last hours are recorded as they would have been, row by row, and counted; their
 * buckets stand for all others, so that writing a past of fifty million samples does not take a quarter of an hour.
 *
 * @returns how long counting the recorded hours took, ms
 */
export async function writeNinetyDays(store: Store, past: Past): Promise<number> {
  const { targets, probe, region, everyMs, now } = past;
  const schedule = { kind: 'every', everyMs, phaseMs: 0 } as const;
  await store.declareSeries(
    targets.map((target) => ({ probe, target, region, schedule })),
    now - (DAYS + 1) * DAY_MS,
  );
  const closedTo = now - (now % HOUR_MS);
  const recordedFrom = closedTo - past.hours * HOUR_MS;
  for (let hourAt = recordedFrom; hourAt < now; hourAt += HOUR_MS) {
    const samples = samplesOf(past, hourAt);
    // What is younger than this is not packed yet when a program is started again.
    if (hourAt + HOUR_MS < now - UNPACKED_MS) await store.recordHistory({ samples, notRun: [] });
    else await recordByTick(store, samples);
  }
  const scope = createLiveScope({
    versionsOf: () => (past.contract === null ? [] : [past.contract]),
    plannedWorkOf: () => [],
  });
  const clock = impatientClock(now);
  const startedAt = performance.now();
  await countDirty(store, scope, clock, () => false);
  const countedMs = performance.now() - startedAt;
  for (let back = 1; recordedFrom - back * HOUR_MS >= closedTo - DAYS * DAY_MS; back += 1) {
    const like = closedTo - (1 + (back % past.hours)) * HOUR_MS;
    const rows = await store.readBuckets('hour', like, like + HOUR_MS);
    const fromAt = recordedFrom - back * HOUR_MS;
    const moved = rows.map((row) => ({ ...row, bucket: movedBy(row.bucket, fromAt - like) }));
    await store.writeBuckets('hour', { fromAt, marks: 0 }, moved);
  }
  await countDirty(store, scope, clock, () => false);
  return countedMs;
}

/** The same at another time. */
function movedBy(bucket: Bucket, ms: number): Bucket {
  const answers = bucket.answers.map((answer): BucketAnswer => {
    if (answer.kind === 'percentile') return answer;
    const own =
      answer.kind === 'availability' ? { ...answer, down: answer.down.map((at) => at + ms) } : answer;
    if (own.slices === undefined) return own;
    const every = RUN_HEAD + own.slices.width;
    const runs = own.slices.runs.map((value, index) => (index % every === 0 ? value + ms : value));
    return { ...own, slices: { ...own.slices, runs } };
  });
  return { ...bucket, answers };
}

async function recordByTick(store: Store, samples: readonly Sample[]): Promise<void> {
  const sorted = samples.toSorted((one, other) => one.scheduledAt - other.scheduledAt);
  for (let from = 0; from < sorted.length; from += ROWS_AT_ONCE)
    await store.record({ samples: sorted.slice(from, from + ROWS_AT_ONCE), notRun: [] });
}

/** One failure in a thousand; latencies spread over a quarter of a second. */
function samplesOf({ targets, probe, region, everyMs, now, costNanos }: Past, hourAt: number): Sample[] {
  const samples: Sample[] = [];
  for (const [index, { id: target }] of targets.entries()) {
    for (let at = hourAt; at < Math.min(now, hourAt + HOUR_MS); at += everyMs) {
      const identity = { probe, target, region, scheduledAt: at, costNanos };
      const draw = (index * 7_919 + (at / everyMs) * 104_729) % 1_009;
      samples.push(
        draw === 0
          ? failure({ ...identity, evidence: null })
          : sample({ ...identity, ttftUs: 200_000 + draw * 250, totalUs: 400_000 + draw * 310 }),
      );
    }
  }
  return samples;
}
