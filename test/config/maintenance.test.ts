import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadBeside, told } from '../support/bad-probes.ts';

function read(entry: string) {
  const loaded = loadBeside([`maintenance:\n  - ${entry}\n`]);
  assert.equal(loaded.kind, 'config', told(loaded));
  return loaded.kind === 'config' ? loaded.config.maintenance : [];
}

test('planned work without a scope is that of every gateway, with several one each', () => {
  const everywhere = read('{ start: 2026-11-01T02:00, duration: 2h }');
  assert.deepEqual(everywhere, [
    {
      scope: 'acme',
      start: '2026-11-01T02:00',
      timezone: 'UTC',
      durationMs: 7_200_000,
      rrule: null,
      announced: null,
      reason: 'planned work',
    },
  ]);
  const scopes = read('{ scope: [acme/standard, acme], start: 2026-11-01T02:00Z, duration: 90m }');
  assert.deepEqual(
    scopes.map(({ scope }) => scope),
    ['acme/standard', 'acme'],
  );
});

const BAD: Readonly<Record<string, readonly [entry: string, problem: RegExp]>> = {
  'a gateway nobody has': [
    '{ scope: acmee, start: 2026-11-01T02:00, duration: 2h }',
    /^it\.yaml:2:14 {2}maintenance\[0\]\.scope {2}unknown gateway "acmee" \(did you mean "acme"\?\)$/,
  ],
  'a tier nobody has': [
    '{ scope: acme/gold, start: 2026-11-01T02:00, duration: 2h }',
    /maintenance\[0\]\.scope {2}unknown tier "gold"/,
  ],
  'a start that is no time': [
    '{ start: tomorrow, duration: 2h }',
    /maintenance\[0\]\.start {2}expected a time such as 2026-11-01T02:00, .*found "tomorrow"$/,
  ],
  'a recurring start with an offset': [
    '{ start: "2026-11-01T02:00Z", duration: 2h, rrule: FREQ=DAILY }',
    /maintenance\[0\]\.start {2}expected the local time of the first occurrence/,
  ],
  'a rule that is none': [
    '{ start: 2026-11-01T02:00, duration: 2h, rrule: every sunday }',
    /maintenance\[0\]\.rrule {2}expected a rule such as FREQ=WEEKLY;BYDAY=SU; unknown part "every sunday"/,
  ],
  'a duration of two months': [
    '{ start: 2026-11-01T02:00, duration: 62d }',
    /maintenance\[0\]\.duration {2}expected a duration up to 31d, found "62d"$/,
  ],
  'a zone that is none': [
    '{ start: 2026-11-01T02:00, duration: 2h, timezone: Mars/Base }',
    /maintenance\[0\]\.timezone {2}expected an IANA time zone such as Europe\/Berlin, found "Mars\/Base"$/,
  ],
  'an announcement that is no time': [
    '{ start: 2026-11-01T02:00, duration: 2h, announced: in May }',
    /maintenance\[0\]\.announced {2}expected a time such as 2026-10-20T09:00, found "in May"$/,
  ],
  'a missing duration': [
    '{ start: 2026-11-01T02:00 }',
    /maintenance\[0\]\.duration {2}missing: expected a duration/,
  ],
};

for (const [name, [entry, problem]] of Object.entries(BAD)) {
  test(`${name} is one problem with its place`, () => {
    const loaded = loadBeside([`maintenance:\n  - ${entry}\n`]);
    assert.equal(loaded.kind, 'problems');
    assert.match(told(loaded), problem);
    assert.equal(told(loaded).split('\n').length, 1);
  });
}

test('an announcement after the beginning is worth a warning', () => {
  const loaded = loadBeside([
    'maintenance: { start: 2026-11-01T02:00, duration: 2h, announced: 2026-11-01T02:01 }\n',
  ]);
  assert.equal(loaded.kind, 'config');
  assert.match(told(loaded), /announced after it began/);
});
