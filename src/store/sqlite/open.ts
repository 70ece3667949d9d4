import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import type { RecordResult, Store } from '../store.ts';
import { fillClosedLists } from './closed-lists.ts';
import { declareSeries } from './declare-series.ts';
import { prepareEvidence } from './evidence.ts';
import { prepareFacts } from './facts.ts';
import { APPLICATION_ID, migrate, readMigrations, readSchemaState } from './migrate.ts';
import { prepareNotRun } from './not-run.ts';
import { PURPOSE_NO, prepareSamples } from './samples.ts';
import { prepareSchedules } from './schedules.ts';
import { buildRegistry, prepareSeries, type SeriesRegistry } from './series.ts';
import { prepareServedBy } from './served-by.ts';
import { summarise } from './summarise.ts';
import { prepareTargets } from './targets.ts';

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
};

export type OpenedStore =
  | { readonly kind: 'opened'; readonly store: Store }
  /** Something the operator must mend; `message` is one line that names the file. */
  | {
      readonly kind: 'refused';
      readonly reason: 'unwritable' | 'foreign' | 'newer' | 'damaged' | 'busy';
      readonly message: string;
    };

/**
 * Opens the database, makes its folder (mode 0700) if there is none, and brings its schema up to date. `:memory:` is
 * a store that ends with the process.
 */
export function openSqliteStore(path: string, options: SqliteOptions = {}): OpenedStore {
  let db: Database.Database | undefined;
  try {
    if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    db = new Database(path, { timeout: options.busyTimeoutMs ?? 5000 });
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
    db.pragma('journal_mode = wal');
    db.pragma(`synchronous = ${options.survives === 'power-cut' ? 'full' : 'normal'}`);
    db.pragma('foreign_keys = on');
    migrate(db, migrations);
    fillClosedLists(db);
    return { kind: 'opened', store: storeOn(db) };
  } catch (error) {
    db?.close();
    const refusal = refusalOf(path, error);
    if (refusal === null) throw error;
    return refusal;
  }
}

function storeOn(db: Database.Database): Store {
  const targets = prepareTargets(db);
  const series = prepareSeries(db);
  const schedules = prepareSchedules(db);
  const servedBy = prepareServedBy(db);
  const evidence = prepareEvidence(db);
  const notRun = prepareNotRun(db);
  const facts = prepareFacts(db);

  let registry: SeriesRegistry = buildRegistry(targets.readAll(), series.readAll());
  let registryVersion = dataVersion(db);
  const readRegistry = (): void => {
    registry = buildRegistry(targets.readAll(), series.readAll());
  };
  const samples = prepareSamples(db, servedBy, (seriesNo) => registry.entry(seriesNo));

  /** All reads of one method see one state of the database, also while another process writes. */
  const reading = <Result>(read: () => Result): Result =>
    db.transaction(() => {
      const version = dataVersion(db);
      if (version !== registryVersion) {
        readRegistry();
        registryVersion = version;
      }
      return read();
    })();

  const seriesNoOf = (probe: string, target: string, region: string): number => {
    const seriesNo = registry.find(probe, target, region);
    if (seriesNo === undefined) {
      throw new Error(`probe ${probe} of target ${target} in region ${region} was never declared`);
    }
    return seriesNo;
  };

  const record = db.transaction((batch: Parameters<Store['record']>[0]): RecordResult => {
    let recorded = 0;
    for (const sample of batch.samples) {
      const seriesNo = seriesNoOf(sample.probe, sample.target, sample.region);
      if (!samples.add(seriesNo, sample)) continue;
      recorded += 1;
      if (sample.evidence === null) continue;
      const { scheduledAt, purpose } = sample;
      evidence.add({ scheduledAt, seriesNo, purposeNo: PURPOSE_NO[purpose] }, sample.evidence);
    }
    for (const { probe, target, region, scheduledAt, reason } of batch.notRun) {
      const seriesNo = seriesNoOf(probe, target, region);
      if (notRun.add({ scheduledAt, seriesNo, reason })) recorded += 1;
    }
    return { recorded, repeated: batch.samples.length + batch.notRun.length - recorded };
  });

  return {
    async declareSeries(declarations, at) {
      db.transaction(() => declareSeries({ targets, series, schedules }, declarations, at)).immediate();
      readRegistry();
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
    async record(batch) {
      try {
        return record.immediate(batch);
      } catch (error) {
        servedBy.forget();
        throw error;
      }
    },
    async readSamples(query) {
      return reading(() => {
        const { target, probe } = query;
        const chosen =
          target === undefined && probe === undefined
            ? null
            : (target === undefined
                ? registry.entries.map((entry) => entry.seriesNo)
                : registry.ofTarget(target)
              ).filter((seriesNo) => probe === undefined || registry.entry(seriesNo).probe === probe);
        if (chosen?.length === 0) return [];
        return samples.select({
          fromAt: query.fromAt,
          toAt: query.toAt,
          series: chosen,
          purposes: query.purposes ?? null,
          outcomes: query.outcomes ?? null,
          order: query.order ?? 'oldest-first',
          limit: limitOf(query.limit),
        });
      });
    },
    async readNotRun({ target, fromAt, toAt, limit }) {
      return reading(() => {
        const chosen = target === undefined ? null : registry.ofTarget(target);
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
        for (const seriesNo of registry.ofTarget(target)) {
          const entry = registry.entry(seriesNo);
          if (entry.probe !== probe || entry.region !== region) continue;
          const found = evidence.read({ scheduledAt, seriesNo, purposeNo: PURPOSE_NO[purpose] });
          if (found !== null) return found;
        }
        return null;
      });
    },
    async summarise(fromAt, toAt) {
      return reading(() => summarise(registry, samples, notRun, fromAt, toAt));
    },
    async readFact(name) {
      return facts.read(name);
    },
    async writeFact(name, value, at) {
      facts.write(name, value, at);
    },
    async close() {
      db.close();
    },
  };
}

/** SQLite reads a negative limit as "no limit". */
function limitOf(limit: number | undefined): number {
  if (limit === undefined) return -1;
  if (!Number.isInteger(limit) || limit < 0)
    throw new RangeError(`limit must be a whole number, got ${limit}`);
  return limit;
}

/** Changes whenever another connection has committed; our own writes leave it alone. */
function dataVersion(db: Database.Database): number {
  return Number(db.pragma('data_version', { simple: true }));
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
