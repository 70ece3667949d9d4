import { isDeepStrictEqual } from 'node:util';
import type { Database } from 'better-sqlite3';
import type {
  ChainSample,
  ChainSeries,
  ChainStore,
  SegmentRead,
  SegmentVisitor,
  UnreadablePiece,
} from '../store.ts';
import { remarksOf } from './closed-lists.ts';
import type { EvidenceTable, RowKey } from './evidence.ts';
import type { NotRunTable } from './not-run.ts';
import { hourOf, type PackedHoursTable } from './packed-hours.ts';
import type { SamplesTable, StoredRow } from './samples.ts';
import type { SeriesRegistry } from './series.ts';
import type { ServedByTable } from './served-by.ts';
import { purposeOf } from './stored-sample.ts';

/** The `kind` of a late tick that did not run; a late sample has the number of its purpose. Never renumber. */
export const NOT_RUN_KIND = 4;

export type ChainTables = {
  readonly samples: SamplesTable;
  readonly packed: PackedHoursTable;
  readonly notRun: NotRunTable;
  readonly evidence: EvidenceTable;
  readonly servedBy: ServedByTable;
};

type LateRow = { readonly scheduled_at_ms: number; readonly series_no: number; readonly kind: number };

type Span = { readonly fromAt: number; readonly toAt: number };

/** The rows of segments, wherever they are stored. */
export type SegmentRows = {
  /** Shows a segment's rows to the visitor; the caller holds the transaction. */
  readonly visit: (
    registry: SeriesRegistry,
    query: Parameters<ChainStore['readSegmentRows']>[0],
    visitor: SegmentVisitor,
  ) => SegmentRead;
  /** Asked of a row of the span: was it named as late? Reads the span's late rows once. */
  readonly lateWithin: (region: string, span: Span) => (row: RowKey) => boolean;
  /** As `visit` gave it, if nothing arrived since. */
  readonly stamp: (registry: SeriesRegistry, region: string, span: Span) => string;
};

/** The series of a region by number, under the ids their targets had when they began. */
export function seriesOf(registry: SeriesRegistry, region: string): ReadonlyMap<number, ChainSeries> {
  return new Map(
    registry.entries
      .filter((entry) => entry.region === region)
      .map((entry) => [
        entry.seriesNo,
        { probe: entry.probe, target: entry.recordedAs, region: entry.region },
      ]),
  );
}

