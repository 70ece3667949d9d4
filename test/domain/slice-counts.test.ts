import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { slicesInMaintenance } from '../../src/domain/contract/slice-counts.ts';
import { coversWhole, union } from '../../src/domain/time/interval.ts';
import { contractOf, MINUTE } from '../support/contract-bench.ts';

const contract = contractOf(`
id: any
version: "1"
window: { kind: calendar_month, timezone: UTC }
availability: { method: timeslices, slice: 5m, sliceBadWhen: { allFailed: true }, emptySlice: good, target: "99" }
`);
const SLICE_MS = 5 * MINUTE;
const START = Date.UTC(2026, 8, 1);

const anyWork = fc.record({
  from: fc.integer({ min: -20, max: 110 }),
  minutes: fc.integer({ min: 1, max: 40 }),
  ms: fc.constantFrom(0, 0, 1, -1),
});

test('a slice is in maintenance when one stretch covers it wholly, be it the last one and cut short', () => {
  fc.assert(
    fc.property(fc.array(anyWork, { maxLength: 5 }), fc.integer({ min: 1, max: 100 }), (work, minutes) => {
      const period = { fromAt: START, toAt: START + minutes * MINUTE };
      const maintenance = union(
        work.map(({ from, minutes: length, ms }) => ({
          fromAt: START + from * MINUTE + ms,
          toAt: START + (from + length) * MINUTE,
        })),
      );
      const expected = Array.from({ length: Math.ceil(minutes / 5) }, (_, slice) => {
        const fromAt = START + slice * SLICE_MS;
        return coversWhole(maintenance, fromAt, Math.min(fromAt + SLICE_MS, period.toAt)) ? 1 : 0;
      });
      assert.deepEqual([...slicesInMaintenance({ contract, maintenance }, period, SLICE_MS)], expected);
    }),
    { numRuns: 300 },
  );
});
