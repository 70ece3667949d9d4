import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Contract } from '../../src/domain/contract/contract.ts';
import { evaluate } from '../../src/domain/contract/evaluation.ts';
import { exact } from '../../src/domain/contract/exact.ts';
import {
  accumulate,
  emptyTally,
  type Line,
  mergeTallies,
  planTally,
  type Tally,
  type TallyPlan,
} from '../../src/domain/contract/tally.ts';
import {
  addValueCounts,
  countValue,
  emptyValueCounts,
  placeAtRank,
} from '../../src/domain/contract/value-counts.ts';
import { contractOf, line, MINUTE, periodOf } from '../support/contract-bench.ts';

const START = Date.UTC(2026, 8, 1);
const HOURS = 6;
const SPAN = '2026-09-01T00:00Z/2026-09-01T06:00Z';

function contract(availability: string, extra = ''): Contract {
  return contractOf(`
id: any
version: 1
currency: USD
window: { kind: calendar_month, timezone: UTC }
classify:
  - { when: { overQuota: true }, as: excluded }
  - { when: { timedOut: true, clientTimeoutBelow: 10s }, as: excluded }
availability: ${availability}
latency:
  - { id: ttft, metric: ttft_ms, form: whole_window_percentile, p: 90, op: "<", value: 500 }
  - { id: linear, metric: e2e_ms, form: whole_window_percentile, p: 90, op: "<=", value: 800, method: linear }
  - { id: speed, metric: tokens_per_s, tpsBasis: total, form: window_attainment, slice: 5m, stat: p50, op: ">", value: 50, emptySlice: exclude, target: "90" }
  - { id: mean, metric: e2e_ms, form: window_attainment, slice: 10m, stat: mean, op: "<", value: 700, emptySlice: exclude, target: "90" }
credits: { shape: ladder, ladder: [{ below: "99.9", percent: 10 }, { below: "99", percent: 25 }, { below: "95", percent: 100 }] }
${extra}
`);
}

const CONTRACTS: readonly Contract[] = [
  contract('{ method: occurrences, target: "99" }'),
  contract(
    '{ method: timeslices, slice: 60s, sliceBadWhen: { errorRateGt: "0.2" }, emptySlice: good, minRunSlices: 3, target: "99" }',
  ),
  contract(
    '{ method: timeslices, slice: 5m, sliceBadWhen: { allFailed: true }, emptySlice: exclude, denominator: non_excluded_slices, target: "99" }',
  ),
  contract('{ method: ratio_timeslices, slice: 5m, emptySlice: good, target: "99.9" }'),
  contract(
    '{ method: ratio_timeslices, slice: 10m, emptySlice: bad, minRequestsPerSlice: 2, target: "99.9" }',
  ),
];

/** All contracts in one plan, each with an hour of maintenance of its own. */
function plan(): TallyPlan {
  const [first] = CONTRACTS;
  assert.ok(first);
  return planTally(
    periodOf(first, SPAN),
    CONTRACTS.map((one, i) => ({
      contract: { ...one, maintenance: { ...one.maintenance, mode: 'remove_from_denominator' } },
      maintenance: [{ fromAt: START + i * 17 * MINUTE, toAt: START + (i * 17 + 23) * MINUTE }],
    })),
  );
}

const anyLine: fc.Arbitrary<Line> = fc
  .record({
    at: fc.integer({ min: START - 10 * MINUTE, max: START + HOURS * 60 * MINUTE + 10 * MINUTE }),
    kind: fc.constantFrom(
      { status: 200 },
      { status: 500 },
      { status: 503 },
      { status: 429 },
      { outcome: 'timeout.total' as const, clientTimeoutMs: 5000 },
      { outcome: 'timeout.total' as const, clientTimeoutMs: 60_000 },
      { outcome: 'client.network' as const },
    ),
    count: fc.constantFrom(1, 1, 1, 2, 7),
    ttftUs: fc.option(fc.integer({ min: 0, max: 900_000 })),
    totalUs: fc.option(fc.integer({ min: 0, max: 1_200_000 })),
    outputTokens: fc.option(fc.integer({ min: 0, max: 90 })),
  })
  .map(({ at, kind, ...rest }) => line(at, { ...kind, ...rest }));

const anyLines = fc.array(anyLine, { maxLength: 120 });

function filled(of: TallyPlan, lines: Iterable<Line>): Tally {
  const tally = emptyTally(of);
  for (const one of lines) accumulate(tally, one);
  return tally;
}

function evaluations(tally: Tally): unknown[] {
  return tally.plan.contracts.map(({ contract: one }) =>
    evaluate(tally, one, { fee: { amount: '1000', base: null }, previous: [], maintenanceFlags: [] }),
  );
}

test('reordering lines never changes an evaluation', () => {
  fc.assert(
    fc.property(anyLines, fc.infiniteStream(fc.nat()), (lines, keys) => {
      const of = plan();
      const shuffled = lines
        .map((one) => ({ one, key: keys.next().value ?? 0 }))
        .sort((a, b) => a.key - b.key)
        .map(({ one }) => one);
      assert.deepEqual(evaluations(filled(of, shuffled)), evaluations(filled(of, lines)));
    }),
    { numRuns: 60 },
  );
});

