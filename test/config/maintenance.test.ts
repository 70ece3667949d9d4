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
      except: [],
      reason: 'planned work',
      probing: 'continue',
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
  'an exception at a time when nothing starts': [
    '{ start: 2026-11-01T02:00, duration: 2h, rrule: FREQ=WEEKLY;BYDAY=SU, exdate: [2026-12-27T03:00] }',
    /maintenance\[0\]\.exdate\[0\] {2}no start of the rule; on that day at 2026-12-27T02:00, found "2026-12-27T03:00"$/,
  ],
  'an exception on a day when nothing starts': [
    '{ start: 2026-11-01T02:00, duration: 2h, rrule: FREQ=WEEKLY;BYDAY=SU, exdate: [2026-12-26T02:00] }',
    /maintenance\[0\]\.exdate\[0\] {2}no start of the rule; on that day there is none, found/,
  ],
  'an exception that is a day': [
    '{ start: 2026-11-01T02:00, duration: 2h, rrule: FREQ=WEEKLY;BYDAY=SU, exdate: ["2026-12-27"] }',
    /maintenance\[0\]\.exdate\[0\] {2}expected a local time such as 2026-12-27T02:00, .* found "2026-12-27"$/,
  ],
  'a further start that the rule has already': [
    '{ start: 2026-11-01T02:00, duration: 2h, rrule: FREQ=WEEKLY;BYDAY=SU, rdate: [2026-12-27T02:00] }',
    /maintenance\[0\]\.rdate\[0\] {2}"2026-12-27T02:00" is a start of the rule already$/,
  ],
  'a further start without a rule': [
    '{ start: 2026-11-01T02:00, duration: 2h, rdate: [2026-12-28T02:00] }',
    /maintenance\[0\]\.rdate\[0\] {2}rdate belongs to an rrule; work that happens once has a start$/,
  ],
  'probing that halts': [
    '{ start: 2026-11-01T02:00, duration: 2h, probing: stop }',
    /maintenance\[0\]\.probing {2}expected one of "continue", "pause", found "stop"$/,
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

test('a rule may leave out a start and have others beside, each announced for itself', () => {
  const found = read(
    '{ start: 2026-11-01T02:00, duration: 2h, rrule: FREQ=WEEKLY;BYDAY=SU, exdate: [2026-12-27T02:00], rdate: [2026-12-28T02:00] }',
  );
  assert.deepEqual(
    found.map(({ start, rrule, except }) => [start, rrule, except]),
    [
      ['2026-11-01T02:00', 'FREQ=WEEKLY;BYDAY=SU', ['2026-12-27T02:00']],
      ['2026-12-28T02:00', null, []],
    ],
  );
});

const COUNTED = 'availability: { method: occurrences, target: "99" }';

for (const [mode, warned] of [
  ['not_excluded', true],
  ['remove_from_denominator', false],
] as const) {
  test(`a pause under a contract with maintenance ${mode} is ${warned ? 'worth a warning' : 'fine'}`, () => {
    const loaded = loadBeside([
      `contracts: { c: { version: "1", window: { kind: calendar_month, timezone: UTC }, ${COUNTED}, maintenance: { mode: ${mode} } } }
tiers:
  standard: { apiKey: { env: ACME_KEY }, contract: c }
  pro: { apiKey: { env: ACME_KEY }, modelPrefix: Pro/ }
maintenance: { scope: acme, start: 2026-11-01T02:00, duration: 2h, probing: pause }
`,
    ]);
    assert.equal(loaded.kind, 'config', told(loaded));
    assert.equal(/what fails while probing pauses is not seen/.test(told(loaded)), warned, told(loaded));
  });
}
