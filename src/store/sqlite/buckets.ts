import type { Database } from 'better-sqlite3';
import type { Bucket } from '../../domain/live/bucket.ts';
import type { BucketGrain, DirtySpan } from '../store.ts';
import { packBucket, unpackBucket } from './packed-bucket.ts';
import { HOUR_MS } from './packed-hours.ts';

const DAY_MS = 24 * HOUR_MS;

/** The number of each grain in stored rows. Never renumber. */
const GRAIN_NO: Readonly<Record<BucketGrain, number>> = { hour: 0, day: 1 };
const LENGTH: Readonly<Record<BucketGrain, number>> = { hour: HOUR_MS, day: DAY_MS };

export type BucketRow = {
  readonly targetNo: number;
  readonly fromAt: number;
  readonly basis: string;
  readonly bucket: Bucket;
};

export type BucketsTable = {
  readonly mark: (grain: BucketGrain, fromAt: number) => void;
  /** Marks an hour unless it is marked: enough while nobody can be counting it. */
  readonly markOnce: (hourAt: number) => void;
  readonly dirty: (grain: BucketGrain, beforeAt: number, limit: number) => readonly DirtySpan[];
  /** The caller holds the transaction. */
  readonly replace: (grain: BucketGrain, span: DirtySpan, rows: readonly Omit<BucketRow, 'fromAt'>[]) => void;
  readonly between: (grain: BucketGrain, fromAt: number, toAt: number) => readonly BucketRow[];
  /** Those of some targets only. */
  readonly ofTargets: (
    grain: BucketGrain,
    fromAt: number,
    toAt: number,
    targetNos: readonly number[],
  ) => readonly BucketRow[];
};

export function prepareBuckets(db: Database): BucketsTable {
  const markSpan = db.prepare(`
    insert into dirty_spans (grain, from_at_ms, marks)
    values (@grain, @fromAt, 1)
    on conflict (grain, from_at_ms) do update set marks = marks + 1
  `);
  const markSpanOnce = db.prepare(`
    insert into dirty_spans (grain, from_at_ms, marks)
    values (@grain, @fromAt, 1)
    on conflict (grain, from_at_ms) do nothing
  `);
  const dirtySpans = db.prepare<{ grain: number; beforeAt: number; limit: number }, DirtySpan>(`
    select
      from_at_ms as fromAt,
      marks
    from dirty_spans
    where grain = @grain
      and from_at_ms <= @beforeAt
    order by from_at_ms desc
    limit +@limit
  `);
  const cleanSpan = db.prepare(`
    delete from dirty_spans
    where grain = @grain
      and from_at_ms = @fromAt
      and marks = @marks
  `);
  const removeSpan = db.prepare(`
    delete from buckets
    where grain = @grain
      and from_at_ms = @fromAt
  `);
  const addBucket = db.prepare(`
    insert into buckets (
      grain,
      from_at_ms,
      target_no,
      basis_no,
      body
    ) values (
      @grain,
      @fromAt,
      @targetNo,
      (select basis_no from bucket_bases where basis = @basis),
      @body
    )
  `);
  const addBasis = db.prepare('insert or ignore into bucket_bases (basis) values (@basis)');
  const bucketsBetween = db.prepare<
    { grain: number; fromAt: number; toAt: number },
    {
      readonly targetNo: number;
      readonly fromAt: number;
      readonly basis: string;
      readonly body: Uint8Array;
    }
  >(`
    select
      buckets.target_no as targetNo,
      buckets.from_at_ms as fromAt,
      bucket_bases.basis as basis,
      buckets.body as body
    from buckets
    join bucket_bases using (basis_no)
    where buckets.grain = @grain
      and buckets.from_at_ms >= @fromAt
      and buckets.from_at_ms < @toAt
    order by
      buckets.from_at_ms,
      buckets.target_no
  `);

  // The index begins with the time: looking each span up skips the rows of all other targets.
  const bucketOf = db.prepare<
    { grain: number; fromAt: number; targetNo: number },
    { readonly basis: string; readonly body: Uint8Array }
  >(`
    select
      bucket_bases.basis as basis,
      buckets.body as body
    from buckets
    join bucket_bases using (basis_no)
    where buckets.grain = @grain
      and buckets.from_at_ms = @fromAt
      and buckets.target_no = @targetNo
  `);

  const mark = (grain: BucketGrain, fromAt: number): void => {
    markSpan.run({ grain: GRAIN_NO[grain], fromAt });
  };

  return {
    mark,
    markOnce(hourAt) {
      markSpanOnce.run({ grain: GRAIN_NO.hour, fromAt: hourAt });
    },
    dirty: (grain, beforeAt, limit) =>
      dirtySpans.all({ grain: GRAIN_NO[grain], beforeAt: beforeAt - LENGTH[grain], limit }),
    replace(grain, span, rows) {
      const at = { grain: GRAIN_NO[grain], fromAt: span.fromAt };
      removeSpan.run(at);
      for (const { targetNo, basis, bucket } of rows) {
        addBasis.run({ basis });
        addBucket.run({ ...at, targetNo, basis, body: packBucket(span.fromAt, bucket) });
      }
      cleanSpan.run({ ...at, marks: span.marks });
      if (grain === 'hour') mark('day', Math.floor(span.fromAt / DAY_MS) * DAY_MS);
    },
    between: (grain, fromAt, toAt) =>
      bucketsBetween.all({ grain: GRAIN_NO[grain], fromAt, toAt }).map(({ body, ...row }) => ({
        ...row,
        bucket: unpackBucket(row.fromAt, body),
      })),
    ofTargets(grain, fromAt, toAt, targetNos) {
      const rows: BucketRow[] = [];
      const length = LENGTH[grain];
      for (let at = Math.ceil(fromAt / length) * length; at < toAt; at += length) {
        for (const targetNo of targetNos) {
          const row = bucketOf.get({ grain: GRAIN_NO[grain], fromAt: at, targetNo });
          if (row === undefined) continue;
          rows.push({ targetNo, fromAt: at, basis: row.basis, bucket: unpackBucket(at, row.body) });
        }
      }
      return rows;
    },
  };
}
