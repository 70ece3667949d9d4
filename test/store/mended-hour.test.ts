import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import Database from 'better-sqlite3';
import type { Sample } from '../../src/domain/measure/sample.ts';
import { sealAll } from '../../src/evidence/seal.ts';
import { verifyChain } from '../../src/evidence/verify-chain.ts';
import { SAMPLE_TABLES } from '../../src/store/sqlite/sample-tables.ts';
import type { Store } from '../../src/store/store.ts';
import { openStore } from '../support/closing.ts';
import { declaration, failure, HOUR, MINUTE, MONDAY, sample, target } from './builders.ts';

const MENDED = target('chat-small').id;
const OTHER = target('chat-large').id;
const HOUR_READ = { fromAt: MONDAY, toAt: MONDAY + HOUR, target: MENDED };

type Pack = { readonly core: Uint8Array; readonly detail: Uint8Array };

function packIn(db: Database.Database): Pack {
  const pack = db.prepare('select core, detail from packed_hours where hour_at_ms = ? and series_no = 2');
  return pack.get(MONDAY) as Pack;
}

/** As another store would pack these samples. */
async function packOf(samples: readonly Sample[]): Promise<Pack> {
  const folder = mkdtempSync(join(tmpdir(), 'probity-other-'));
  const path = join(folder, 'probity.db');
  const store = openStore(path);
  await store.declareSeries([declaration('chat-large'), declaration('chat-small')], MONDAY);
  await store.record({ samples, notRun: [] });
  while (await store.compact(MONDAY + 2 * HOUR));
  await store.close();
  const db = new Database(path);
  const pack = packIn(db);
  db.close();
  rmSync(folder, { recursive: true });
  return pack;
}

const seal = (store: Store, to: number): Promise<unknown> =>
  sealAll(
    store,
    to,
    () => to,
    async () => {},
  );

/** A store of two series in a file, which ends with the test. */
async function declaredStore(t: TestContext): Promise<{ readonly store: Store; readonly path: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'probity-mended-hour-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'probity.db');
  const store = openStore(path);
  t.after(() => store.close());
  await store.declareSeries([declaration('chat-large'), declaration('chat-small')], MONDAY);
  return { store, path };
}

const findings = async (store: Store): Promise<readonly unknown[]> =>
  (await verifyChain(store, [], () => {})).findings;

