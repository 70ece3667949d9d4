import type { Sample } from '../../domain/measure/sample.ts';
import type { RowKey } from './evidence.ts';
import { HOUR_MS, hourOf, type NewPack, type PackedHoursTable, packHour } from './packed-hours.ts';
import {
  type AttemptRow,
  PURPOSE_NO,
  type SampleFilter,
  type SamplesTable,
  type StoredRow,
} from './samples.ts';

/**
 * Recent rows and packed hours as one: whoever reads or records cannot tell where a sample is. A sample that arrives
 * for an hour already packed is a row until it is packed too; where what is packed cannot be read, it stays a row. So a sample
 * can be in both, if its pack is mended by hand after it was delivered again: it is one sample all the same.
 */
export type AllSamples = {
  /** `false` if a sample with this identity was there already. */
  readonly add: (seriesNo: number, sample: Sample) => boolean;
  readonly has: (key: RowKey) => boolean;
  readonly get: (key: RowKey) => StoredRow | null;
  /**
   * `needsDetail` says whose details will be asked for; default: everybody's. Packed rows are left out where what is needed of
   * their pack cannot be read.
   */
  readonly select: (filter: SampleFilter, needsDetail?: (row: StoredRow) => boolean) => readonly StoredRow[];
  /**
   * All attempts in `[fromAt, toAt)`. Those of one series come by tick and purpose, those of one tick directly one
   * after the other; how series are interleaved is not promised.
   */
  readonly attemptsBetween: (fromAt: number, toAt: number) => Iterable<AttemptRow>;
  /** What the attempts of each series cost in one hour that begins at `hourAt`. */
  readonly costsOfHour: (hourAt: number) => ReadonlyMap<number, number>;
  /**
   * Packs one hour, of a bounded number of series, that ends at or before `beforeAt` and has rows that can be packed; `null`
   * without one. It only reads, so that whoever records need not wait for it.
   */
  readonly packOldest: (beforeAt: number) => PackedPiece | null;
  /**
   * Stores what was packed in place of its rows; not if rows of that hour have come or gone since. The caller holds the
   * transaction.
   */
  readonly putPacked: (piece: PackedPiece) => void;
  /**
   * Packs one series' samples of one hour, by tick and purpose, that were never rows. `false`, and nothing done, if
   * something of that hour is there already. The caller holds the transaction.
   */
  readonly addHour: (hourAt: number, seriesNo: number, samples: readonly StoredRow[]) => boolean;
  /** The end of the last hour of which anything is packed; minus infinity without any. */
  readonly packedUntil: () => number;
  /** To be called when another connection may have packed, or a transaction that packed was rolled back. */
  readonly refresh: () => void;
};

/** Some series of one hour, packed. */
export type PackedPiece = {
  readonly hourAt: number;
  /** By ascending number of their series. */
  readonly packs: readonly NewPack[];
  /** No other series has rows in that hour. */
  readonly isWhole: boolean;
  /** All rows there were in that hour. */
  readonly rowsOfHour: number;
};

/** So that one piece of packing stays short: about 30,000 samples at one a minute. */
const SERIES_AT_ONCE = 512;
/** Of those so many are in memory at the same time: a row takes close to a kilobyte while it is packed. */
const SERIES_HELD = 64;

