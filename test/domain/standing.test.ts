import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Limit } from '../../src/domain/contract/commitment.ts';
import { latencyStanding, uptimeStanding, worstStanding } from '../../src/domain/live/standing.ts';
import { atRank, exchangeAscending, spreadOf } from '../../src/domain/time/spread.ts';

const atMost = (us: number): Limit => ({ mostUs: us, statedUs: us, strict: false });

const spread = (fast: number, slow: number) =>
  spreadOf([...Array<number>(fast).fill(400_000), ...Array<number>(slow).fill(600_000)]);

test('uptime exactly on the target is within, one failure more is not', () => {
  assert.equal(uptimeStanding(999, 1, 999_000), 'within');
  assert.equal(uptimeStanding(998, 2, 999_000), 'missed');
  assert.equal(uptimeStanding(0, 0, 999_000), 'undecided');
  assert.equal(uptimeStanding(0, 60, null), 'none');
});

test('a p99 exactly on the target is within, a microsecond more is not', () => {
  assert.equal(latencyStanding(spread(0, 200), atMost(600_000)), 'within');
  assert.equal(latencyStanding(spread(0, 200), atMost(599_999)), 'missed');
});

test('one slow answer of 99 decides nothing, one of 100 is allowed, two of 100 miss', () => {
  assert.equal(latencyStanding(spread(98, 1), atMost(500_000)), 'undecided');
  assert.equal(latencyStanding(spread(99, 1), atMost(500_000)), 'within');
  assert.equal(latencyStanding(spread(98, 2), atMost(500_000)), 'missed');
});

test('few answers are enough where more than a tenth of them is slow', () => {
  assert.equal(latencyStanding(spread(9, 1), atMost(500_000)), 'undecided');
  assert.equal(latencyStanding(spread(8, 2), atMost(500_000)), 'missed');
});

test('one number off target is enough, and nothing asked is nothing missed', () => {
  assert.equal(worstStanding(['within', 'missed', 'undecided']), 'missed');
  assert.equal(worstStanding(['within', 'undecided', 'none']), 'undecided');
  assert.equal(worstStanding(['none', 'none']), 'none');
});

test('the nearest rank is a value that was measured, and at least that share does not exceed it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(1_000_000), { minLength: 1 }),
      fc.integer({ min: 1, max: 1_000_000 }),
      (values, ppm) => {
        const ascending = values.toSorted((a, b) => a - b);
        const value = atRank(ascending, ppm);
        assert.ok(value !== null && ascending.includes(value));
        const below = ascending.filter((one) => one <= value).length;
        const strictlyBelow = ascending.filter((one) => one < value).length;
        assert.ok(below * 1_000_000 >= ppm * values.length);
        assert.ok(strictlyBelow * 1_000_000 < ppm * values.length);
      },
    ),
  );
});

test('a sorted list that some numbers leave and others join is what sorting all of it gives', () => {
  const numbers = fc.array(fc.nat(20), { maxLength: 12 });
  const ascending = (values: readonly number[]) => values.toSorted((a, b) => a - b);
  fc.assert(
    fc.property(numbers, numbers, numbers, (kept, gone, come) => {
      const exchanged = exchangeAscending(ascending([...kept, ...gone]), ascending(gone), ascending(come));
      assert.deepEqual(Array.from(exchanged), ascending([...kept, ...come]));
    }),
  );
  assert.throws(() => exchangeAscending([1, 2, 4], [2, 3], []), /^Error: 3 is to go and is not there$/);
});

test('nothing measured has no percentiles', () => {
  assert.equal(spreadOf([]), null);
});
