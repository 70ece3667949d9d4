import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { type RefusedRow, refusal } from '../../domain/measure/refused-row.ts';
import type { NotRun, Sample } from '../../domain/measure/sample.ts';
import type { RecordResult, Store, StoredSample } from '../store.ts';
import { alertingOn } from './alerting.ts';
import { combineSamples } from './all-samples.ts';
import { prepareBuckets } from './buckets.ts';
import { prepareChain } from './chain.ts';
import { fillClosedLists } from './closed-lists.ts';
import { readAttempts, readDecided, storedAttemptOf } from './decided.ts';
import { declareSeries } from './declare-series.ts';
import { prepareEvidence } from './evidence.ts';
import { prepareFacts } from './facts.ts';
import { foreignKeySwitch } from './foreign-key-switch.ts';
import { APPLICATION_ID, migrate, readMigrations, readSchemaState } from './migrate.ts';
import { prepareNotRun } from './not-run.ts';
import { HOUR_MS, hourOf, preparePackedHours } from './packed-hours.ts';
import { reportsOn } from './reports.ts';
import { PURPOSE_NO, prepareSamples, rowOfSample, type StoredRow } from './samples.ts';
import { prepareSchedules } from './schedules.ts';
import { NOT_RUN_KIND } from './segment-rows.ts';
import { buildRegistry, prepareSeries, type SeriesRegistry } from './series.ts';
import { prepareServedBy } from './served-by.ts';
import { nameSample } from './stored-sample.ts';
import { summarise } from './summarise.ts';
import { prepareTargets } from './targets.ts';
import { prepareTimeStamps } from './time-stamps.ts';

export type SqliteOptions = {
  /**
   * What a resolved write survives. `process-kill` (SQLite's `synchronous = normal` with a write-ahead log): the
   * process may be killed at any instant; if the power or the kernel fails, the writes since the last checkpoint may
   * be gone, but the database is whole. `power-cut` (`synchronous = full`): nothing acknowledged is lost even then;
   * every write waits for the disk. Default: `process-kill`.
   */
  readonly survives?: 'process-kill' | 'power-cut';
  /** How long a write waits for another process's write, whole ms. Default: 5000. */
  readonly busyTimeoutMs?: number;
  /** Nothing is written, not even the schema: for a database on a medium that cannot be written. Default: `false`. */
  readonly readOnly?: boolean;
  /** Called between small pieces of long readings, never while something is written. Default: nothing. */
  readonly giveWay?: () => void;
};

export type OpenedStore =
  | { readonly kind: 'opened'; readonly store: Store }
  /** Something the operator must mend; `message` is one line that names the file. */
  | {
      readonly kind: 'refused';
      readonly reason: 'unwritable' | 'foreign' | 'newer' | 'older' | 'damaged' | 'busy';
      readonly message: string;
    };

/**
 * Opens the database, makes its folder (mode 0700) if there is none, and brings its schema up to date. `:memory:` is
 * a store that ends with the process.
 */
export function openSqliteStore(path: string, options: SqliteOptions = {}): OpenedStore {
  let db: Database.Database | undefined;
  try {
    const readOnly = options.readOnly ?? false;
    if (path !== ':memory:' && !readOnly) mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    db = new Database(path, { timeout: options.busyTimeoutMs ?? 5000, readonly: readOnly });
    const migrations = readMigrations();
    const state = readSchemaState(db);
    if (!state.empty && state.applicationId !== APPLICATION_ID) {
      db.close();
      return { kind: 'refused', reason: 'foreign', message: `${path} is a database of another program` };
    }
    if (state.version > migrations.length) {
      db.close();
      return {
        kind: 'refused',
        reason: 'newer',
        message: `${path} was written by a newer Probity: it has schema ${state.version}, this one knows ${migrations.length}`,
      };
    }
    if (readOnly) {
      if (state.version === migrations.length) return { kind: 'opened', store: storeOn(db, options) };
      db.close();
      return {
        kind: 'refused',
        reason: 'older',
        message: `${path} was written by an older Probity and cannot be brought up to date where it is: copy the folder to a place that can be written`,
      };
    }
    // A batch of samples touches a few pages and writes them whole, twice: small pages halve what is written. Only a
    // new database takes the size; an old one keeps its own.
    db.pragma('page_size = 1024');
    db.pragma('journal_mode = wal');
    db.pragma(`synchronous = ${options.survives === 'power-cut' ? 'full' : 'normal'}`);
    // In pages. Pages that many batches touch are copied into the file once for all of them.
    db.pragma('wal_autocheckpoint = 4000');
    // In kB. What is read twice is kept above the store, in a denser form; the system caches the file besides.
    db.pragma('cache_size = -3000');
    db.pragma('foreign_keys = on');
    migrate(db, migrations);
    fillClosedLists(db);
    return { kind: 'opened', store: storeOn(db, options) };
  } catch (error) {
    db?.close();
    const refusal = refusalOf(path, error);
    if (refusal === null) throw error;
    return refusal;
  }
}

