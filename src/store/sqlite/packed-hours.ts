import type { Database } from 'better-sqlite3';
import type { RowKey } from './evidence.ts';
import type { Detail } from './packed-detail.ts';
import {
  type CoreColumns,
  PackedCoreRow,
  packCore,
  packDetails,
  unpackCore,
  unpackCost,
  unpackDetails,
} from './packed-hour.ts';
import {
  type CountedFacts,
  type SampleFilter,
  type StoredRow,
  wantsOnlyFailuresOfSeries,
} from './samples.ts';

export const HOUR_MS = 3_600_000;
const SHORT_RANGE_MS = 48 * HOUR_MS;

export type PackedHoursTable = {
  /** Stores a pack in place of what was there. */
  readonly put: (pack: NewPack) => void;
  /**
   * Rows of one hour, series by series, each by tick and purpose. `series` restricts them; `null` asks for all. Here and in
   * `has`, `get` and `costsOf`: a pack that cannot be read holds nothing, and is `met` from then on.
   */
  readonly ofHour: (hourAt: number, series: readonly number[] | null) => readonly StoredRow[];
  /** Some of them: none of a pack of which the details cannot be read, if one that is wanted needs its own. */
  readonly detailedOfHour: (
    hourAt: number,
    series: readonly number[] | null,
    isWanted: (row: StoredRow) => boolean,
    needsDetail: (row: StoredRow) => boolean,
  ) => readonly StoredRow[];
  /** The packs that could not be read since the store was opened. */
  readonly met: () => readonly UnreadablePack[];
  /** The packs of one hour, unread. */
  readonly packsOf: (hourAt: number) => Iterable<Pack>;
  readonly packOf: (hourAt: number, seriesNo: number) => Pack | null;
  /** What the samples of one hour cost, series by series. */
  readonly costsOf: (hourAt: number) => readonly (readonly [seriesNo: number, costNanos: number])[];
  readonly has: (key: RowKey) => boolean;
  readonly get: (key: RowKey) => StoredRow | null;
  /** The hours that overlap the filter's range, in its order; those with nothing packed may be left out. */
  readonly hours: (
    filter: Pick<SampleFilter, 'fromAt' | 'toAt' | 'series' | 'outcomes' | 'order'>,
  ) => Iterable<number>;
  /** The end of the last hour of which anything is packed: from there on, samples are rows. */
  readonly packedUntil: () => number;
};

/** All samples of one series in one hour, about to be stored. */
export type NewPack = {
  readonly hourAt: number;
  readonly seriesNo: number;
  readonly samples: number;
  readonly failed: number;
  readonly core: Uint8Array;
  readonly detail: Uint8Array;
};

/** All samples of one series in one hour, as they are stored. */
export type Pack = {
  readonly seriesNo: number;
  readonly bytes: readonly Uint8Array[];
  /** Its rows with their details, or why they cannot be read. */
  readonly read: () =>
    | { readonly kind: 'rows'; readonly rows: readonly StoredRow[] }
    | { readonly kind: 'unreadable'; readonly message: string };
};

type UnreadablePack = { readonly hourAt: number; readonly seriesNo: number; readonly message: string };

type PackRow = {
  readonly hour_at_ms: number;
  readonly series_no: number;
  readonly core: Uint8Array;
  readonly detail: Uint8Array;
};

export function hourOf(at: number): number {
  return Math.floor(at / HOUR_MS) * HOUR_MS;
}

