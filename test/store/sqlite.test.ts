import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import Database from 'better-sqlite3';
import type { Sample } from '../../src/domain/measure/sample.ts';
import { combineSamples } from '../../src/store/sqlite/all-samples.ts';
import { describeSchema, migrate, readMigrations } from '../../src/store/sqlite/migrate.ts';
import { openSqliteStore, type SqliteOptions } from '../../src/store/sqlite/open.ts';
import { preparePackedHours } from '../../src/store/sqlite/packed-hours.ts';
import { prepareSamples } from '../../src/store/sqlite/samples.ts';
import { prepareServedBy } from '../../src/store/sqlite/served-by.ts';
import type { Store } from '../../src/store/store.ts';
import { DAY, declaration, failure, MINUTE, MONDAY, sample } from './builders.ts';
import { storeContract } from './contract.ts';

/** Set to keep the databases of the tests, to look into them afterwards. */
const KEEP = process.env.PROBITY_KEEP_TEST_DATABASES !== undefined;

function opened(path: string, options?: SqliteOptions): Store {
  const result = openSqliteStore(path, options);
  if (result.kind !== 'opened') throw new Error(result.message);
  return result.store;
}

function folder(): { readonly path: string; readonly discard: () => Promise<void> } {
  const path = mkdtempSync(join(tmpdir(), 'probity-store-'));
  return {
    path,
    async discard() {
      if (!KEEP) rmSync(path, { recursive: true, force: true });
    },
  };
}

storeContract('SQLite in memory', () => ({
  store: opened(':memory:'),
  openBeside: null,
  discard: async () => {},
}));

storeContract('SQLite in a file', () => {
  const { path, discard } = folder();
  const file = join(path, 'probity.db');
  return { store: opened(file), openBeside: () => opened(file), discard };
});

storeContract('SQLite that waits for the disk', () => {
  const { path, discard } = folder();
  const file = join(path, 'probity.db');
  const options = { survives: 'power-cut' } as const;
  return { store: opened(file, options), openBeside: () => opened(file, options), discard };
});

/** The same store, except that whatever is recorded is moved to closed storage at once. */
function packingAtOnce(store: Store): Store {
  return {
    ...store,
    async record(batch) {
      const result = await store.record(batch);
      while (await store.compact(Number.POSITIVE_INFINITY));
      return result;
    },
  };
}

storeContract('SQLite, everything packed', () => {
  const { path, discard } = folder();
  const file = join(path, 'probity.db');
  return {
    store: packingAtOnce(opened(file)),
    openBeside: () => packingAtOnce(opened(file)),
    discard,
  };
});

