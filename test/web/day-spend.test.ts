import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { createDaySpend } from '../../src/web/day-spend.ts';
import { declaration, sample } from '../store/builders.ts';

const MIDNIGHT = Date.UTC(2026, 9, 5);
const HOUR = 3_600_000;

test('spend since midnight is every attempt of the day whatever its purpose, read again only where it may still change', async () => {
  const opened = openSqliteStore(':memory:');
  assert.ok(opened.kind === 'opened');
  const { store } = opened;
  const series = declaration('acme/pro/a');
  await store.declareSeries([series], MIDNIGHT - HOUR);
  const { id } = series.target;
  const costing = (scheduledAt: number, costNanos: number, purpose: 'scheduled' | 'confirmation') =>
    sample({ probe: series.probe, target: id, region: series.region, scheduledAt, purpose, costNanos });
  await store.record({
    samples: [
      costing(MIDNIGHT - 1, 1_000, 'scheduled'),
      costing(MIDNIGHT, 100, 'scheduled'),
      costing(MIDNIGHT + 10_000, 20, 'confirmation'),
      costing(MIDNIGHT + 2 * HOUR, 3, 'scheduled'),
    ],
    notRun: [],
  });
  const read: number[] = [];
  const spend = createDaySpend({
    summarise: (fromAt, toAt) => {
      read.push((fromAt - MIDNIGHT) / HOUR);
      return store.summarise(fromAt, toAt);
    },
  });
  assert.equal((await spend(MIDNIGHT + 2.5 * HOUR)).get(id), 123);
  assert.deepEqual(read, [0, 1, 2]);
  await store.record({ samples: [costing(MIDNIGHT + 2.6 * HOUR, 4_000, 'scheduled')], notRun: [] });
  assert.equal((await spend(MIDNIGHT + 2.7 * HOUR)).get(id), 4_123);
  assert.deepEqual(read, [0, 1, 2, 2]);
  assert.equal((await spend(MIDNIGHT + 25 * HOUR)).get(id), 0, 'a new day begins at nothing');
  await store.close();
});
