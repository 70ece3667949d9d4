import type { Bucket } from '../domain/live/bucket.ts';
import type { DecidingAttempt } from '../domain/measure/line-of-sample.ts';
import type { NotRunReason } from '../domain/measure/outcome.ts';
import type { NotRun, Purpose, Sample } from '../domain/measure/sample.ts';

/** Hours and days of UTC. */
export type BucketGrain = 'hour' | 'day';

export type StoredBucket = {
  /** Today's id. */
  readonly target: string;
  /** First instant, epoch ms. */
  readonly fromAt: number;
  /** How it was counted, in the words of whoever counted. */
  readonly basis: string;
  readonly bucket: Bucket;
};

export type DirtySpan = {
  readonly fromAt: number;
  /** Says which changes were seen: hand it back when the span's buckets are written. */
  readonly marks: number;
};

/** An attempt with what judging needs, without what is only shown. */
export type StoredAttempt = DecidingAttempt & { readonly purpose: Purpose };

/** Everything that may be counted in a stretch of time. */
export type DecidedStretch = {
  /**
   * One attempt per tick and series: the scheduled one or, where that was spoilt by a stale connection of ours, the
   * re-probe that took its place. Those of one target come by ascending tick.
   */
  readonly byTarget: ReadonlyMap<string, readonly DecidingAttempt[]>;
  readonly notRun: readonly {
    readonly target: string;
    readonly reason: NotRunReason;
    readonly ticks: number;
  }[];
};

/** Derived counts: never the only copy of anything. */
export type BucketStore = {
  /**
   * Ticks before this instant are kept target by target: read those of one target at a time, a whole hour at once. From
   * it on they are kept by time: read those of all targets at once, a short stretch at a time. Either way gives the same.
   */
  readonly readPackedUntil: () => Promise<number>;
  /**
   * All attempts of ticks in `[fromAt, toAt)`, of every purpose; those of one series come by ascending tick. `target`
   * restricts the answer to one.
   */
  readonly readAttempts: (fromAt: number, toAt: number, target?: string) => Promise<readonly StoredAttempt[]>;
  /** `target` restricts the answer to one; by default all. */
  readonly readDecided: (fromAt: number, toAt: number, target?: string) => Promise<DecidedStretch>;
  /** Spans that end at or before `beforeAt` and must be counted, the latest first. */
  readonly readDirty: (grain: BucketGrain, beforeAt: number, limit: number) => Promise<readonly DirtySpan[]>;
  /** Puts these buckets in the place of all of the span. A counted hour leaves its day to be counted again. */
  readonly writeBuckets: (
    grain: BucketGrain,
    span: DirtySpan,
    buckets: readonly Omit<StoredBucket, 'fromAt'>[],
  ) => Promise<void>;
  /** Buckets that begin in `[fromAt, toAt)`, oldest first; of one `target` or by default of all. */
  readonly readBuckets: (
    grain: BucketGrain,
    fromAt: number,
    toAt: number,
    target?: string,
  ) => Promise<readonly StoredBucket[]>;
  /** Asks for hours to be counted again. */
  readonly markDirty: (hours: readonly number[]) => Promise<void>;
  /**
   * Stores whole hours of a past that nobody has recorded yet, at once in their dense form. The same as recording and
   * compacting; hours of which something is there already are recorded row by row. Idempotent like `record`.
   */
  readonly recordHistory: (batch: {
    readonly samples: readonly Sample[];
    readonly notRun: readonly NotRun[];
  }) => Promise<void>;
};
