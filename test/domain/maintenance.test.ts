import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type DeclaredWork,
  HORIZON_MS,
  nextWindows,
  pausesIn,
  type RememberedWork,
  windowsOf,
  workChanges,
} from '../../src/domain/contract/maintenance.ts';
import { recurrenceFault, startsIn } from '../../src/domain/time/recurrence.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

function starts(recurrence: Parameters<typeof startsIn>[0], from: string, to: string): string[] {
  return startsIn(recurrence, Date.parse(from), Date.parse(to)).map((at) =>
    new Date(at).toISOString().slice(0, 16),
  );
}

type Vector = {
  readonly rule: string;
  readonly start: string;
  readonly timezone: string;
  readonly between: readonly [string, string];
  readonly starts: readonly string[];
  readonly except?: readonly string[];
};

const VECTORS: Readonly<Record<string, Vector>> = {
  'keeps its local time across the change of clocks': {
    rule: 'FREQ=WEEKLY;BYDAY=SA',
    start: '2026-01-03T22:00',
    timezone: 'Europe/Berlin',
    between: ['2026-03-20T00:00Z', '2026-04-06T00:00Z'],
    starts: ['2026-03-21T21:00', '2026-03-28T21:00', '2026-04-04T20:00'],
  },
  'begins an hour later where the clock skips its start': {
    rule: 'FREQ=WEEKLY;BYDAY=SU',
    start: '2026-01-04T02:30',
    timezone: 'Europe/Berlin',
    between: ['2026-03-20T00:00Z', '2026-04-06T00:00Z'],
    // 02:30 does not exist on 29 March: 03:30 CEST = 01:30Z, where 02:30 CET would be.
    starts: ['2026-03-22T01:30', '2026-03-29T01:30', '2026-04-05T00:30'],
  },
  'counts the first of two equal local times': {
    rule: 'FREQ=WEEKLY;BYDAY=SU',
    start: '2026-10-04T02:30',
    timezone: 'Europe/Berlin',
    between: ['2026-10-24T00:00Z', '2026-10-26T00:00Z'],
    starts: ['2026-10-25T00:30'],
  },
  'the last Friday of the month in New York': {
    rule: 'FREQ=MONTHLY;BYDAY=-1FR',
    start: '2026-01-30T23:00',
    timezone: 'America/New_York',
    between: ['2026-10-01T00:00Z', '2027-01-01T00:00Z'],
    starts: ['2026-10-31T03:00', '2026-11-28T04:00', '2026-12-26T04:00'],
  },
  'a last occurrence named in UTC is included': {
    rule: 'FREQ=DAILY;UNTIL=20260903T220000Z',
    start: '2026-09-01T00:00',
    timezone: 'Europe/Berlin',
    between: ['2026-08-01T00:00Z', '2026-10-01T00:00Z'],
    // Midnights in Berlin: 31 August, 1, 2 and 3 September 22:00Z.
    starts: ['2026-08-31T22:00', '2026-09-01T22:00', '2026-09-02T22:00', '2026-09-03T22:00'],
  },
  'a last day includes its own occurrence': {
    rule: 'FREQ=DAILY;UNTIL=20260902',
    start: '2026-09-01T23:00',
    timezone: 'UTC',
    between: ['2026-08-01T00:00Z', '2026-10-01T00:00Z'],
    starts: ['2026-09-01T23:00', '2026-09-02T23:00'],
  },
  'twice, and no more': {
    rule: 'RRULE:FREQ=DAILY;COUNT=2',
    start: '2026-09-01T23:00',
    timezone: 'Asia/Kolkata',
    between: ['2026-08-01T00:00Z', '2026-10-01T00:00Z'],
    starts: ['2026-09-01T17:30', '2026-09-02T17:30'],
  },
  'leaves out what is excepted, which counts all the same': {
    rule: 'FREQ=DAILY;COUNT=4',
    start: '2026-09-01T23:00',
    timezone: 'UTC',
    between: ['2026-08-01T00:00Z', '2026-10-01T00:00Z'],
    except: ['2026-09-02T23:00', '2026-09-04T23:00'],
    starts: ['2026-09-01T23:00', '2026-09-03T23:00'],
  },
  'leaves out a start that the change of clocks skips': {
    rule: 'FREQ=WEEKLY;BYDAY=SU',
    start: '2026-01-04T02:30',
    timezone: 'Europe/Berlin',
    between: ['2026-03-20T00:00Z', '2026-04-06T00:00Z'],
    except: ['2026-03-29T02:30'],
    starts: ['2026-03-22T01:30', '2026-04-05T00:30'],
  },
  'a leap day': {
    rule: 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29',
    start: '2024-02-29T12:00',
    timezone: 'UTC',
    between: ['2026-01-01T00:00Z', '2033-01-01T00:00Z'],
    starts: ['2028-02-29T12:00', '2032-02-29T12:00'],
  },
};