describe('opening a SQLite store', () => {
  const inFolder = (sentence: string, body: (path: string) => Promise<void>): void => {
    test(sentence, async () => {
      const { path, discard } = folder();
      try {
        await body(path);
      } finally {
        await discard();
      }
    });
  };

  inFolder('the data folder is made for its owner alone', async (path) => {
    const data = join(path, 'deep', 'data');
    await opened(join(data, 'probity.db')).close();
    assert.equal(statSync(data).mode & 0o777, 0o700);
  });

  inFolder('a store that was closed is found again', async (path) => {
    const file = join(path, 'probity.db');
    const first = opened(file);
    await first.declareSeries([declaration('chat-small')], MONDAY);
    await first.record({ samples: [sample()], notRun: [] });
    await first.close();
    const second = opened(file);
    assert.equal((await second.readSamples({ fromAt: 0, toAt: MONDAY + 1 })).length, 1);
    assert.deepEqual(await second.record({ samples: [sample()], notRun: [] }), { recorded: 0, repeated: 1 });
    await second.close();
  });

  inFolder('a folder that cannot be written is named', async (path) => {
    writeFileSync(join(path, 'file'), '');
    const file = join(path, 'file', 'probity.db');
    const result = openSqliteStore(file);
    assert.equal(result.kind, 'refused');
    assert.equal(result.reason, 'unwritable');
    assert.ok(result.message.startsWith(`${file} cannot be written (`), result.message);
    assert.ok(!result.message.includes('\n'), 'one line');
  });

  inFolder('a database that cannot be written is named', async (path) => {
    if (process.getuid?.() === 0) return; // Root may write everything.
    const file = join(path, 'probity.db');
    await opened(file).close();
    chmodSync(file, 0o400);
    const result = openSqliteStore(file);
    assert.equal(result.kind === 'refused' && result.reason, 'unwritable');
  });

  inFolder('a newer schema is refused and left as it is', async (path) => {
    const file = join(path, 'probity.db');
    await opened(file).close();
    const db = new Database(file);
    const next = readMigrations().length + 1;
    db.prepare('insert into schema_versions (version, name) values (?, ?)').run(next, 'future');
    db.close();
    const before = readFileSync(file);
    assert.deepEqual(openSqliteStore(file), {
      kind: 'refused',
      reason: 'newer',
      message: `${file} was written by a newer Probity: it has schema ${next}, this one knows ${next - 1}`,
    });
    assert.deepEqual(readFileSync(file), before);
  });

  inFolder("another program's database is refused and left as it is", async (path) => {
    const file = join(path, 'probity.db');
    const db = new Database(file);
    db.exec('create table recipes (name text)');
    db.close();
    const before = readFileSync(file);
    assert.deepEqual(openSqliteStore(file), {
      kind: 'refused',
      reason: 'foreign',
      message: `${file} is a database of another program`,
    });
    assert.deepEqual(readFileSync(file), before);
  });

  inFolder('a file that is no database is refused and left as it is', async (path) => {
    const file = join(path, 'probity.db');
    const text = 'this is not a database. '.repeat(200);
    writeFileSync(file, text);
    const result = openSqliteStore(file);
    assert.equal(result.kind === 'refused' && result.reason, 'damaged');
    assert.equal(readFileSync(file, 'utf8'), text);
  });

  inFolder('a database locked by somebody else is reported as busy', async (path) => {
    const file = join(path, 'probity.db');
    await opened(file).close();
    const other = new Database(file);
    other.exec('begin exclusive');
    const result = openSqliteStore(file, { busyTimeoutMs: 0 });
    assert.equal(result.kind === 'refused' && result.reason, 'busy');
    other.exec('rollback');
    other.close();
  });
});

