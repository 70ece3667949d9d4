import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  burnFactor,
  burnRate,
  chanceWhileMet,
  errorBudget,
  fewestBadAbove,
} from '../../src/domain/live/error-budget.ts';
import { P99_TEST, sequentialVerdict, thresholds } from '../../src/domain/statistics/sequential-test.ts';

const HOUR = 3_600_000;
const MONTH = 720 * HOUR;

const FACTORS = {
  '2 % of the budget in an hour': [0.02, HOUR, 14.4],
  '5 % in six hours': [0.05, 6 * HOUR, 6],
  '10 % in three days': [0.1, 72 * HOUR, 1],
} as const;

for (const [name, [share, window, factor]] of Object.entries(FACTORS)) {
  test(`${name} is a burn rate of ${factor}`, () => {
    assert.ok(Math.abs(burnFactor(share, MONTH, window) - factor) < 1e-12);
  });
}

/** At one probe a minute: target, factor, probes in the window, fewest failures above the factor, chance while met. */
const FEWEST: readonly (readonly [
  target: string,
  factor: string,
  n: number,
  bad: number,
  p: number | null,
])[] = [
  ['99.9', '14.4', 60, 1, 0.0583],
  ['99.9', '14.4', 5, 1, null],
  ['99.9', '6', 360, 3, 0.0059],
  ['99.9', '6', 30, 1, null],
  ['99.9', '3', 1440, 5, null],
  ['99.9', '1', 4320, 5, 0.43],
  ['99.5', '14.4', 60, 5, 1.4e-5],
  ['99.5', '6', 360, 11, null],
  ['99.5', '3', 1440, 22, null],
  ['99.5', '1', 4320, 22, 0.49],
  ['99', '14.4', 60, 9, null],
  ['99', '6', 360, 22, null],
  ['99', '3', 1440, 44, null],
  ['99', '1', 4320, 44, 0.47],
];

for (const [target, factor, n, bad, p] of FEWEST) {
  test(`${target} % burns above ${factor} from ${bad} failures of ${n} on`, () => {
    assert.equal(fewestBadAbove(factor, target, n), bad);
    assert.ok((burnRate(bad, n, target) ?? 0) > Number(factor));
    assert.ok((burnRate(bad - 1, n, target) ?? 0) <= Number(factor));
    if (p !== null) {
      const digits = p < 0.001 ? 2 : p < 0.1 && p !== 0.0059 ? 3 : 2;
      assert.equal(Number(chanceWhileMet(bad, n, target).toPrecision(digits)), p);
    }
  });
}

test('two failures of sixty are not proof enough to page at 99.9 %, three are', () => {
  assert.equal(chanceWhileMet(2, 60, '99.9').toFixed(6), '0.001703');
  assert.equal(chanceWhileMet(3, 60, '99.9').toPrecision(3), '0.0000328');
});

test('a month of 43,200 minutes at 99.9 % affords 43 bad ones; the 44th is a breach', () => {
  assert.equal(errorBudget('99.9', 43_200, 0).allowed.toFraction(), '216/5');
  assert.equal(errorBudget('99.9', 43_200, 0).affordable, 43n);
  assert.equal(errorBudget('99.9', 43_200, 43).affordable, 0n);
  assert.equal(errorBudget('99.9', 43_200, 44).affordable, -1n);
});

test('without data there is no burn rate, and a target of 100 % burns without end', () => {
  assert.equal(burnRate(0, 0, '99.9'), null);
  assert.equal(burnRate(0, 10, '100'), 0);
  assert.equal(burnRate(1, 10, '100'), Number.POSITIVE_INFINITY);
});

test('a good request turning bad never lowers a burn rate nor lengthens a budget', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100_000 }),
      fc.nat(),
      fc.constantFrom('99', '99.9', '99.95'),
      (n, pick, target) => {
        const bad = pick % n;
        assert.ok((burnRate(bad + 1, n, target) ?? 0) >= (burnRate(bad, n, target) ?? 0));
        assert.ok(errorBudget(target, n, bad + 1).left.lt(errorBudget(target, n, bad).left));
      },
    ),
  );
});

test('the sequential test of a p99: where it decides, and what a sample adds', () => {
  const found = thresholds(P99_TEST);
  const expected = { breached: 4.553877, met: -2.985682, perBad: 1.0986123, perGood: -0.0204089 };
  for (const [name, value] of Object.entries(expected)) {
    assert.ok(Math.abs(found[name as keyof typeof found] - value) < 5e-7, name);
  }
  assert.equal(sequentialVerdict(P99_TEST, 146, 0), 'undecided');
  assert.equal(sequentialVerdict(P99_TEST, 147, 0), 'met');
  assert.equal(sequentialVerdict(P99_TEST, 4, 4), 'undecided');
  assert.equal(sequentialVerdict(P99_TEST, 5, 5), 'breached');
});
