import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Contract } from '../../src/domain/contract/contract.ts';
import { recount } from '../../src/domain/contract/recount.ts';
import type { AttainmentCounts, AvailabilityCounts } from '../../src/domain/contract/recounted.ts';
import type { SliceRun } from '../../src/domain/contract/slice-runs.ts';
import { sliceStretches } from '../../src/domain/report/slice-stretches.ts';
import { union } from '../../src/domain/time/interval.ts';
import { contractOf, MINUTE } from '../support/contract-bench.ts';

const START = Date.UTC(2026, 8, 1);
const MODES = ['remove_from_denominator', 'count_as_good', 'not_excluded'] as const;

function contract(availability: string, stat: string): Contract {
  return contractOf(`
id: any
version: "1"
window: { kind: calendar_month, timezone: UTC }
availability: ${availability}
latency:
  - { id: share, metric: e2e_ms, form: window_attainment, slice: 60s, stat: ${stat}, op: "<=", value: "0.0005", emptySlice: bad, minRequestsPerSlice: 2, target: "90" }
`);
}

const CONTRACTS = [
  contract(
    '{ method: timeslices, slice: 60s, sliceBadWhen: { errorRateGt: "0.3" }, emptySlice: bad, minRunSlices: 3, target: "90" }',
    'p50',
  ),
  contract(
    '{ method: timeslices, slice: 60s, sliceBadWhen: { errorRateGte: "0.5" }, emptySlice: exclude, denominator: deployed_slices, minRequestsPerSlice: 2, minRunSlices: 2, target: "90" }',
    'mean',
  ),
  contract(
    '{ method: ratio_timeslices, slice: 60s, emptySlice: good, denominator: non_excluded_slices, target: "90" }',
    'p90',
  ),
];

const anyRuns = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 7 }), fc.nat(2), fc.nat(2), fc.nat(1)), { minLength: 1 })
  .map((runs): SliceRun[] => runs);
const anyWork = fc.array(
  fc.record({ from: fc.integer({ min: -5, max: 60 }), halves: fc.nat(30), late: fc.nat(1) }),
  { maxLength: 4 },
);

/** The same slices, each written by itself. */
function apart(runs: readonly SliceRun[]): SliceRun[] {
  return runs.flatMap(([slices, ...numbers]) =>
    Array.from({ length: slices }, (): SliceRun => [1, ...numbers]),
  );
}

test('what is added up from runs of equal slices is what each slice by itself comes to', () => {
  fc.assert(
    fc.property(
      anyRuns,
      anyWork,
      fc.constantFrom(...CONTRACTS),
      fc.constantFrom(...MODES),
      fc.nat(2),
      fc.boolean(),
      (runs, work, terms, mode, edge, isCut) => {
        const slices = apart(runs).length;
        const margin = Math.min(edge, Math.floor((slices - 1) / 2));
        const setting = (within: number) => ({
          contract: { ...terms, maintenance: { ...terms.maintenance, mode } },
          period: { fromAt: START, toAt: START + within * MINUTE - (isCut ? MINUTE / 4 : 0) },
          maintenance: union(
            work.map(({ from, halves, late }) => ({
              fromAt: START + (from + late / 2) * MINUTE,
              toAt: START + (from + halves / 2) * MINUTE,
            })),
          ),
        });
        const uptime: AvailabilityCounts = {
          id: 'availability',
          kind: 'availability',
          sliceMs: MINUTE,
          margin,
          runs,
        };
        const share: AttainmentCounts = { id: 'share', kind: 'window_attainment', sliceMs: MINUTE, runs };
        for (const [counts, within] of [
          [uptime, slices - 2 * margin],
          [share, slices],
        ] as const) {
          const single = { ...counts, runs: apart(runs) };
          assert.deepEqual(recount(counts, setting(within)), recount(single, setting(within)));
          assert.deepEqual(
            [...sliceStretches(counts, terms, within)],
            [...sliceStretches(single, terms, within)],
          );
        }
      },
    ),
    { numRuns: 400 },
  );
});
