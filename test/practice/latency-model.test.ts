import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  type LatencyProfile,
  latencyOf,
  tokenGapUs,
  ttftQuantileMs,
} from '../../src/practice/latency-model.ts';
import { PRACTICE_MODELS, type PracticeModel } from '../../src/practice/models.ts';
import { plannerFor } from '../../src/practice/plan.ts';
import { keyOf, uniform } from '../../src/practice/random.ts';
import { PRACTICE_TIMETABLE, QUIET } from '../../src/practice/timetable.ts';

const PROFILE: LatencyProfile = {
  medianTtftMs: 200,
  sigma: 0.25,
  tailFrom: 0.98,
  tailShape: 2,
  capMs: 4000,
  interTokenMs: 10,
};

function modelNamed(id: string): PracticeModel {
  const model = PRACTICE_MODELS.find((candidate) => candidate.id === id);
  assert.ok(model);
  return model;
}

describe('the quantiles of time to first token', () => {
  test('half of the answers are faster than the median', () => {
    assert.equal(ttftQuantileMs(PROFILE, 0.5), 200);
  });

  test('the body is lognormal', () => {
    // The normal quantile of 0.975 is 1.959963984540054.
    assert.ok(Math.abs(ttftQuantileMs(PROFILE, 0.975) - 200 * Math.exp(0.25 * 1.959963984540054)) < 1e-9);
  });

  test('the tail is Pareto: a quarter of the share, twice the time', () => {
    const start = ttftQuantileMs(PROFILE, 0.98);
    assert.ok(Math.abs(ttftQuantileMs(PROFILE, 0.995) - 2 * start) < 1e-9);
  });

  test('nothing is later than the cap', () => {
    assert.equal(ttftQuantileMs(PROFILE, 1 - 1e-12), 4000);
  });

  test('a larger share never has a smaller quantile', () => {
    const share = fc.double({ min: 1e-9, max: 1 - 1e-9, noNaN: true });
    fc.assert(
      fc.property(share, share, (a, b) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        assert.ok(ttftQuantileMs(PROFILE, low) <= ttftQuantileMs(PROFILE, high));
      }),
    );
  });
});

describe('chance', () => {
  test('draws lie strictly between 0 and 1 and follow from key and position alone', () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(), (key, draw) => {
        const value = uniform(key, draw);
        assert.ok(value > 0 && value < 1);
        assert.equal(uniform(key, draw), value);
      }),
    );
  });

  test('100,000 instants a second apart fill ten equal drawers evenly (chi-square below its 99.9 % quantile)', () => {
    const drawers = new Array<number>(10).fill(0);
    for (let second = 0; second < 100_000; second += 1) {
      const drawer = Math.floor(10 * uniform(keyOf(1, 42, 1_773_000_000_000 + second * 1000), 0));
      drawers[drawer] = (drawers[drawer] ?? 0) + 1;
    }
    const chiSquare = drawers.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
    assert.ok(chiSquare < 27.877, `chi-square is ${chiSquare}`);
  });

  test('instants 2^32 ms apart, other seeds and other targets have other keys', () => {
    const keys = [keyOf(1, 1, 5), keyOf(1, 1, 5 + 2 ** 32), keyOf(2, 1, 5), keyOf(1, 2, 5), keyOf(1, 1, 6)];
    assert.equal(new Set(keys).size, 5);
  });
});

describe('what 100,000 answers look like', () => {
  const sample = (id: string, tier: 'standard' | 'pro'): number[] => {
    const target = { tier, model: modelNamed(id) };
    const plan = plannerFor({ target, timetable: QUIET, originAt: 0, seed: 1 });
    return Array.from(
      { length: 100_000 },
      (_, second) => plan(1_773_000_000_000 + second * 1000).latency.ttftUs,
    ).sort((a, b) => a - b);
  };
  for (const model of PRACTICE_MODELS) {
    for (const tier of ['standard', 'pro'] as const) {
      test(`${model.id} at ${tier}: each quantile is where its formula says, within its sampling error`, () => {
        const sorted = sample(model.id, tier);
        for (const p of [0.5, 0.9, 0.99, 0.999]) {
          // The rank of a quantile is binomial: five standard deviations around it hold in all but one of 10^6 runs.
          const slack = 5 * Math.sqrt((p * (1 - p)) / sorted.length);
          const expectedUs = (at: number) =>
            1000 * ttftQuantileMs(model.latency[tier], Math.min(at, 1 - 1e-9));
          const found = sorted[Math.ceil(p * sorted.length) - 1] ?? 0;
          assert.ok(found >= expectedUs(p - slack) - 1, `p${100 * p} is ${found}`);
          assert.ok(found <= expectedUs(p + slack) + 1, `p${100 * p} is ${found}`);
        }
      });
    }
  }
});

describe('the story the models tell', () => {
  test('every dedicated chat model has its first token within 500 ms in 99 of 100 cases', () => {
    for (const model of PRACTICE_MODELS) assert.ok(ttftQuantileMs(model.latency.pro, 0.99) < 500, model.id);
  });

  test('Pro earns nothing for Qwen3-32B, and halves p99 at least everywhere else', () => {
    for (const { id, kind, latency } of PRACTICE_MODELS) {
      if (kind !== 'chat') continue;
      const ratio = ttftQuantileMs(latency.standard, 0.99) / ttftQuantileMs(latency.pro, 0.99);
      if (id === 'Qwen/Qwen3-32B') assert.equal(ratio, 1);
      else assert.ok(ratio > 2, `${id}: ${ratio}`);
    }
  });

  test('shared capacity has p99 of several seconds behind a median of some hundred ms', () => {
    const { standard } = modelNamed('deepseek-ai/DeepSeek-R1').latency;
    assert.ok(ttftQuantileMs(standard, 0.5) < 700);
    assert.ok(ttftQuantileMs(standard, 0.99) > 3000);
  });
});

describe('plans', () => {
  const target = { tier: 'standard', model: modelNamed('deepseek-ai/DeepSeek-R1') } as const;

  test('the same seed, target and instant have the same plan, whatever was asked before', () => {
    const options = { target, timetable: PRACTICE_TIMETABLE, originAt: 1000 };
    const one = plannerFor({ ...options, seed: 5 });
    const two = plannerFor({ ...options, seed: 5 });
    two(77);
    fc.assert(
      fc.property(fc.nat(10_000_000), (at) => {
        assert.deepEqual(one(at), two(at));
      }),
    );
  });

  test('a slow incident multiplies the time to first token', () => {
    const when = { kind: 'always' } as const;
    const slow = plannerFor({
      target,
      timetable: [{ tier: '*', model: '*', when, share: 1, behaviour: { kind: 'slow', factor: 6 } }],
      originAt: 0,
      seed: 5,
    });
    const quiet = plannerFor({ target, timetable: QUIET, originAt: 0, seed: 5 });
    assert.equal(slow(123).latency.ttftUs, 6 * quiet(123).latency.ttftUs);
  });

  test('gaps between tokens stay within 40 % of the answer’s usual gap', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 500 }), (key, index) => {
        const latency = latencyOf(PROFILE, key);
        const ratio = tokenGapUs(latency, key, index) / latency.interTokenUs;
        assert.ok(ratio > 0.599 && ratio < 1.401);
      }),
    );
  });
});
