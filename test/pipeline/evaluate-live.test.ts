import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startLive } from '../../src/pipeline/live/evaluate-live.ts';
import { createLiveScope } from '../../src/pipeline/live/live-scope.ts';
import { countDirty } from '../../src/pipeline/live/roll-up.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { DAY, declaration, HOUR, MINUTE, MONDAY, sample } from '../store/builders.ts';
import { impatientClock } from '../support/impatient-clock.ts';

const NOW = MONDAY + 12 * HOUR;

test('the figures call themselves whole only when they hold what another thread wrote before counting began', async (t) => {
  const opened = openSqliteStore(':memory:');
  assert.ok(opened.kind === 'opened');
  const { store } = opened;
  await store.declareSeries([declaration('chat-small')], MONDAY);
  const written = Promise.withResolvers<void>();
  const evaluated = Promise.withResolvers<void>();
  const whole = Promise.withResolvers<void>();
  let isWhole = false;
  const live = startLive({
    store,
    scope: createLiveScope({ versionsOf: () => [], plannedWorkOf: () => [] }),
    clock: impatientClock(NOW),
    onEvaluated: () => evaluated.resolve(),
    onFault: (_what, error) => assert.fail(String(error)),
    countAfter: written.promise,
    onWhole: () => {
      isWhole = true;
      whole.resolve();
    },
  });
  t.after(async () => {
    await live.stop();
    await store.close();
  });
  const lastHour = () => [...(live.latest()?.targets.values() ?? [])][0]?.objectives[0]?.windows['1h'].n ?? 0;

  await evaluated.promise;
  const samples = Array.from({ length: 120 }, (_, n) => sample({ scheduledAt: NOW - (n + 1) * MINUTE }));
  await store.recordHistory({ samples, notRun: [] });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(isWhole, false);
  assert.equal(lastHour(), 0, 'nobody said that anything was written');
  written.resolve();
  await whole.promise;
  assert.equal(lastHour(), 60);
});

test('a stop while the past is read breaks the reading off between two pieces, and is no fault', async (t) => {
  const opened = openSqliteStore(':memory:');
  assert.ok(opened.kind === 'opened');
  const { store } = opened;
  t.after(() => store.close());
  await store.declareSeries([declaration('chat-small')], MONDAY);
  const samples = Array.from({ length: 600 }, (_, n) => sample({ scheduledAt: NOW - (n + 1) * MINUTE }));
  await store.recordHistory({ samples, notRun: [] });
  const clock = impatientClock(NOW);
  const reading = Promise.withResolvers<void>();
  let waits = 0;
  const live = startLive({
    store,
    scope: createLiveScope({ versionsOf: () => [], plannedWorkOf: () => [] }),
    clock: {
      ...clock,
      after(ms, then) {
        waits += 1;
        // The first is the round itself.
        if (waits === 2) reading.resolve();
        return clock.after(ms, then);
      },
    },
    onEvaluated: () => assert.fail('evaluated to the end'),
    onFault: (_what, error) => assert.fail(String(error)),
    countAfter: new Promise(() => {}),
  });
  await reading.promise;
  await live.stop();
  assert.equal(waits, 2);
  assert.equal(live.latest(), null);
});

