import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import Database from 'better-sqlite3';
import type { Outcome } from '../../src/domain/measure/outcome.ts';
import { sealAll } from '../../src/evidence/seal.ts';
import { verifyChain } from '../../src/evidence/verify-chain.ts';
import type { Store } from '../../src/store/store.ts';
import { openStore } from '../support/closing.ts';
import { declaration, failure, HOUR, MINUTE, MONDAY, notRun, sample, target } from './builders.ts';

/** By ascending number of their series. */
const MODELS = ['chat-large', 'chat-medium', 'chat-small'] as const;
const DAMAGED = target('chat-medium').id;

type Damaged = {
  readonly store: Store;
  /** The bytes of the damaged hour. */
  readonly bytes: () => unknown;
};

/** Two packed hours of three targets, of which the first of `DAMAGED` cannot be read any more. */
async function damagedStore(
  t: TestContext,
  column: 'core' | 'detail',
  isSealed = true,
  outcome: Outcome = 'ok',
): Promise<Damaged> {
  const folder = mkdtempSync(join(tmpdir(), 'probity-damaged-hour-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'probity.db');
  const store = openStore(path);
  await store.declareSeries(
    MODELS.map((model) => declaration(model)),
    MONDAY,
  );
  const ticks = Array.from({ length: 24 }, (_, i) => MONDAY + i * 5 * MINUTE);
  const samples = MODELS.flatMap((model) =>
    ticks.map((scheduledAt) => sample({ target: target(model).id, scheduledAt, outcome, costNanos: 10 })),
  );
  await store.record({ samples, notRun: [] });
  while (await store.compact(MONDAY + 2 * HOUR));
  if (isSealed) await sealUntil(store, MONDAY + 2 * HOUR);
  const db = new Database(path);
  const changed = db
    .prepare(`update packed_hours set ${column} = x'00' where hour_at_ms = ? and series_no = 2`)
    .run(MONDAY);
  assert.equal(changed.changes, 1);
  t.after(() => db.close());
  const bytes = (): unknown =>
    db.prepare('select core, detail from packed_hours where hour_at_ms = ? and series_no = 2').get(MONDAY);
  t.after(() => store.close());
  return { store, bytes };
}

function sealUntil(store: Store, until: number): Promise<unknown> {
  return sealAll(
    store,
    until,
    () => until,
    async () => {},
  );
}

const HOUR_READ = { fromAt: MONDAY, toAt: MONDAY + HOUR };
const late = failure({ target: DAMAGED, scheduledAt: MONDAY + 7 * MINUTE });

for (const column of ['core', 'detail'] as const) {
  test(`what comes late for an hour whose packed ${column} is damaged is stored, read and counted, and the damage is told`, async (t) => {
    const { store, bytes } = await damagedStore(t, column);
    const before = bytes();
    const skipped = notRun({ target: DAMAGED, scheduledAt: MONDAY + 9 * MINUTE });
    assert.deepEqual(await store.record({ samples: [late], notRun: [skipped] }), {
      recorded: 2,
      repeated: 0,
    });
    assert.deepEqual(await store.record({ samples: [late], notRun: [skipped] }), {
      recorded: 0,
      repeated: 2,
    });
    const read = await store.readSamples({ ...HOUR_READ, target: DAMAGED });
    assert.deepEqual(
      read.map(({ scheduledAt }) => scheduledAt),
      [late.scheduledAt],
    );
    const [row] = await store.readNotRun({ ...HOUR_READ, target: DAMAGED });
    assert.equal(row?.scheduledAt, skipped.scheduledAt);
    assert.deepEqual(bytes(), before, 'nothing is written over what may yet be mended');
    const { findings } = await verifyChain(store, [], () => {});
    assert.match(
      findings.map(({ what }) => what).join('\n'),
      /^the packed samples of chat-stream acme\/pro\/chat-medium eu-west from 2026-03-02T00:00:00.000Z cannot be read: /,
    );
    await sealUntil(store, MONDAY + 4 * HOUR);
    assert.equal(
      (await verifyChain(store, [], () => {})).findings.length,
      findings.length,
      'the late rows are sealed too',
    );
  });

  test(`a late row beside a damaged ${column} holds up no packing, and stays the row it is`, async (t) => {
    const { store, bytes } = await damagedStore(t, column);
    const before = bytes();
    const others = MODELS.map((model) =>
      failure({ target: target(model).id, scheduledAt: MONDAY + 11 * MINUTE }),
    );
    const next = sample({ target: DAMAGED, scheduledAt: MONDAY + HOUR + 3 * MINUTE });
    await store.record({ samples: [late, ...others, next], notRun: [] });
    let pieces = 0;
    while (await store.compact(MONDAY + 3 * HOUR)) {
      pieces += 1;
      assert.ok(pieces < 10, 'packing does not come to an end');
    }
    assert.ok(pieces > 0);
    assert.deepEqual(bytes(), before);
    const failures = await store.readSamples({ ...HOUR_READ, outcomes: [late.outcome] });
    assert.deepEqual(
      failures.map((one) => [one.target, one.scheduledAt - MONDAY]),
      [late, ...others].map((one) => [one.target, one.scheduledAt - MONDAY]),
    );
    const second = { fromAt: MONDAY + HOUR, toAt: MONDAY + 2 * HOUR };
    assert.equal((await store.readSamples({ ...second, target: DAMAGED })).length, 13);
  });
}

test('a period is judged without the details of its answers, unless it was we who gave up', async (t) => {
  const whole = await damagedStore(t, 'detail');
  const judged = async (store: Store): Promise<number> =>
    (await store.readDecided(MONDAY, MONDAY + HOUR, DAMAGED)).byTarget.get(DAMAGED)?.length ?? 0;
  assert.equal(await judged(whole.store), 12);
  const impatient = await damagedStore(t, 'detail', true, 'timeout.total');
  assert.equal(await judged(impatient.store), 0, 'when we gave up is in the details');
});

test('a row beside a damaged hour is pruned when the hour is, and not before', async (t) => {
  const { store, bytes } = await damagedStore(t, 'core', false);
  // On time: nothing was sealed yet.
  await store.record({ samples: [late], notRun: [] });
  await sealUntil(store, MONDAY + 2 * HOUR);
  const prune = async (at: number): Promise<void> => {
    while (await store.prune({ samplesBeforeAt: at, evidenceBeforeAt: at, at: MONDAY + 3 * HOUR }));
  };
  await prune(MONDAY + HOUR - 1);
  assert.equal((await store.readSamples({ ...HOUR_READ, target: DAMAGED })).length, 1);
  await prune(MONDAY + HOUR);
  assert.deepEqual(await store.readSamples(HOUR_READ), []);
  assert.equal(bytes(), undefined);
  assert.equal((await store.readSamples({ fromAt: MONDAY, toAt: MONDAY + 2 * HOUR })).length, 36);
});

test('what a damaged hour cost is not known, and what the others did is', async (t) => {
  const { store } = await damagedStore(t, 'core');
  const costs = await store.readHourCosts(MONDAY);
  assert.deepEqual(
    [...costs],
    [MODELS[0], MODELS[2]].map((model) => [target(model).id, 120]),
  );
});
