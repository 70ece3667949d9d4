import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startLive } from '../../src/pipeline/live/evaluate-live.ts';
import { createLiveScope } from '../../src/pipeline/live/live-scope.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { declaration, HOUR, MINUTE, MONDAY, sample } from '../store/builders.ts';
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