test('splitting a file anywhere and merging the parts in any order never changes an evaluation', () => {
  fc.assert(
    fc.property(anyLines, fc.nat(), fc.nat(), fc.boolean(), (lines, a, b, isReversed) => {
      const of = plan();
      const cuts = [a % (lines.length + 1), b % (lines.length + 1)].sort((x, y) => x - y);
      const parts = [lines.slice(0, cuts[0]), lines.slice(cuts[0], cuts[1]), lines.slice(cuts[1])];
      const ordered = isReversed ? parts.toReversed() : parts;
      const merged = ordered
        .map((part) => filled(of, part))
        .reduce((into, from) => mergeTallies(into, from), emptyTally(of));
      assert.deepEqual(evaluations(merged), evaluations(filled(of, lines)));
    }),
    { numRuns: 60 },
  );
});

test('a count of n is the same as n lines', () => {
  fc.assert(
    fc.property(anyLines, (lines) => {
      const of = plan();
      const repeated = lines.flatMap((one) =>
        Array.from({ length: one.count }, () => ({ ...one, count: 1 })),
      );
      assert.deepEqual(evaluations(filled(of, repeated)), evaluations(filled(of, lines)));
    }),
    { numRuns: 60 },
  );
});

test('a tally of many contracts answers each as a tally of that one alone', () => {
  fc.assert(
    fc.property(anyLines, (lines) => {
      const of = plan();
      const together = evaluations(filled(of, lines));
      for (const [i, planned] of of.contracts.entries()) {
        const alone = planTally(of.period, [planned]);
        const [evaluation] = evaluations(filled(alone, lines)) as [Record<string, unknown>];
        const shared = together[i] as Record<string, unknown>;
        // The lead-in margin belongs to the plan, so only what lies outside of the period may be counted differently.
        for (const key of ['counts', 'uptime', 'objectives', 'credit', 'coverage']) {
          assert.deepEqual(shared[key], evaluation[key], key);
        }
      }
    }),
    { numRuns: 40 },
  );
});

function uptimes(tally: Tally) {
  return tally.plan.contracts.map(({ contract: one }) => {
    const found = evaluate(tally, one, { fee: null, previous: [], maintenanceFlags: [] });
    return {
      uptime: found.uptime.contract === null ? null : exact(found.uptime.contract.exact),
      credit: exact(found.credit.exact),
      fast: found.objectives
        .filter((objective) => objective.kind === 'whole_window_percentile')
        .map((objective) => objective.result),
    };
  });
}

test('a good request turning bad never raises the uptime, lowers the credit or mends a latency', () => {
  fc.assert(
    fc.property(fc.array(anyLine, { minLength: 1, maxLength: 80 }), fc.nat(), (lines, pick) => {
      const of = plan();
      const index = lines.findIndex((one, i) => i >= pick % lines.length && one.status === 200);
      fc.pre(index >= 0);
      const worse = lines.map((one, i) => (i === index ? { ...one, status: 500 } : one));
      const before = uptimes(filled(of, lines));
      const after = uptimes(filled(of, worse));
      for (const [i, was] of before.entries()) {
        const now = after[i];
        assert.ok(now);
        if (was.uptime !== null && now.uptime !== null) assert.ok(now.uptime.lte(was.uptime));
        assert.ok(now.credit.gte(was.credit));
        for (const [j, result] of was.fast.entries()) {
          // An answered request without a measurement joins the percentile only by failing.
          if (result === 'breached') assert.notEqual(now.fast[j], 'met');
        }
      }
    }),
    { numRuns: 120 },
  );
});

test('a percentile by ranks of counted values is the one of the sorted list', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.integer({ min: 300_000, max: 300_020 }),
          fc.integer({ min: 0, max: 5_000_000 }),
          fc.constant(Number.MAX_SAFE_INTEGER),
        ),
        { minLength: 1 },
      ),
      fc.nat(),
      (list, pick) => {
        const values = emptyValueCounts();
        for (const value of list) countValue(values, value, 1);
        const rank = (pick % list.length) + 1;
        const sorted = list.toSorted((a, b) => a - b);
        const value = sorted[rank - 1] ?? 0;
        const below = sorted.indexOf(value);
        assert.deepEqual(placeAtRank(values, rank), { value, below, upTo: sorted.lastIndexOf(value) + 1 });
      },
    ),
    { numRuns: 300 },
  );
});

test('values are rounded up once there are too many, the same however they were split', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 30_000_000 }), { minLength: 1, maxLength: 60 }),
      fc.nat(),
      fc.integer({ min: 2, max: 40 }),
      (list, pick, limit) => {
        const whole = emptyValueCounts();
        for (const value of list) countValue(whole, value, 1, limit);
        const cut = pick % list.length;
        const parts = [list.slice(cut), list.slice(0, cut)].map((part) => {
          const values = emptyValueCounts();
          for (const value of part) countValue(values, value, 1, limit);
          return values;
        });
        const merged = emptyValueCounts();
        for (const part of parts) addValueCounts(merged, part, limit);
        assert.equal(merged.resolution, whole.resolution);
        assert.equal(merged.total, list.length);
        assert.deepEqual(new Map([...merged.counts].sort()), new Map([...whole.counts].sort()));
        assert.ok(merged.counts.size <= limit);
        const sorted = list.toSorted((a, b) => a - b);
        for (const [i, value] of sorted.entries()) {
          assert.equal(
            placeAtRank(merged, i + 1)?.value,
            Math.ceil(value / merged.resolution) * merged.resolution,
          );
        }
      },
    ),
  );
});
