import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Contract } from '../../src/domain/contract/contract.ts';
import { keptTarget } from '../../src/domain/contract/kept-target.ts';
import { livePlanOf } from '../../src/domain/live/live-plan.ts';
import { objectiveShapes } from '../../src/domain/live/objective-shape.ts';
import { mostBad } from '../../src/domain/live/period-budget.ts';
import { contractOf, evaluationOf, line } from '../support/contract-bench.ts';

const PLAIN = contractOf(`
id: c
version: "1"
window: { kind: calendar_month, timezone: UTC }
availability: { method: occurrences, target: "99.9" }
`);

function termsWith(target: { value: string; comparator: '>=' | '>' }, rounding: Contract['rounding']) {
  assert.ok(PLAIN.availability);
  return { ...PLAIN, availability: { ...PLAIN.availability, target }, rounding };
}

const CASES = [
  ['99.9', '>=', 'none', 0, '99.9', true],
  ['99.9', '>', 'none', 0, '99.9', false],
  ['99.9', '>=', 'half_up', 1, '99.85', true],
  ['99.9', '>=', 'half_up', 2, '99.895', true],
  ['99.95', '>=', 'half_up', 1, '99.95', true],
  ['99.9', '>', 'half_up', 1, '99.95', true],
  ['99.95', '>=', 'floor', 1, '100', true],
  ['100', '>', 'floor', 0, '101', true],
] as const;

for (const [value, comparator, mode, decimals, percent, inclusive] of CASES) {
  test(`${comparator} ${value} % rounded ${mode} to ${decimals} decimals is kept from ${percent} % on`, () => {
    const kept = keptTarget({ value, comparator }, { mode, decimals });
    assert.deepEqual([kept.percent.toString(), kept.inclusive], [percent, inclusive]);
  });
}

test('the budget of a month allows as many failures as its close forgives, whatever the contract rounds', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('99', '99.5', '99.9', '99.95', '99.949', '100'),
      fc.constantFrom('>=' as const, '>' as const),
      fc.constantFrom('none' as const, 'floor' as const, 'half_up' as const),
      fc.integer({ min: 0, max: 3 }),
      fc.integer({ min: 1, max: 5_000 }),
      (value, comparator, mode, decimals, n) => {
        const contract = termsWith({ value, comparator }, { mode, decimals });
        const [shape] = objectiveShapes(livePlanOf(contract));
        assert.ok(shape?.goal);
        const most = mostBad(shape.goal.allowance, n);
        const resultWith = (bad: number) => {
          const facts = [
            { status: 200, count: n - bad },
            { status: 500, count: bad },
          ].filter(({ count }) => count > 0);
          const lines = facts.map((one) => line(Date.UTC(2026, 8, 3), one));
          return evaluationOf({ contract, period: '2026-09', lines }).objectives[0]?.result;
        };
        if (most >= 0) assert.equal(resultWith(Math.min(most, n)), 'met');
        if (most < n) assert.equal(resultWith(most + 1), 'breached');
      },
    ),
    { numRuns: 60 },
  );
});
