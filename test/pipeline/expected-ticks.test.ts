import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Schedule } from '../../src/domain/time/schedule.ts';
import { countExpected, expectedTicks, tickAfter } from '../../src/pipeline/probing/expected-ticks.ts';

const cron = (pattern: string, timezone = 'UTC', phaseMs = 0): Schedule => ({
  kind: 'cron',
  cron: pattern,
  timezone,
  phaseMs,
});

/** Every tick in `[fromAt, toAt)`, one by one: the slow truth that the counts must agree with. */
function listed(schedule: Schedule, fromAt: number, toAt: number): number[] {
  const ticks: number[] = [];
  for (let at = tickAfter(schedule, fromAt - 1); at !== null && at < toAt; at = tickAfter(schedule, at)) {
    ticks.push(at);
  }
  return ticks;
}

const iso = (ticks: readonly number[]): string[] => ticks.map((at) => new Date(at).toISOString());
const instant = fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2035, 0, 1) });

test('the grid of an interval: ticks are one interval apart, on the phase, and strictly after', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 86_400_000 }), fc.nat(), instant, (everyMs, seed, at) => {
      const schedule: Schedule = { kind: 'every', everyMs, phaseMs: seed % everyMs };
      const tick = tickAfter(schedule, at) ?? Number.NaN;
      assert.ok(tick > at && tick <= at + everyMs);
      assert.equal(tick % everyMs, schedule.phaseMs);
      assert.equal(tickAfter(schedule, tick), tick + everyMs);
    }),
  );
});

test('counting agrees with listing, for intervals and for cron, whatever the edges', () => {
  const schedules = fc.oneof(
    fc.record({
      kind: fc.constant('every' as const),
      everyMs: fc.integer({ min: 500, max: 90_000 }),
      phaseMs: fc.nat(499),
    }),
    fc
      .tuple(
        fc.constantFrom('*/10 * * * * *', '* * * * *', '5,40 */7 8-17 * * *', '0 0 3 * * *', '@hourly'),
        fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata'),
        fc.nat(5_000),
      )
      .map(([pattern, zone, phaseMs]) => cron(pattern, zone, phaseMs)),
  );
  fc.assert(
    fc.property(schedules, instant, fc.nat(7_200_000), (schedule, fromAt, length) => {
      assert.equal(
        countExpected(schedule, fromAt, fromAt + length),
        listed(schedule, fromAt, fromAt + length).length,
      );
    }),
    { numRuns: 60 },
  );
});

test('counts of neighbouring stretches add up: no tick is lost or doubled at an edge', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100_000 }),
      instant,
      fc.nat(1e7),
      fc.nat(1e7),
      (everyMs, at, a, b) => {
        const schedule: Schedule = { kind: 'every', everyMs, phaseMs: everyMs - 1 };
        const whole = countExpected(schedule, at, at + a + b);
        assert.equal(
          countExpected(schedule, at, at + a) + countExpected(schedule, at + a, at + a + b),
          whole,
        );
      },
    ),
  );
});

test('an hourly probe in Berlin runs 23 times on the day the clocks go forward and 25 times when they go back', () => {
  const hourly = cron('0 * * * *', 'Europe/Berlin');
  const day = (from: string, to: string): number => countExpected(hourly, Date.parse(from), Date.parse(to));
  assert.equal(day('2026-03-28T00:00+01:00', '2026-03-29T00:00+01:00'), 24);
  assert.equal(day('2026-03-29T00:00+01:00', '2026-03-30T00:00+02:00'), 23);
  assert.equal(day('2026-10-25T00:00+02:00', '2026-10-26T00:00+01:00'), 25);
});

test('a probe at 02:30 in Berlin runs once on each day, also where 02:30 is missing or comes twice', () => {
  const daily = cron('0 30 2 * * *', 'Europe/Berlin');
  assert.deepEqual(iso(listed(daily, Date.parse('2026-03-28T00:00Z'), Date.parse('2026-03-31T00:00Z'))), [
    '2026-03-28T01:30:00.000Z',
    '2026-03-29T01:00:00.000Z',
    '2026-03-30T00:30:00.000Z',
  ]);
  assert.deepEqual(iso(listed(daily, Date.parse('2026-10-24T12:00Z'), Date.parse('2026-10-26T12:00Z'))), [
    '2026-10-25T00:30:00.000Z',
    '2026-10-26T01:30:00.000Z',
  ]);
});

test('every ten seconds stays every ten seconds while the clocks change', () => {
  const schedule = cron('*/10 * * * * *', 'Europe/Berlin', 250);
  const ticks = listed(schedule, Date.parse('2026-10-25T00:30Z'), Date.parse('2026-10-25T01:30Z'));
  assert.equal(ticks.length, 360);
  assert.ok(ticks.every((at, n) => n === 0 || at - (ticks[n - 1] ?? 0) === 10_000));
});

test('a pattern that names no date has no next tick and expects none', () => {
  const never = cron('0 0 30 2 *');
  assert.equal(tickAfter(never, Date.UTC(2026, 0, 1)), null);
  assert.equal(countExpected(never, Date.UTC(2026, 0, 1), Date.UTC(2026, 2, 1)), 0);
});

test('29 February is found four years ahead', () => {
  const leap = cron('0 0 29 2 *');
  assert.equal(tickAfter(leap, Date.UTC(2028, 1, 29)), Date.UTC(2032, 1, 29));
});

test('a changed schedule expects each span by its own grid', () => {
  const minute: Schedule = { kind: 'every', everyMs: 60_000, phaseMs: 0 };
  const tenSeconds: Schedule = { kind: 'every', everyMs: 10_000, phaseMs: 0 };
  const noon = Date.UTC(2026, 4, 4, 12);
  const spans = [
    { schedule: minute, fromAt: noon, toAt: noon + 300_000 },
    { schedule: tenSeconds, fromAt: noon + 300_000, toAt: null },
  ];
  assert.equal(expectedTicks(spans, noon, noon + 600_000), 5 + 30);
  assert.equal(expectedTicks(spans, noon - 600_000, noon), 0);
  assert.equal(expectedTicks(spans, noon + 240_000, noon + 300_001), 1 + 1);
});
