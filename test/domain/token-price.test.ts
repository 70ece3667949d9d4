import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProbingPlan } from '../../src/domain/measure/probe.ts';
import { tokenPrices } from '../../src/domain/measure/token-price.ts';

type Series = ProbingPlan['series'][number];

function series(id: string, currency: string | null, nanos: number): Series {
  const price =
    currency === null ? null : { inputNanosPerToken: nanos, outputNanosPerToken: 2 * nanos, currency };
  return { target: { id }, price } as Series;
}

test('a price is that of one input and one output token, and a model without one has none', () => {
  const prices = tokenPrices({ series: [series('a', 'USD', 250), series('b', null, 0)] });
  assert.deepEqual([...prices], [['a', 750]]);
});

test('prices in two currencies are held against nothing', () => {
  assert.equal(tokenPrices({ series: [series('a', 'USD', 1), series('b', 'EUR', 1)] }).size, 0);
});
