import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statusPage } from '../../dashboards/status.page.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { loadAssets } from '../../src/web/assets.ts';
import { createRecentWindow } from '../../src/web/recent-window.ts';
import { declaration, HOUR, MINUTE, MONDAY, sample } from '../store/builders.ts';
import { SCENES } from '../support/scenes.ts';

const NOW = MONDAY + 10 * HOUR;
const EVERY_MS = 200;
const PER_MINUTE = MINUTE / EVERY_MS;
const query = { words: [], tier: null, health: null, sort: 'name' } as const;

test('after a start the first view of a busy hour is of its newest minutes, says so, and later ones are of all of it', async () => {
  const opened = openSqliteStore(':memory:');
  assert.ok(opened.kind === 'opened');
  const { store } = opened;
  const schedule = { kind: 'every', everyMs: EVERY_MS, phaseMs: 0 } as const;
  const series = declaration('acme/pro/a', { schedule });
  await store.declareSeries([series], NOW - 2 * HOUR);
  const { probe, region } = series;
  const target = series.target.id;
  const samples = Array.from({ length: HOUR / EVERY_MS }, (_, n) =>
    sample({ probe, target, region, scheduledAt: NOW - HOUR + n * EVERY_MS }),
  );
  await store.record({ samples, notRun: [] });
  const { settings } = SCENES.healthy;
  const recent = createRecentWindow({ store, settings });
  const readAt = NOW - 1;

  const first = await recent.read(readAt);
  assert.equal(first.isHourRead, false);
  assert.equal(first.toAt, NOW);
  assert.ok(first.fromAt > NOW - HOUR && first.fromAt < NOW - MINUTE);
  assert.equal(first.samples, ((NOW - first.fromAt) / MINUTE) * PER_MINUTE, 'all of the minutes it is of');
  assert.deepEqual(
    [first.coverage.missing, first.coverage.expected],
    [0, first.coverage.measured],
    'what is not read yet is not missing',
  );
  assert.deepEqual(first.spending, [], 'a part of the day is not the day');
  const page = statusPage(first, query, loadAssets().names);
  assert.match(page, /The past is still being read, the newest minutes first/);
  assert.doesNotMatch(page, /[Ll]ast hour/);

  const second = await recent.read(readAt);
  assert.equal(second.isHourRead, true);
  assert.equal(second.fromAt, NOW - HOUR);
  assert.equal(second.samples, samples.length);
  assert.doesNotMatch(statusPage(second, query, loadAssets().names), /still being read/);
  await store.close();
});

test('what came late while nobody looked is shown, also behind more minutes than one reading reads', async () => {
  const opened = openSqliteStore(':memory:');
  assert.ok(opened.kind === 'opened');
  const { store } = opened;
  const schedule = { kind: 'every', everyMs: EVERY_MS, phaseMs: 0 } as const;
  const series = declaration('acme/pro/a', { schedule });
  await store.declareSeries([series], NOW - 2 * HOUR);
  const { probe, region } = series;
  const name = { probe, target: series.target.id, region };
  const recent = createRecentWindow({ store, settings: SCENES.healthy.settings });
  const record = async (fromAt: number, toAt: number): Promise<void> => {
    const count = (toAt - fromAt) / EVERY_MS;
    const samples = Array.from({ length: count }, (_, n) =>
      sample({ ...name, scheduledAt: fromAt + n * EVERY_MS }),
    );
    await store.record({ samples, notRun: [] });
    recent.touched(fromAt);
  };

  const lookedAt = NOW - 40 * MINUTE;
  await record(NOW - HOUR, lookedAt);
  while (!(await recent.read(lookedAt - 1)).isHourRead);
  await record(lookedAt, NOW);
  // It was on its way when somebody looked last.
  await store.record({ samples: [sample({ ...name, scheduledAt: lookedAt - 1 })], notRun: [] });
  recent.touched(lookedAt - 1);

  let view = await recent.read(NOW - 1);
  assert.equal(view.isHourRead, false, 'the minutes in between are more than one reading reads');
  while (!view.isHourRead) view = await recent.read(NOW - 1);
  assert.equal(view.samples, HOUR / EVERY_MS + 1);
  await store.close();
});
