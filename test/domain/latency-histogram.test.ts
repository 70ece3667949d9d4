import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { build } from 'hdr-histogram-js';
import {
  addSparse,
  copyHistogram,
  countLatency,
  emptyHistogram,
  latencyAtRank,
  sparseOf,
} from '../../src/domain/statistics/latency-histogram.ts';

const MOST_US = 600_000_000;
const latencies = fc.array(fc.integer({ min: 1, max: MOST_US }), { minLength: 1, maxLength: 400 });
const percentiles = fc.constantFrom(1, 50, 90, 99, 100);

describe('a latency histogram beside HdrHistogram at three digits', () => {
  test('names the same rank, each never below the measured value and within its own stated error', () => {
    fc.assert(
      fc.property(latencies, percentiles, (values, percentile) => {
        const ours = emptyHistogram();
        const theirs = build({
          lowestDiscernibleValue: 1,
          highestTrackableValue: MOST_US * 2,
          numberOfSignificantValueDigits: 3,
          autoResize: false,
        });
        for (const value of values) {
          countLatency(ours, value);
          theirs.recordValue(value);
        }
        const rank = Math.max(1, Math.ceil((percentile * values.length) / 100));
        const exact = values.toSorted((a, b) => a - b)[rank - 1] ?? Number.NaN;
        const shown = latencyAtRank([ours], rank) ?? Number.NaN;
        assert.ok(shown >= exact && shown <= exact * (1 + 1 / 256), `${shown} for ${exact}`);
        const reference = theirs.getValueAtPercentile(percentile);
        assert.ok(
          Math.abs(shown - reference) <= exact * (1 / 256 + 1 / 1000) + 1,
          `${shown} beside ${reference}`,
        );
      }),
    );
  });
});

for (const most of [0, 1, 255, 256, 65_535, 65_536]) {
  test(`a copy of up to ${most} in a bucket reads like the original, and counts on without it`, () => {
    const original = emptyHistogram();
    countLatency(original, 90_000, most);
    countLatency(original, 300, Math.min(most, 1));
    countLatency(original, 2_000_000, 0);
    const copy = copyHistogram(original);
    assert.deepEqual(sparseOf(copy), sparseOf(original));
    assert.equal(copy.total, original.total);
    for (const rank of [1, 2, most, most + 1, most + 2])
      assert.equal(latencyAtRank([copy], rank), latencyAtRank([original], rank), `rank ${rank}`);
    assert.ok(copy.counts.byteLength <= original.counts.byteLength);

    const before = sparseOf(original);
    countLatency(copy, 90_000);
    addSparse(copy, sparseOf(copy));
    assert.deepEqual(sparseOf(original), before);
    countLatency(original, 90_000);
    addSparse(original, sparseOf(original));
    assert.deepEqual(sparseOf(copy), sparseOf(original));
  });
}
