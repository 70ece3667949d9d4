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
  const { read: spend } = createDaySpend({
    readHourCosts: (hourAt) => {
      read.push((hourAt - MIDNIGHT) / HOUR);
      return store.readHourCosts(hourAt);
    },
  });
  const none = new Map<string, number>();
  assert.equal((await spend(MIDNIGHT + 2.5 * HOUR, new Map([[id, 3]])))?.get(id), 123);
  assert.deepEqual(read, [0, 1], 'the hour that is running is not read');
  await store.record({ samples: [costing(MIDNIGHT + 2.99 * HOUR, 4_000, 'scheduled')], notRun: [] });
  assert.equal((await spend(MIDNIGHT + 3 * HOUR, none))?.get(id), 4_123);
  await store.record({ samples: [costing(MIDNIGHT + 2.995 * HOUR, 50_000, 'scheduled')], notRun: [] });
  assert.equal((await spend(MIDNIGHT + 3.001 * HOUR, none))?.get(id), 4_123, 'not read again at once');
  assert.equal((await spend(MIDNIGHT + 3.01 * HOUR, none))?.get(id), 54_123);
  await spend(MIDNIGHT + 3.2 * HOUR, none);
  await spend(MIDNIGHT + 3.5 * HOUR, none);
  assert.deepEqual(read, [0, 1, 2, 2, 2], 'a settled hour is not read again');
  await store.compact(MIDNIGHT + 3 * HOUR);
  while (await store.compact(MIDNIGHT + 3 * HOUR));
  assert.equal((await store.readHourCosts(MIDNIGHT + 2 * HOUR)).get(id), 54_003, 'packed as unpacked');
  const { read: anew } = createDaySpend(store);
  assert.equal(await anew(MIDNIGHT + 3.5 * HOUR, none, () => 2), null, 'two hours are not the day');
  assert.equal(
    (await anew(MIDNIGHT + 3.5 * HOUR, none, () => 2))?.get(id),
    54_123,
    'the next reading has the rest',
  );
  assert.equal((await spend(MIDNIGHT + 25 * HOUR, none))?.get(id), undefined, 'a new day begins at nothing');
  await store.close();
});

test('what comes late for an hour that had settled is in the spending of the day, without reading the others again', async () => {
  const costs = [100, 20, 3];
  const reads: number[] = [];
  let onRead = (_hour: number): void => undefined;
  const { read, touched } = createDaySpend({
    readHourCosts: async (hourAt) => {
      const hour = (hourAt - MIDNIGHT) / HOUR;
      reads.push(hour);
      onRead(hour);
      return new Map([['a', costs[hour] ?? 0]]);
    },
  });
  const none = new Map<string, number>();
  const now = MIDNIGHT + 3.5 * HOUR;
  assert.equal((await read(now, none))?.get('a'), 123);
  costs[1] = 50;
  touched(MIDNIGHT + 1.5 * HOUR);
  touched(now - 1_000);
  assert.equal((await read(now + 1_000, none))?.get('a'), 123, 'not at once');
  reads.length = 0;
  onRead = (hour) => {
    if (hour === 1) touched(MIDNIGHT + 1.9 * HOUR);
  };
  assert.equal((await read(now + 30_000, none))?.get('a'), 153);
  assert.deepEqual(reads, [1, 2]);
  onRead = () => undefined;
  costs[1] = 60;
  assert.equal((await read(now + 60_000, none))?.get('a'), 163, 'also what came while it was being read');
  reads.length = 0;
  await read(now + 120_000, none);
  assert.deepEqual(reads, []);
});