for (const [name, { between, starts: expected, ...recurrence }] of Object.entries(VECTORS)) {
  test(`a rule ${name}`, () => {
    assert.equal(recurrenceFault(recurrence), null);
    assert.deepEqual(starts(recurrence, ...between), expected);
  });
}

const FAULTS: Readonly<Record<string, RegExp>> = {
  'FREQ=MINUTELY': /^expected FREQ=DAILY/,
  'BYDAY=SU': /^expected FREQ=DAILY/,
  'FREQ=DAILY;BYFOO=3': /^unknown part "BYFOO"/,
  'FREQ=WEEKLY;BYDAY=XX': /Invalid BYDAY/,
  'FREQ=WEEKLY;BYDAY=2SU': /BYDAY/,
  'FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=31': /^never occurs$/,
  'FREQ=DAILY;UNTIL=20250101': /^never occurs$/,
};

for (const [rule, fault] of Object.entries(FAULTS)) {
  test(`${rule} is refused`, () => {
    assert.match(recurrenceFault({ rule, start: '2026-09-01T02:00', timezone: 'UTC' }) ?? '', fault);
  });
}

test('looking at a stretch in two halves finds what looking at it whole finds', () => {
  const rules = [
    'FREQ=WEEKLY;BYDAY=SU,WE',
    'FREQ=DAILY;INTERVAL=3',
    'FREQ=MONTHLY;BYDAY=1SU',
    'FREQ=DAILY;COUNT=40',
  ];
  const zones = ['Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Pacific/Auckland'];
  fc.assert(
    fc.property(
      fc.constantFrom(...rules),
      fc.constantFrom(...zones),
      fc.integer({ min: 0, max: 100 * 24 }),
      (rule, timezone, hours) => {
        const recurrence = { rule, start: '2026-02-20T02:30', timezone };
        const [fromAt, toAt] = [Date.UTC(2026, 1, 15), Date.UTC(2026, 5, 1)];
        const cut = fromAt + hours * HOUR;
        assert.deepEqual(
          [...startsIn(recurrence, fromAt, cut), ...startsIn(recurrence, cut, toAt)],
          startsIn(recurrence, fromAt, toAt),
        );
      },
    ),
    { numRuns: 40 },
  );
});

const WEEKLY: DeclaredWork = {
  scope: 'acme/pro',
  start: '2026-11-01T02:00',
  timezone: 'Europe/Berlin',
  durationMs: 2 * HOUR,
  rrule: 'FREQ=WEEKLY;BYDAY=SU',
  announced: null,
  except: [],
  reason: 'deployment',
  probing: 'continue',
};
const ONCE: DeclaredWork = { ...WEEKLY, start: '2026-11-10T22:00:00Z', rrule: null };
const NOW = Date.parse('2026-11-03T12:00:00Z');

/** Remembers as the store does. */
function remember(known: readonly RememberedWork[], declared: readonly DeclaredWork[], now: number) {
  const { add, withdraw } = workChanges(declared, known, now);
  const kept = known.map((one) =>
    withdraw.includes(one.no)
      ? { ...one, cancelledAt: now, withdrawn: true, toAt: one.fromAt < now ? now : one.toAt }
      : one,
  );
  const added = add.map((one, i) => ({
    ...one,
    no: known.length + i + 1,
    enteredAt: now,
    cancelledAt: null,
    withdrawn: false,
  }));
  return [...kept, ...added];
}

test('work that is going on is found by its end, work that is over is not', () => {
  const found = (from: string, to: string): number =>
    windowsOf(WEEKLY, Date.parse(from), Date.parse(to)).length;
  assert.equal(found('2026-11-08T02:59:59Z', '2026-11-08T03:00:00Z'), 1);
  assert.equal(found('2026-11-08T03:00:00Z', '2026-11-09T00:00:00Z'), 0);
  assert.equal(found('2026-11-08T00:00:00Z', '2026-11-08T01:00:00Z'), 0);
  assert.equal(found('2026-11-08T00:00:00Z', '2026-11-08T01:00:01Z'), 1);
});

