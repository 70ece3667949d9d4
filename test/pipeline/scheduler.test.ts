import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Schedule } from '../../src/domain/time/schedule.ts';
import { countExpected } from '../../src/pipeline/probing/expected-ticks.ts';
import { createScheduler, type Scheduled } from '../../src/pipeline/probing/scheduler.ts';
import { type ClockStep, createSteadyClock } from '../../src/pipeline/probing/steady-clock.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

const NOON = Date.UTC(2026, 2, 10, 12);
const MINUTE = 60_000;

function every(everyMs: number, phaseMs = 0): Schedule {
  return { kind: 'every', everyMs, phaseMs };
}

function stage(series: readonly Scheduled[], fromAt = NOON) {
  const clock = createVirtualClock(NOON);
  const ran: { id: string; at: number; lagUs: number }[] = [];
  const missed: { id: string; at: number }[] = [];
  const steps: ClockStep[] = [];
  let untold = 0;
  const steady = createSteadyClock(clock, (step) => steps.push(step));
  const scheduler = createScheduler(clock, steady, {
    onTick: (id, { scheduledAt, dueUs }) =>
      ran.push({ id, at: scheduledAt, lagUs: Math.round(clock.monotonicUs() - dueUs) }),
    onMissed: (id, at) => missed.push({ id, at }),
    onUntold: (ticks) => {
      untold += ticks;
    },
  });
  scheduler.schedule(series, fromAt);
  return { clock, scheduler, ran, missed, steps, untold: () => untold };
}

const at = (rows: readonly { at: number }[]): number[] => rows.map((row) => (row.at - NOON) / 1000);

test('a series fires on its grid, first tick included, however long ago the grid began', async () => {
  const { clock, ran, missed } = stage([{ id: 'a', schedule: every(10_000, 3_000) }]);
  await clock.advance(33_000);
  assert.deepEqual(at(ran), [3, 13, 23, 33]);
  assert.deepEqual(missed, []);
});

test('a tick on the very instant of the start is run', async () => {
  const { clock, ran } = stage([{ id: 'a', schedule: every(10_000) }]);
  await clock.advance(9_999);
  assert.deepEqual(at(ran), [0]);
});

test('series with different phases do not fire together', async () => {
  const { clock, ran } = stage([
    { id: 'a', schedule: every(10_000, 9_000) },
    { id: 'b', schedule: every(10_000, 1) },
    { id: 'c', schedule: every(5_000, 2_500) },
  ]);
  await clock.advance(10_000);
  assert.deepEqual(
    ran.map(({ id, at: tick }) => [id, tick - NOON]),
    [
      ['b', 1],
      ['c', 2_500],
      ['c', 7_500],
      ['a', 9_000],
    ],
  );
});

test('no tick fires twice when the clock steps back', async () => {
  const { clock, ran, missed, steps } = stage([{ id: 'a', schedule: every(10_000) }]);
  await clock.advance(60_000);
  clock.step(-30_000);
  await clock.advance(60_000);
  assert.deepEqual(at(ran), [0, 10, 20, 30, 40, 50, 60, 70, 80, 90]);
  assert.deepEqual(missed, []);
  assert.deepEqual(
    steps.map((step) => step.byMs),
    [-30_000],
  );
});

test('a clock that showed next year at the start and is then put right silences nobody for a year', async () => {
  const { clock, ran, missed } = stage([{ id: 'a', schedule: every(10_000) }]);
  await clock.advance(20_000);
  clock.step(-365 * 24 * 60 * MINUTE);
  const putRightAt = clock.now();
  await clock.advance(30_500);
  const after = ran.filter((tick) => tick.at < NOON);
  assert.deepEqual(
    after.map((tick) => tick.at - putRightAt),
    [10_000, 20_000, 30_000],
  );
  assert.deepEqual(missed, []);
});