test('the hour just over is counted on from what is known, a late sample is found, and a reading that failed is made up for', async (t) => {
  const opened = openSqliteStore(':memory:');
  assert.ok(opened.kind === 'opened');
  const { store } = opened;
  await store.declareSeries([declaration('chat-small')], MONDAY - 30 * DAY);
  const from = NOW - 8 * DAY;
  const past = Array.from({ length: 8 * 24 }, (_, n) => sample({ scheduledAt: from + n * HOUR }));
  await store.recordHistory({ samples: past, notRun: [] });
  let now = NOW + 3 * MINUTE;
  const scope = createLiveScope({ versionsOf: () => [], plannedWorkOf: () => [] });
  await countDirty(store, scope, impatientClock(now), () => false);
  let reads = 0;
  let broken = 0;
  const faults: string[] = [];
  const whole = Promise.withResolvers<void>();
  const live = startLive({
    store: {
      ...store,
      async readBuckets(...asked) {
        // Counting a day reads its hours; everything else reads one hour or day at a time.
        const [, fromAt, toAt] = asked;
        if (toAt - fromAt === 1) {
          reads += 1;
          if (broken > 0) {
            broken -= 1;
            throw new Error('the disk is gone');
          }
        }
        return store.readBuckets(...asked);
      },
    },
    scope,
    clock: { ...impatientClock(NOW), now: () => now },
    onEvaluated: () => {},
    onFault: (_what, error) => faults.push(String(error)),
    onWhole: () => whole.resolve(),
  });
  t.after(async () => {
    await live.stop();
    await store.close();
  });
  const windows = () => [...(live.latest()?.targets.values() ?? [])][0]?.objectives[0]?.windows;
  const shows = async (week: number, sevenDaysTo: number): Promise<void> => {
    for (let turn = 0; turn < 20_000; turn += 1) {
      const seen = windows()?.['7d'];
      if (seen?.n === week && seen.toAt === sevenDaysTo) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.fail(`${windows()?.['7d'].n} samples in seven days, not ${week}`);
  };
  const recordAt = async (scheduledAt: number): Promise<void> => {
    await store.record({ samples: [sample({ scheduledAt })], notRun: [] });
    live.recorded(scheduledAt);
  };
  const HOURS = 7 * 24;
  await whole.promise;
  await shows(HOURS, now);

  await recordAt(NOW + 10 * MINUTE);
  now += HOUR;
  reads = 0;
  await shows(HOURS, now);
  assert.equal(reads, 5, 'the new hour, and one that leaves each of four windows');

  await recordAt(NOW - 3 * DAY + 7 * MINUTE);
  broken = 1;
  await shows(HOURS + 1, now);
  assert.deepEqual(faults, ['Error: the disk is gone']);

  await recordAt(NOW + 70 * MINUTE);
  now += HOUR;
  reads = 0;
  broken = 1;
  await shows(HOURS + 1, now);
  assert.equal(faults.length, 2);
  assert.equal(reads, 6, 'the reading is begun again');
});

test('what was counted before an hour that cannot be counted shows all the same', async (t) => {
  const opened = openSqliteStore(':memory:');
  assert.ok(opened.kind === 'opened');
  const { store } = opened;
  await store.declareSeries([declaration('chat-small')], MONDAY - 30 * DAY);
  const recordAt = (times: readonly number[]) =>
    store.record({ samples: times.map((scheduledAt) => sample({ scheduledAt })), notRun: [] });
  await recordAt([NOW - 5 * DAY, NOW - 3 * DAY]);
  const scope = createLiveScope({ versionsOf: () => [], plannedWorkOf: () => [] });
  const whole = Promise.withResolvers<void>();
  const shown = Promise.withResolvers<void>();
  let isBroken = false;
  let faults = 0;
  const live = startLive({
    store: {
      ...store,
      async readDecided(...asked) {
        if (isBroken && asked[0] < NOW - 4 * DAY) throw new Error('the disk has a hole');
        return store.readDecided(...asked);
      },
    },
    scope,
    clock: impatientClock(NOW),
    onEvaluated: ({ targets }) => {
      if ([...targets.values()][0]?.objectives[0]?.windows['7d'].n === 3) shown.resolve();
    },
    onFault: () => {
      faults += 1;
      if (faults === 3_000) shown.reject(new Error('what was counted does not show'));
    },
    onWhole: () => whole.resolve(),
  });
  t.after(async () => {
    await live.stop();
    await store.close();
  });
  await whole.promise;
  isBroken = true;
  await recordAt([NOW - 5 * DAY + 7 * MINUTE, NOW - 3 * DAY + 7 * MINUTE]);
  await shown.promise;
  assert.ok(faults > 0);
});
