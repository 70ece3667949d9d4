import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { build } from 'hdr-histogram-js';
import {
  countLatency,
  emptyHistogram,
  latencyAtRank,
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
