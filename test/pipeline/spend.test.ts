import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Price, SpendCap } from '../../src/domain/measure/probe.ts';
import { countExpected } from '../../src/pipeline/probing/expected-ticks.ts';
import { createSpendLedger, highestCostNanos } from '../../src/pipeline/probing/spend.ts';
import { observation } from '../support/observations.ts';
import { A_PROBE, planOf } from '../support/plans.ts';
import { correct, stageProbing } from '../support/probing-stage.ts';

const DAY = 86_400_000;
const MIDNIGHT = Date.UTC(2026, 2, 10);
/** 2.50 USD per million tokens: 2,500 nano-dollars each. */
const PRICE: Price = { inputNanosPerToken: 2500, outputNanosPerToken: 2500, currency: 'USD' };
const cap = (usd: number, onReach: SpendCap['onReach']): SpendCap => ({
  perDayNanos: usd * 1e9,
  currency: 'USD',
  onReach,
});
const priced = (spend: SpendCap | null, models = 20) =>
  planOf({ models, everyMs: 60_000, series: { price: PRICE }, plan: { spend } });

/** 20 models a minute for a day at 35 tokens of 2,500 nanos: 2.52 USD without a cap. */
for (const onReach of ['slow-down', 'stop'] as const) {
  test(`with a cap of 1 USD a day and ${onReach}, a day costs no more, and what it costs us is in the rows`, async () => {
    const plan = priced(cap(1, onReach));
    const stage = stageProbing(plan, {
      startAt: MIDNIGHT,
      tookMs: 0,
      meets: (attempt) => ({
        ...correct(attempt),
        usage: { promptTokens: 25, completionTokens: 10, reasoningTokens: null, cachedTokens: null },
      }),
    });
    await stage.clock.advance(DAY - 1);
    const cost = stage.samples.reduce((sum, sample) => sum + (sample.costNanos ?? 0), 0);
    assert.ok(cost <= 1e9, `${cost / 1e9} USD`);
    assert.ok(cost > 0.9e9, `${cost / 1e9} USD: the money is there to be used`);
    const expected = plan.series.reduce(
      (sum, { schedule }) => sum + countExpected(schedule, MIDNIGHT, MIDNIGHT + DAY),
      0,
    );
    await stage.probing.stop(() => Promise.resolve());
    assert.deepEqual(Object.keys(stage.reasons()), ['skipped: spend']);
    assert.equal(stage.samples.length + (stage.reasons()['skipped: spend'] ?? 0), expected);
    assert.ok(stage.notices.some((notice) => notice.kind === 'spend' && notice.everyNth !== 1));
    const afternoon = stage.samples.filter((sample) => sample.scheduledAt >= MIDNIGHT + DAY / 2).length;
    if (onReach === 'stop') assert.equal(afternoon, 0, 'the money is gone by noon');
    else assert.ok(afternoon > stage.samples.length * 0.35, 'it lasts until midnight');
  });
}

test('slowing down thins out every series, not the unlucky ones', async () => {
  const plan = priced(cap(1, 'slow-down'));
  const stage = stageProbing(plan, { startAt: MIDNIGHT, tookMs: 0 });
  await stage.clock.advance(DAY / 2);
  const counts = plan.series.map(
    ({ target }) => stage.samples.filter((sample) => sample.target === target.id).length,
  );
  assert.ok(
    Math.min(...counts) > 0.8 * Math.max(...counts),
    `${Math.min(...counts)} to ${Math.max(...counts)}`,
  );
});

test('a cap that the plan does not reach changes nothing', async () => {
  const stage = stageProbing(priced(cap(10, 'slow-down')), { startAt: MIDNIGHT, tookMs: 0 });
  await stage.clock.advance(3_600_000);
  assert.deepEqual(stage.reasons(), {});
});

test('at midnight UTC there is money again', async () => {
  const stage = stageProbing(priced(cap(0.02, 'stop'), 5), { startAt: MIDNIGHT + DAY / 2, tookMs: 0 });
  await stage.clock.advance(DAY / 2 - 60_000);
  const before = stage.samples.length;
  await stage.clock.advance(180_000);
  assert.ok(stage.samples.length > before);
  assert.ok(stage.samples.at(-1)?.scheduledAt ?? 0 >= MIDNIGHT + DAY);
});

test('what was spent before a restart is not spent again', async () => {
  const stage = stageProbing(priced(cap(1, 'stop')), {
    startAt: MIDNIGHT + 3_600_000,
    resume: { spentNanos: { USD: 1e9 - 1 } },
  });
  await stage.clock.advance(600_000);
  assert.equal(stage.sent.length, 0);
});