test('what a step forwards jumps over is missed, tick by tick', async () => {
  const { clock, ran, missed } = stage([{ id: 'a', schedule: every(10_000) }]);
  await clock.advance(15_000);
  clock.step(40_000);
  await clock.advance(20_000);
  assert.deepEqual(at(ran), [0, 10, 60, 70]);
  assert.deepEqual(at(missed), [20, 30, 40, 50]);
});

test('a drift of 128 ms is followed without calling it a step', async () => {
  const { clock, ran, steps } = stage([{ id: 'a', schedule: every(10_000) }]);
  await clock.advance(5_000);
  clock.step(-128);
  await clock.advance(60_000);
  assert.deepEqual(steps, []);
  assert.deepEqual(at(ran), [0, 10, 20, 30, 40, 50, 60]);
});

/** Interval, how long the loop is blocked from just before the tick at 10 s, and what becomes of that tick. */
const LATE: readonly (readonly [string, number, number, 'run' | 'missed'])[] = [
  ['a tick that is two seconds late still runs', 10_000, 2_001, 'run'],
  ['a tick that is later than two seconds is missed', 10_000, 2_002, 'missed'],
  ['a tick that is half an interval late still runs', 2_000, 1_001, 'run'],
  ['a tick that is later than half an interval is missed', 2_000, 1_002, 'missed'],
];
for (const [sentence, everyMs, blockedMs, fate] of LATE) {
  test(sentence, async () => {
    const { clock, ran, missed } = stage([{ id: 'a', schedule: every(everyMs) }], NOON + 10_000);
    await clock.advance(9_999);
    clock.block(blockedMs);
    await clock.advance(0);
    assert.deepEqual(at(ran), fate === 'run' ? [10] : []);
    assert.deepEqual(at(missed), fate === 'missed' ? [10] : []);
  });
}

test('a blocked loop yields missed rows for all but the tick that can still be run', async () => {
  const { clock, ran, missed } = stage([{ id: 'a', schedule: every(1_000) }]);
  await clock.advance(10_500);
  clock.block(5_700);
  await clock.advance(0);
  assert.deepEqual(at(missed), [11, 12, 13, 14, 15]);
  assert.equal(at(ran).at(-1), 16);
  assert.equal(ran.at(-1)?.lagUs, 200_000);
});

