import type { Database } from 'better-sqlite3';
import type {
  ChainSeries,
  ChainStore,
  Segment,
  SegmentRead,
  SegmentVisitor,
  UnreadableHour,
} from '../store.ts';
import type { RowKey } from './evidence.ts';
import { hourOf, packHour } from './packed-hours.ts';
import { ofEachSampleTable } from './sample-tables.ts';
import { PURPOSE_NO } from './samples.ts';
import { type ChainTables, prepareSegmentRows, seriesOf } from './segment-rows.ts';
import type { SeriesRegistry } from './series.ts';

type SegmentRow = {
  readonly region: string;
  readonly no: number;
  readonly from_at_ms: number;
  readonly to_at_ms: number;
  readonly header: string;
  readonly head: string;
  readonly marks: Uint8Array;
  readonly row_index: Uint8Array;
  readonly pruned_at_ms: number | null;
  readonly evidence_pruned_at_ms: number | null;
};

type GapRow = {
  readonly region: string;
  readonly segment_no: number;
  readonly probe: string;
  readonly target: string;
  readonly hour_at_ms: number;
  readonly why: string;
  readonly sealed_at: string;
};

export type ChainTable = {
  /** Until when each region is sealed, exclusive. */
  readonly sealedUntil: () => ReadonlyMap<string, number>;
  readonly addLate: (scheduledAt: number, seriesNo: number, kind: number, region: string) => void;
  /** Whether a row was named as late before. */
  readonly isLate: (scheduledAt: number, seriesNo: number, kind: number) => boolean;
  readonly nextHour: (fromAt: number) => number | null;
  readonly lastSegment: (region: string) => Segment | null;
  readonly segments: (region: string, fromNo: number, limit: number) => readonly Segment[];
  readonly segmentUntil: (region: string, at: number) => Segment | null;
  readonly rowsOf: (
    registry: SeriesRegistry,
    query: Parameters<ChainStore['readSegmentRows']>[0],
    visitor: SegmentVisitor,
  ) => SegmentRead;
  readonly add: (
    segment: Parameters<ChainStore['addSegment']>[0],
    read: SegmentRead,
    registry: SeriesRegistry,
  ) => 'added' | 'taken' | 'changed';
  readonly unreadable: (registry: SeriesRegistry) => readonly UnreadableHour[];
  readonly prune: (limits: Parameters<ChainStore['prune']>[0], registry: SeriesRegistry) => boolean;
};

