import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DayLevel, levelOf } from '../../src/domain/live/day-record.ts';

const THREE_NINES = { allowance: { numerator: 1, denominator: 1_000, inclusive: true } };

const DAYS: readonly (readonly [good: number, bad: number, level: DayLevel, why: string])[] = [
  [0, 0, 'none', 'nothing was measured'],
  [1_440, 0, 'good', 'not one failed'],
  [999, 1, 'some', 'exactly the share that every day may lose'],
  [998, 1, 'over', 'one step over the line'],
  [9_901, 99, 'over', 'not yet ten times the share'],
  [990, 10, 'bad', 'ten times the share'],
  [0, 1, 'bad', 'all that was asked'],
];
for (const [good, bad, level, why] of DAYS) {
  test(`${bad} failures of ${good + bad} under 99.9 % are ${level}: ${why}`, () => {
    assert.equal(levelOf({ good, bad }, THREE_NINES), level);
  });
}

test('the same failures are another day under another promise', () => {
  const day = { good: 1_430, bad: 10 };
  assert.equal(levelOf(day, THREE_NINES), 'over');
  assert.equal(levelOf(day, { allowance: { numerator: 1, denominator: 100, inclusive: true } }), 'some');
  assert.equal(levelOf(day, null), 'some', 'without a promise one in a hundred is what a day may have');
});

test('one in ten is bad whatever was promised', () => {
  assert.equal(
    levelOf({ good: 90, bad: 10 }, { allowance: { numerator: 5, denominator: 100, inclusive: true } }),
    'bad',
  );
});