test('a tick that becomes due while others are being run is not forgotten', async () => {
  const clock = createVirtualClock(NOON);
  const ran: string[] = [];
  const steady = createSteadyClock(clock, () => {});
  const scheduler = createScheduler(clock, steady, {
    onTick: (id) => {
      ran.push(id);
      clock.block(3);
    },
    onMissed: () => assert.fail('nothing is late enough to be missed'),
  });
  scheduler.schedule(
    Array.from({ length: 10 }, (_, n) => ({ id: `${n}`, schedule: every(10_000, 100 + n) })),
    NOON,
  );
  await clock.advance(200);
  assert.deepEqual(ran, ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
});

test('after a week asleep the loop is busy for a moment, not for a week', async () => {
  const series = Array.from({ length: 100 }, (_, n) => ({ id: `${n}`, schedule: every(10_000, n * 100) }));
  const { clock, ran, missed, untold } = stage(series);
  await clock.advance(20_000);
  const before = ran.length;
  clock.step(7 * 86_400_000);
  await clock.advance(60_000);
  const expected = series.reduce(
    (sum, { schedule }) => sum + countExpected(schedule, NOON, Math.floor(clock.now()) + 1),
    0,
  );
  assert.equal(missed.length, 50_000);
  assert.ok(ran.length > before);
  assert.equal(ran.length + missed.length + untold(), expected);
});

test('a reload keeps the series that stay, starts the new ones and ends the others', async () => {
  const { clock, scheduler, ran } = stage([
    { id: 'stays', schedule: every(10_000) },
    { id: 'goes', schedule: every(10_000) },
    { id: 'changes', schedule: every(10_000) },
  ]);
  await clock.advance(15_000);
  scheduler.schedule(
    [
      { id: 'stays', schedule: every(10_000) },
      { id: 'changes', schedule: every(5_000) },
      { id: 'new', schedule: every(20_000) },
    ],
    NOON + 15_000,
  );
  await clock.advance(10_000);
  const ticksOf = (id: string): number[] => at(ran.filter((row) => row.id === id));
  assert.deepEqual(ticksOf('stays'), [0, 10, 20]);
  assert.deepEqual(ticksOf('goes'), [0, 10]);
  assert.deepEqual(ticksOf('changes'), [0, 10, 15, 20, 25]);
  assert.deepEqual(ticksOf('new'), [20]);
});

test('a reload after the clock was set back does not bring back ticks that have run', async () => {
  const { clock, scheduler, ran } = stage([{ id: 'a', schedule: every(10_000) }]);
  await clock.advance(60_000);
  clock.step(-30_000);
  await clock.advance(1_000);
  scheduler.schedule([{ id: 'a', schedule: every(5_000) }], NOON + 31_000);
  await clock.advance(40_000);
  assert.deepEqual(at(ran), [0, 10, 20, 30, 40, 50, 60, 65, 70]);
});

test('a clock that leaps a day ahead and is put right is followed back: nothing waits for that day to come, nothing runs twice', async () => {
  const { clock, ran, missed } = stage([{ id: 'a', schedule: every(10_000) }]);
  const day = 86_400_000;
  await clock.advance(60_000);
  clock.step(day);
  await clock.advance(60_000);
  clock.step(-day);
  await clock.advance(60_000);
  const near = ran.filter((row) => row.at < NOON + day / 2);
  assert.ok(at(near).filter((one) => one >= 120).length >= 5, 'it goes on at once');
  await clock.advance(day);
  const ticks = ran.map((row) => row.at);
  assert.equal(new Set(ticks).size, ticks.length, 'no tick twice');
  assert.ok(missed.length > 8_000, 'what was jumped over was told when it was');
  assert.ok(ran.length > 8_600, 'and was run when it really came');
});

test('a clock that was right and is set back by an hour brings back nothing that has run', async () => {
  const { clock, ran } = stage([{ id: 'a', schedule: every(10_000) }]);
  await clock.advance(120 * MINUTE);
  clock.step(-60 * MINUTE);
  await clock.advance(70 * MINUTE);
  const ticks = ran.map((row) => row.at);
  assert.equal(new Set(ticks).size, ticks.length, 'no tick twice');
  assert.equal(ran.at(-1)?.at, NOON + 130 * MINUTE);
});

test('each expected tick of a day has run or is missed, through blocks and steps', async () => {
  const schedules: readonly Schedule[] = [
    every(60_000, 17_003),
    every(7_000, 6_999),
    { kind: 'cron', cron: '*/30 * * * * *', timezone: 'Europe/Berlin', phaseMs: 1_234 },
  ];
  const { clock, ran, missed } = stage(schedules.map((schedule, n) => ({ id: `${n}`, schedule })));
  for (let hour = 0; hour < 24; hour += 1) {
    await clock.advance(59 * MINUTE);
    if (hour % 3 === 0) clock.block(MINUTE);
    else if (hour % 3 === 1) clock.step(-20_000);
    else await clock.advance(MINUTE);
    if (hour % 5 === 0) clock.step(45_000);
  }
  // Beyond the last step back, so that every instant before it has been passed.
  await clock.advance(MINUTE);
  const endAt = Math.floor(clock.now()) + 1;
  for (const [n, schedule] of schedules.entries()) {
    const told = [...ran, ...missed].filter((row) => row.id === `${n}`).map((row) => row.at);
    assert.equal(new Set(told).size, told.length, 'no tick twice');
    assert.equal(told.length, countExpected(schedule, NOON, endAt));
  }
  assert.ok(missed.length > 0 && ran.length > missed.length);
});

test('a stopped scheduler fires nothing more', async () => {
  const { clock, scheduler, ran } = stage([{ id: 'a', schedule: every(10_000) }]);
  await clock.advance(10_000);
  scheduler.stop();
  await clock.advance(60_000);
  assert.equal(ran.length, 2);
});
