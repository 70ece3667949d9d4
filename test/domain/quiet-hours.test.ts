import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestDueAt, quietUntil } from '../../src/domain/time/quiet-hours.ts';
import { DAY, HOUR, MINUTE } from '../support/alert-builders.ts';

const NIGHT = { timezone: 'Europe/Berlin', fromMinute: 22 * 60, toMinute: 7 * 60 };
const at = (text: string): number => Date.parse(text);

const NIGHTS: readonly (readonly [sentence: string, now: string, until: string | null])[] = [
  ['the minute before the night is not quiet', '2026-03-02T21:59:59+01:00', null],
  ['the night begins on its minute', '2026-03-02T22:00:00+01:00', '2026-03-03T07:00:00+01:00'],
  ['after midnight the same morning ends it', '2026-03-03T00:30:00+01:00', '2026-03-03T07:00:00+01:00'],
  ['the morning begins on its minute', '2026-03-03T07:00:00+01:00', null],
  [
    'the night the clocks go forward is an hour shorter',
    '2026-03-28T22:00:00+01:00',
    '2026-03-29T07:00:00+02:00',
  ],
  [
    'the night the clocks go back is an hour longer',
    '2026-10-24T22:00:00+02:00',
    '2026-10-25T07:00:00+01:00',
  ],
];

for (const [sentence, now, until] of NIGHTS) {
  test(sentence, () => assert.equal(quietUntil(NIGHT, at(now)), until === null ? null : at(until)));
}

test('quiet hours within one day end on that day, and none are none', () => {
  const siesta = { timezone: 'UTC', fromMinute: 12 * 60, toMinute: 14 * 60 };
  assert.equal(quietUntil(siesta, at('2026-03-02T12:00:00Z')), at('2026-03-02T14:00:00Z'));
  assert.equal(quietUntil(siesta, at('2026-03-02T14:00:00Z')), null);
  assert.equal(quietUntil({ ...siesta, toMinute: 12 * 60 }, at('2026-03-02T12:00:00Z')), null);
});

const MONDAY_8 = { weekday: 1, minuteOfDay: 8 * 60, timezone: 'Europe/Berlin' };

test('a digest is due on its weekday and minute, and the last one is asked for', () => {
  const due = at('2026-03-02T08:00:00+01:00');
  assert.equal(digestDueAt(MONDAY_8, due), due);
  assert.equal(digestDueAt(MONDAY_8, due - 1), due - 7 * DAY);
  assert.equal(digestDueAt(MONDAY_8, due + 7 * DAY - 1), due);
});

test('across a change of clocks a digest keeps its local hour', () => {
  const after = at('2026-03-30T08:00:00+02:00');
  assert.equal(digestDueAt(MONDAY_8, after + MINUTE), after);
  assert.equal(digestDueAt(MONDAY_8, after - MINUTE), after - 7 * DAY + HOUR);
});
