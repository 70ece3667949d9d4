import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { firstTickAt } from '../../src/domain/time/schedule.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { startProbity, status, statusWhen } from '../support/probity-process.ts';

const PRACTICE = join(import.meta.dirname, '../../probes/practice');

test('three times kill -9: each tick is a sample, a recorded skip or countable as missing, and none is there twice', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'probity-killed-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const data = join(folder, 'data');
  const hurried = join(folder, 'practice');
  cpSync(PRACTICE, hurried, { recursive: true });
  const probes = readFileSync(join(hurried, 'probes.yaml'), 'utf8');
  assert.match(probes, / every: 5s /);
  writeFileSync(join(hurried, 'probes.yaml'), probes.replace(' every: 5s ', ' every: 1s '));
  let wanted = 0;
  for (let life = 0; life < 4; life += 1) {
    const probity = startProbity(['run', hurried, '--port', '0', '--data', data, '--no-practice-history']);
    t.after(() => probity.signal('SIGKILL'));
    const url = await probity.url;
    wanted = (await status(url)).samples + 20;
    await statusWhen(url, ({ samples }) => samples >= wanted);
    probity.signal(life < 3 ? 'SIGKILL' : 'SIGTERM');
    await probity.ended;
  }

  const opened = openSqliteStore(join(data, 'probity.db'));
  assert.equal(opened.kind, 'opened');
  if (opened.kind !== 'opened') return;
  const { store } = opened;
  const everything = { fromAt: 0, toAt: Number.MAX_SAFE_INTEGER };
  const samples = await store.readSamples({ ...everything, purposes: ['scheduled'] });
  const notRun = await store.readNotRun(everything);
  const spans = await store.readSchedules(0, Number.MAX_SAFE_INTEGER);
  await store.close();

  const tickOf = (row: { probe: string; target: string; scheduledAt: number }): string =>
    `${row.probe} ${row.target} ${row.scheduledAt}`;
  const told = [...samples, ...notRun].map(tickOf);
  assert.equal(new Set(told).size, told.length, 'no tick is told twice');

  const endAt = Math.max(...samples.map(({ scheduledAt }) => scheduledAt));
  const due = new Set<string>();
  for (const { probe, target, schedule, fromAt } of spans) {
    assert.equal(schedule.kind, 'every');
    if (schedule.kind !== 'every') continue;
    const { everyMs, phaseMs } = schedule;
    for (let at = firstTickAt(everyMs, phaseMs, fromAt); at <= endAt; at += everyMs) {
      due.add(tickOf({ probe, target, scheduledAt: at }));
    }
  }
  assert.equal(spans.length, 11, 'the schedules outlived the restarts unchanged');
  assert.deepEqual(
    told.filter((tick) => !due.has(tick)),
    [],
    'nothing is told that was not due',
  );
  assert.ok(told.length >= wanted - 20, 'what was on the page before a kill is there after it');

  const db = new Database(join(data, 'probity.db'), { readonly: true });
  assert.equal(db.pragma('integrity_check', { simple: true }), 'ok');
  db.close();
});
