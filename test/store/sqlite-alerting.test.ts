import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { migrate, readMigrations } from '../../src/store/sqlite/migrate.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { Store } from '../../src/store/store.ts';
import { evaluation, only, START, story } from '../support/alert-builders.ts';
import { alertingContract } from './alerting-contract.ts';

function opened(path: string): Store {
  const result = openSqliteStore(path);
  if (result.kind !== 'opened') throw new Error(result.message);
  return result.store;
}

alertingContract('SQLite in memory', () => ({
  store: opened(':memory:'),
  openBeside: null,
  discard: async () => {},
}));

alertingContract('SQLite in a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'probity-alerting-'));
  const file = join(folder, 'probity.db');
  return {
    store: opened(file),
    openBeside: () => opened(file),
    discard: async () => rmSync(folder, { recursive: true, force: true }),
  };
});

test('incidents decided before their cells stood in a table of their own are found by cell', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'probity-alerting-'));
  const file = join(folder, 'probity.db');
  const { step, incidents } = story();
  step(START, [evaluation('acme/pro/a', 'bad', START), evaluation('acme/pro/b', 'bad', START)]);
  const going = only(incidents);
  const over = { ...going, id: 'over', phase: 'closed', closedAt: START + 1 };
  const db = new Database(file);
  migrate(
    db,
    readMigrations().filter(({ name }) => name < '0019_incident_cells.sql'),
  );
  const insert = db.prepare(`
    insert into incidents (id, version, kind, group_name, severity, phase, started_at_ms, closed_at_ms, body)
    values (@id, @version, @kind, @group, @severity, @phase, @startedAt, @closedAt, @body)
  `);
  for (const { id, version, kind, group, severity, phase, startedAt, closedAt } of [going, over]) {
    const body = JSON.stringify({ ...going, id, phase, closedAt });
    insert.run({ id, version, kind, group, severity, phase, startedAt, closedAt, body });
  }
  db.close();
  const store = opened(file);
  const read = async (cell: string, fromAt: number): Promise<string[]> =>
    (await store.listIncidentsOf({ cells: [cell], fromAt, toAt: START + 10, limit: 9 })).incidents.map(
      ({ id }) => id,
    );
  assert.deepEqual(await read('acme/pro/a', START), [going.id, 'over']);
  assert.deepEqual(await read('acme/pro/b', START + 2), [going.id]);
  assert.deepEqual(await read('acme/pro', START), []);
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});
