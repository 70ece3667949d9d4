import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { firstTickAt } from '../../src/domain/time/schedule.ts';
import { mostTicksIn, spreadEvenly } from '../../src/domain/time/tick-spread.ts';
import { planOf } from '../support/plans.ts';

const MINUTE = 60_000;

function phasesOf(models: number, everyMs: number): number[] {
  return spreadEvenly(planOf({ models, everyMs }).series, 'here').map(({ schedule }) => schedule.phaseMs);
}

/** The most ticks in any half-open minute, by looking at the minute that begins with each tick. */
function fullestMinute(phases: readonly number[], everyMs: number): number {
  let most = 0;
  for (const from of phases) {
    let ticks = 0;
    for (const phase of phases) {
      for (let at = firstTickAt(everyMs, phase, from); at < from + MINUTE; at += everyMs) ticks += 1;
    }
    most = Math.max(most, ticks);
  }
  return most;
}

test('no minute of evenly spread series holds more ticks than promised', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 150 }),
      fc.integer({ min: 1000, max: 400_000 }),
      (models, everyMs) => {
        assert.ok(fullestMinute(phasesOf(models, everyMs), everyMs) <= mostTicksIn(MINUTE, models, everyMs));
      },
    ),
    { numRuns: 60 },
  );
});

test('184 models on a key of 50 requests a minute fit every 221 seconds, and on one of 1,000 every 12', () => {
  assert.equal(fullestMinute(phasesOf(184, 221_000), 221_000), 50);
  assert.equal(mostTicksIn(MINUTE, 184, 221_000), 50);
  assert.equal(mostTicksIn(MINUTE, 184, 220_000), 51, 'one second less is too short');
  assert.equal(mostTicksIn(MINUTE, 184, 12_000), 921);
});

test('phases follow from the names: neither order nor another key changes them', () => {
  const plan = planOf({ models: 20, tiers: { a: {}, b: {} } });
  const byTarget = (series: typeof plan.series): Map<string, number> =>
    new Map(spreadEvenly(series, 'here').map(({ target, schedule }) => [target.id, schedule.phaseMs]));
  const whole = byTarget(plan.series);
  assert.deepEqual([...byTarget([...plan.series].reverse())].sort(), [...whole].sort());
  const alone = byTarget(plan.series.filter(({ target }) => target.tier === 'a'));
  for (const [target, phase] of alone) assert.equal(whole.get(target), phase);
});

test('one series more moves the others by less than one spacing', () => {
  const before = phasesOf(99, 100_000);
  const after = phasesOf(100, 100_000).slice(0, 99);
  const moved = before.map((phase, n) => {
    const distance = Math.abs(phase - (after[n] ?? 0));
    return Math.min(distance, 100_000 - distance);
  });
  assert.ok(Math.max(...moved) <= 1011, `${Math.max(...moved)}`);
});

test('phases lie within the interval, and a cron schedule keeps its own', () => {
  const { series } = planOf({ models: 50, everyMs: 7_000 });
  const cron = { kind: 'cron', cron: '* * * * *', timezone: 'UTC', phaseMs: 123 } as const;
  const mixed = series.map((one, n) => (n % 2 === 0 ? one : { ...one, schedule: cron }));
  for (const [n, { schedule }] of spreadEvenly(mixed, 'here').entries()) {
    if (n % 2 === 1) assert.deepEqual(schedule, cron);
    else assert.ok(schedule.phaseMs >= 0 && schedule.phaseMs < 7_000);
  }
});
