import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WindowResult } from '../../src/domain/contract/chronic.ts';
import type { Contract } from '../../src/domain/contract/contract.ts';
import { asPreviousWindow } from '../../src/domain/contract/evaluation.ts';
import { exact } from '../../src/domain/contract/exact.ts';
import { objectiveCounts } from '../../src/domain/contract/objective-counts.ts';
import { recount } from '../../src/domain/contract/recount.ts';
import type { Line } from '../../src/domain/contract/tally.ts';
import { contractOf, evaluationOf, line, MINUTE, periodOf, tallyOf } from '../support/contract-bench.ts';

const AT = Date.UTC(2026, 8, 3);

function contract(rest: string): Contract {
  return contractOf(`
id: c
version: "1"
currency: EUR
window: { kind: calendar_month, timezone: UTC }
availability: { method: occurrences, target: "99" }
${rest}
`);
}

/** So many of a hundred requests failed. */
function* failing(bad: number): Generator<Line> {
  if (bad < 100) yield line(AT, { status: 200, count: 100 - bad, totalUs: 1000 });
  if (bad > 0) yield line(AT, { status: 500, count: bad });
}

test('a rule that asks for what the lines do not say is not applied, and that is said', () => {
  const terms = contract('classify: [ { when: { timedOut: true, clientTimeoutBelow: 30s }, as: excluded } ]');
  const timeouts = (clientTimeoutMs: number | null) =>
    evaluationOf({
      contract: terms,
      period: '2026-09',
      lines: [line(AT, { outcome: 'timeout.total', clientTimeoutMs, count: 3 })],
    });
  const silent = timeouts(null);
  assert.deepEqual([silent.counts.bad, silent.counts.excluded], [3, 0]);
  assert.deepEqual(
    silent.flags.filter((flag) => flag.includes('clientTimeout')),
    [
      'ambiguity: lines do not say clientTimeoutBelowMs, which a rule "excluded" asks for; it is not applied (3 requests)',
    ],
  );
  const short = timeouts(10_000);
  assert.deepEqual([short.counts.bad, short.counts.excluded], [0, 3]);
  assert.ok(!short.flags.some((flag) => flag.includes('clientTimeout')));
});

test('a line whose status and outcome contradict each other is counted by its outcome, and that is said', () => {
  const flagsOf = (status: number) =>
    evaluationOf({
      contract: contract(''),
      period: '2026-09',
      lines: [line(AT, { status, outcome: 'ok', count: 2 })],
    }).flags;
  assert.deepEqual(flagsOf(500), [
    'ambiguity: lines with status 500 say outcome ok; the outcome decides (2 requests)',
  ]);
  assert.deepEqual(flagsOf(200), []);
});

test('slices that nobody asked in are told by what they count as, also in maintenance', () => {
  const terms = contractOf(`
id: c
version: "1"
window: { kind: calendar_month, timezone: UTC }
availability: { method: ratio_timeslices, slice: 1h, emptySlice: bad, target: "99" }
maintenance: { mode: count_as_good }
`);
  const { flags } = evaluationOf({
    contract: terms,
    period: '2026-09',
    lines: [line(AT, { status: 200 })],
    maintenance: [{ fromAt: AT + 60 * MINUTE, toAt: AT + 180 * MINUTE, announcedAt: null, reason: null }],
  });
  assert.deepEqual(
    flags.filter((flag) => flag.startsWith('coverage:')),
    [
      'coverage: 2 of 720 slices had no request; the contract counts them good',
      'coverage: 717 of 720 slices had no request; the contract counts them bad',
    ],
  );
});

test('days of service are owed as days, not as an amount of nothing', () => {
  const terms = contract('credits: { shape: service_days, serviceDays: [ { below: "99", days: 3 } ] }');
  const { credit } = evaluationOf({ contract: terms, period: '2026-09', lines: failing(5), fee: '1000' });
  assert.deepEqual([credit.serviceDays, credit.percent, credit.amount], [3, '0', null]);
  const kept = evaluationOf({ contract: terms, period: '2026-09', lines: failing(1), fee: '1000' });
  assert.deepEqual([kept.credit.serviceDays, kept.credit.amount], [0, '0.00']);
});