for (const isSealed of [false, true]) {
  test(`samples that were delivered again while their packed hour was damaged count once when it is mended by hand, and the chain fits; the second delivery ${isSealed ? 'sealed' : 'not sealed yet'}`, async (t) => {
    const { store, path } = await declaredStore(t);
    const samples = [OTHER, MENDED].flatMap((id) =>
      Array.from({ length: 12 }, (_, i) => {
        const identity = { target: id, scheduledAt: MONDAY + i * 5 * MINUTE, costNanos: 10 };
        return i === 2 ? failure(identity) : sample(identity);
      }),
    );
    const until = MONDAY + 2 * HOUR;
    const packAll = async (): Promise<void> => {
      while (await store.compact(until));
    };
    await store.record({ samples, notRun: [] });
    await packAll();
    await seal(store, until);

    const db = new Database(path);
    t.after(() => db.close());
    const mended = packIn(db);
    const put = (pack: Pack): unknown =>
      db
        .prepare(
          'update packed_hours set core = @core, detail = @detail where hour_at_ms = @hour and series_no = 2',
        )
        .run({ ...pack, hour: MONDAY });
    put({ ...mended, core: Buffer.of(0) });
    const again = samples.filter(({ target: id }) => id === MENDED).slice(0, 6);
    const late = sample({ target: MENDED, scheduledAt: MONDAY + 7 * MINUTE, costNanos: 10 });
    const batch = { samples: [...again, late], notRun: [] };
    assert.equal((await store.record(batch)).recorded, 7);
    if (isSealed) await seal(store, MONDAY + 4 * HOUR);
    assert.equal((await findings(store)).length, 1, 'what is damaged');
    put(mended);

    const looksRight = async (): Promise<void> => {
      const read = await store.readSamples(HOUR_READ);
      assert.deepEqual(
        read.map(({ scheduledAt }) => (scheduledAt - MONDAY) / MINUTE),
        [0, 5, 7, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55],
      );
      const newest = await store.readSamples({ ...HOUR_READ, order: 'newest-first', limit: 9 });
      assert.deepEqual(newest, read.toReversed().slice(0, 9));
      const decided = await store.readDecided(MONDAY, MONDAY + HOUR, MENDED);
      assert.equal(decided.byTarget.get(MENDED)?.length, 13);
      const windows = await store.summarise(MONDAY, MONDAY + HOUR);
      assert.deepEqual(
        windows.map((one) => [one.target, one.samples, one.byOutcome['gateway.5xx']]),
        [
          [OTHER, 12, 1],
          [MENDED, 13, 1],
        ],
      );
      assert.deepEqual(
        [...(await store.readHourCosts(MONDAY))],
        [
          [OTHER, 120],
          [MENDED, 130],
        ],
      );
      assert.deepEqual(await findings(store), []);
    };
    await looksRight();
    await packAll();
    await looksRight();
    assert.equal((await store.record(batch)).repeated, 7);
    await seal(store, MONDAY + 5 * HOUR);
    await looksRight();

    // One was sealed as packed and as a late row, the other stands where it was sealed: in no place may either differ unseen.
    for (const at of [samples[13], samples[14]].map((one) => one?.scheduledAt ?? 0)) {
      put(await packOf(samples.map((one) => (one.scheduledAt === at ? { ...one, lagUs: 7 } : one))));
      assert.notDeepEqual(await findings(store), [], 'the packed one differs');
      put(mended);
      for (const table of SAMPLE_TABLES) {
        db.prepare(`update ${table} set lag_us = lag_us + 1 where scheduled_at_ms = ?`).run(at);
      }
      assert.notDeepEqual(await findings(store), [], 'the row differs');
      for (const table of SAMPLE_TABLES) {
        db.prepare(`update ${table} set lag_us = lag_us - 1 where scheduled_at_ms = ?`).run(at);
      }
    }
    assert.deepEqual(await findings(store), []);

    // What was sealed as a late row stays until its own segment goes.
    for (const at of [MONDAY + HOUR, MONDAY + 6 * HOUR]) {
      while (await store.prune({ samplesBeforeAt: at, evidenceBeforeAt: at, at }));
      assert.deepEqual(await findings(store), []);
    }
    assert.deepEqual(await store.readSamples(HOUR_READ), []);
    for (const table of ['samples', 'packed_hours', 'evidence']) {
      assert.equal(db.prepare(`select count(*) from ${table}`).pluck().get(), 0, table);
    }
    assert.deepEqual(await findings(store), []);
  });
}

for (const [kind, make] of [
  ['an answer', sample],
  ['a failure', failure],
] as const) {
  test(`${kind} that came late, was packed, and is delivered again while its pack is damaged never looks as if it had come on time`, async (t) => {
    const { store, path } = await declaredStore(t);
    await store.record({ samples: [sample({ target: MENDED, scheduledAt: MONDAY })], notRun: [] });
    await seal(store, MONDAY + 2 * HOUR);
    const late = { samples: [make({ target: MENDED, scheduledAt: MONDAY + 7 * MINUTE })], notRun: [] };
    await store.record(late);
    await seal(store, MONDAY + 4 * HOUR);
    while (await store.compact(MONDAY + 2 * HOUR));
    const db = new Database(path);
    t.after(() => db.close());
    const mended = packIn(db);
    const put = db.prepare('update packed_hours set core = @core, detail = @detail');
    put.run({ ...mended, core: Buffer.of(0) });
    await store.record(late);
    await seal(store, MONDAY + 6 * HOUR);
    put.run(mended);
    assert.deepEqual(await findings(store), []);
    assert.equal((await store.readSamples(HOUR_READ)).length, 2);
    assert.equal((await store.record(late)).repeated, 1);
  });
}

test('what an hour cost stays known where only other columns of a pack are damaged, whatever comes late for other series', async (t) => {
  const { store, path } = await declaredStore(t);
  const samples = [OTHER, MENDED].map((id) => sample({ target: id, scheduledAt: MONDAY, costNanos: 10 }));
  await store.record({ samples, notRun: [] });
  while (await store.compact(MONDAY + 2 * HOUR));
  const db = new Database(path);
  t.after(() => db.close());
  const { core, detail } = packIn(db);
  const put = db.prepare('update packed_hours set core = @core, detail = @detail where series_no = 2');
  put.run({ core: core.subarray(0, -1), detail });
  assert.equal((await store.readSamples(HOUR_READ)).length, 0, 'it cannot be read');
  const late = sample({ target: OTHER, scheduledAt: MONDAY + 7 * MINUTE, costNanos: 10 });
  await store.record({ samples: [late], notRun: [] });
  assert.deepEqual(
    [...(await store.readHourCosts(MONDAY))],
    [
      [OTHER, 20],
      [MENDED, 10],
    ],
  );
});
