import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { evaluate } from '../../src/domain/contract/evaluation.ts';
import { accumulate, emptyTally, type Line, planTally } from '../../src/domain/contract/tally.ts';
import { emptyLines } from '../../src/domain/live/judged-lines.ts';
import { addLines, judgeLines } from '../../src/domain/live/line-counting.ts';
import { createLiveJudge, livePlanOf } from '../../src/domain/live/live-plan.ts';
import { type LiveWindow, liveWindow } from '../../src/domain/live/live-window.ts';
import { objectiveShapes } from '../../src/domain/live/objective-shape.ts';
import { emptySums } from '../../src/domain/live/question-sums.ts';
import { contractOf, line, MINUTE } from '../support/contract-bench.ts';

const FROM = Date.UTC(2026, 9, 1);
const SPAN = { fromAt: FROM, toAt: FROM + 60 * MINUTE };

type Case = { readonly method: string; readonly emptySlice: string; readonly target: string };

/** What live figures and the engine say of the same requests of an hour. */
function both({ method, emptySlice, target }: Case, lines: readonly Line[]) {
  const contract = contractOf(`
id: c
version: "1"
window: { kind: calendar_month, timezone: UTC }
availability: { ${method}, slice: 60s, emptySlice: ${emptySlice}, denominator: deployed_slices, target: "${target}" }
`);
  const period = { ...SPAN, label: 'hour', timezone: 'UTC', isWindow: false };
  const tally = emptyTally(planTally(period, [{ contract, maintenance: [] }]));
  for (const one of lines) accumulate(tally, one);
  const engine = evaluate(tally, contract, { fee: null, previous: [], maintenanceFlags: [] });

  const plan = livePlanOf(contract);
  const judged = emptyLines(plan);
  judgeLines(judged, plan, createLiveJudge(plan), lines, []);
  const sums = emptySums(plan);
  addLines(sums, plan, judged, { ...SPAN, maintenance: [] });
  const [shape] = objectiveShapes(plan);
  assert.ok(shape && sums[0]);
  const live: LiveWindow = liveWindow(shape, plan, [sums[0]], SPAN);
  return { live: live.result, engine: engine.objectives[0]?.result };
}

const METHODS = [
  'method: ratio_timeslices',
  'method: timeslices, sliceBadWhen: { allFailed: true }',
  'method: timeslices, sliceBadWhen: { errorRateGt: "0.3" }, minRunSlices: 3',
];

test('live figures never say of deployed slices what the engine will not', () => {
  const minute = fc.record({ at: fc.integer({ min: 0, max: 59 }), status: fc.constantFrom(200, 200, 500) });
  let decided = 0;
  fc.assert(
    fc.property(
      fc.record({
        method: fc.constantFrom(...METHODS),
        emptySlice: fc.constantFrom('good', 'bad', 'exclude'),
        target: fc.constantFrom('50', '80', '90', '99'),
      }),
      fc.array(minute, { maxLength: 70 }),
      (terms, minutes) => {
        const lines = minutes
          .toSorted((a, b) => a.at - b.at)
          .map(({ at, status }) => line(FROM + at * MINUTE, { status }));
        const { live, engine } = both(terms, lines);
        if (live === 'undecided') return;
        decided += 1;
        assert.equal(live, engine);
      },
    ),
    { numRuns: 400 },
  );
  assert.ok(decided > 100, `${decided} of 400 were decided at all`);
});

test('of a target that was deployed late, one failure is not diluted by the time before', () => {
  const late = Array.from({ length: 5 }, (_, i) =>
    line(FROM + (55 + i) * MINUTE, { status: i === 0 ? 500 : 200 }),
  );
  const terms = { method: METHODS[1] ?? '', emptySlice: 'good', target: '90' };
  assert.deepEqual(both(terms, late), { live: 'undecided', engine: 'breached' });
});
