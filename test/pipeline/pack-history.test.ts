import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packHistory } from '../../src/pipeline/pack-history.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

const HOUR_MS = 3_600_000;
const START_AT = Date.UTC(2026, 9, 5);

test('packing goes on while there is something to pack, leaves the last two hours alone, then looks again each minute', async () => {
  const clock = createVirtualClock(START_AT);
  const calls: number[] = [];
  let pieces = 3;
  const packing = packHistory(
    {
      compact: async (beforeAt) => {
        calls.push(clock.now() - beforeAt);
        pieces -= 1;
        return pieces > 0;
      },
    },
    clock,
    (error) => assert.fail(String(error)),
  );
  await clock.advance(62_000);
  assert.deepEqual(calls, [2 * HOUR_MS, 2 * HOUR_MS, 2 * HOUR_MS]);
  await clock.advance(60_000);
  assert.equal(calls.length, 4);
  await packing.stop();
  await clock.advance(10 * 60_000);
  assert.equal(calls.length, 4, 'a stopped packer does nothing more');
});

test('a failure to pack is told and tried again', async () => {
  const clock = createVirtualClock(START_AT);
  const told: unknown[] = [];
  const failure = new Error('disk I/O error');
  const packing = packHistory({ compact: () => Promise.reject(failure) }, clock, (error) => told.push(error));
  await clock.advance(2 * 60_000);
  assert.deepEqual(told, [failure, failure]);
  await packing.stop();
});
