import type { Database } from 'better-sqlite3';
import type { StampedHead } from '../store.ts';

export type TimeStampsTable = {
  readonly add: (stamp: StampedHead) => void;
  readonly read: (region: string, segment: number) => StampedHead | null;
  readonly all: (region: string) => readonly StampedHead[];
};

export function prepareTimeStamps(db: Database): TimeStampsTable {
  const add = db.prepare(`
    insert or ignore into time_stamps (
      region,
      segment_no,
      at_ms,
      authority,
      token
    ) values (
      @region,
      @segment,
      @at,
      @authority,
      @token
    )
  `);
  const stampOfSegment = db.prepare<{ region: string; segment: number }, StampedHead>(`
    select
      region,
      segment_no as segment,
      at_ms as at,
      authority,
      token
    from time_stamps
    where region = @region
      and segment_no = @segment
  `);
  const stampsOfRegion = db.prepare<{ region: string }, StampedHead>(`
    select
      region,
      segment_no as segment,
      at_ms as at,
      authority,
      token
    from time_stamps
    where region = @region
    order by segment_no
  `);
  return {
    add: (stamp) => void add.run(stamp),
    read: (region, segment) => stampOfSegment.get({ region, segment }) ?? null,
    all: (region) => stampsOfRegion.all({ region }),
  };
}
