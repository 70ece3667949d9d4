import type { Database } from 'better-sqlite3';
import { NOT_RUN_REASONS, type NotRunReason } from '../../domain/measure/outcome.ts';

type NotRunRow = {
  readonly scheduled_at_ms: number;
  readonly series_no: number;
  readonly reason: string;
};

type NotRunCountRow = {
  readonly series_no: number;
  readonly reason: string;
  readonly ticks: number;
};

export type StoredNotRun = {
  readonly scheduledAt: number;
  readonly seriesNo: number;
  readonly reason: NotRunReason;
};

export type NotRunTable = {
  /** `false` if the tick was noted already. `sampled`: its scheduled sample is there, so the note is never read. */
  readonly add: (tick: StoredNotRun, sampled: boolean) => boolean;
  /** Says that the scheduled sample of a tick has arrived. */
  readonly markSampled: (scheduledAt: number, seriesNo: number) => void;
  /** `series` restricts the answer to these; `null` asks for all. */
  readonly between: (
    fromAt: number,
    toAt: number,
    series: readonly number[] | null,
    limit: number,
  ) => readonly StoredNotRun[];
  /** Every note of `[fromAt, toAt)`, also where the sample came after all; the reason as it is stored. */
  readonly allBetween: (
    fromAt: number,
    toAt: number,
  ) => readonly { readonly scheduledAt: number; readonly seriesNo: number; readonly reason: string }[];
  readonly reasonOf: (scheduledAt: number, seriesNo: number) => string | null;
  readonly counts: (
    fromAt: number,
    toAt: number,
  ) => readonly { readonly seriesNo: number; readonly reason: NotRunReason; readonly ticks: number }[];
};

export function prepareNotRun(db: Database): NotRunTable {
  const addNotRun = db.prepare(`
    insert into not_run (
      scheduled_at_ms,
      series_no,
      reason,
      sampled
    ) values (
      @scheduledAt,
      @seriesNo,
      @reason,
      @sampled
    )
    on conflict (scheduled_at_ms, series_no) do nothing
  `);
  const markSampled = db.prepare(`
    update not_run
    set sampled = 1
    where scheduled_at_ms = @scheduledAt
      and series_no = @seriesNo
  `);
  const notRunBetween = db.prepare<
    { fromAt: number; toAt: number; series: string | null; limit: number },
    NotRunRow
  >(`
    select
      scheduled_at_ms,
      series_no,
      reason
    from not_run
    where scheduled_at_ms >= @fromAt
      and scheduled_at_ms < @toAt
      and (@series is null or series_no in (select value from json_each(@series)))
      and sampled = 0
    order by scheduled_at_ms, series_no
    limit +@limit
  `);
  const notRunCounts = db.prepare<{ fromAt: number; toAt: number }, NotRunCountRow>(`
    select
      series_no,
      reason,
      count(*) as ticks
    from not_run
    where scheduled_at_ms >= @fromAt
      and scheduled_at_ms < @toAt
      and sampled = 0
    group by series_no, reason
  `);

  const notesBetween = db.prepare<{ fromAt: number; toAt: number }, NotRunRow>(`
    select
      scheduled_at_ms,
      series_no,
      reason
    from not_run
    where scheduled_at_ms >= @fromAt
      and scheduled_at_ms < @toAt
  `);
  const noteOfTick = db
    .prepare<{ scheduledAt: number; seriesNo: number }, string>(`
      select reason
      from not_run
      where scheduled_at_ms = @scheduledAt
        and series_no = @seriesNo
    `)
    .pluck();

  return {
    allBetween: (fromAt, toAt) =>
      notesBetween
        .all({ fromAt, toAt })
        .map((row) => ({ scheduledAt: row.scheduled_at_ms, seriesNo: row.series_no, reason: row.reason })),
    reasonOf: (scheduledAt, seriesNo) => noteOfTick.get({ scheduledAt, seriesNo }) ?? null,
    add: (tick, sampled) => addNotRun.run({ ...tick, sampled: sampled ? 1 : 0 }).changes === 1,
    markSampled(scheduledAt, seriesNo) {
      markSampled.run({ scheduledAt, seriesNo });
    },
    between: (fromAt, toAt, series, limit) =>
      notRunBetween
        .all({ fromAt, toAt, series: series === null ? null : JSON.stringify(series), limit })
        .map((row) => ({
          scheduledAt: row.scheduled_at_ms,
          seriesNo: row.series_no,
          reason: reasonOf(row.reason),
        })),
    counts: (fromAt, toAt) =>
      notRunCounts
        .all({ fromAt, toAt })
        .map((row) => ({ seriesNo: row.series_no, reason: reasonOf(row.reason), ticks: row.ticks })),
  };
}

function reasonOf(text: string): NotRunReason {
  const reason = NOT_RUN_REASONS.find((known) => known === text);
  if (reason === undefined) throw new Error(`the stored reason "${text}" is unknown to this program`);
  return reason;
}
