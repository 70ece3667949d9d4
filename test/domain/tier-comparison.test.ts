import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bootstrapDifference } from '../../src/domain/statistics/block-bootstrap.ts';
import { mannWhitney, mannWhitneyExact } from '../../src/domain/statistics/rank-test.ts';
import { compareTiers, type Tier, type TierSample } from '../../src/domain/statistics/tier-comparison.ts';
import {
  barnardExact,
  fisherExact,
  oddsRatio,
  type TwoByTwo,
} from '../../src/domain/statistics/two-by-two.ts';

function near(actual: number | null, expected: number, tolerance = 1e-8): void {
  assert.ok(actual !== null && Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected}`);
}

const SLOW_IN_1440: TwoByTwo = { hitsA: 12, totalA: 1440, hitsB: 30, totalB: 1440 };
const SLOW_IN_300: TwoByTwo = { hitsA: 3, totalA: 300, hitsB: 9, totalB: 300 };

/** Checked against scipy 1.17.1: `fisher_exact`, `barnard_exact` with groups as columns and n = 4096. */
test('12 against 30 of 1,440: Fisher and the odds ratio', () => {
  near(fisherExact(SLOW_IN_1440), 0.00747701);
  near(oddsRatio(SLOW_IN_1440), 0.39496, 5e-6);
});

test('3 against 9 of 300: Fisher, and the greater power of Barnard', () => {
  near(fisherExact(SLOW_IN_300), 0.14195107);
  near(barnardExact(SLOW_IN_300), 0.08364381623963);
  near(barnardExact({ hitsA: 3, totalA: 12, hitsB: 297, totalB: 588 }), 0.11325966247081);
});

test('the exact tests do not care which group comes first, nor what is called a hit', () => {
  const table = fc.record({
    totalA: fc.integer({ min: 1, max: 40 }),
    totalB: fc.integer({ min: 1, max: 40 }),
    a: fc.nat(),
    b: fc.nat(),
  });
  fc.assert(
    fc.property(table, ({ totalA, totalB, a, b }) => {
      const one = { hitsA: a % (totalA + 1), totalA, hitsB: b % (totalB + 1), totalB };
      const swapped = { hitsA: one.hitsB, totalA: totalB, hitsB: one.hitsA, totalB: totalA };
      const inverse = { ...one, hitsA: totalA - one.hitsA, hitsB: totalB - one.hitsB };
      for (const other of [swapped, inverse]) {
        near(fisherExact(other), fisherExact(one), 1e-9);
        near(barnardExact(other), barnardExact(one) ?? Number.NaN, 1e-6);
      }
      assert.ok(fisherExact(one) > 0 && fisherExact(one) <= 1);
    }),
    { numRuns: 60 },
  );
});

const A = [310, 320, 335, 350, 360, 372, 390, 410, 480, 900];
const B = [305, 340, 366, 398, 420, 455, 500, 610, 740, 1500];

test('Mann–Whitney of ten against ten: U, exact and from the normal distribution', () => {
  const { u, p } = mannWhitney(A, B);
  assert.equal(u, 32);
  near(p, 0.18587673);
  near(mannWhitneyExact(A, B), 0.19031588);
});

const START = Date.UTC(2026, 8, 1);

/** A deterministic spread of latencies; every `failEvery`-th request fails. */
function tier(name: string, scale: number, failEvery: number, price: number | null = null): Tier {
  const samples = Array.from({ length: 2880 }, (_, i): TierSample => {
    const at = START + i * 60_000;
    const wave = ((i * 7919) % 1000) / 1000;
    return { at, ms: (i + 1) % failEvery === 0 ? null : scale * (300 + 100 * wave + 900 * wave ** 40) };
  });
  return { name, samples, price };
}

const OPTIONS = { thresholdMs: null, seed: 1, draws: 500 };

test('a tier that is clearly faster is said to be, with its price', () => {
  const found = compareTiers(tier('pro', 0.5, 1000, 2), tier('standard', 1, 1000, 1), OPTIONS);
  assert.equal(found.difference?.better, 'first');
  assert.equal(found.failures.better, 'not proven');
  assert.match(found.sentence, /^pro is faster in the tail than standard: p99 \d+ ms against [\d,]+ ms/);
  assert.match(found.sentence, /pro costs 2 times as much and is measurably better\.$/);
});

test('the same comparison the other way round finds the same', () => {
  const found = compareTiers(tier('standard', 1, 1000, 1), tier('pro', 0.5, 1000, 2), OPTIONS);
  assert.equal(found.difference?.better, 'second');
  assert.match(found.sentence, /pro costs 2 times as much and is measurably better\.$/);
});

test('two tiers alike are not told apart, and the dearer one does not earn its price', () => {
  const found = compareTiers(tier('pro', 1, 1000, 2), tier('standard', 1, 1000, 1), OPTIONS);
  assert.equal(found.difference?.better, 'not proven');
  assert.match(found.sentence, /nothing proves that it is better\.$/);
});

test('failures are slower than any answer: a tier that fails 2 % has no p99 in ms', () => {
  const found = compareTiers(tier('pro', 0.5, 50), tier('standard', 1, 1000), OPTIONS);
  assert.equal(found.tiers[0].p99, 'failed');
  assert.equal(found.failures.better, 'second');
  assert.equal(found.difference?.better, 'second');
  assert.match(found.sentence, /p99 a failed request against/);
});

test('without samples nothing is claimed', () => {
  const found = compareTiers({ name: 'pro', samples: [], price: null }, tier('standard', 1, 1000), OPTIONS);
  assert.equal(found.difference, null);
  assert.equal(found.exceedances, null);
  assert.equal(found.tiers[0].availability, null);
  assert.match(found.sentence, /^pro and standard cannot be compared/);
});

test('the contract threshold is used where there is one, and a value equal to it is not over', () => {
  const samples = [500, 500, 501, null].map((ms, i) => ({ at: START + i, ms }));
  const one = { name: 'a', samples, price: null };
  const found = compareTiers(one, one, { ...OPTIONS, thresholdMs: 500 });
  assert.equal(found.exceedances?.source, 'contract');
  assert.equal(found.tiers[0].over, 2);
});

test('a seed decides a bootstrap wholly, and an interval holds the difference it resamples', () => {
  const block = fc.record({
    a: fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 20 }),
    b: fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 20 }),
  });
  fc.assert(
    fc.property(fc.array(block, { minLength: 2, maxLength: 12 }), fc.integer(), (blocks, seed) => {
      const options = { quantile: 0.9, draws: 200, seed };
      const found = bootstrapDifference(blocks, options);
      assert.deepEqual(found, bootstrapDifference(blocks, options));
      assert.ok(found && found.low <= found.high && found.p > 0 && found.p <= 1);
      const swapped = bootstrapDifference(
        blocks.map(({ a, b }) => ({ a: b, b: a })),
        options,
      );
      assert.equal(swapped?.p, found.p);
    }),
    { numRuns: 40 },
  );
});

test('the resampled quantile is the nearest rank of the drawn values', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 30 }),
      fc.constantFrom(0.5, 0.9, 0.99),
      (values, quantile) => {
        // Two equal blocks: every draw is the same multiset, so the difference is that of the plain quantiles.
        const blocks = [
          { a: values, b: [0] },
          { a: values, b: [0] },
        ];
        const sorted = [...values, ...values].sort((x, y) => x - y);
        const expected = sorted[Math.max(1, Math.ceil(quantile * sorted.length - 1e-9)) - 1];
        const found = bootstrapDifference(blocks, { quantile, draws: 3, seed: 1 });
        assert.deepEqual([found?.low, found?.high], [expected, expected]);
      },
    ),
  );
});

const ticks = (perHour: (hour: number, place: number) => number | null): TierSample[] =>
  Array.from({ length: 24 * 60 }, (_, minute) => ({
    at: minute * 60_000,
    ms: perHour(Math.floor(minute / 60), minute % 60),
  }));

test('where a p99 is a failed request, the sentence says so in words and no number is made of it', () => {
  const options = { thresholdMs: null, seed: 1, draws: 400 };
  const steady: Tier = { name: 'pro', price: 3, samples: ticks((_hour, place) => 200 + place) };
  const failing: Tier = {
    name: 'standard',
    price: 1,
    samples: ticks((_hour, place) => (place < 2 ? null : 200 + place)),
  };
  const better = compareTiers(steady, failing, options).sentence;
  assert.equal(
    better,
    'pro is faster in the tail than standard: p99 259 ms against a failed request (n = 1,440 and 1,440), an answer for pro, a failed request for standard, with 95 % confidence, p = 0.005; pro fails fewer requests (0 of 1,440 against 48 of 1,440, p < 0.001). pro costs 3 times as much and is measurably better.',
  );
  const worse = compareTiers({ ...failing, name: 'pro' }, { ...steady, name: 'standard' }, options).sentence;
  assert.match(worse, /an answer for standard, a failed request for pro, with 95 % confidence/);
  const sometimes: Tier = {
    name: 'standard',
    price: 1,
    samples: ticks((hour, place) => (hour % 8 === 0 && place < 8 ? null : place === 0 ? 900 : 500)),
  };
  const partly = compareTiers(steady, sometimes, options).sentence;
  assert.match(partly, /, at least \d+ ms less with 95 % confidence, |, an answer for pro/);
  for (const sentence of [better, worse, partly]) assert.doesNotMatch(sentence, /without limit|Infinity|NaN/);
});
