import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { keepReportFiles } from '../../src/commands/run/report-folder.ts';
import type { Store } from '../../src/store/store.ts';
import { HOUR } from '../store/builders.ts';
import { openStore } from '../support/closing.ts';
import { FEBRUARY, freezeMonthIn, MARCH } from '../support/month.ts';

/** The month of the contract "pro", after one of "before" whose document tells nothing. */
async function storeWithDamage(t: TestContext): Promise<{ readonly store: Store; readonly folder: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'probity-files-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const store = openStore();
  const [frozenAt, document] = [MARCH + 3 * HOUR, '{"report":{}}'];
  const damaged = { contract: 'before', period: '2027-02', fromAt: FEBRUARY, toAt: MARCH };
  const entry = { kind: 'frozen', state: 'no claim', amount: null, currency: null, who: null } as const;
  await store.freezeReport(
    { ...damaged, frozenAt, document },
    { ...entry, contract: 'before', period: '2027-02', at: frozenAt, note: '', key: 'before' },
    [],
  );
  await freezeMonthIn(store);
  return { store, folder };
}

test('a report that cannot be drawn is told by name, leaves no part of it behind, and holds up no other', async (t) => {
  const { store, folder } = await storeWithDamage(t);
  const order = (await store.listReports()).map(({ contract }) => contract);
  assert.deepEqual(order, ['before', 'pro'], 'the damaged one comes first');
  const told: string[] = [];
  const keep = () =>
    keepReportFiles(
      store,
      folder,
      async () => {},
      (what) => told.push(what),
    );
  assert.equal(await keep(), 1);
  assert.deepEqual(readdirSync(join(folder, 'reports', '2027-02')), ['pro']);
  assert.equal(await keep(), 0, 'what is written stays');
  assert.deepEqual(told, ['writing the files of before 2027-02', 'writing the files of before 2027-02']);
  await store.close();
});

test('who breaks off the writing of files breaks it off for all', async (t) => {
  const { store, folder } = await storeWithDamage(t);
  const told: string[] = [];
  const breathe = async (): Promise<void> => AbortSignal.abort().throwIfAborted();
  await assert.rejects(
    keepReportFiles(store, folder, breathe, (what) => told.push(what)),
    { name: 'AbortError' },
  );
  assert.deepEqual(told, ['writing the files of before 2027-02'], 'being broken off is no failure');
  await store.close();
});

test('drawing a report gives way many times within each statement, not only between them', async (t) => {
  const { store, folder } = await storeWithDamage(t);
  const frozen = await store.readReport('pro', '2027-02');
  const { report } = JSON.parse(frozen?.document ?? '') as { report: { statements: unknown[] } };
  let times = 0;
  await keepReportFiles(
    store,
    folder,
    async () => {},
    () => {},
    () => {
      times += 1;
    },
  );
  assert.ok(
    times > 50 * report.statements.length,
    `${times} times in a report of ${report.statements.length} statements`,
  );
  await store.close();
});