export function combineSamples(rows: SamplesTable, packed: PackedHoursTable): AllSamples {
  let packedUntil = packed.packedUntil();

  function* attemptsBetween(fromAt: number, toAt: number): Iterable<AttemptRow> {
    let at = fromAt;
    for (const hourAt of packed.hours({
      fromAt,
      toAt,
      series: null,
      outcomes: null,
      order: 'oldest-first',
    })) {
      const from = Math.max(fromAt, hourAt);
      const to = Math.min(toAt, hourAt + HOUR_MS);
      yield* rows.attemptsBetween(at, from);
      const late = [...rows.attemptsBetween(from, to)];
      const old = packed
        .ofHour(hourAt, null)
        .filter(({ scheduledAt }) => scheduledAt >= from && scheduledAt < to);
      const attempts = old.map(attemptOf);
      // Without late rows the series follow each other whole, which is order enough.
      yield* late.length === 0 ? attempts : eachOnce(attempts.concat(late), bySeriesTickPurpose);
      at = to;
    }
    yield* rows.attemptsBetween(at, toAt);
  }

  return {
    add(seriesNo, sample) {
      const { scheduledAt, purpose } = sample;
      if (
        scheduledAt < packedUntil &&
        packed.has({ scheduledAt, seriesNo, purposeNo: PURPOSE_NO[purpose] })
      ) {
        return false;
      }
      return rows.add(seriesNo, sample);
    },
    has: (key) => rows.get(key) !== null || (key.scheduledAt < packedUntil && packed.has(key)),
    get: (key) => rows.get(key) ?? (key.scheduledAt < packedUntil ? packed.get(key) : null),
    select(filter, needsDetail = () => true) {
      const recent = rows.select(filter);
      if (filter.fromAt >= packedUntil) return recent;
      const old = selectPacked(packed, filter, needsDetail);
      if (old.length === 0) return recent;
      const direction = filter.order === 'newest-first' ? -1 : 1;
      const inOrder = (one: StoredRow, other: StoredRow): number =>
        direction * byTickSeriesPurpose(one, other);
      const both = recent.length === 0 ? old.sort(inOrder) : eachOnce(old.concat(recent), inOrder);
      return filter.limit < 0 ? both : both.slice(0, filter.limit);
    },
    attemptsBetween: (fromAt, toAt) =>
      fromAt >= packedUntil ? rows.attemptsBetween(fromAt, toAt) : attemptsBetween(fromAt, toAt),
    costsOfHour(hourAt) {
      const recent = rows.costsBetween(hourAt, hourAt + HOUR_MS);
      const costs = new Map(hourAt < packedUntil ? packed.costsOf(hourAt) : []);
      const isBoth = new Set<number>();
      for (const [seriesNo, nanos] of recent) {
        if (costs.has(seriesNo)) isBoth.add(seriesNo);
        costs.set(seriesNo, isBoth.has(seriesNo) ? 0 : nanos);
      }
      if (isBoth.size === 0) return costs;
      for (const [, seriesNo, , , , , , nanos] of attemptsBetween(hourAt, hourAt + HOUR_MS))
        if (isBoth.has(seriesNo)) costs.set(seriesNo, (costs.get(seriesNo) ?? 0) + (nanos ?? 0));
      return costs;
    },
    packOldest(beforeAt) {
      for (let tick = rows.firstTick(0); tick !== null; ) {
        const hourAt = hourOf(tick);
        if (hourAt + HOUR_MS > beforeAt) break;
        const piece = packHourFrom(rows, packed, hourAt);
        if (piece.packs.length > 0) return piece;
        tick = rows.firstTick(hourAt + HOUR_MS);
      }
      return null;
    },
    putPacked({ hourAt, packs, isWhole, rowsOfHour }) {
      const hour = { fromAt: hourAt, toAt: hourAt + HOUR_MS };
      // Rows are never changed: as many as before are the same as before.
      if (rows.count(hour.fromAt, hour.toAt) !== rowsOfHour) return;
      for (const pack of packs) packed.put(pack);
      rows.remove(hour, packs[0]?.seriesNo ?? 0, packs.at(-1)?.seriesNo ?? 0, isWhole);
      packedUntil = Math.max(packedUntil, hour.toAt);
    },
    addHour(hourAt, seriesNo, samples) {
      const endAt = hourAt + HOUR_MS;
      const oldest = rows.firstTick(0);
      if (oldest !== null && oldest < endAt) {
        const hour = { fromAt: hourAt, toAt: endAt, series: [seriesNo], purposes: null, outcomes: null };
        if (rows.select({ ...hour, order: 'oldest-first', limit: 1 }).length > 0) return false;
      }
      if (packed.packOf(hourAt, seriesNo) !== null) return false;
      packed.put(packHour(hourAt, seriesNo, samples));
      packedUntil = Math.max(packedUntil, endAt);
      return true;
    },
    packedUntil: () => packedUntil,
    refresh() {
      packedUntil = packed.packedUntil();
    },
  };
}

