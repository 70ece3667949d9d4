import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Contract } from '../../src/domain/contract/contract.ts';
import type { Line } from '../../src/domain/contract/tally.ts';
import { type Bucket, mergeBuckets, rollUp } from '../../src/domain/live/bucket.ts';
import { createLiveJudge, livePlanOf } from '../../src/domain/live/live-plan.ts';
import { addAnswers, answersOf, emptySums, subtractAnswers } from '../../src/domain/live/question-sums.ts';
import { DOUBTS, OUTCOME_CODES } from '../../src/domain/measure/outcome.ts';
import {
  addSparse,
  bucketIndex,
  countLatency,
  emptyHistogram,
  highestOf,
  latencyAtRank,
  mergeSparse,
  sparseOf,
} from '../../src/domain/statistics/latency-histogram.ts';
import { contractOf, line } from '../support/contract-bench.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 2, 2);

const TEMPLATES = [
  'pro-channel',
  'best-effort',
  'aws-style-5min',
  'google-style-bad-minute',
  'azure-style-all-fail-minute',
  'mistral-style',
  'openai-style-latency-attainment',
] as const;

function templateOf(name: string): Contract {
  return contractOf(readFileSync(join(import.meta.dirname, `../../probes/contracts/${name}.yaml`), 'utf8'));
}

const latency = fc.integer({ min: 0, max: 700_000_000 });

const anyLine: fc.Arbitrary<Line> = fc
  .record({
    offset: fc.integer({ min: 0, max: 4 * HOUR - 1 }),
    outcome: fc.oneof(
      { weight: 3, arbitrary: fc.constant('ok' as const) },
      fc.constantFrom(...OUTCOME_CODES),
    ),
    doubt: fc.option(fc.constantFrom(...DOUBTS), { freq: 8 }),
    ttftUs: fc.option(latency, { freq: 8 }),
    totalUs: fc.option(latency, { freq: 8 }),
    outputTokens: fc.option(fc.integer({ min: 0, max: 500 })),
  })
  .map(({ offset, ...facts }) => line(START + offset, facts));

describe('latency histograms', () => {
  test('every latency reads back as itself or at most 0.4 % more', () => {
    fc.assert(
      fc.property(latency, (us) => {
        const read = highestOf(bucketIndex(us));
        assert.ok(read >= us && read <= us + us / 256, `${us} reads back as ${read}`);
      }),
    );
  });

  test('the edges of the exact part and of every doubling lie in neighbouring buckets', () => {
    for (const edge of [512, 1024, 2048, 65_536, 2 ** 29]) {
      assert.equal(bucketIndex(edge), bucketIndex(edge - 1) + 1);
      assert.equal(highestOf(bucketIndex(edge - 1)), edge - 1);
    }
  });

  test('a rank among several histograms is the rank among all their values', () => {
    fc.assert(
      fc.property(fc.array(latency, { minLength: 1 }), fc.array(latency), (one, other) => {
        const parts = [one, other].map((values) => {
          const histogram = emptyHistogram();
          for (const us of values) countLatency(histogram, us);
          return histogram;
        });
        const ascending = [...one, ...other].map(bucketIndex).sort((a, b) => a - b);
        for (const [index, bucket] of ascending.entries())
          assert.equal(latencyAtRank(parts, index + 1), highestOf(bucket));
        assert.equal(latencyAtRank(parts, 0), null);
        assert.equal(latencyAtRank(parts, ascending.length + 1), null);
      }),
    );
  });

  test('stored counts merge in any order to what counting at once gives', () => {
    fc.assert(
      fc.property(fc.array(latency), fc.array(latency), (one, other) => {
        const countAll = (values: readonly number[]) => {
          const histogram = emptyHistogram();
          for (const us of values) countLatency(histogram, us);
          return sparseOf(histogram);
        };
        const whole = countAll([...one, ...other]);
        assert.deepEqual(mergeSparse(countAll(one), countAll(other)), whole);
        assert.deepEqual(mergeSparse(countAll(other), countAll(one)), whole);
        const read = emptyHistogram();
        addSparse(read, whole);
        assert.deepEqual(sparseOf(read), whole);
      }),
    );
  });
});

