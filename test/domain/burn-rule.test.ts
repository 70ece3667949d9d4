import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BURN_ROWS, DEFAULT_THRESHOLDS } from '../../src/domain/alert/alert-policy.ts';
import {
  burnRate,
  type CountWindow,
  falseAlarmsPer30Days,
  judgeBurn,
} from '../../src/domain/alert/burn-rule.ts';
import { atLeast, clopperPearson } from '../../src/domain/statistics/binomial.ts';
import { DAY, HOUR, MINUTE } from '../support/alert-builders.ts';

const GUARDS = DEFAULT_THRESHOLDS.burn;
const NO_GUARDS = { minBad: 1, maxPValue: 1, falsePages: Infinity, falseTickets: Infinity };
const [FAST, SLOW] = BURN_ROWS;
if (!FAST || !SLOW) throw new Error('four rows');

/** One sample a minute; bad ones lie `ageMs` before now. */
function minutely(badAges: readonly number[]): CountWindow {
  return (windowMs) => ({
    n: windowMs / MINUTE,
    k: badAges.filter((age) => age < windowMs).length,
  });
}

test('the factors spend 2 % of a 30-day budget in an hour, 5 % in six, 10 % in one day and in three', () => {
  const spent = BURN_ROWS.map(
    ({ factor, longMs }) => Math.round(((factor * longMs) / (30 * DAY)) * 1000) / 1000,
  );
  assert.deepEqual(spent, [0.02, 0.05, 0.1, 0.1]);
  assert.ok(BURN_ROWS.every(({ longMs, shortMs }) => longMs === 12 * shortMs));
});

/** Fewest failures in the long window above factor × budget, at one sample a minute, without any guard. */
const SMALLEST: readonly (readonly [
  allowedPpm: number,
  perRow: readonly [number, number, number, number],
])[] = [
  [1_000, [1, 3, 5, 5]],
  [5_000, [5, 11, 22, 22]],
  [10_000, [9, 22, 44, 44]],
];

for (const [allowedPpm, perRow] of SMALLEST) {
  test(`the ratio alone would fire at ${perRow.join(', ')} failures where ${allowedPpm} ppm may fail`, () => {
    const smallest = BURN_ROWS.map((row) => {
      const n = row.longMs / MINUTE;
      for (let k = 0; k <= n; k += 1) if (burnRate({ n, k }, allowedPpm) > row.factor) return k;
      return null;
    });
    assert.deepEqual(smallest, perRow);
  });
}

/** P(B >= k | n, p) from an independent evaluation of the regularised incomplete beta function. */
const TAILS: readonly (readonly [k: number, n: number, p: number, expected: number])[] = [
  [1, 60, 0.001, 0.0583],
  [2, 60, 0.001, 0.001703],
  [3, 60, 0.001, 3.28e-5],
  [3, 360, 0.001, 0.0059],
  [5, 4320, 0.001, 0.43],
  [5, 60, 0.005, 1.4e-5],
  [3, 60, 0.01, 0.02242],
  [20, 1440, 0.01, 0.09294378],
  [28, 1440, 0.01, 0.0009],
  [450, 43200, 0.01, 0.19808105],
];

for (const [k, n, p, expected] of TAILS) {
  test(`chance alone gives ${k} or more of ${n} with probability ${expected}`, () => {
    assert.ok(Math.abs(atLeast(k, n, p) / expected - 1) < 0.05, String(atLeast(k, n, p)));
  });
}

test('a tail far out keeps its digits', () => {
  // The sum of its 51 terms, each by logarithms.
  assert.ok(Math.abs(atLeast(10, 60, 0.001) / 7.2042867e-20 - 1) < 1e-6, String(atLeast(10, 60, 0.001)));
});

test('the interval is that of Clopper and Pearson', () => {
  const { low, high } = clopperPearson(59, 60);
  assert.ok(Math.abs(low - 0.9106009) < 1e-7 && Math.abs(high - 0.99957813) < 1e-7);
  assert.deepEqual(clopperPearson(0, 10).low, 0);
  assert.deepEqual(clopperPearson(10, 10).high, 1);
});

const ONE_CELL = { ...GUARDS, falsePages: Infinity };

