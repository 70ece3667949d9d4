import type { Database } from 'better-sqlite3';
import type { Schedule } from '../../domain/time/schedule.ts';

type ScheduleRow = {
  readonly series_no: number;
  readonly from_at_ms: number;
  readonly to_at_ms: number | null;
  readonly kind: 'every' | 'cron';
  readonly every_ms: number | null;
  readonly cron: string | null;
  readonly timezone: string | null;
  readonly phase_ms: number;
};

export type SeriesSpan = {
  readonly seriesNo: number;
  readonly schedule: Schedule;
  readonly fromAt: number;
  readonly toAt: number | null;
};

export type SchedulesTable = {
  readonly inForce: () => readonly SeriesSpan[];
  readonly overlapping: (fromAt: number, toAt: number) => readonly SeriesSpan[];
  /** Where the last ended span of a series ended; `undefined` if none did. Spans of one series never overlap. */
  readonly lastEnd: (seriesNo: number) => number | undefined;
  readonly begin: (seriesNo: number, schedule: Schedule, at: number) => void;
  /** Ends a span in force. A span that would end before it covered any instant gives way altogether. */
  readonly end: (span: SeriesSpan, at: number) => void;
};

export function prepareSchedules(db: Database): SchedulesTable {
  const schedulesInForce = db.prepare<[], ScheduleRow>(`
    select
      series_no,
      from_at_ms,
      to_at_ms,
      kind,
      every_ms,
      cron,
      timezone,
      phase_ms
    from schedules
    where to_at_ms is null
    order by series_no
  `);
  const schedulesOverlapping = db.prepare<{ fromAt: number; toAt: number }, ScheduleRow>(`
    select
      series_no,
      from_at_ms,
      to_at_ms,
      kind,
      every_ms,
      cron,
      timezone,
      phase_ms
    from schedules
    where from_at_ms < @toAt
      and (to_at_ms is null or to_at_ms > @fromAt)
    order by from_at_ms, series_no
  `);
  const lastEndOfSeries = db
    .prepare<{ seriesNo: number }, number>(`
      select to_at_ms
      from schedules
      where series_no = @seriesNo
        and to_at_ms is not null
      order by from_at_ms desc
      limit 1
    `)
    .pluck();
  const beginSchedule = db.prepare(`
    insert into schedules (
      series_no,
      from_at_ms,
      kind,
      every_ms,
      cron,
      timezone,
      phase_ms
    ) values (
      @seriesNo,
      @at,
      @kind,
      @everyMs,
      @cron,
      @timezone,
      @phaseMs
    )
  `);
  const endSchedule = db.prepare(`
    update schedules
    set to_at_ms = @at
    where series_no = @seriesNo
      and to_at_ms is null
  `);
  const withdrawSchedule = db.prepare(`
    delete from schedules
    where series_no = @seriesNo
      and to_at_ms is null
  `);

  return {
    inForce: () => schedulesInForce.all().map(spanOf),
    overlapping: (fromAt, toAt) =>
      fromAt < toAt ? schedulesOverlapping.all({ fromAt, toAt }).map(spanOf) : [],
    lastEnd: (seriesNo) => lastEndOfSeries.get({ seriesNo }),
    begin(seriesNo, schedule, at) {
      beginSchedule.run({
        seriesNo,
        at,
        kind: schedule.kind,
        everyMs: schedule.kind === 'every' ? schedule.everyMs : null,
        cron: schedule.kind === 'cron' ? schedule.cron : null,
        timezone: schedule.kind === 'cron' ? schedule.timezone : null,
        phaseMs: schedule.phaseMs,
      });
    },
    end({ seriesNo, fromAt }, at) {
      if (at > fromAt) endSchedule.run({ seriesNo, at });
      else withdrawSchedule.run({ seriesNo });
    },
  };
}

function spanOf(row: ScheduleRow): SeriesSpan {
  return {
    seriesNo: row.series_no,
    schedule: scheduleOf(row),
    fromAt: row.from_at_ms,
    toAt: row.to_at_ms,
  };
}

function scheduleOf(row: ScheduleRow): Schedule {
  if (row.kind === 'every' && row.every_ms !== null) {
    return { kind: 'every', everyMs: row.every_ms, phaseMs: row.phase_ms };
  }
  if (row.kind === 'cron' && row.cron !== null && row.timezone !== null) {
    return { kind: 'cron', cron: row.cron, timezone: row.timezone, phaseMs: row.phase_ms };
  }
  throw new Error(`schedule of series ${row.series_no} from ${row.from_at_ms} is neither interval nor cron`);
}