describe('buckets', () => {
  for (const name of TEMPLATES) {
    const plan = livePlanOf(templateOf(name));
    const judge = createLiveJudge(plan);
    const bucketOf = (lines: readonly Line[], fromAt: number, toAt: number): Bucket => {
      const inside = lines.filter(({ at }) => at >= fromAt && at < toAt).sort((a, b) => a.at - b.at);
      return rollUp(plan, judge, inside, {}, { fromAt, toAt, maintenance: [] });
    };

    test(`hours under ${name} merge in any order to what counting all of them at once gives`, () => {
      fc.assert(
        fc.property(
          fc.array(anyLine, { maxLength: 80 }),
          fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }),
          (lines, order) => {
            const hours = order.map((hour) =>
              bucketOf(lines, START + hour * HOUR, START + (hour + 1) * HOUR),
            );
            const merged = hours.reduce((one, other) => mergeBuckets(plan, one, other));
            assert.deepEqual(merged, bucketOf(lines, START, START + 4 * HOUR));
          },
        ),
        { numRuns: 40 },
      );
    });

    test(`four hours under ${name} without their first are the other three, and nothing is taken away that is not there`, () => {
      fc.assert(
        fc.property(fc.array(anyLine, { minLength: 1, maxLength: 80 }), (lines) => {
          const hours = [0, 1, 2, 3].map((hour) =>
            bucketOf(lines, START + hour * HOUR, START + (hour + 1) * HOUR),
          );
          const sumOf = (from: number) => {
            const sums = emptySums(plan);
            for (const hour of hours.slice(from)) addAnswers(sums, hour.answers);
            return sums;
          };
          const first = hours[0]?.answers ?? [];
          const moved = sumOf(0);
          assert.equal(subtractAnswers(moved, first, START + HOUR), true);
          assert.deepEqual(answersOf(moved), answersOf(sumOf(1)));
          const whole = bucketOf(lines, START, START + 4 * HOUR).answers;
          assert.equal(subtractAnswers(emptySums(plan), whole, START), false);
        }),
        { numRuns: 40 },
      );
    });
  }

  test('a doubtful sample counts for nothing, even where a contract counts everything else as bad', () => {
    const strict: Contract = { ...templateOf('pro-channel'), otherwise: 'bad' };
    const plan = livePlanOf(strict);
    const lines = [line(START, { outcome: 'ok', doubt: 'clock_step', ttftUs: 1, totalUs: 2 })];
    const bucket = rollUp(
      plan,
      createLiveJudge(plan),
      lines,
      {},
      { fromAt: START, toAt: START + HOUR, maintenance: [] },
    );
    const [availability, ttft] = bucket.answers;
    assert.ok(availability?.kind === 'availability' && ttft?.kind === 'percentile');
    assert.deepEqual(
      [availability.counts.good, availability.counts.bad, availability.counts.excluded],
      [0, 0, 1],
    );
    assert.deepEqual([ttft.counts.timed, ttft.counts.failed], [0, 0]);
    assert.deepEqual(bucket.doubts, { clock_step: 1 });
  });

  test('plans that count alike share a key, and another threshold has another', () => {
    const contract = templateOf('best-effort');
    const { availability } = contract;
    assert.ok(availability !== null);
    const easier = {
      ...contract,
      availability: { ...availability, target: { ...availability.target, value: '90' } },
    };
    assert.equal(livePlanOf(easier).key, livePlanOf(contract).key);
    const slower = contract.latency.map((one) => ({ ...one, form: { ...one.form, value: '3000' } }));
    assert.notEqual(livePlanOf({ ...contract, latency: slower }).key, livePlanOf(contract).key);
  });
});