const TWICE = `
latency: [ { id: p99, metric: e2e_ms, form: whole_window_percentile, p: 99, op: "<", value: 800, minSamples: 1000 } ]
credits: { shape: ladder, ladder: [ { below: "99.9", percent: 10 } ], requiresConsecutiveWindows: 2 }
`;

test('a window with an objective that nobody could decide is no window that was kept', () => {
  const terms = contract(TWICE);
  const earlier = evaluationOf({
    contract: terms,
    period: '2026-08',
    lines: [line(Date.UTC(2026, 7, 3), { status: 200 })],
  });
  assert.equal(asPreviousWindow(earlier).isBreached, null);
  const enough = [line(Date.UTC(2026, 7, 3), { status: 200, totalUs: 1000, count: 1000 })];
  const kept = evaluationOf({ contract: terms, period: '2026-08', lines: enough });
  assert.equal(asPreviousWindow(kept).isBreached, false);
});

test('a ladder that pays above the target pays nothing for a window that kept it, where several breached ones are needed', () => {
  const terms = contract(TWICE);
  const previous: WindowResult[] = [{ label: '2026-08', percent: exact('95'), isBreached: true }];
  const creditFor = (bad: number) =>
    evaluationOf({ contract: terms, period: '2026-09', lines: failing(bad), previous }).credit.percent;
  // One of a hundred is 99 %, as promised, and below 99.9 %.
  assert.equal(creditFor(1), '0');
  assert.equal(creditFor(2), '10');
});

const RUNS = `
id: runs
version: "1"
window: { kind: calendar_month, timezone: UTC }
availability:
  method: timeslices
  slice: 60s
  sliceBadWhen: { allFailed: true }
  minRunSlices: 5
  emptySlice: good
  target: "99.9"
`;
const OCTOBER = Date.UTC(2026, 9, 1);
const NOVEMBER = Date.UTC(2026, 10, 1);

/** A request a minute, all of them failing. */
function* down(fromAt: number, toAt: number): Generator<Line> {
  for (let at = fromAt; at < toAt; at += MINUTE) yield line(at, { status: 500 });
}

/**
 * A run of seven bad minutes, three of which lie in October. Planned work on those outside leaves three, which are too short
 * to count; a minute less of it leaves four or five.
 */
const ACROSS: readonly (readonly [
  sentence: string,
  run: readonly [number, number],
  work: readonly [number, number] | null,
  mode: string,
  incidentMinutes: number,
])[] = [
  ['a run that began before the period has its true length', [-4, 3], null, 'not_excluded', 3],
  ['admitted work before the period cuts it', [-4, 3], [-4, 0], 'remove_from_denominator', 0],
  [
    'work that leaves two minutes before the period leaves five',
    [-4, 3],
    [-4, -2],
    'remove_from_denominator',
    3,
  ],
  ['work that leaves one leaves four', [-4, 3], [-4, -1], 'remove_from_denominator', 0],
  ['work before the period that counts as good cuts it too', [-4, 3], [-4, 0], 'count_as_good', 0],
  ['work the contract does not set aside cuts nothing', [-4, 3], [-4, 0], 'not_excluded', 3],
];

for (const [sentence, run, work, mode, expected] of ACROSS) {
  for (const [edge, mirror] of [
    [OCTOBER, (minutes: readonly [number, number]) => minutes],
    [NOVEMBER, ([from, to]: readonly [number, number]): readonly [number, number] => [-to, -from]],
  ] as const) {
    test(`${sentence}, at its ${edge === OCTOBER ? 'start' : 'end'}`, () => {
      const at = (minutes: readonly [number, number]) => {
        const [from, to] = mirror(minutes);
        return { fromAt: edge + from * MINUTE, toAt: edge + to * MINUTE };
      };
      const { fromAt, toAt } = at(run);
      const { incidents } = evaluationOf({
        contract: contractOf(`${RUNS}maintenance: { mode: ${mode} }\n`),
        period: '2026-10',
        lines: down(fromAt, toAt),
        maintenance: work === null ? [] : [{ ...at(work), announcedAt: null, reason: null }],
      });
      assert.equal(
        incidents.reduce((sum, { minutes }) => sum + minutes, 0),
        expected,
      );
    });
  }
}

