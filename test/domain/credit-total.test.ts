import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DueCredit, feeFor, totalCredit } from '../../src/domain/contract/credit-total.ts';
import { contractOf } from '../support/contract-bench.ts';

function terms(feeBase: string, credits = '', fee = 'fee: { amount: 1000 }') {
  return contractOf(`
id: c
version: "1"
currency: EUR
scope: { dimensions: [model], feeBase: ${feeBase} }
window: { kind: calendar_month, timezone: UTC }
availability: { method: occurrences, target: "99.9" }
credits: { shape: ladder, ladder: [ { below: "99.9", percent: 10 }, { below: "99", percent: 25 } ], capPercent: 30, ${credits} }
${fee}
`);
}

/** Two models of one gateway and one of another: 10 %, 25 % and 10 %. */
const DUE: readonly DueCredit[] = [
  { scope: 'eu/pro/a', percent: '10', amount: '100.00' },
  { scope: 'eu/pro/b', percent: '25', amount: '250.00' },
  { scope: 'us/pro/a', percent: '10', amount: '100.00' },
];

test('a fee for each resource is credited for each, and the credits add up', () => {
  const total = totalCredit(terms('resource'), DUE);
  assert.deepEqual([total.amount, total.percent, total.fees, total.joined], ['450.00', '25', 3, 'alone']);
  assert.deepEqual(total.flags, []);
  assert.deepEqual(
    total.working.map(({ value }) => value),
    ['100.00 EUR', '250.00 EUR', '100.00 EUR', '450.00 EUR'],
  );
});

test('one fee behind all pays the greatest credit where the contract is silent, and says what the other reading pays', () => {
  for (const base of ['service', 'invoice']) {
    const total = totalCredit(terms(base), DUE);
    assert.deepEqual(
      [total.amount, total.percent, total.fees, total.joined],
      ['250.00', '25', 1, 'greatest'],
    );
    assert.equal(total.flags.length, 1);
    assert.match(
      total.flags[0] ?? '',
      /^ambiguity: one fee stands behind 3 scopes .* add up \(450.00 EUR\) or the greatest counts \(250.00 EUR\)/,
    );
  }
  assert.deepEqual(totalCredit(terms('service', 'acrossScopes: max'), DUE).flags, []);
});

test('where the contract credits each scope of one fee, the credits add up to its cap and no further', () => {
  const total = totalCredit(terms('service', 'acrossScopes: sum'), DUE);
  assert.deepEqual([total.amount, total.percent, total.joined, total.flags], ['300.00', '30', 'sum', []]);
  const two = totalCredit(
    terms('service', 'acrossScopes: sum'),
    [DUE[0], DUE[2]].filter((one) => one !== undefined),
  );
  assert.deepEqual([two.amount, two.percent], ['200.00', '20']);
  assert.match(total.working.at(-1)?.working ?? '', /added up, at most 30 % of the fee/);
});

test('a fee for each region is a fee for each gateway', () => {
  const total = totalCredit(terms('region', 'acrossScopes: max'), DUE);
  assert.deepEqual([total.amount, total.fees, total.joined], ['350.00', 2, 'greatest']);
});

test('a fee given for a scope stands behind that scope alone, whatever the base', () => {
  const contract = terms(
    'service',
    'acrossScopes: max',
    'fee: { amount: 1000, scopes: { us: 400, eu/pro/b: "80.50" } }',
  );
  assert.deepEqual(
    ['eu/pro/a', 'eu/pro/b', 'us/pro/a', 'usa/pro/a'].map((scope) => feeFor(contract.fee, scope)?.amount),
    ['1000', '80.50', '400', '1000'],
  );
  const total = totalCredit(contract, [
    { scope: 'eu/pro/a', percent: '10', amount: '100.00' },
    { scope: 'eu/pro/b', percent: '10', amount: '8.05' },
    { scope: 'us/pro/a', percent: '10', amount: '40.00' },
  ]);
  assert.deepEqual([total.amount, total.fees], ['148.05', 3]);
});

test('without a fee the total is a percentage, and nothing due is nothing', () => {
  const contract = terms('service', 'acrossScopes: sum', '');
  const due = DUE.map((one) => ({ ...one, amount: null }));
  assert.deepEqual([totalCredit(contract, due).amount, totalCredit(contract, due).percent], [null, '30']);
  const none = totalCredit(contract, []);
  assert.deepEqual([none.amount, none.percent, none.fees, none.working], [null, '0', 0, []]);
});