function storeOn(db: Database.Database, { giveWay = () => {} }: SqliteOptions): Store {
  let isWriting = false;
  const between = (): void => {
    if (!isWriting) giveWay();
  };
  const targets = prepareTargets(db);
  const series = prepareSeries(db);
  const schedules = prepareSchedules(db);
  const servedBy = prepareServedBy(db);
  const evidence = prepareEvidence(db);
  const notRun = prepareNotRun(db);
  const timeStamps = prepareTimeStamps(db);
  const facts = prepareFacts(db);

  const buckets = prepareBuckets(db);
  const recent = prepareSamples(db, servedBy, between);
  const packed = preparePackedHours(db, between);
  const samples = combineSamples(recent, packed);
  const chain = prepareChain(db, { samples: recent, packed, notRun, evidence, servedBy });

  let registry: SeriesRegistry = buildRegistry(targets.readAll(), series.readAll());
  let sealedUntil = chain.sealedUntil();
  /** Changes whenever another connection has committed; our own writes leave it alone. Asked before every reading. */
  const readDataVersion = db.prepare<[], number>('pragma data_version').pluck();
  let seenVersion = readDataVersion.get();
  const refresh = (): void => {
    registry = buildRegistry(targets.readAll(), series.readAll());
    samples.refresh();
    servedBy.forget();
    sealedUntil = chain.sealedUntil();
  };

  /** One transaction: it sees one state of the database and commits whole or not at all. */
  const transaction = <Result>(kind: 'deferred' | 'immediate', body: () => Result): Result => {
    try {
      return db
        .transaction(() => {
          const version = readDataVersion.get();
          if (version !== seenVersion) {
            refresh();
            seenVersion = version;
          }
          return body();
        })
        [kind]();
    } catch (error) {
      // What was remembered inside may have been rolled back.
      if (db.open) refresh();
      throw error;
    }
  };
  const reading = <Result>(body: () => Result): Result => transaction('deferred', body);
  const writing = <Result>(body: () => Result): Result => {
    isWriting = true;
    try {
      return transaction('immediate', body);
    } finally {
      isWriting = false;
    }
  };

  const withoutForeignKeys = foreignKeySwitch(db);

  const sampleOf = (row: StoredRow): StoredSample => nameSample(row, registry, servedBy, evidence);

  const seriesNoOf = (probe: string, target: string, region: string): number => {
    const seriesNo = registry.find(probe, target, region);
    if (seriesNo === undefined) {
      throw new Error(`probe ${probe} of target ${target} in region ${region} was never declared`);
    }
    return seriesNo;
  };

  /** What arrives after its hour was sealed goes to the next segment, and is named there as late. */
  const markLate = (seriesNo: number, scheduledAt: number, kind: number): void => {
    const { region } = registry.entry(seriesNo);
    if (scheduledAt >= (sealedUntil.get(region) ?? Number.NEGATIVE_INFINITY)) return;
    chain.addLate(scheduledAt, seriesNo, kind, region);
  };

  const recordSample = (sample: Sample): boolean => {
    const seriesNo = seriesNoOf(sample.probe, sample.target, sample.region);
    const { scheduledAt, purpose } = sample;
    const key = { scheduledAt, seriesNo, purposeNo: PURPOSE_NO[purpose] };
    // Late, and in a pack that cannot be read any more: beside its pack, a row would look as if one of them came on time.
    const isOld = scheduledAt < (sealedUntil.get(sample.region) ?? Number.NEGATIVE_INFINITY);
    if (isOld && chain.isLate(scheduledAt, seriesNo, key.purposeNo)) return false;
    if (!samples.add(seriesNo, sample)) return false;
    // With evidence from before it is no new one, but one that cannot be read any more: it stands where it was sealed.
    if (sample.evidence === null || !evidence.has(key)) markLate(seriesNo, scheduledAt, key.purposeNo);
    if (purpose === 'scheduled') notRun.markSampled(scheduledAt, seriesNo);
    if (sample.evidence !== null) evidence.add(key, sample.evidence);
    return true;
  };
  const recordNotRun = ({ probe, target, region, scheduledAt, reason }: NotRun): boolean => {
    const seriesNo = seriesNoOf(probe, target, region);
    const sampled = samples.has({ scheduledAt, seriesNo, purposeNo: PURPOSE_NO.scheduled });
    if (!notRun.add({ scheduledAt, seriesNo, reason }, sampled)) return false;
    markLate(seriesNo, scheduledAt, NOT_RUN_KIND);
    return true;
  };

  const record = (batch: Parameters<Store['record']>[0], now = Number.POSITIVE_INFINITY): RecordResult => {
    let recorded = 0;
    const touched = new Set<number>();
    const each = <Row extends { readonly scheduledAt: number }>(
      list: RefusedRow['list'],
      rows: readonly Row[],
      store: (row: Row) => boolean,
    ): void => {
      for (const [index, row] of rows.entries()) {
        try {
          if (!store(row)) continue;
        } catch (error) {
          throw db.open && isOfTheRow(error) ? refusal({ list, index }, error) : error;
        }
        recorded += 1;
        touched.add(hourOf(row.scheduledAt));
      }
    };
    each('samples', batch.samples, recordSample);
    each('notRun', batch.notRun, recordNotRun);
    for (const hourAt of touched) {
      if (hourAt + HOUR_MS > now) buckets.markOnce(hourAt);
      else buckets.mark('hour', hourAt);
    }
    return { recorded, repeated: batch.samples.length + batch.notRun.length - recorded };
  };

  const targetNoOf = (id: string): number => {
    const targetNo = registry.targetNo(id);
    if (targetNo === undefined) throw new Error(`target ${id} was never declared`);
    return targetNo;
  };

  const recordHistory = (batch: Parameters<Store['recordHistory']>[0]): void => {
    const bySeriesHour = Map.groupBy(
      batch.samples,
      (sample) => `${hourOf(sample.scheduledAt)} ${seriesNoOf(sample.probe, sample.target, sample.region)}`,
    );
    const asRows: Sample[] = [];
    for (const [key, hour] of bySeriesHour) {
      const [hourAt = 0, seriesNo = 0] = key.split(' ').map(Number);
      const rows = hour
        .map((sample) => rowOfSample(seriesNo, sample, servedBy.number(sample.servedBy)))
        .sort((one, other) => one.scheduledAt - other.scheduledAt || one.purposeNo - other.purposeNo);
      if (!samples.addHour(hourAt, seriesNo, rows)) {
        asRows.push(...hour);
        continue;
      }
      buckets.mark('hour', hourAt);
      for (const { scheduledAt, purpose, evidence: kept } of hour) {
        markLate(seriesNo, scheduledAt, PURPOSE_NO[purpose]);
        if (kept !== null) evidence.add({ scheduledAt, seriesNo, purposeNo: PURPOSE_NO[purpose] }, kept);
      }
    }
    record({ samples: asRows, notRun: batch.notRun });
  };

  return {
    ...alertingOn(db),
    ...reportsOn(db),
    async readPackedUntil() {
      return reading(() => samples.packedUntil());
    },
    async readAttempts(fromAt, toAt, target) {
      return reading(() => readAttempts(registry, samples, servedBy, fromAt, toAt, target));
    },
    async readDecided(fromAt, toAt, target) {
      return reading(() => readDecided(registry, samples, notRun, servedBy, fromAt, toAt, target));
    },
    async readDirty(grain, beforeAt, limit) {
      return reading(() => buckets.dirty(grain, beforeAt, limit));
    },
    async writeBuckets(grain, span, rows) {
      writing(() => {
        const numbered = rows.map(({ target, basis, bucket }) => ({
          targetNo: targetNoOf(target),
          basis,
          bucket,
        }));
        buckets.replace(grain, span, numbered);
      });
    },
    async readBuckets(grain, fromAt, toAt, target) {
      return reading(() =>
        (target === undefined
          ? buckets.between(grain, fromAt, toAt)
          : buckets.ofTargets(grain, fromAt, toAt, registry.targetNumbers(target))
        ).map(({ targetNo, ...row }) => ({ ...row, target: registry.targetId(targetNo) })),
      );
    },
    async markDirty(hours) {
      writing(() => {
        for (const hourAt of hours) buckets.mark('hour', hourAt);
      });
    },
    async recordHistory(batch) {
      writing(() => recordHistory(batch));
    },
    async declareSeries(declarations, at) {
      writing(() => declareSeries({ targets, series, schedules }, declarations, at));
      refresh();
    },
    async readTargets() {
      return reading(() => registry.targets);
    },
    async readSchedules(fromAt, toAt) {
      return reading(() =>
        schedules.overlapping(fromAt, toAt).map((span) => {
          const { probe, target, region } = registry.entry(span.seriesNo);
          return { probe, target, region, schedule: span.schedule, fromAt: span.fromAt, toAt: span.toAt };
        }),
      );
    },
    async record(batch, now) {
      return writing(() => record(batch, now));
    },
    async readSamples(query) {
      return reading(() => {
        const { target, probe } = query;
        const chosen = target === undefined && probe === undefined ? null : registry.select(target, probe);
        const found = samples.select({
          fromAt: query.fromAt,
          toAt: query.toAt,
          series: chosen,
          purposes: query.purposes?.map((purpose) => PURPOSE_NO[purpose]) ?? null,
          outcomes: query.outcomes ?? null,
          order: query.order ?? 'oldest-first',
          limit: limitOf(query.limit),
        });
        return found.map(sampleOf);
      });
    },
    async readNotRun({ target, fromAt, toAt, limit }) {
      return reading(() => {
        const chosen = target === undefined ? null : registry.select(target);
        return notRun
          .between(fromAt, toAt, chosen, limitOf(limit))
          .map(({ scheduledAt, seriesNo, reason }) => {
            const entry = registry.entry(seriesNo);
            return { probe: entry.probe, target: entry.target, region: entry.region, scheduledAt, reason };
          });
      });
    },
    async readEvidence({ probe, target, region, scheduledAt, purpose }) {
      return reading(() => {
        for (const seriesNo of registry.select(target, probe)) {
          if (registry.entry(seriesNo).region !== region) continue;
          const found = evidence.read({ scheduledAt, seriesNo, purposeNo: PURPOSE_NO[purpose] });
          if (found !== null) return found;
        }
        return null;
      });
    },
    async summarise(fromAt, toAt) {
      return reading(() =>
        summarise(registry, samples, notRun, (row) => storedAttemptOf(row, registry, servedBy), fromAt, toAt),
      );
    },
    async readHourCosts(hourAt) {
      return reading(() => {
        const costs = new Map<string, number>();
        for (const [seriesNo, nanos] of samples.costsOfHour(hourAt)) {
          const { target } = registry.entry(seriesNo);
          costs.set(target, (costs.get(target) ?? 0) + nanos);
        }
        return costs;
      });
    },
    async compact(beforeAt) {
      const piece = reading(() => samples.packOldest(beforeAt));
      if (piece === null) return false;
      withoutForeignKeys(() => writing(() => samples.putPacked(piece)));
      return true;
    },
    async readRegions() {
      return reading(() => [...new Set(registry.entries.map(({ region }) => region))].sort());
    },
    async readNextHour(fromAt) {
      return reading(() => chain.nextHour(fromAt));
    },
    async readLastSegment(region) {
      return reading(() => chain.lastSegment(region));
    },
    async readSegments(region, { fromNo, limit }) {
      return reading(() => chain.segments(region, fromNo, limit));
    },
    async readSegmentUntil(region, at) {
      return reading(() => chain.segmentUntil(region, at));
    },
    async readSegmentRows(query, visitor) {
      return reading(() => chain.rowsOf(registry, query, visitor));
    },
    async readUnreadable() {
      return reading(() => chain.unreadable(registry));
    },
    async addSegment(segment, read) {
      const result = writing(() => chain.add(segment, read, registry));
      sealedUntil = chain.sealedUntil();
      return result;
    },
    async addTimeStamp(stamp) {
      writing(() => timeStamps.add(stamp));
    },
    async readTimeStamp(region, segment) {
      return reading(() => timeStamps.read(region, segment));
    },
    async readTimeStamps(region) {
      return reading(() => timeStamps.all(region));
    },
    async prune(limits) {
      return writing(() => {
        const pruned = chain.prune(limits, registry);
        if (pruned) samples.refresh();
        return pruned;
      });
    },
    async readFact(name) {
      return reading(() => facts.read(name));
    },
    async writeFact(name, value, at) {
      writing(() => facts.write(name, value, at));
    },
    async close() {
      db.close();
    },
  };
}