export function prepareChain(db: Database, tables: ChainTables): ChainTable {
  const { samples, packed } = tables;
  const rows = prepareSegmentRows(db, tables);
  const segmentsFrom = db.prepare<{ region: string; fromNo: number; limit: number }, SegmentRow>(`
    select *
    from chain_segments
    where region = @region
      and no >= @fromNo
    order by no
    limit +@limit
  `);
  const lastSegment = db.prepare<{ region: string }, SegmentRow>(`
    select *
    from chain_segments
    where region = @region
    order by no desc
    limit 1
  `);
  const segmentUntil = db.prepare<{ region: string; at: number }, SegmentRow>(`
    select *
    from chain_segments
    where region = @region
      and to_at_ms >= @at
    order by to_at_ms
    limit 1
  `);
  // Asked after every commit of another connection: one step into the index per region, however long the chain is.
  const ends = db.prepare<[], { readonly region: string; readonly until: number | null }>(`
    select
      region,
      (
        select max(to_at_ms)
        from chain_segments
        where chain_segments.region = regions.region
      ) as until
    from (select distinct region from series) as regions
  `);
  const addSegment = db.prepare(`
    insert into chain_segments (
      region,
      no,
      from_at_ms,
      to_at_ms,
      header,
      head,
      marks,
      row_index
    ) values (
      @region,
      @no,
      @fromAt,
      @toAt,
      @header,
      @head,
      @marks,
      @index
    )
  `);
  const addLate = db.prepare(`
    insert or ignore into late_rows (
      scheduled_at_ms,
      series_no,
      kind,
      region
    ) values (
      @scheduledAt,
      @seriesNo,
      @kind,
      @region
    )
  `);
  const lateRow = db.prepare<{ scheduledAt: number; seriesNo: number; kind: number }>(`
    select 1
    from late_rows
    where scheduled_at_ms = @scheduledAt
      and series_no = @seriesNo
      and kind = @kind
  `);
  const takeLate = db.prepare(`
    update late_rows
    set segment_no = @no
    where region = @region
      and segment_no is null
  `);
  const nextTicks = db
    .prepare<{ fromAt: number }, number | null>(`
      select min(at)
      from (
        ${ofEachSampleTable((table) => `select min(scheduled_at_ms) as at from ${table} where scheduled_at_ms >= @fromAt`)}
        union all
        select min(scheduled_at_ms) from not_run where scheduled_at_ms >= @fromAt
        union all
        select min(hour_at_ms) from packed_hours where hour_at_ms >= @fromAt
      )
    `)
    .pluck();
  const oldestPrunable = db.prepare<{ samplesBeforeAt: number; evidenceBeforeAt: number }, SegmentRow>(`
    select *
    from chain_segments
    where (pruned_at_ms is null and to_at_ms <= @samplesBeforeAt)
      or (evidence_pruned_at_ms is null and to_at_ms <= @evidenceBeforeAt)
    order by to_at_ms
    limit 1
  `);
  const markPruned = db.prepare(`
    update chain_segments
    set
      pruned_at_ms = case when @rows then coalesce(pruned_at_ms, @at) else pruned_at_ms end,
      evidence_pruned_at_ms = coalesce(evidence_pruned_at_ms, @at)
    where region = @region
      and no = @no
  `);
  const deleteEvidence = db.prepare<RowKey>(`
    delete from evidence
    where scheduled_at_ms = @scheduledAt
      and series_no = @seriesNo
      and purpose = @purposeNo
  `);
  const deletePack = db.prepare<{ hourAt: number; seriesNo: number }>(`
    delete from packed_hours
    where hour_at_ms = @hourAt
      and series_no = @seriesNo
  `);
  const deleteNotRun = db.prepare<{ scheduledAt: number; seriesNo: number }>(`
    delete from not_run
    where scheduled_at_ms = @scheduledAt
      and series_no = @seriesNo
  `);

  const addGap = db.prepare(`
    insert into chain_gaps (
      region,
      segment_no,
      probe,
      target,
      hour_at_ms,
      why
    ) values (
      @region,
      @no,
      @probe,
      @target,
      @hourAt,
      @why
    )
    on conflict do nothing
  `);
  const allGaps = db.prepare<[], GapRow>(`
    select
      chain_gaps.region,
      chain_gaps.segment_no,
      chain_gaps.probe,
      chain_gaps.target,
      chain_gaps.hour_at_ms,
      chain_gaps.why,
      json_extract(chain_segments.header, '$.sealedAt') as sealed_at
    from chain_gaps
    join chain_segments on chain_segments.region = chain_gaps.region
      and chain_segments.no = chain_gaps.segment_no
    order by chain_gaps.segment_no
  `);

  /** Deletes a sample wherever it stands, unless its row `stays`; a packed hour is written again without it. */
  const removeSamples = (keys: readonly RowKey[], stays: (key: RowKey) => boolean): void => {
    for (const key of keys) if (!stays(key)) samples.delete(key);
    const byPack = Map.groupBy(keys, ({ scheduledAt, seriesNo }) => `${hourOf(scheduledAt)} ${seriesNo}`);
    for (const group of byPack.values()) {
      const { scheduledAt = 0, seriesNo = 0 } = group[0] ?? {};
      const hourAt = hourOf(scheduledAt);
      const pack = packed.packOf(hourAt, seriesNo)?.read();
      // What cannot be read goes as a whole, with the segment of its hour.
      if (pack?.kind !== 'rows') continue;
      const { rows } = pack;
      const gone = new Set(group.map((key) => `${key.scheduledAt} ${key.purposeNo}`));
      const left = rows.filter((row) => !gone.has(`${row.scheduledAt} ${row.purposeNo}`));
      if (left.length === rows.length) continue;
      if (left.length === 0) deletePack.run({ hourAt, seriesNo });
      else packed.put(packHour(hourAt, seriesNo, left));
    }
  };

  return {
    sealedUntil: () =>
      new Map(ends.all().flatMap(({ region, until }) => (until === null ? [] : [[region, until] as const]))),
    addLate(scheduledAt, seriesNo, kind, region) {
      addLate.run({ scheduledAt, seriesNo, kind, region });
    },
    isLate: (scheduledAt, seriesNo, kind) => lateRow.get({ scheduledAt, seriesNo, kind }) !== undefined,
    nextHour(fromAt) {
      const at = nextTicks.get({ fromAt }) ?? null;
      return at === null ? null : hourOf(at);
    },
    lastSegment(region) {
      const row = lastSegment.get({ region });
      return row === undefined ? null : segmentOf(row);
    },
    segments: (region, fromNo, limit) => segmentsFrom.all({ region, fromNo, limit }).map(segmentOf),
    segmentUntil(region, at) {
      const row = segmentUntil.get({ region, at });
      return row === undefined ? null : segmentOf(row);
    },
    rowsOf: rows.visit,
    unreadable(registry) {
      const found = new Map<string, UnreadableHour>();
      const add = (one: UnreadableHour): void => {
        const key = `${one.hourAt} ${seriesText(one)}`;
        if (!found.has(key)) found.set(key, one);
      };
      for (const { region, probe, target, hour_at_ms: hourAt, why, ...row } of allGaps.all()) {
        add({
          region,
          probe,
          target,
          hourAt,
          why,
          sealed: { segment: row.segment_no, at: Date.parse(row.sealed_at) },
        });
      }
      for (const { hourAt, seriesNo, message } of packed.met()) {
        const { region, probe, recordedAs } = registry.entry(seriesNo);
        add({ region, probe, target: recordedAs, hourAt, why: message, sealed: null });
      }
      return [...found.values()].sort((one, other) => one.hourAt - other.hourAt);
    },
    add(segment, { stamp, unreadable }, registry) {
      const { region, no, fromAt, toAt } = segment;
      const last = lastSegment.get({ region });
      if ((last?.no ?? -1) + 1 !== no) return 'taken';
      if (last !== undefined && last.to_at_ms !== fromAt) {
        throw new Error(`segment ${no} of ${region} does not begin where the one before ends`);
      }
      if (rows.stamp(registry, region, { fromAt, toAt }) !== stamp) return 'changed';
      addSegment.run(segment);
      takeLate.run({ region, no });
      for (const { series: own, hourAt, message } of unreadable) {
        addGap.run({ region, no, probe: own.probe, target: own.target, hourAt, why: message });
      }
      return 'added';
    },
    prune({ samplesBeforeAt, evidenceBeforeAt, at }, registry) {
      const found = oldestPrunable.get({ samplesBeforeAt, evidenceBeforeAt });
      if (found === undefined) return false;
      const { region, no } = found;
      const bySeries = seriesOf(registry, region);
      const numberOf = new Map([...bySeries].map(([seriesNo, series]) => [seriesText(series), seriesNo]));
      const keyOf = (row: {
        readonly series: ChainSeries;
        readonly scheduledAt: number;
      }): { readonly scheduledAt: number; readonly seriesNo: number } => {
        const seriesNo = numberOf.get(seriesText(row.series));
        if (seriesNo === undefined) throw new Error('a sealed row of no series');
        return { scheduledAt: row.scheduledAt, seriesNo };
      };
      const wantsRows = found.to_at_ms <= samplesBeforeAt;
      const keys: RowKey[] = [];
      // Deleted afterwards: a statement that reads is under way while the visitor looks.
      const bodies: RowKey[] = [];
      const ticks: { readonly scheduledAt: number; readonly seriesNo: number }[] = [];
      const query = { region, no, fromAt: found.from_at_ms, toAt: found.to_at_ms };
      const { unreadable } = rows.visit(registry, query, {
        sample: (row) => void keys.push({ ...keyOf(row), purposeNo: PURPOSE_NO[row.purpose] }),
        notRun: (row) => void ticks.push(keyOf(row)),
        evidence: (row) => void bodies.push({ ...keyOf(row), purposeNo: PURPOSE_NO[row.purpose] }),
      });
      for (const key of bodies) deleteEvidence.run(key);
      if (wantsRows) {
        // One that was delivered again is sealed here as packed, and as a row in a later segment.
        removeSamples(keys, rows.lateWithin(region, query));
        for (const key of ticks) deleteNotRun.run(key);
        for (const { series, hourAt } of unreadable) {
          const { seriesNo } = keyOf({ series, scheduledAt: hourAt });
          deletePack.run({ hourAt, seriesNo });
        }
      }
      markPruned.run({ region, no, at, rows: wantsRows ? 1 : 0 });
      return true;
    },
  };
}

function seriesText({ probe, target, region }: ChainSeries): string {
  return `${probe}\n${target}\n${region}`;
}

function segmentOf(row: SegmentRow): Segment {
  return {
    region: row.region,
    no: row.no,
    fromAt: row.from_at_ms,
    toAt: row.to_at_ms,
    header: row.header,
    head: row.head,
    marks: row.marks,
    index: row.row_index,
    prunedAt: row.pruned_at_ms,
    evidencePrunedAt: row.evidence_pruned_at_ms,
  };
}