/** `giveWay` is called between two packs. */
export function preparePackedHours(db: Database, giveWay: () => void = () => {}): PackedHoursTable {
  const putPack = db.prepare<NewPack>(`
    insert into packed_hours (
      hour_at_ms,
      series_no,
      samples,
      failed,
      core,
      detail
    ) values (
      @hourAt,
      @seriesNo,
      @samples,
      @failed,
      @core,
      @detail
    )
    on conflict (hour_at_ms, series_no) do update set
      samples = excluded.samples,
      failed = excluded.failed,
      core = excluded.core,
      detail = excluded.detail
  `);
  const packsOfHour = db.prepare<{ hourAt: number }, PackRow>(`
    select
      hour_at_ms,
      series_no,
      core,
      detail
    from packed_hours
    where hour_at_ms = @hourAt
    order by series_no
  `);
  const packOfSeriesHour = db.prepare<{ hourAt: number; seriesNo: number }, PackRow>(`
    select
      hour_at_ms,
      series_no,
      core,
      detail
    from packed_hours
    where hour_at_ms = @hourAt
      and series_no = @seriesNo
  `);
  const coreOfSeriesHour = db
    .prepare<{ hourAt: number; seriesNo: number }, Uint8Array>(
      'select core from packed_hours where hour_at_ms = @hourAt and series_no = @seriesNo',
    )
    .pluck();
  const nextHour = db
    .prepare<{ fromAt: number }, number | null>(
      'select min(hour_at_ms) from packed_hours where hour_at_ms >= @fromAt',
    )
    .pluck();
  const hourBefore = db
    .prepare<{ toAt: number }, number | null>(
      'select max(hour_at_ms) from packed_hours where hour_at_ms < @toAt',
    )
    .pluck();
  const failedHours = db
    .prepare<{ fromAt: number; toAt: number; series: string }, number>(`
      select distinct hour_at_ms
      from packed_hours indexed by packed_hours_failed
      where failed > 0
        and series_no in (select value from json_each(@series))
        and hour_at_ms >= @fromAt
        and hour_at_ms < @toAt
      order by hour_at_ms
    `)
    .pluck();
  const lastHour = db.prepare<[], number | null>('select max(hour_at_ms) from packed_hours').pluck();

  function* forwards(fromAt: number, toAt: number): Iterable<number> {
    for (let at = hourOf(fromAt); ; at += HOUR_MS) {
      const found = nextHour.get({ fromAt: at });
      if (found === null || found === undefined || found >= toAt) return;
      yield found;
      at = found;
    }
  }

  /** Every hour of a short range: asking which of them hold something would cost as much as looking. */
  function* each(fromAt: number, toAt: number): Iterable<number> {
    for (let at = hourOf(fromAt); at < toAt; at += HOUR_MS) yield at;
  }

  function* backwards(fromAt: number, toAt: number): Iterable<number> {
    for (let at = toAt; ; ) {
      const found = hourBefore.get({ toAt: at });
      if (found === null || found === undefined || found + HOUR_MS <= fromAt) return;
      yield found;
      at = found;
    }
  }

  const met = new Map<string, UnreadablePack>();
  const readable = <Read>(
    pack: PackRow | undefined,
    read: (pack: PackRow) => readonly Read[],
  ): readonly Read[] => {
    if (pack === undefined) return [];
    giveWay();
    try {
      return read(pack);
    } catch (error) {
      const { hour_at_ms: hourAt, series_no: seriesNo } = pack;
      met.set(`${hourAt} ${seriesNo}`, { hourAt, seriesNo, message: messageOf(error) });
      return [];
    }
  };
  const readableOf = (
    hourAt: number,
    series: readonly number[] | null,
    read: (pack: PackRow) => readonly StoredRow[],
  ): readonly StoredRow[] => {
    const packs =
      series === null
        ? packsOfHour.all({ hourAt })
        : series.map((seriesNo) => withoutDetails(hourAt, seriesNo));
    return packs.flatMap((pack) => readable(pack, read));
  };
  /** The details, two thirds of a pack, stay in the file until one is wanted. The caller holds the transaction. */
  const withoutDetails = (hourAt: number, seriesNo: number): PackRow | undefined => {
    const core = coreOfSeriesHour.get({ hourAt, seriesNo });
    if (core === undefined) return undefined;
    return {
      hour_at_ms: hourAt,
      series_no: seriesNo,
      core,
      get detail() {
        const pack = packOfSeriesHour.get({ hourAt, seriesNo });
        if (pack === undefined) throw new Error('a packed hour has gone while it was read');
        return pack.detail;
      },
    };
  };
  const withDetails = (
    pack: PackRow,
    isWanted: (row: StoredRow) => boolean,
    needsDetail: (row: StoredRow) => boolean = () => true,
  ): readonly StoredRow[] => {
    const rows = rowsOfPack(pack).filter(isWanted);
    // Details are one piece: of all rows or of none.
    rows.find(needsDetail)?.readDetail();
    return rows;
  };
  const find = (
    { scheduledAt, seriesNo, purposeNo }: RowKey,
    read: (pack: PackRow, isWanted: (row: StoredRow) => boolean) => readonly StoredRow[],
  ): StoredRow | null => {
    const pack = packOfSeriesHour.get({ hourAt: hourOf(scheduledAt), seriesNo });
    const isIt = (row: StoredRow): boolean => row.scheduledAt === scheduledAt && row.purposeNo === purposeNo;
    return readable(pack, (one) => read(one, isIt))[0] ?? null;
  };

  return {
    ofHour: (hourAt, series) => readableOf(hourAt, series, rowsOfPack),
    detailedOfHour: (hourAt, series, isWanted, needsDetail) =>
      readableOf(hourAt, series, (pack) => withDetails(pack, isWanted, needsDetail)),
    met: () => [...met.values()],
    put(pack) {
      putPack.run(pack);
    },
    *packsOf(hourAt) {
      for (const pack of packsOfHour.all({ hourAt })) {
        giveWay();
        yield packFrom(pack);
      }
    },
    packOf(hourAt, seriesNo) {
      const pack = packOfSeriesHour.get({ hourAt, seriesNo });
      return pack === undefined ? null : packFrom(pack);
    },
    costsOf: (hourAt) =>
      packsOfHour
        .all({ hourAt })
        .flatMap((pack) => readable(pack, ({ series_no, core }) => [[series_no, unpackCost(core)] as const])),
    has: (key) => find(key, (pack, isIt) => rowsOfPack(pack).filter(isIt)) !== null,
    get: (key) => find(key, withDetails),
    hours(filter) {
      const { fromAt, toAt, series, order } = filter;
      if (fromAt >= toAt) return [];
      if (series !== null && wantsOnlyFailuresOfSeries({ ...filter, purposes: null, limit: -1 })) {
        const hours = failedHours.all({ fromAt: hourOf(fromAt), toAt, series: JSON.stringify(series) });
        return order === 'newest-first' ? hours.reverse() : hours;
      }
      if (order === 'newest-first') return backwards(fromAt, toAt);
      return series !== null && toAt - fromAt <= SHORT_RANGE_MS ? each(fromAt, toAt) : forwards(fromAt, toAt);
    },
    packedUntil() {
      const last = lastHour.get();
      return last === null || last === undefined ? Number.NEGATIVE_INFINITY : last + HOUR_MS;
    },
  };
}

