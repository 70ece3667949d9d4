import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  clearPlace,
  countAt,
  countOne,
  createMinuteCounter,
} from '../../src/pipeline/alerting/minute-counter.ts';

test('a minute counts on past 255 without touching its neighbours, and what is cleared begins anew', () => {
  const counter = createMinuteCounter(3);
  assert.equal(countAt(counter, 1), 0);
  countOne(counter, 0);
  for (let n = 0; n < 255; n += 1) countOne(counter, 1);
  assert.equal(countAt(counter, 1), 255);
  countOne(counter, 1);
  assert.deepEqual(
    [0, 1, 2].map((place) => countAt(counter, place)),
    [1, 256, 0],
  );
  clearPlace(counter, 1);
  countOne(counter, 1);
  assert.deepEqual(
    [0, 1, 2].map((place) => countAt(counter, place)),
    [1, 1, 0],
  );
});

test('a minute with more than 65,535 stays at that and does not begin at nothing', () => {
  const counter = createMinuteCounter(1);
  for (let n = 0; n < 65_540; n += 1) countOne(counter, 0);
  assert.equal(countAt(counter, 0), 65_535);
});