const DECISIONS: readonly (readonly [
  sentence: string,
  badAges: readonly number[],
  cells: number,
  guards: typeof NO_GUARDS,
  verdict: string,
])[] = [
  ['one failure burns at 16.7 and says nothing', [MINUTE], 1, ONE_CELL, 'undecided'],
  ['one failure would fire without guards', [MINUTE], 1, NO_GUARDS, 'bad'],
  [
    'two failures in an hour are not proof at one in a thousand',
    [MINUTE, 2 * MINUTE],
    1,
    ONE_CELL,
    'undecided',
  ],
  ['three failures in an hour are', [MINUTE, 2 * MINUTE, 50 * MINUTE], 1, ONE_CELL, 'bad'],
  [
    'three failures, the newest six minutes ago, are not going on',
    [6, 7, 8].map((m) => m * MINUTE),
    1,
    ONE_CELL,
    'undecided',
  ],
  [
    'three failures prove nothing where 368 cells are watched',
    [1, 2, 3].map((m) => m * MINUTE),
    368,
    GUARDS,
    'undecided',
  ],
  [
    'four failures prove nothing where 368 cells are watched',
    [1, 2, 3, 4].map((m) => m * MINUTE),
    368,
    GUARDS,
    'undecided',
  ],
  ['five failures do', [1, 2, 3, 4, 30].map((m) => m * MINUTE), 368, GUARDS, 'bad'],
  ['half an hour without a failure is well again', [31, 32, 33].map((m) => m * MINUTE), 1, GUARDS, 'good'],
  ['half an hour less a minute is not', [29, 32, 33].map((m) => m * MINUTE), 1, GUARDS, 'undecided'],
];

for (const [sentence, badAges, cells, guards, verdict] of DECISIONS) {
  test(sentence, () => {
    assert.equal(judgeBurn([FAST, SLOW], minutely(badAges), 1_000, cells, guards).verdict, verdict);
  });
}

test('no samples at all decide nothing', () => {
  const judged = judgeBurn([FAST], () => ({ n: 0, k: 0 }), 1_000, 1, GUARDS);
  assert.equal(judged.verdict, 'undecided');
  assert.equal(judged.measured, null);
});

test('the false alarms of a month are counted over every cell and every bad sample', () => {
  // 43.2 bad samples a month, each with P(B >= 2 | 59, 0.001) = 0.0016473 that two others lie in the hour before.
  const one = falseAlarmsPer30Days(FAST, { n: 60, k: 3 }, 1_000, 1);
  assert.ok(Math.abs(one / (43.2 * 0.0016473275757) - 1) < 1e-9, String(one));
  const all = falseAlarmsPer30Days(FAST, { n: 60, k: 3 }, 1_000, 368);
  assert.ok(Math.abs(all / (368 * one) - 1) < 1e-12);
});

/** Fewest failures in the long window that prove something, at one sample a minute, with the default guards. */
const PROVING: readonly (readonly [cells: number, perRow: readonly [number, number, number, number]])[] = [
  [1, [4, 6, 7, 13]],
  [368, [5, 8, 10, 16]],
];

for (const [cells, perRow] of PROVING) {
  test(`where ${cells} cells of 99.9 % are watched, ${perRow.join(', ')} failures prove something`, () => {
    const fewest = BURN_ROWS.map((row) => {
      const n = row.longMs / MINUTE;
      const tolerated = row.severity === 'page' ? GUARDS.falsePages : GUARDS.falseTickets;
      for (let k = 3; k <= n; k += 1) {
        const surprising = atLeast(k, n, 0.001) <= GUARDS.maxPValue;
        if (surprising && falseAlarmsPer30Days(row, { n, k }, 1_000, cells) <= tolerated) return k;
      }
      return null;
    });
    assert.deepEqual(fewest, perRow);
  });
}

test('a burn rate never falls when a good sample turns bad', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50_000 }),
      fc.nat(49_999),
      fc.integer({ min: 1, max: 999_999 }),
      (n, k, allowedPpm) => {
        fc.pre(k < n);
        assert.ok(burnRate({ n, k: k + 1 }, allowedPpm) > burnRate({ n, k }, allowedPpm));
      },
    ),
  );
});

test('an alert never goes away when a good sample turns bad', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(4319), { maxLength: 40 }), fc.nat(4319), (ages, another) => {
      const before = judgeBurn([FAST, SLOW], minutely(ages.map((m) => m * MINUTE)), 1_000, 10, GUARDS);
      const more = [...new Set([...ages, another])].map((m) => m * MINUTE);
      const after = judgeBurn([FAST, SLOW], minutely(more), 1_000, 10, GUARDS);
      if (before.verdict === 'bad') assert.equal(after.verdict, 'bad');
      if (after.verdict === 'good') assert.equal(before.verdict, 'good');
    }),
  );
});

test('exactly at the objective the burn rate is exactly one', () => {
  assert.equal(burnRate({ n: 43_000, k: 43 }, 1_000), 1);
  assert.equal(burnRate({ n: 300, k: 3 }, 10_000), 1);
  assert.equal(HOUR % MINUTE, 0);
});