/**
 * The first series of an hour that have rows there, together with what is packed of them already. Rows of a series of which that
 * cannot be read are passed over, for nothing may be written in its place: a piece ends before them, and begins after them. So are
 * rows of a series of which some are packed already: the chain may have sealed them twice; they stay rows until they are pruned.
 */
function packHourFrom(rows: SamplesTable, packed: PackedHoursTable, hourAt: number): PackedPiece {
  const endAt = hourAt + HOUR_MS;
  const rowsOfHour = rows.count(hourAt, endAt);
  const packs: NewPack[] = [];
  let passedOver = false;
  for (let after = -1; packs.length < SERIES_AT_ONCE; ) {
    const next = rows.ofNextSeries(hourAt, endAt, after, SERIES_HELD);
    const bySeries = Map.groupBy(next, (row) => row.seriesNo);
    for (const seriesNo of [...bySeries.keys()].sort((one, other) => one - other)) {
      after = seriesNo;
      const old = packed.packOf(hourAt, seriesNo)?.read() ?? { kind: 'rows', rows: [] };
      const recent = bySeries.get(seriesNo) ?? [];
      const both = old.kind === 'rows' ? old.rows.concat(recent) : [];
      const together = eachOnce(both, byTickSeriesPurpose);
      if (old.kind === 'rows' && together.length === both.length) {
        packs.push(packHour(hourAt, seriesNo, together));
      } else if (packs.length === 0) passedOver = true;
      else return { hourAt, packs, isWhole: false, rowsOfHour };
    }
    if (bySeries.size < SERIES_HELD) return { hourAt, packs, isWhole: !passedOver, rowsOfHour };
  }
  return { hourAt, packs, isWhole: false, rowsOfHour };
}

/** The first `limit` packed rows that match, in the filter's order; it reads no further hour than it must. */
function selectPacked(
  packed: PackedHoursTable,
  filter: SampleFilter,
  needsDetail: (row: StoredRow) => boolean,
): StoredRow[] {
  const found: StoredRow[] = [];
  for (const hourAt of packed.hours(filter)) {
    if (filter.limit >= 0 && found.length >= filter.limit) break;
    const isWanted = (row: StoredRow): boolean => matches(row, filter);
    found.push(...packed.detailedOfHour(hourAt, filter.series, isWanted, needsDetail));
  }
  return found;
}

function matches(row: StoredRow, filter: SampleFilter): boolean {
  return (
    row.scheduledAt >= filter.fromAt &&
    row.scheduledAt < filter.toAt &&
    (filter.purposes === null || filter.purposes.includes(row.purposeNo)) &&
    (filter.outcomes === null || filter.outcomes.some((outcome) => outcome === row.outcome))
  );
}

function attemptOf(row: StoredRow): AttemptRow {
  return [
    row.scheduledAt,
    row.seriesNo,
    row.purposeNo,
    row.outcome,
    row.doubt,
    row.ttftUs,
    row.totalUs,
    row.costNanos,
  ];
}

/** Sorted, and of those that are alike the first. */
function eachOnce<Row>(rows: Row[], order: (one: Row, other: Row) => number): Row[] {
  rows.sort(order);
  return rows.filter((row, index) => {
    const before = rows[index - 1];
    return before === undefined || order(before, row) !== 0;
  });
}

function byTickSeriesPurpose(one: StoredRow, other: StoredRow): number {
  return (
    one.scheduledAt - other.scheduledAt || one.seriesNo - other.seriesNo || one.purposeNo - other.purposeNo
  );
}

function bySeriesTickPurpose(one: AttemptRow, other: AttemptRow): number {
  return one[1] - other[1] || one[0] - other[0] || one[2] - other[2];
}
