import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { maintenanceWithin } from '../../src/domain/contract/admitted-maintenance.ts';
import type { DeclaredWork } from '../../src/domain/contract/maintenance.ts';
import { declareWork } from '../../src/pipeline/declare-work.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { Store } from '../../src/store/store.ts';
import { contractOf } from '../support/contract-bench.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'probity-work-'));
after(() => rmSync(FOLDER, { recursive: true, force: true }));

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MONDAY = Date.parse('2026-10-19T12:00:00Z');

/** Sundays at 02:30 in Berlin; on 25 October 2026 the clock goes back at 03:00. */
const WEEKLY: DeclaredWork = {
  scope: 'acme',
  start: '2026-10-04T02:30',
  timezone: 'Europe/Berlin',
  durationMs: 2 * HOUR,
  rrule: 'FREQ=WEEKLY;BYDAY=SU',
  announced: null,
  except: [],
  reason: 'deployment',
  probing: 'continue',
};

const CONTRACT = contractOf(`id: pro
version: 1
window: { kind: calendar_month, timezone: UTC }
availability: { method: occurrences, target: "99.9" }
maintenance: { mode: remove_from_denominator, notice: 5d, maxPerWindow: 3h }
`);

async function withStore<T>(name: string, use: (store: Store) => Promise<T>): Promise<T> {
  const opened = openSqliteStore(join(FOLDER, name));
  if (opened.kind !== 'opened') throw new Error(opened.message);
  try {
    return await use(opened.store);
  } finally {
    await opened.store.close();
  }
}

async function setAside(store: Store, fromAt: number, toAt: number): Promise<string[]> {
  const work = await store.readPlannedWork(fromAt, toAt);
  return maintenanceWithin(CONTRACT, work, { fromAt, toAt }).map(
    (one) => `${new Date(one.fromAt).toISOString().slice(5, 16)} ${(one.toAt - one.fromAt) / 60_000} min`,
  );
}

test('a weekly window counts with its notice, across the change of clocks, and up to the cap of the month', async () => {
  const found = await withStore('weekly.db', async (store) => {
    await declareWork(store, [WEEKLY], MONDAY);
    return setAside(store, Date.UTC(2026, 9, 1), Date.UTC(2026, 11, 1));
  });
  // Seen on Monday the 19th: Sunday the 25th is 5 d 12.5 h ahead. November has five Sundays, and a cap of three hours.
  assert.deepEqual(found, ['10-25T00:30 120 min', '11-01T01:30 120 min', '11-08T01:30 60 min']);
});

test('a window announced too late for its notice does not count, the next one does', async () => {
  const found = await withStore('late.db', async (store) => {
    await declareWork(store, [WEEKLY], MONDAY + DAY);
    return setAside(store, Date.UTC(2026, 9, 1), Date.UTC(2026, 10, 2));
  });
  assert.deepEqual(found, ['11-01T01:30 120 min']);
});

test('a restart announces nothing anew, and an edit proves what had been announced when', async () => {
  await withStore('edit.db', (store) => declareWork(store, [WEEKLY], MONDAY));
  await withStore('edit.db', async (store) => {
    assert.deepEqual(await declareWork(store, [WEEKLY], MONDAY + DAY), { added: 0, withdrawn: 0 });
    const before = await store.readPlannedWork(0, MONDAY + 100 * DAY);
    const friday = MONDAY + 4 * DAY;
    const edited = await declareWork(store, [{ ...WEEKLY, durationMs: 4 * HOUR }], friday);
    assert.equal(edited.withdrawn, before.length);
    assert.ok(edited.added >= before.length);
    const remembered = await store.readDeclaredWork();
    assert.equal(remembered.length, before.length + edited.added);
    for (const one of remembered.slice(0, before.length)) {
      assert.deepEqual([one.enteredAt, one.cancelledAt, one.withdrawn], [MONDAY, friday, true]);
    }
    // The longer window of the 25th was first seen on Friday: less than five days before.
    assert.deepEqual(await setAside(store, Date.UTC(2026, 9, 20), Date.UTC(2026, 9, 31)), []);
  });
});
