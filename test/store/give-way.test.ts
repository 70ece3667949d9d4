import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { sealAll } from '../../src/evidence/seal.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { declaration, HOUR, MINUTE, MONDAY, sample, target } from './builders.ts';

const MODELS = ['chat-large', 'chat-medium', 'chat-small'] as const;

test('long readings give way between their pieces, and never while another process would have to wait to write', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'probity-give-way-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'probity.db');
  let waits: () => void = () => {};
  let times = 0;
  const opened = openSqliteStore(path, {
    giveWay() {
      times += 1;
      waits();
    },
  });
  assert.ok(opened.kind === 'opened');
  const { store } = opened;
  const other = new Database(path, { timeout: 0 });
  t.after(async () => {
    other.close();
    await store.close();
  });
  // Fails at once if the lock is taken.
  waits = () => void other.transaction(() => {}).immediate();
  const during = async (body: () => Promise<unknown>): Promise<number> => {
    const before = times;
    await body();
    return times - before;
  };
  await store.declareSeries(
    MODELS.map((model) => declaration(model)),
    MONDAY,
  );
  const ticks = Array.from({ length: 24 }, (_, i) => MONDAY + i * 5 * MINUTE);
  const samples = MODELS.flatMap((model) =>
    ticks.map((scheduledAt) => sample({ target: target(model).id, scheduledAt })),
  );
  assert.equal(await during(() => store.record({ samples, notRun: [] })), 0, 'a write gives way to nobody');
  const packing = await during(async () => {
    while (await store.compact(MONDAY + 2 * HOUR));
  });
  assert.ok(packing >= samples.length, `${packing} times while ${samples.length} rows were packed`);
  const judging = await during(() => store.readDecided(MONDAY, MONDAY + 2 * HOUR, target('chat-small').id));
  assert.ok(judging >= 2, `${judging} times while two packed hours were read`);
  const sealing = await during(() =>
    sealAll(
      store,
      MONDAY + 2 * HOUR,
      () => MONDAY + 4 * HOUR,
      async () => {},
    ),
  );
  assert.ok(sealing >= 6, `${sealing} times while six packs were sealed`);
  const limits = { samplesBeforeAt: MONDAY + HOUR, evidenceBeforeAt: MONDAY + HOUR, at: MONDAY + 4 * HOUR };
  const pruning = await during(async () => {
    while (await store.prune(limits));
  });
  assert.equal(pruning, 0, 'nor does pruning, which is one write after the other');
});
