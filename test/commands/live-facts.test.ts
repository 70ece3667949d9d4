import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alertFactsOf, createAlertFacts } from '../../src/commands/run/start-live.ts';
import { governingContracts } from '../../src/config/contract-under-tier.ts';
import type { Contract } from '../../src/domain/contract/contract.ts';
import type { LiveObjective } from '../../src/domain/live/live-objective.ts';
import { livePlanOf } from '../../src/domain/live/live-plan.ts';
import { type LiveReport, periodStandingOf } from '../../src/domain/live/live-report.ts';
import { type LiveWindow, ROLLING_NAMES } from '../../src/domain/live/live-window.ts';
import { objectiveShapes } from '../../src/domain/live/objective-shape.ts';
import { periodBudget } from '../../src/domain/live/period-budget.ts';
import { withPools } from '../../src/domain/live/pooled-targets.ts';
import { liveKey } from '../../src/pipeline/alerting/evaluate-alerts.ts';
import { contractOf, MINUTE, periodOf } from '../support/contract-bench.ts';

function contract(dimensions: string, method = '{ method: occurrences, target: "99.9" }'): Contract {
  return contractOf(`
id: c
version: "1"
scope: { dimensions: [${dimensions}] }
window: { kind: calendar_month, timezone: UTC }
availability: ${method}
credits: { shape: flat, percent: 10 }
`);
}

/** Ten days of June, a request or slice a minute, of which `bad` were bad. */
function standing(terms: Contract, target: string, bad: number): LiveObjective {
  const [shape] = objectiveShapes(livePlanOf(terms));
  assert.ok(shape?.goal);
  const period = periodOf(terms, '2026-06');
  const n = 14_400;
  const unit = terms.availability?.method.kind === 'occurrences' ? 'requests' : 'slices';
  const window: LiveWindow = {
    fromAt: period.fromAt,
    toAt: period.fromAt + n * MINUTE,
    n,
    bad,
    unit,
    good: n - bad,
    counted: n,
    exactShare: null,
    latency: null,
    result: 'breached',
    coverage: null,
  };
  const facts = { allowance: shape.goal.allowance, n, bad, remaining: 43_200 - n };
  return {
    target,
    id: shape.id,
    kind: 'availability',
    metric: shape.metric,
    percentile: null,
    goal: shape.goal,
    pool: null,
    windows: Object.fromEntries([...ROLLING_NAMES, 'period'].map((name) => [name, window])) as never,
    period,
    budget: periodBudget({ ...facts, unit, trialMs: MINUTE, probesPerTrial: 1 }),
    burn: { '1h': null, '6h': null, '24h': null },
    exhaustedAt: null,
  };
}

function reportOf(terms: Contract, bad: Readonly<Record<string, number>>): LiveReport {
  const targets = new Map(
    Object.entries(bad).map(([target, count]) => [
      target,
      { target, objectives: [standing(terms, target, count)], days: [] },
    ]),
  );
  return { at: 0, toAt: 0, targets: withPools(targets), pendingHours: 0 };
}

function governing(terms: Contract) {
  const deployment = { tiers: [{ id: 'pro', contract: 'c' }], contracts: [{ id: 'c', versions: [terms] }] };
  return governingContracts(deployment);
}

function factsOf(terms: Contract, bad: Readonly<Record<string, number>>) {
  return alertFactsOf(reportOf(terms, bad), governing(terms));
}

/** June allows 43 bad ones of one target, 86 of two together. */
const CASES: readonly (readonly [
  sentence: string,
  dimensions: string,
  bad: readonly [number, number],
  certain: readonly [boolean, boolean],
])[] = [
  ['each model stands for itself where each is promised', 'tier, model', [44, 0], [true, false]],
  ['one model does not lose what is promised for all together', 'tier', [86, 0], [false, false]],
  ['models lose together what is promised for all together', 'tier', [43, 44], [true, true]],
];

for (const [sentence, dimensions, [a, b], certain] of CASES) {
  test(sentence, () => {
    const { breaches } = factsOf(contract(dimensions), { 'acme/pro/a': a, 'acme/pro/b': b });
    assert.deepEqual(
      breaches.map((one) => one.certain),
      certain,
    );
  });
}

test('what is counted for all models is what is told, and the budget left is theirs', () => {
  const { breaches, objectives } = factsOf(contract('tier'), { 'acme/pro/a': 60, 'acme/pro/b': 0 });
  assert.deepEqual(breaches[0]?.count, { bad: 60, allowed: 86, unit: 'request' });
  assert.equal(objectives.get(liveKey('acme/pro/b', 'c/availability'))?.budget?.leftSamples, 26);
});

const SLICES =
  '{ method: timeslices, slice: 60s, sliceBadWhen: { allFailed: true }, emptySlice: good, target: "99.9" }';

test('slices of several models do not add up: nothing is certain before the close', () => {
  const facts = factsOf(contract('tier', SLICES), { 'acme/pro/a': 500, 'acme/pro/b': 500 });
  assert.deepEqual(facts.breaches, []);
  const alone = factsOf(contract('tier', SLICES), { 'acme/pro/a': 500 });
  assert.equal(alone.breaches[0]?.certain, true);
});

/** Ten days of minutes allow 14 bad ones, whichever model they are of. */
const BOUNDS: readonly (readonly [
  sentence: string,
  method: string,
  bad: readonly [number, number],
  standing: string,
])[] = [
  ['slices of all are kept where even all bad ones of each would be', SLICES, [7, 7], 'on track'],
  ['beyond that nobody knows before the close', SLICES, [7, 8], 'undecided'],
  [
    'short bad runs of two models may join to one that counts, so nothing bounds them',
    SLICES.replace('target', 'minRunSlices: 5, target'),
    [0, 0],
    'undecided',
  ],
];

for (const [sentence, method, [a, b], expected] of BOUNDS) {
  test(sentence, () => {
    const terms = contract('tier', method);
    const each = { 'acme/pro/a': a, 'acme/pro/b': b };
    const targets = withPools(
      new Map(
        Object.entries(each).map(([target, bad]) => [
          target,
          { target, objectives: [standing(terms, target, bad)], days: [] },
        ]),
      ),
    );
    assert.deepEqual([...targets.values()].map(periodStandingOf), [expected, expected]);
  });
}

test('asking for the list of models is no use of one, and no promise is lost by it', () => {
  const { breaches } = factsOf(contract('tier, model'), { 'acme/pro/(models)': 500 });
  assert.deepEqual(breaches, []);
});

test('what alerts need is worked out once for the same figures, anew for others, and not from half of them', () => {
  const terms = contract('tier, model');
  const facts = createAlertFacts(governing(terms));
  const report = reportOf(terms, { 'acme/pro/a': 44 });
  const first = facts(report);
  assert.equal(first.breaches[0]?.certain, true);
  assert.equal(facts({ ...report, at: 5_000 }), first);
  assert.equal(facts(reportOf(terms, { 'acme/pro/a': 0 })).breaches[0]?.certain, false);
  assert.deepEqual(facts({ ...report, pendingHours: 1 }).breaches, []);
  assert.deepEqual(facts(report), first);
});
