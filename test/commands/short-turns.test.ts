import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createShortTurns } from '../../src/commands/run/short-turns.ts';

test('work without a pause rests after each turn of half a millisecond, and not before', () => {
  let at = 0;
  const turnsMs: number[] = [];
  const restsMs: number[] = [];
  let since = 0;
  const giveWay = createShortTurns(
    () => at,
    (ms) => {
      turnsMs.push(at - since);
      restsMs.push(ms);
      since = at;
    },
  );
  giveWay();
  assert.deepEqual(turnsMs, [], 'nothing was done yet');
  for (let piece = 0; piece < 1_000; piece += 1) {
    at += 0.125;
    giveWay();
  }
  assert.deepEqual(new Set(turnsMs), new Set([0.5]));
  assert.equal(turnsMs.length, 250);
  assert.ok(
    restsMs.every((ms) => ms > 0 && ms < 0.25),
    'most of the time is left for the work',
  );
});

test('after a rest, however long it was, comes a whole turn', () => {
  let at = 0;
  let rests = 0;
  const giveWay = createShortTurns(
    () => at,
    () => {
      rests += 1;
      at += 20;
    },
  );
  const restsAfter = [0.5, 0.25, 0.25, 0.25].map((workMs) => {
    at += workMs;
    giveWay();
    return rests;
  });
  assert.deepEqual(restsAfter, [1, 1, 2, 2]);
});

test('a rest takes the thread off its processor', { skip: process.platform !== 'linux' }, () => {
  let at = 0;
  const giveWay = createShortTurns(() => at);
  const before = process.resourceUsage().voluntaryContextSwitches;
  for (let turn = 0; turn < 50; turn += 1) {
    at += 1;
    giveWay();
  }
  const switches = process.resourceUsage().voluntaryContextSwitches - before;
  assert.ok(switches >= 50, `it left its processor ${switches} times in 50 rests`);
});
