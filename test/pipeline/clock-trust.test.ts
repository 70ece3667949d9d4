import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trustClock } from '../../src/pipeline/closing/clock-trust.ts';
import { createVirtualClock, type VirtualClock } from '../support/virtual-clock.ts';

const NOW = Date.UTC(2026, 10, 21, 12);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const YEAR = 365 * 24 * HOUR;

function trusting(lastSeenAt: number | null): {
  clock: VirtualClock;
  isTrusted: () => boolean;
  leaps: number[];
} {
  const clock = createVirtualClock(NOW);
  const leaps: number[] = [];
  const { isTrusted } = trustClock(clock, lastSeenAt, (byMs) => leaps.push(Math.round(byMs)));
  return { clock, isTrusted, leaps };
}

test('a first start, and one after a day and a half, may freeze and prune at once', () => {
  assert.equal(trusting(null).isTrusted(), true);
  assert.equal(trusting(NOW - 36 * HOUR).isTrusted(), true);
});

test('a start a year later freezes and prunes nothing for an hour: the clock may be wrong', async () => {
  const { clock, isTrusted, leaps } = trusting(NOW - YEAR);
  assert.equal(isTrusted(), false);
  await clock.advance(HOUR - 1);
  assert.equal(isTrusted(), false);
  await clock.advance(1);
  assert.equal(isTrusted(), true);
  assert.deepEqual(leaps, [YEAR]);
});

test('a clock that is set by more than five minutes while we run, or set right again, is believed an hour later', async () => {
  const { clock, isTrusted, leaps } = trusting(NOW);
  clock.step(5 * MINUTE);
  assert.equal(isTrusted(), true);
  clock.step(YEAR);
  assert.equal(isTrusted(), false);
  await clock.advance(HOUR / 2);
  clock.step(-YEAR);
  assert.equal(isTrusted(), false);
  await clock.advance(HOUR - 1);
  assert.equal(isTrusted(), false);
  await clock.advance(1);
  assert.equal(isTrusted(), true);
  assert.deepEqual(leaps, [YEAR, -YEAR]);
});
