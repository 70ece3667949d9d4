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

for (const most of [1, 3, 15, 255]) {
  test(`a ring of up to ${most} in a minute counts each of its minutes by itself, before and after one has more`, () => {
    const size = 21;
    const counter = createMinuteCounter(size);
    const expected = Array.from({ length: size }, (_, place) => (place * 7) % (most + 1));
    const counts = (): number[] => expected.map((_, place) => countAt(counter, place));
    for (const [place, count] of expected.entries())
      for (let n = 0; n < count; n += 1) countOne(counter, place);
    assert.deepEqual(counts(), expected);
    while ((expected[20] ?? 0) <= most) {
      expected[20] = (expected[20] ?? 0) + 1;
      countOne(counter, 20);
    }
    assert.deepEqual(counts(), expected);
    clearPlace(counter, 9);
    assert.deepEqual(counts(), expected.with(9, 0));
  });
}

test('three days of one a minute take half a kilobyte, and fifteen times as many four times that', () => {
  const counter = createMinuteCounter(4_320);
  for (let place = 0; place < 4_320; place += 1) countOne(counter, place);
  assert.equal(counter.places?.byteLength, 540);
  for (let n = 0; n < 14; n += 1) for (let place = 0; place < 4_320; place += 1) countOne(counter, place);
  assert.equal(counter.places?.byteLength, 2_160);
});