test('what the month before has no cap left for is not set aside before the edge', () => {
  const work = (hours: number) => [
    { fromAt: OCTOBER - 86_400_000, toAt: OCTOBER - 86_400_000 + hours * 60 * MINUTE },
    { fromAt: OCTOBER - 4 * MINUTE, toAt: OCTOBER },
  ];
  const minutesDown = (hours: number): number =>
    evaluationOf({
      contract: contractOf(`${RUNS}maintenance: { mode: remove_from_denominator, maxPerWindow: 4h }\n`),
      period: '2026-10',
      lines: down(OCTOBER - 4 * MINUTE, OCTOBER + 3 * MINUTE),
      maintenance: work(hours).map((one) => ({ ...one, announcedAt: null, reason: null })),
    }).incidents.reduce((sum, { minutes }) => sum + minutes, 0);
  assert.deepEqual([minutesDown(3), minutesDown(4)], [0, 3]);
});

test('one failure of a thousand million is no hundred percent, in print either', () => {
  const { uptime, objectives } = evaluationOf({
    contract: contractOf(`
id: all
version: "1"
window: { kind: calendar_month, timezone: UTC }
availability: { method: occurrences, target: "100" }
`),
    period: '2026-10',
    lines: [line(OCTOBER, { status: 200, count: 999_999_999 }), line(OCTOBER, { status: 500 })],
  });
  assert.deepEqual(uptime.contract, { percent: '99.999999', exact: '999999999/1000000000' });
  assert.equal(objectives[0]?.result, 'breached');
});

test('a deadline from the start of an incident that began before the period is told by both readings', () => {
  const deadlinesOf = (fromMinute: number) => {
    const { deadlines, flags } = evaluationOf({
      contract: contractOf(
        `${RUNS}claim: { deadlines: [ { type: submit, offset: 30, unit: days, anchor: incident_start } ] }\n`,
      ),
      period: '2026-10',
      lines: down(OCTOBER + fromMinute * MINUTE, OCTOBER + 5 * MINUTE),
    });
    return {
      by: deadlines[0]?.by,
      readings: deadlines[0]?.readings.map(({ by }) => by),
      isOpen: flags.some((flag) => flag.includes('may have begun before the period')),
    };
  };
  assert.deepEqual(deadlinesOf(0), { by: '2026-10-31', readings: ['2026-10-31'], isOpen: false });
  assert.deepEqual(deadlinesOf(-1), {
    by: '2026-10-30',
    readings: ['2026-10-30', '2026-10-31'],
    isOpen: false,
  });
  // Four minutes are looked at before the period; what fills them may be older.
  assert.equal(deadlinesOf(-4).isOpen, true);
});

test('planned work that counts as good decides nothing where not a single slice was measured', () => {
  const terms = contractOf(`
id: c
version: "1"
window: { kind: calendar_month, timezone: UTC }
latency:
  - { id: share, metric: ttft_ms, form: window_attainment, slice: 5m, stat: p50, op: "<", value: 500, emptySlice: bad, target: "99" }
maintenance: { mode: count_as_good }
`);
  const fromAt = AT - 30 * MINUTE;
  const work = { fromAt, toAt: AT, announcedAt: fromAt - 60 * MINUTE, reason: null };
  const resultsWith = (lines: readonly Line[]) => {
    const setting = { contract: terms, period: '2026-09', lines, maintenance: [work] };
    const counts = objectiveCounts(tallyOf(setting), terms);
    const again = { contract: terms, period: periodOf(terms, '2026-09'), maintenance: [work] };
    return [evaluationOf(setting).objectives[0]?.result, ...counts.map((one) => recount(one, again).result)];
  };
  assert.deepEqual(resultsWith([]), ['undecided', 'undecided']);
  assert.deepEqual(resultsWith([line(AT, { status: 200, ttftUs: 1000 })]), ['breached', 'breached']);
});
