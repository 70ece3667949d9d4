import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countedOf, spendingOf } from '../../src/domain/measure/account.ts';
import { targetId } from '../../src/domain/measure/target.ts';

const target = (tier: string, model: string) => ({
  id: targetId('acme', tier, model),
  gateway: 'acme',
  tier,
  model,
  requestModel: model,
  formerIds: [],
});

test('doubts about ourselves are suspect, what the answer disclosed is excluded, and the rest is valid', () => {
  assert.deepEqual(countedOf(10, { event_loop_delay: 2, cache_hit: 1, own_network: 3 }), {
    valid: 4,
    excluded: { cache_hit: 1 },
    suspect: { event_loop_delay: 2, own_network: 3 },
  });
});

const SIX_IN_THE_EVENING = Date.UTC(2026, 9, 3, 18);
const facts = {
  now: SIX_IN_THE_EVENING,
  today: new Map([
    ['acme/pro/a', 600],
    ['acme/standard/a', 100],
    ['acme/standard/free', 7],
  ]),
  lastHour: new Map([
    ['acme/pro/a', 30],
    ['acme/standard/a', 10],
  ]),
  currencyOf: ({ model }: { readonly model: string }) => (model === 'free' ? null : 'USD'),
  cap: null,
};
const targets = [target('pro', 'a'), target('standard', 'a'), target('standard', 'free')];

test('spend is summed by tier and target, goes on at the pace of the last hour, and leaves out what has no price', () => {
  assert.deepEqual(spendingOf(targets, facts), [
    {
      currency: 'USD',
      todayNanos: 700,
      projectedDayNanos: 700 + 6 * 40,
      byTier: { pro: 600, standard: 100 },
      byTarget: { 'acme/pro/a': 600, 'acme/standard/a': 100 },
      cap: null,
    },
  ]);
});

test('a projection stops at the cap, and a cap in another currency caps nothing', () => {
  const capped = (perDayNanos: number, currency: string): number | undefined =>
    spendingOf(targets, { ...facts, cap: { perDayNanos, currency, onReach: 'stop' } })[0]?.projectedDayNanos;
  assert.equal(capped(800, 'USD'), 800);
  assert.equal(capped(940, 'USD'), 940);
  assert.equal(capped(941, 'USD'), 940);
  assert.equal(capped(800, 'EUR'), 940);
});
