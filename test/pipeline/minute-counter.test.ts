import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  clearPlace,
  countAt,
  countOne,
  createMinuteCounter,
  type MinuteCounter,
} from '../../src/pipeline/alerting/minute-counter.ts';

/** All places of a ring of four. */
function countsIn(counter: MinuteCounter): number[] {
  return [0, 1, 2, 3].map((place) => countAt(counter, place));
}

for (const place of [1, 2]) {
  test(`the minute at ${place} counts on past 15 and 255 without touching its neighbours, and what is cleared begins anew`, () => {
    const counter = createMinuteCounter(4);
    const withCount = (count: number): number[] => [7, 7, 7, 7].with(place, count);
    assert.equal(countAt(counter, place), 0);
    for (let n = 0; n < 7; n += 1) for (const each of [0, 1, 2, 3]) countOne(counter, each);
    for (let count = 8; count <= 300; count += 1) {
      countOne(counter, place);
      assert.deepEqual(countsIn(counter), withCount(count));
    }
    clearPlace(counter, place);
    countOne(counter, place);
    assert.deepEqual(countsIn(counter), withCount(1));
  });
}

test('a minute of few is cleared without touching the one beside it', () => {
  const counter = createMinuteCounter(4);
  for (const place of [0, 1, 2, 3, 1, 2]) countOne(counter, place);
  clearPlace(counter, 1);
  assert.deepEqual(countsIn(counter), [1, 0, 2, 1]);
  clearPlace(counter, 2);
  assert.deepEqual(countsIn(counter), [1, 0, 0, 1]);
});

test('the last minute of an odd ring has its place', () => {
  const counter = createMinuteCounter(3);
  countOne(counter, 2);
  assert.deepEqual(countsIn(counter), [0, 0, 1, 0]);
});

test('a minute with more than 65,535 stays at that and does not begin at nothing', () => {
  const counter = createMinuteCounter(1);
  for (let n = 0; n < 65_540; n += 1) countOne(counter, 0);
  assert.equal(countAt(counter, 0), 65_535);
});