/** Is it the row that is wrong? SQLite's other complaints are about the file, the disk or another process. */
function isOfTheRow(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return !code.startsWith('SQLITE_') || /^SQLITE_(CONSTRAINT|MISMATCH|TOOBIG)/.test(code);
}

/** SQLite reads a negative limit as "no limit". */
function limitOf(limit: number | undefined): number {
  if (limit === undefined) return -1;
  if (!Number.isInteger(limit) || limit < 0)
    throw new RangeError(`limit must be a whole number, got ${limit}`);
  return limit;
}

function refusalOf(path: string, error: unknown): OpenedStore | null {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const text = error instanceof Error ? error.message : String(error);
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB') {
    return { kind: 'refused', reason: 'damaged', message: `${path} is damaged or not a database (${text})` };
  }
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return { kind: 'refused', reason: 'busy', message: `${path} is in use by another process (${text})` };
  }
  const unwritable = ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOSPC', 'ENOENT'];
  const unwritableSqlite = [
    'SQLITE_CANTOPEN',
    'SQLITE_READONLY',
    'SQLITE_IOERR',
    'SQLITE_FULL',
    'SQLITE_PERM',
  ];
  if (unwritable.includes(code) || unwritableSqlite.some((prefix) => code.startsWith(prefix))) {
    return { kind: 'refused', reason: 'unwritable', message: `${path} cannot be written (${text})` };
  }
  return null;
}
