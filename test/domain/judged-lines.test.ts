import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  appendLine,
  emptyLines,
  firstAtOrAfter,
  forgetBefore,
  forgetFrom,
} from '../../src/domain/live/judged-lines.ts';
import { createLiveJudge, livePlanOf } from '../../src/domain/live/live-plan.ts';
import { line } from '../support/contract-bench.ts';

const FROM = Date.UTC(2026, 9, 1);
const DAY = 86_400_000;
const plan = livePlanOf(null);
const judge = createLiveJudge(plan);

const step = fc.oneof(
  fc.record({ kind: fc.constant('append' as const), ms: fc.nat(DAY) }),
  fc.record({
    kind: fc.constantFrom('forget from', 'forget before'),
    ms: fc.integer({ min: -DAY, max: DAY }),
  }),
);

test('requests that are appended and forgotten at either end are those that a list of them would hold', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const lines = emptyLines(plan);
      let held: number[] = [];
      let now = FROM;
      for (const { kind, ms } of steps) {
        if (kind === 'append') {
          // What was forgotten at the end may be appended anew.
          now = (held.at(-1) ?? now) + ms;
          held.push(now);
          appendLine(lines, plan, judge, line(now, { status: 200 }), false);
        } else {
          const at = (held[held.length >> 1] ?? now) + ms;
          held = held.filter((one) => (kind === 'forget from' ? one < at : one >= at));
          if (kind === 'forget from') forgetFrom(lines, at);
          else forgetBefore(lines, at);
        }
        const told = Array.from(lines.after.subarray(0, lines.length), (after) => lines.since + after);
        assert.deepEqual(told, held);
        for (const one of held) assert.equal(firstAtOrAfter(lines, one), held.indexOf(one));
      }
    }),
  );
});