describe('the SQLite schema', () => {
  test('schema.sql is what the migrations give; after a new one run `npm run schema:sql`', () => {
    const db = new Database(':memory:');
    migrate(db, readMigrations());
    const committed = readFileSync(join(import.meta.dirname, '../../src/store/sqlite/schema.sql'), 'utf8');
    assert.equal(describeSchema(db), committed);
    db.close();
  });

  test('a migration that fails leaves the version before it', () => {
    const db = new Database(':memory:');
    const good = { version: 1, name: '0001_good.sql', sql: 'create table good (x)' };
    const bad = { version: 2, name: '0002_bad.sql', sql: 'create table half (x); create table half (x)' };
    assert.throws(() => migrate(db, [good, bad]), /table half already exists/);
    const tables = db.prepare("select name from sqlite_schema where type = 'table' order by name").pluck();
    assert.deepEqual(tables.all(), ['good', 'schema_versions']);
    migrate(db, [good, { ...bad, sql: 'create table half (x)' }]);
    assert.deepEqual(tables.all(), ['good', 'half', 'schema_versions']);
    db.close();
  });

  test('rows written before they stood in four tables are read as before, and pack', async () => {
    const { path, discard } = folder();
    const samples = Array.from({ length: 9 }, (_, halfHour) =>
      (halfHour % 4 === 1 ? failure : sample)({ scheduledAt: MONDAY + 30 * halfHour * MINUTE }),
    );
    const read = async (store: Store) => ({
      all: await store.readSamples({ fromAt: MONDAY, toAt: MONDAY + DAY }),
      failures: await store.readSamples({
        fromAt: MONDAY,
        toAt: MONDAY + DAY,
        target: 'acme/pro/chat-small',
        outcomes: ['gateway.5xx'],
      }),
    });
    const file = join(path, 'probity.db');
    const store = opened(file);
    await store.declareSeries([declaration('chat-small')], MONDAY);
    await store.record({ samples, notRun: [] });
    const before = await read(store);
    assert.deepEqual([before.all.length, before.failures.length], [9, 2]);
    await store.close();
    // The same rows as the version before kept them.
    const old = join(path, 'old.db');
    const db = new Database(old);
    migrate(db, readMigrations().slice(0, 17));
    db.pragma('foreign_keys = off');
    db.exec(`attach '${file}' as new`);
    for (const table of [
      'targets',
      'series',
      'schedules',
      'outcomes',
      'doubts',
      'served_by',
      'samples',
      'evidence',
    ]) {
      db.exec(`insert into ${table} select * from new.${table}`);
    }
    db.close();
    const migrated = opened(old);
    assert.deepEqual(await read(migrated), before);
    while (await migrated.compact(MONDAY + DAY));
    assert.deepEqual(await read(migrated), before);
    await migrated.close();
    await discard();
  });

  test('what comes after an hour was packed is checked like what came before', async () => {
    const store = opened(':memory:');
    const unheardOf = sample({ scheduledAt: MONDAY + DAY, outcome: 'unheard.of' as Sample['outcome'] });
    const record = () => store.record({ samples: [unheardOf], notRun: [] });
    await store.declareSeries([declaration('chat-small')], MONDAY);
    await store.record({ samples: [sample()], notRun: [] });
    await assert.rejects(record, /FOREIGN KEY/);
    assert.equal(await store.compact(MONDAY + DAY), true);
    await assert.rejects(record, /FOREIGN KEY/);
    await store.close();
  });

  test('what arrives while its hour is being packed is not lost, and packed with the next piece', async () => {
    const { path, discard } = folder();
    const file = join(path, 'probity.db');
    const store = opened(file);
    const readAll = () => store.readSamples({ fromAt: MONDAY, toAt: MONDAY + DAY });
    await store.declareSeries([declaration('chat-small'), declaration('chat-large')], MONDAY);
    await store.record({ samples: [sample({ scheduledAt: MONDAY })], notRun: [] });
    const db = new Database(file);
    const packer = combineSamples(prepareSamples(db, prepareServedBy(db)), preparePackedHours(db));
    const piece = packer.packOldest(MONDAY + DAY);
    assert.ok(piece);
    // Of another series, which the piece knows nothing of, so that the table of the hour may not be emptied.
    const late = sample({ scheduledAt: MONDAY + MINUTE, target: 'acme/pro/chat-large' });
    await store.record({ samples: [late], notRun: [] });
    const before = await readAll();
    assert.equal(before.length, 2);
    db.transaction(() => packer.putPacked(piece)).immediate();
    assert.deepEqual(await readAll(), before);
    assert.equal(await store.readPackedUntil(), Number.NEGATIVE_INFINITY, 'the piece was left alone');
    while (await store.compact(MONDAY + DAY));
    assert.deepEqual(await readAll(), before);
    assert.equal(packer.packOldest(MONDAY + DAY), null, 'nothing is left to pack');
    db.close();
    await store.close();
    await discard();
  });

  test('every table is strict', () => {
    const db = new Database(':memory:');
    migrate(db, readMigrations());
    const loose = db
      .prepare(
        "select name from pragma_table_list where type = 'table' and strict = 0 and name not like 'sqlite%'",
      )
      .pluck();
    assert.deepEqual(loose.all(), []);
    db.close();
  });

  test('the view for people reads like a sentence', async () => {
    const { path, discard } = folder();
    const file = join(path, 'probity.db');
    const store = opened(file);
    await store.declareSeries([declaration('chat-small')], MONDAY);
    await store.record({ samples: [sample({ scheduledAt: MONDAY + MINUTE })], notRun: [] });
    await store.close();
    const db = new Database(file);
    assert.deepEqual(db.prepare('select * from readable_samples').all(), [
      {
        scheduled_at: '2026-03-02T00:01:00.000Z',
        target: 'acme/pro/chat-small',
        probe: 'chat-stream',
        region: 'eu-west',
        purpose: 'scheduled',
        outcome: 'ok',
        validity: 'valid',
        ttft_ms: 302.118,
        total_ms: 699.311,
        lag_ms: 0.412,
        completion_tokens: 24,
        cost_nanos: 13_750,
        served_model: 'chat-small',
      },
    ]);
    db.close();
    await discard();
  });
});