test('a declaration is remembered once, as long as it stands, with the time it was first seen', () => {
  let known = remember([], [WEEKLY, ONCE], NOW);
  const first = known.length;
  assert.ok(first >= 9);
  known = remember(known, [WEEKLY, ONCE], NOW + HOUR);
  assert.equal(known.length, first);
  // Ten weeks on, the weeks that came into sight are new rows; they were announced when the rule was first seen.
  const later = workChanges([WEEKLY, ONCE], known, NOW + 70 * DAY);
  assert.ok(later.add.length > 0);
  assert.ok(later.add.every((one) => one.announcedAt === NOW && one.fromAt < NOW + 70 * DAY + HORIZON_MS));
  assert.deepEqual(later.withdraw, []);
});

test('an edit withdraws what lies ahead and announces anew; what is over stays as it was', () => {
  const known = remember([], [WEEKLY], NOW);
  const edited = { ...WEEKLY, durationMs: 4 * HOUR };
  const at = NOW + 10 * DAY;
  const { add, withdraw } = workChanges([edited], known, at);
  const over = known.filter((one) => one.toAt <= at).map((one) => one.no);
  assert.equal(over.length, 1);
  assert.deepEqual(
    withdraw,
    known.map((one) => one.no).filter((no) => !over.includes(no)),
  );
  assert.ok(add.every((one) => one.announcedAt === at && one.fromAt > at));
});

test('what left the configuration and came back was announced when it came back', () => {
  const gone = remember(remember([], [WEEKLY], NOW), [], NOW + DAY);
  assert.ok(gone.every((one) => one.withdrawn));
  const { add } = workChanges([WEEKLY], gone, NOW + 2 * DAY);
  assert.ok(add.length > 0 && add.every((one) => one.announcedAt === NOW + 2 * DAY));
});

test('a start that is called off is withdrawn; the others stay as early announced as they were', () => {
  const known = remember([], [WEEKLY], NOW);
  // The Sunday after next, 02:00 in Berlin.
  const except = ['2026-11-15T02:00'];
  const { add, withdraw } = workChanges([{ ...WEEKLY, except }], known, NOW + DAY);
  const off = known.filter(({ fromAt }) => fromAt === Date.parse('2026-11-15T01:00:00Z'));
  assert.equal(off.length, 1);
  assert.deepEqual([add, withdraw], [[], off.map(({ no }) => no)]);

  const after = remember(known, [{ ...WEEKLY, except }], NOW + DAY);
  const later = workChanges([{ ...WEEKLY, except }], after, NOW + 70 * DAY);
  assert.ok(later.add.length > 0 && later.add.every(({ announcedAt }) => announcedAt === NOW));
  // Back again, it is announced anew, and it alone.
  const back = workChanges([WEEKLY], after, NOW + 2 * DAY);
  assert.deepEqual(
    back.add.map(({ fromAt, announcedAt }) => [fromAt, announcedAt]),
    [[off[0]?.fromAt, NOW + 2 * DAY]],
  );
});

test('work that pauses probing does so for what it covers and no longer than it lasts', () => {
  const targets = ['acme/pro/a', 'acme/pro/b', 'acme/free/a'];
  const pausing = { ...WEEKLY, probing: 'pause' as const };
  const fromAt = Date.parse('2026-11-08T01:00:00Z');
  assert.deepEqual(pausesIn([pausing, ONCE], targets, NOW, NOW + 7 * DAY), [
    { targets: ['acme/pro/a', 'acme/pro/b'], fromAt, toAt: fromAt + 2 * HOUR },
  ]);
  assert.deepEqual(pausesIn([pausing], ['other/pro/a'], NOW, NOW + 7 * DAY), []);
});

test('what a person cancelled stays cancelled though it is still declared', () => {
  const [first, ...others] = remember([], [WEEKLY], NOW);
  assert.ok(first);
  const known = [{ ...first, cancelledAt: NOW + 1 }, ...others];
  assert.deepEqual(workChanges([WEEKLY], known, NOW + HOUR).add, []);
});

test('an announcement that the configuration dates keeps that date, and when we saw it is kept beside', () => {
  const [one] = remember([], [{ ...ONCE, announced: '2026-10-20T09:00' }], NOW);
  assert.ok(one && 'announcedAt' in one);
  assert.equal(one.announcedAt, Date.parse('2026-10-20T07:00:00Z'));
  assert.equal(one.enteredAt, NOW);
});

test('the next windows are told in time order', () => {
  assert.deepEqual(
    nextWindows([WEEKLY, ONCE], NOW, 2).map(({ from }) => from),
    ['2026-11-08T01:00:00Z', '2026-11-10T22:00:00Z', '2026-11-15T01:00:00Z'],
  );
});
