import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseContracts } from '../../src/config/parse-contract.ts';
import { stakeOf } from '../../src/domain/alert/breach-stake.ts';
import type { Contract } from '../../src/domain/contract/contract.ts';
import { ONE, ratio } from '../../src/domain/contract/exact.ts';
import type { LiveObjective } from '../../src/domain/live/live-objective.ts';
import type { LiveWindow, WindowName } from '../../src/domain/live/live-window.ts';
import { periodBudget } from '../../src/domain/live/period-budget.ts';
import { DAY, MINUTE } from '../support/alert-builders.ts';

const MARCH = { fromAt: Date.UTC(2026, 2, 1), toAt: Date.UTC(2026, 3, 1) };
const ALLOWANCE = { numerator: 1, denominator: 1_000, inclusive: true };

function contract(credits: Record<string, unknown>, more: Record<string, unknown> = {}): Contract {
  const terms = { template: 'pro-channel', credits, ...more };
  const { contracts, problems } = parseContracts({ pro: terms }, ['contracts']);
  assert.deepEqual(problems, []);
  const [only] = contracts.get('pro') ?? [];
  assert.ok(only);
  return only;
}

/** An availability objective with so many bad ones among the first `n` minutes of March. */
function lost(bad: number, n: number): LiveObjective {
  const window: LiveWindow = {
    fromAt: MARCH.fromAt,
    toAt: MARCH.fromAt + n * MINUTE,
    n,
    bad,
    unit: 'requests',
    good: n - bad,
    counted: n,
    exactShare: null,
    latency: null,
    result: 'breached',
    coverage: null,
  };
  const names: readonly WindowName[] = ['5m', '1h', '6h', '24h', '7d', '30d', '90d', 'period'];
  return {
    target: 'acme/pro/a',
    id: 'pro/availability',
    kind: 'availability',
    metric: 'availability',
    percentile: null,
    goal: {
      contract: 'pro',
      value: '99.9',
      comparator: '>=',
      allowance: ALLOWANCE,
      judged: 'alone',
      minSamples: 1,
    },
    pool: null,
    windows: Object.fromEntries(names.map((name) => [name, window])) as LiveObjective['windows'],
    period: { ...MARCH, label: '2026-03', timezone: 'UTC', isWindow: true },
    budget: periodBudget({
      allowance: ALLOWANCE,
      n,
      bad,
      remaining: 31 * 1440 - n,
      unit: 'requests',
      trialMs: MINUTE,
      probesPerTrial: 1,
    }),
    burn: { '1h': null, '6h': null, '24h': null },
    exhaustedAt: null,
  };
}

const LADDER = {
  shape: 'ladder',
  ladder: [
    { below: '99.9', percent: '10' },
    { below: '99.0', percent: '25' },
  ],
  status: 'assumed',
};

// March has 44 640 minutes: 44 bad ones are allowed, 446 are the most that leave 99.0 %.
const CASES: readonly (readonly [sentence: string, bad: number, credit: string | null])[] = [
  ['while the month can still be met the first step is at stake', 44, 'at least 10 %'],
  ['one bad minute more owes the first step', 45, 'at least 10 %'],
  ['the deepest month that still ends at 99.0 % owes the first step', 446, 'at least 10 %'],
  ['one bad minute more owes the second', 447, 'at least 25 %'],
];

for (const [sentence, bad, credit] of CASES) {
  test(sentence, () => {
    const stake = stakeOf(contract(LADDER), lost(bad, (10 * DAY) / MINUTE));
    assert.equal(stake?.creditPercent ?? null, credit);
  });
}

test('until the month is lost for certain the credit is owed only if it is missed', () => {
  assert.equal(stakeOf(contract(LADDER), lost(44, 14_400))?.isCertain, false);
  assert.equal(stakeOf(contract(LADDER), lost(45, 14_400))?.isCertain, true);
});

test('money is the share of the fee, in the currency of the contract; without a fee none is named', () => {
  const paid = contract(LADDER, { fee: { amount: '12000.50' } });
  assert.equal(stakeOf(paid, lost(45, 14_400))?.creditMoney, 'USD 1200.05');
  assert.equal(stakeOf(paid, lost(447, 14_400))?.creditMoney, 'USD 3000.13', 'rounded as the contract says');
  assert.equal(stakeOf(contract(LADDER), lost(45, 14_400))?.creditMoney, null);
  const apart = contract(LADDER, { fee: { amount: '12000.50', scopes: { 'acme/pro': '500' } } });
  assert.equal(stakeOf(apart, lost(45, 14_400))?.creditMoney, 'USD 50.00', 'of the fee of its own scope');
});

test('slices that are bad in part are not rounded up to the next step', () => {
  const total = 8_640;
  const month = (bad: readonly [numerator: number, denominator: number]): LiveObjective => {
    const base = lost(Math.ceil(bad[0] / bad[1]), 14_400);
    const part = ratio(...bad);
    const exactShare = ONE.sub(part.div(ratio(total, 1))).toFraction();
    const facts = { allowance: ALLOWANCE, n: total, bad: part.valueOf(), badFractions: part, remaining: 0 };
    const budget = periodBudget({ ...facts, unit: 'slices', trialMs: 5 * MINUTE, probesPerTrial: 1 });
    const period = { ...base.windows.period, n: total, counted: total, good: null, exactShare };
    return { ...base, budget, windows: { ...base.windows, period } };
  };
  // 86.4 of 8,640 slices are exactly 99 %, which is not below it.
  assert.equal(stakeOf(contract(LADDER), month([864, 10]))?.creditPercent, 'at least 10 %');
  assert.equal(stakeOf(contract(LADDER), month([8_641, 100]))?.creditPercent, 'at least 25 %');
  // 8.64 of them are exactly 99.9 %: the promise is kept.
  assert.equal(month([864, 100]).budget?.isBreachCertain, false);
  assert.equal(month([8_641, 1_000]).budget?.isBreachCertain, true);
});

test('a cap is a cap, and a contract without credits owes nothing', () => {
  const capped = contract({ ...LADDER, capPercent: '20' });
  assert.equal(stakeOf(capped, lost(447, 14_400))?.creditPercent, 'at least 20 %');
  assert.equal(stakeOf(contract({ shape: 'none', status: 'assumed' }), lost(447, 14_400)), null);
});