export function prepareSegmentRows(db: Database, tables: ChainTables): SegmentRows {
  const { samples, packed, notRun, evidence, servedBy } = tables;
  const lateOfSegment = db.prepare<{ region: string; no: number | null }, LateRow>(`
    select
      scheduled_at_ms,
      series_no,
      kind
    from late_rows
    where region = @region
      and segment_no is @no
    order by scheduled_at_ms, series_no, kind
  `);
  const lateInSpan = db.prepare<Span & { region: string }, LateRow>(`
    select
      scheduled_at_ms,
      series_no,
      kind
    from late_rows
    where scheduled_at_ms >= @fromAt
      and scheduled_at_ms < @toAt
      and region = @region
  `);
  const rowCount = db
    .prepare<Span & { series: string }, number>(`
      select
        (select count(*) from samples
          where scheduled_at_ms >= @fromAt and scheduled_at_ms < @toAt
            and series_no in (select value from json_each(@series)))
        + (select coalesce(sum(samples), 0) from packed_hours
          where hour_at_ms >= @fromAt and hour_at_ms < @toAt
            and series_no in (select value from json_each(@series)))
        + (select count(*) from not_run
          where scheduled_at_ms >= @fromAt and scheduled_at_ms < @toAt
            and series_no in (select value from json_each(@series)))
    `)
    .pluck();
  const lateCount = db
    .prepare<{ region: string; no: number | null }, number>(
      'select count(*) from late_rows where region = @region and segment_no is @no',
    )
    .pluck();
  const sampleOf = (row: StoredRow, series: ChainSeries): ChainSample => ({
    series,
    scheduledAt: row.scheduledAt,
    purpose: purposeOf(row.purposeNo),
    outcome: row.outcome,
    doubt: row.doubt,
    remarks: remarksOf(row.remarks),
    lagUs: row.lagUs,
    ttftUs: row.ttftUs,
    totalUs: row.totalUs,
    costNanos: row.costNanos,
    servedBy: servedBy.value(row.servedByNo),
    detail: row.readDetail(),
  });

  /** Of two that differ both are shown: what counts is the packed one. */
  const isAlsoRow = (packedRow: StoredRow, series: ChainSeries): boolean => {
    const { scheduledAt, seriesNo, purposeNo } = packedRow;
    const row = samples.get({ scheduledAt, seriesNo, purposeNo });
    return row !== null && isDeepStrictEqual(sampleOf(row, series), sampleOf(packedRow, series));
  };

  /**
   * Shows every sample of the region in a span, whatever storage it is in; `again`: it was shown before, the same, as a
   * row. Returns what cannot be read.
   */
  const visitSamples = (
    span: Span,
    bySeries: ReadonlyMap<number, ChainSeries>,
    visit: (row: StoredRow, series: ChainSeries, again: boolean) => void,
  ): UnreadablePiece[] => {
    const unreadable: UnreadablePiece[] = [];
    const withRows = new Set<string>();
    let lastHour = Number.NaN;
    let lastNo = Number.NaN;
    for (const row of samples.bySeries(span.fromAt, span.toAt)) {
      const series = bySeries.get(row.seriesNo);
      if (series === undefined) continue;
      const hourAt = hourOf(row.scheduledAt);
      if (hourAt !== lastHour || row.seriesNo !== lastNo) {
        lastHour = hourAt;
        lastNo = row.seriesNo;
        withRows.add(`${hourAt} ${row.seriesNo}`);
      }
      visit(row, series, false);
    }
    const nowhere = { series: null, outcomes: null, order: 'oldest-first' } as const;
    for (const hourAt of packed.hours({ ...span, ...nowhere })) {
      for (const pack of packed.packsOf(hourAt)) {
        const series = bySeries.get(pack.seriesNo);
        if (series === undefined) continue;
        // A damaged piece must be named, not end the search for others.
        const rows = pack.read();
        if (rows.kind === 'rows') {
          const hasRows = withRows.has(`${hourAt} ${pack.seriesNo}`);
          for (const row of rows.rows) visit(row, series, hasRows && isAlsoRow(row, series));
        } else unreadable.push({ series, hourAt, message: rows.message, bytes: pack.bytes });
      }
    }
    return unreadable;
  };

  const stampOf = (region: string, span: Span, no: number | null, series: readonly number[]): string =>
    `${rowCount.get({ ...span, series: JSON.stringify(series) }) ?? 0}+${lateCount.get({ region, no }) ?? 0}`;

  const lateWithin: SegmentRows['lateWithin'] = (region, { fromAt, toAt }) => {
    const late = new Set(
      lateInSpan
        .all({ fromAt, toAt, region })
        .map(({ scheduled_at_ms, series_no, kind }) => keyText(scheduled_at_ms, series_no, kind)),
    );
    return ({ scheduledAt, seriesNo, purposeNo }) =>
      late.size > 0 && late.has(keyText(scheduledAt, seriesNo, purposeNo));
  };

  const visitOnTime = (
    region: string,
    span: Span,
    bySeries: ReadonlyMap<number, ChainSeries>,
    visitor: SegmentVisitor,
  ): UnreadablePiece[] => {
    const isLate = lateWithin(region, span);
    const unreadable = visitSamples(span, bySeries, (row, series, again) => {
      // One that was delivered again while its pack could not be read may be both: packed on time, and a late row.
      if (isLate(row) === again) visitor.sample(sampleOf(row, series), false);
    });
    for (const { seriesNo, scheduledAt, reason } of notRun.allBetween(span.fromAt, span.toAt)) {
      const series = bySeries.get(seriesNo);
      if (series !== undefined && !isLate({ scheduledAt, seriesNo, purposeNo: NOT_RUN_KIND })) {
        visitor.notRun({ series, scheduledAt, reason }, false);
      }
    }
    for (const { seriesNo, scheduledAt, purposeNo, body } of evidence.between(span.fromAt, span.toAt)) {
      const series = bySeries.get(seriesNo);
      if (series !== undefined && !isLate({ scheduledAt, seriesNo, purposeNo })) {
        visitor.evidence({ series, scheduledAt, purpose: purposeOf(purposeNo), body }, false);
      }
    }
    return unreadable;
  };

  const visitLate = (
    region: string,
    no: number | null,
    bySeries: ReadonlyMap<number, ChainSeries>,
    visitor: SegmentVisitor,
  ): UnreadablePiece[] => {
    const unreadable = new Map<string, UnreadablePiece>();
    for (const { scheduled_at_ms: scheduledAt, series_no: seriesNo, kind } of lateOfSegment.all({
      region,
      no,
    })) {
      const series = bySeries.get(seriesNo);
      if (series === undefined) continue;
      if (kind === NOT_RUN_KIND) {
        const reason = notRun.reasonOf(scheduledAt, seriesNo);
        if (reason !== null) visitor.notRun({ series, scheduledAt, reason }, true);
        continue;
      }
      const key = { scheduledAt, seriesNo, purposeNo: kind };
      const row = samples.get(key);
      if (row !== null) visitor.sample(sampleOf(row, series), true);
      else {
        const hourAt = hourOf(scheduledAt);
        const pack = packed.packOf(hourAt, seriesNo);
        const rows = pack?.read();
        if (rows?.kind === 'rows') {
          const found = rows.rows.find((one) => one.scheduledAt === scheduledAt && one.purposeNo === kind);
          if (found !== undefined) visitor.sample(sampleOf(found, series), true);
        } else if (pack !== null && rows !== undefined) {
          const piece = { series, hourAt, message: rows.message, bytes: pack.bytes };
          unreadable.set(`${hourAt} ${seriesNo}`, piece);
        }
      }
      const body = evidence.readText(key);
      if (body !== null) visitor.evidence({ series, scheduledAt, purpose: purposeOf(kind), body }, true);
    }
    return [...unreadable.values()];
  };

  const visit: SegmentRows['visit'] = (registry, { region, no, fromAt, toAt }, visitor) => {
    const bySeries = seriesOf(registry, region);
    const span = { fromAt, toAt };
    const onTime = visitOnTime(region, span, bySeries, visitor);
    const late = visitLate(region, no, bySeries, visitor);
    return {
      unreadable: [...onTime, ...late],
      stamp: stampOf(region, span, no, [...bySeries.keys()]),
    };
  };

  return {
    visit,
    lateWithin,
    stamp: (registry, region, span) => stampOf(region, span, null, [...seriesOf(registry, region).keys()]),
  };
}

function keyText(at: number, seriesNo: number, kind: number): string {
  return `${at} ${seriesNo} ${kind}`;
}