test('an answer that is still coming has its highest cost set aside', () => {
  const { series } = priced(cap(1, 'stop'), 1);
  const [one] = series;
  assert.ok(one !== undefined);
  const highest = highestCostNanos(one.probe.prompt, one.price);
  const ledger = createSpendLedger(
    { spend: { perDayNanos: 2 * highest, currency: 'USD', onReach: 'stop' }, series },
    { at: MIDNIGHT, spentNanos: {} },
  );
  const first = ledger.reserve(one, MIDNIGHT);
  const second = ledger.reserve(one, MIDNIGHT);
  assert.ok(first !== null && second !== null);
  assert.equal(ledger.reserve(one, MIDNIGHT), null, 'both may still cost their most');
  first.settle(10, true);
  assert.equal(ledger.reserve(one, MIDNIGHT), null, 'ten nanos are missing');
  second.settle(null, false);
  assert.notEqual(ledger.reserve(one, MIDNIGHT), null);
  assert.equal(ledger.status(MIDNIGHT).spentNanos, 10);
});

/** What is known of an attempt's cost, whether anything was generated, and what is charged. */
const UNKNOWN: readonly (readonly [string, number | null, boolean, 'cost' | 'highest' | 'nothing'])[] = [
  ['a known cost is charged as it is', 123, true, 'cost'],
  ['without usage, a refusal costs nothing', null, false, 'nothing'],
  ['without usage, an answer that broke off is charged at its highest', null, true, 'highest'],
];
for (const [sentence, cost, generated, charged] of UNKNOWN) {
  test(sentence, () => {
    const { series } = priced(cap(1, 'stop'), 1);
    const [one] = series;
    assert.ok(one !== undefined);
    const ledger = createSpendLedger({ spend: cap(1, 'stop'), series }, { at: MIDNIGHT, spentNanos: {} });
    ledger.reserve(one, MIDNIGHT)?.settle(cost, generated);
    const highest = highestCostNanos(one.probe.prompt, one.price);
    assert.equal(ledger.status(MIDNIGHT).spentNanos, { cost: 123, highest, nothing: 0 }[charged]);
    assert.equal(ledger.status(MIDNIGHT).reservedNanos, 0);
  });
}

test('a gateway that charges more than asked for makes us set more aside', () => {
  const { series } = priced(cap(1, 'stop'), 1);
  const [one] = series;
  assert.ok(one !== undefined);
  const ledger = createSpendLedger({ spend: cap(1, 'stop'), series }, { at: MIDNIGHT, spentNanos: {} });
  const highest = highestCostNanos(one.probe.prompt, one.price);
  ledger.reserve(one, MIDNIGHT)?.settle(3 * highest, true);
  ledger.reserve(one, MIDNIGHT);
  assert.equal(ledger.status(MIDNIGHT).reservedNanos, 3 * highest);
});

test('an absurd bill uses up its own day, and no other', () => {
  const { series } = priced(cap(1, 'stop'), 1);
  const [one] = series;
  assert.ok(one !== undefined);
  const ledger = createSpendLedger({ spend: cap(1, 'stop'), series }, { at: MIDNIGHT, spentNanos: {} });
  ledger.reserve(one, MIDNIGHT)?.settle(1e15, true);
  assert.equal(ledger.admit(one, 'one', MIDNIGHT + 1), false);
  const tomorrow = MIDNIGHT + 86_400_000;
  assert.equal(ledger.admit(one, 'one', tomorrow), true);
  assert.notEqual(ledger.reserve(one, tomorrow), null);
});

test('the highest cost covers what the attempts of a prompt really use', () => {
  const highest = highestCostNanos(A_PROBE.prompt, PRICE);
  assert.ok(highest >= (30 + 64) * 2500);
  assert.equal(highestCostNanos(null, PRICE), 0);
  assert.equal(highestCostNanos(A_PROBE.prompt, null), 0);
});

test('a price in another currency is counted and not capped', async () => {
  const plan = planOf({
    models: 1,
    everyMs: 60_000,
    series: { price: { ...PRICE, currency: 'EUR' } },
    plan: { spend: cap(0, 'stop') },
  });
  const stage = stageProbing(plan, { startAt: MIDNIGHT, meets: () => observation() });
  await stage.clock.advance(600_000);
  assert.deepEqual(stage.reasons(), {});
});

test('a clock that is set back over midnight does not hand out the money twice', () => {
  const { series } = priced(cap(1, 'stop'), 1);
  const [one] = series;
  assert.ok(one !== undefined);
  const ledger = createSpendLedger(
    { spend: cap(1, 'stop'), series },
    { at: MIDNIGHT, spentNanos: { USD: 1e9 } },
  );
  assert.equal(ledger.reserve(one, MIDNIGHT - 1000), null);
  assert.equal(ledger.reserve(one, MIDNIGHT + 1000), null);
  assert.notEqual(ledger.reserve(one, MIDNIGHT + DAY), null);
});
