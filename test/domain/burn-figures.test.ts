import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DEFAULT_THRESHOLDS } from '../../src/domain/alert/alert-policy.ts';
import { burnRate } from '../../src/domain/alert/burn-rule.ts';
import { mostBad } from '../../src/domain/live/period-budget.ts';
import { atLeast } from '../../src/domain/statistics/binomial.ts';
import { P99_TEST, sequentialVerdict, thresholds } from '../../src/domain/statistics/sequential-test.ts';

const HOUR = 3_600_000;
const MONTH = 720 * HOUR;

const SHARES = [
  ['2 % of the budget in an hour', 0.02, HOUR],
  ['5 % in six hours', 0.05, 6 * HOUR],
  ['10 % in a day', 0.1, 24 * HOUR],
  ['10 % in three days', 0.1, 72 * HOUR],
] as const;

for (const [i, [name, share, window]] of SHARES.entries()) {
  test(`${name} is the burn rate that alerts`, () => {
    const row = DEFAULT_THRESHOLDS.burn.rows[i];
    assert.equal(row?.longMs, window);
    assert.ok(Math.abs((row?.factor ?? 0) - (share * MONTH) / window) < 1e-12);
    assert.equal(row?.longMs, 12 * (row?.shortMs ?? 0));
  });
}

function allowedPpm(target: string): number {
  return Math.round((100 - Number(target)) * 10_000);
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
    const rate = (k: number): number => burnRate({ n, k }, allowedPpm(target));
    assert.ok(rate(bad) > Number(factor));
    assert.ok(rate(bad - 1) <= Number(factor));
    if (p !== null) {
      const digits = p < 0.001 ? 2 : p < 0.1 && p !== 0.0059 ? 3 : 2;
      assert.equal(Number(atLeast(bad, n, allowedPpm(target) / 1e6).toPrecision(digits)), p);
    }
  });
}

test('two failures of sixty are not proof enough to page at 99.9 %, three are', () => {
  const { maxPValue } = DEFAULT_THRESHOLDS.burn;
  assert.equal(atLeast(2, 60, 0.001).toFixed(6), '0.001703');
  assert.equal(atLeast(3, 60, 0.001).toPrecision(3), '0.0000328');
  assert.ok(atLeast(2, 60, 0.001) > maxPValue && atLeast(3, 60, 0.001) <= maxPValue);
});

test('a month of 43,200 minutes at 99.9 % affords 43 bad ones; the 44th is a breach', () => {
  assert.equal(mostBad({ numerator: 1, denominator: 1000, inclusive: true }, 43_200), 43);
});

test('a good request turning bad never lowers a burn rate', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100_000 }),
      fc.nat(),
      fc.constantFrom('99', '99.9', '99.95'),
      (n, pick, target) => {
        const k = pick % n;
        assert.ok(burnRate({ n, k: k + 1 }, allowedPpm(target)) > burnRate({ n, k }, allowedPpm(target)));
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