/** Packs all samples of one series in one hour, given by tick and purpose. */
export function packHour(hourAt: number, seriesNo: number, rows: readonly StoredRow[]): NewPack {
  const details = rows.map((row) => row.readDetail());
  return {
    hourAt,
    seriesNo,
    samples: rows.length,
    failed: rows.filter(({ outcome }) => outcome !== 'ok').length,
    core: packCore(hourAt, rows, details),
    detail: packDetails(rows, details),
  };
}

function packFrom(pack: PackRow): Pack {
  return {
    seriesNo: pack.series_no,
    bytes: [pack.core, pack.detail],
    read() {
      try {
        const rows = rowsOfPack(pack);
        for (const row of rows) row.readDetail();
        return { kind: 'rows', rows };
      } catch (error) {
        return { kind: 'unreadable', message: messageOf(error) };
      }
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function rowsOfPack(pack: PackRow): readonly StoredRow[] {
  const core = unpackCore(pack.hour_at_ms, pack.core);
  let details: readonly Detail[] | undefined;
  const own: OwnPack = {
    seriesNo: pack.series_no,
    readDetail(index) {
      details ??= unpackDetails(core, pack.detail);
      const detail = details[index];
      if (detail === undefined) throw new Error('a packed row has no detail');
      return detail;
    },
  };
  const rows: StoredRow[] = [];
  for (let index = 0; index < core.length; index += 1) rows.push(new PackedRow(core, index, own));
  return rows;
}

/** What all rows of a pack share beside their columns. */
type OwnPack = { readonly seriesNo: number; readonly readDetail: (index: number) => Detail };

class PackedRow extends PackedCoreRow implements StoredRow {
  readonly pack: OwnPack;

  constructor(core: CoreColumns, index: number, pack: OwnPack) {
    super(core, index);
    this.pack = pack;
  }

  get seriesNo(): number {
    return this.pack.seriesNo;
  }

  readDetail(): Detail {
    return this.pack.readDetail(this.index);
  }

  readFacts(): CountedFacts {
    return this;
  }
}
