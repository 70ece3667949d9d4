import assert from 'node:assert/strict';
import { test } from 'node:test';
import { templateIds } from '../../src/config/contract-template.ts';
import { loadContracts, readContractText } from '../../src/config/load-contract.ts';
import { formatProblem } from '../../src/domain/problem.ts';

const GOOD = `id: ours
version: 1
currency: EUR
window: { kind: calendar_month, timezone: Europe/Berlin }
availability:
  method: timeslices
  slice: 60s
  sliceBadWhen: { errorRateGt: "0.05" }
  emptySlice: good
  target: "99.9"
latency:
  - metric: ttft_ms
    form: whole_window_percentile
    p: 99
    op: "<"
    value: 500
credits:
  shape: ladder
  ladder:
    - { below: "99.9", percent: 10 }
    - { below: "99.0", percent: 25 }
claim:
  deadlines:
    - { type: submit, offset: 30, unit: days, anchor: window_end }
chronic:
  - { when: { consecutive: 2 }, right: terminate }
`;

function problemsOf(text: string): string[] {
  return readContractText(text, 'c.yaml').problems.map(formatProblem);
}

function replaced(from: string, to: string): string {
  assert.ok(GOOD.includes(from), `the good contract contains ${from}`);
  return GOOD.replace(from, to);
}

test('the good contract has no problem', () => {
  assert.deepEqual(problemsOf(GOOD), []);
});

for (const id of templateIds()) {
  test(`the template ${id} parses, bears its file's name and says what is assumed`, () => {
    const loaded = loadContracts(id);
    assert.deepEqual(loaded?.problems, []);
    const versions = loaded?.contracts.get(id);
    assert.equal(versions?.length, 1);
    const { assumed, secondary, verified } = versions?.[0]?.provenance ?? {};
    assert.ok((assumed?.length ?? 0) + (secondary?.length ?? 0) + (verified?.length ?? 0) > 0);
  });
}

type Bad = readonly [from: string, to: string, problems: readonly string[]];

const BAD: Readonly<Record<string, Bad>> = {
  'no version': ['version: 1\n', '', ['c.yaml:1:1  version  expected a text or a number, found nothing']],
  'a fee, a fee of one scope and a least credit below zero': [
    'credits:\n',
    'fee: { amount: "-8000", scopes: { acme/pro: "-0.01" } }\ncredits:\n  minCredit: { amount: -1 }\n',
    [
      'c.yaml:17:16  fee.amount  must be an amount, zero or more, found -8000',
      'c.yaml:17:45  fee.scopes["acme/pro"]  must be an amount, zero or more, found -0.01',
      'c.yaml:19:24  credits.minCredit.amount  must be an amount, zero or more, found -1',
    ],
  ],
  'an unknown time zone': [
    'Europe/Berlin',
    'Europe/Berln',
    [
      'c.yaml:4:43  window.timezone  unknown time zone "Europe/Berln"; did you mean Europe/Berlin?; expected an IANA name such as UTC or Europe/Berlin',
    ],
  ],
  'an offset is no time zone': [
    'Europe/Berlin',
    '"+02:00"',
    [
      'c.yaml:4:43  window.timezone  unknown time zone "+02:00"; expected an IANA name such as UTC or Europe/Berlin',
    ],
  ],
  'a target of 120 %': [
    'target: "99.9"',
    'target: "120"',
    ['c.yaml:10:11  availability.target  must be a percentage above 0 to 100, found 120'],
  ],
  'a target just above 100 %': [
    'target: "99.9"',
    'target: "100.0001"',
    ['c.yaml:10:11  availability.target  must be a percentage above 0 to 100, found 100.0001'],
  ],
  'a slice that does not divide the hour': [
    'slice: 60s',
    'slice: 7m',
    ['c.yaml:7:10  availability.slice  must divide the hour and last 1s to 1h (10s, 60s, 5m, 1h), found 7m'],
  ],
  'a slice longer than the hour': [
    'slice: 60s',
    'slice: 2h',
    ['c.yaml:7:10  availability.slice  must divide the hour and last 1s to 1h (10s, 60s, 5m, 1h), found 2h'],
  ],
  'a deadline without an anchor': [
    'unit: days, anchor: window_end',
    'unit: days',
    [
      'c.yaml:24:7  claim.deadlines[0].anchor  expected one of incident_start, incident_end, awareness, window_end, eligibility, incident_month_end, billing_cycle_end, found nothing',
    ],
  ],
  'a percentage as a float': [
    'target: "99.9"',
    'target: 99.9',
    [
      'c.yaml:10:11  availability.target  expected a decimal in quotes such as "99.9", found the number 99.9; write it in quotes: "99.9" (a binary float is not exact)',
    ],
  ],
  'a percentage with a sign of percent': [
    'target: "99.9"',
    'target: 99.9 %',
    ['c.yaml:10:11  availability.target  expected a decimal in quotes such as "99.9", found "99.9 %"'],
  ],
  'two rows of the same ladder that begin alike': [
    '{ below: "99.0", percent: 25 }',
    '{ below: "99.90", percent: 25 }',
    ['c.yaml:21:7  credits.ladder[1]  overlaps row 1 of the ladder: below 99.90 and below 99.9'],
  ],
  'printed rows that meet in one point': [
    '{ below: "99.0", percent: 25 }',
    '{ atMost: "99.8", atLeast: 99, percent: 25 }\n    - { atMost: 99, percent: 50 }',
    [
      'c.yaml:21:7  credits.ladder[1]  overlaps row 1 of the ladder: at most 99.8, at least 99 and below 99.9',
      'c.yaml:22:7  credits.ladder[2]  overlaps row 1 of the ladder: at most 99 and below 99.9',
    ],
  ],
  'a ladder that pays less for less': [
    '{ below: "99.0", percent: 25 }',
    '{ below: "99.0", percent: 5 }',
    [
      'c.yaml:21:7  credits.ladder[1]  warning:  pays less for less uptime: 5 % below 99.0, but 10 % below 99.9',
    ],
  ],
  'a ladder that pays above the target': [
    '{ below: "99.9", percent: 10 }',
    '{ below: "99.95", percent: 10 }',
    ['c.yaml:20:7  credits.ladder[0]  warning:  pays below 99.95 although the target is 99.9'],
  ],
  'a key in the spelling of another language': [
    'emptySlice: good',
    'empty-slices: good',
    [
      'c.yaml:5:1  availability.emptySlice  expected one of good, bad, exclude, found nothing',
      'c.yaml:9:3  availability.empty-slices  unknown key empty-slices; did you mean emptySlice?',
    ],
  ],
  'a key in both spellings': [
    'emptySlice: good',
    'emptySlice: good\n  empty_slice: bad',
    ['c.yaml:10:3  availability.empty_slice  given twice, in two spellings or places; keep one'],
  ],
  'a wrong value under a key with underscores': [
    'emptySlice: good',
    'empty_slice: god',
    [
      'c.yaml:9:16  availability.empty_slice  expected one of good, bad, exclude, found "god"; did you mean good?',
    ],
  ],
  'keys of another method': [
    'method: timeslices',
    'method: occurrences',
    [
      'c.yaml:8:3  availability.sliceBadWhen  sliceBadWhen does not apply to method occurrences, only to timeslices; leave it out',
      'c.yaml:9:3  availability.emptySlice  emptySlice does not apply to method occurrences, only to timeslices and ratio_timeslices; leave it out',
    ],
  ],
  'a key of another shape of credit': [
    '  shape: ladder\n',
    '  shape: ladder\n  percentPerPoint: 2\n',
    [
      'c.yaml:19:3  credits.percentPerPoint  percentPerPoint does not apply to shape ladder, only to linear; leave it out',
    ],
  ],
  'rounding to nobody knows how many digits': [
    'currency: EUR',
    'rounding: { mode: floor }\ncurrency: EUR',
    ['c.yaml:3:1  rounding  mode floor needs decimals, such as decimals: 2'],
  ],
  'conditions nobody can read': [
    'latency:',
    'eligible: output_tokens ~ 75\nlatency:',
    [
      'c.yaml:11:11  eligible  expected conditions such as { stream: true, outputTokensOver: 75 } or "stream, output_tokens>75", found "output_tokens ~ 75"',
    ],
  ],
  'a key in the wrong place': [
    'currency: EUR',
    'target: "99.9"\ncurrency: EUR',
    ['c.yaml:3:1  target  target does not belong here but under availability or latency'],
  ],
  'an unknown word of a closed list': [
    'emptySlice: good',
    'emptySlice: god',
    [
      'c.yaml:9:15  availability.emptySlice  expected one of good, bad, exclude, found "god"; did you mean good?',
    ],
  ],
  'an error rate in percent': [
    'errorRateGt: "0.05"',
    'errorRateGt: 5',
    [
      'c.yaml:8:32  availability.sliceBadWhen.errorRateGt  expected a share between 0 and 1 ("0.05" is 5 %), found 5',
    ],
  ],
  'a latency with a floor': [
    'op: "<"',
    'op: ">"',
    ['c.yaml:15:9  latency[0].op  expected < or <= (a latency has a ceiling), found >'],
  ],
  'a percentile of one hundred': [
    'p: 99',
    'p: 100',
    ['c.yaml:14:8  latency[0].p  must be a percentile above 0 and below 100, found 100'],
  ],
  'a right that asks for nothing': [
    '{ consecutive: 2 }',
    '{}',
    ['c.yaml:26:7  chronic[0].when  expected exactly one of consecutive, k with m, singleWindowBelow'],
  ],
  'a run of bad slices longer than any window': [
    'emptySlice: good',
    'emptySlice: good\n  minRunSlices: 40321',
    [
      'c.yaml:10:17  availability.minRunSlices  no run of bad slices lasts that long: expected at most 28 days, found 40321 slices of 60s',
    ],
  ],
  'a deadline in the next millennium': [
    'offset: 30',
    'offset: 10001',
    ['c.yaml:24:31  claim.deadlines[0].offset  expected at most 10000, found the number 10001'],
  ],
  'a right that looks back further than anybody has records': [
    'consecutive: 2',
    'consecutive: 121',
    ['c.yaml:26:28  chronic[0].when.consecutive  expected at most 120, found the number 121'],
  ],
  'a holiday that no calendar has': [
    'chronic:',
    '  holidays: ["2026-12-25", "2026-02-29"]\nchronic:',
    ['c.yaml:25:28  claim.holidays[1]  no such day: 2026-02-29'],
  ],
  'a range of statuses backwards': [
    'credits:\n',
    'classify: [{ when: { status: [500, "599-501"] }, as: bad }]\ncredits:\n',
    ['c.yaml:17:36  classify[0].when.status[1]  the range is empty; expected "501-599", found "599-501"'],
  ],
  'a ladder for a percentile in ms, which has no percentage': [
    '    value: 500\n',
    '    value: 500\n    credits: { shape: linear, percentPerPoint: 2 }\n',
    [
      'c.yaml:17:23  latency[0].credits.shape  a percentile over the whole window earns by being missed: expected flat, found linear',
    ],
  ],
  'a name that every object has': [
    'version: 1\n',
    'version: 1\nconstructor: 1\n',
    [
      'c.yaml:3:1  constructor  unknown key constructor; expected one of id, version, title, inForceFrom, parties, currency, provenance, scope, window, eligible, classify, otherwise, availability, latency, credits, rounding, maintenance, claim, chronic, fee, authority',
    ],
  ],
  'an outcome nobody knows': [
    'latency:',
    'classify: [{ when: { outcome: provider.5x }, as: bad }]\nlatency:',
    ['c.yaml:11:31  classify[0].when.outcome  no outcome matches "provider.5x"; did you mean provider.5xx?'],
  ],
};

for (const [name, [from, to, problems]] of Object.entries(BAD)) {
  test(`${name} is a problem with its place`, () => {
    assert.deepEqual(problemsOf(replaced(from, to)), problems);
  });
}

test('all problems are told at once', () => {
  const text = GOOD.replace('60s', '7m').replace('Berlin', 'Berln').replace('p: 99', 'p: 0');
  assert.equal(problemsOf(text).length, 3);
});

test('the boundaries are no problem: 100 %, one second, one hour, a ladder whose rows touch', () => {
  assert.deepEqual(problemsOf(replaced('target: "99.9"', 'target: "100"')), []);
  assert.deepEqual(problemsOf(replaced('slice: 60s', 'slice: 1s')), []);
  assert.deepEqual(problemsOf(replaced('slice: 60s', 'slice: 1h')), []);
  const touching =
    '{ below: "99.9", atLeast: 99, percent: 10 }\n    - { below: 99, atLeast: 98, percent: 20 }';
  assert.deepEqual(
    problemsOf(
      GOOD.replace('{ below: "99.9", percent: 10 }\n    - { below: "99.0", percent: 25 }', touching),
    ),
    [],
  );
});

test('a contract from a template keeps what it does not say otherwise', () => {
  const text = `contracts:
  ours:
    template: pro-channel
    version: "2"
    availability: { target: "99.95" }
    credits: { capPercent: 30, status: verified }
`;
  const { contracts, problems } = readContractText(text, 'c.yaml');
  assert.deepEqual(problems, []);
  const [ours] = contracts.get('ours') ?? [];
  assert.equal(ours?.id, 'ours');
  assert.equal(ours?.availability?.target.value, '99.95');
  assert.equal(ours?.availability?.sliceMs, 60_000);
  assert.deepEqual([ours?.credits.capPercent, ours?.credits.status], ['30', 'verified']);
  assert.equal(ours?.latency.length, 2);
});

test('a template that does not exist names those that do', () => {
  const [problem] = problemsOf('contracts: { ours: { template: pro-chanel } }\n');
  assert.match(
    problem ?? '',
    /^c\.yaml:1:32 {2}contracts\.ours\.template {2}expected a template: aws-style-5min, .*did you mean pro-channel\?$/,
  );
});

test('versions that start together are a problem', () => {
  const terms = GOOD.replace('id: ours\n', '').trimEnd().replaceAll('\n', '\n      ');
  const text = `contracts:\n  ours:\n    - ${terms}\n    - ${terms}\n`;
  assert.deepEqual(problemsOf(text), [
    'c.yaml:2:3  contracts.ours  versions of ours start at the same time; expected a different inForceFrom in each',
  ]);
});

/** What each shape of credit must not say, and what is said about it. */
const BAD_CREDITS: Readonly<Record<string, readonly [credits: string, problem: string]>> = {
  'a negative rate': [
    'shape: linear, percentPerPoint: -2',
    'credits.percentPerPoint  must be above 0, found -2',
  ],
  'a negative step': [
    'shape: per_step, step: "0.3", percentPerStep: "-0.1"',
    'credits.percentPerStep  must be above 0, found -0.1',
  ],
  'downtime that is free before there is any': [
    'shape: per_downtime_unit, unit: 5m, percentPerUnit: 1, afterPercent: -1',
    'credits.afterPercent  must be a percentage from 0 to 100, found -1',
  ],
  'a negative multiplier': [
    'shape: downtime_multiplier, multiplier: -10',
    'credits.multiplier  must be above 0, found -10',
  ],
  'days for an uptime above 100 %': [
    'shape: service_days, serviceDays: [{ below: "100.1", days: 1 }]',
    'credits.serviceDays[0].below  must be a percentage above 0 to 100, found 100.1',
  ],
  'days by two rows that begin alike': [
    'shape: service_days, serviceDays: [{ below: "99.0", days: 1 }, { below: 99, days: 2 }]',
    'credits.serviceDays[1]  says the same as row 1: below 99',
  ],
};

for (const [name, [terms, problem]] of Object.entries(BAD_CREDITS)) {
  test(`credits, ${name}: ${problem}`, () => {
    const written = GOOD.replace(/^credits:\n(?: .*\n)+/m, `credits: { ${terms} }\n`);
    const found = problemsOf(written);
    assert.equal(found.length, 1, found.join('\n'));
    assert.ok(found[0]?.endsWith(problem), found[0]);
  });
}

for (const [key, most, written] of [
  ['id', 200, (text: string) => GOOD.replace('ours', text)],
  ['version', 200, (text: string) => GOOD.replace('version: 1', `version: ${text}`)],
  ['title', 200, (text: string) => `${GOOD}title: ${text}\n`],
  ['parties.provider', 200, (text: string) => `${GOOD}parties: { provider: ${text}, customer: us }\n`],
  [
    'provenance.assumed[0]',
    4_000,
    (text: string) => `${GOOD}provenance: { status: assumed, assumed: [${text}] }\n`,
  ],
] as const) {
  test(`${key} may have ${most} characters, and one more is refused at its place`, () => {
    assert.deepEqual(problemsOf(written('x'.repeat(most))), []);
    const [found = '', ...others] = problemsOf(written('x'.repeat(most + 1)));
    assert.deepEqual(others, []);
    assert.match(found, /^c\.yaml:\d+:\d+ /);
    assert.ok(found.endsWith(`${key}  expected at most ${most} characters, found ${most + 1}`), found);
  });
}

test('a character that takes two places in memory is one of those that a title may have', () => {
  assert.deepEqual(problemsOf(`${GOOD}title: ${'🦙'.repeat(200)}\n`), []);
  const [found = ''] = problemsOf(`${GOOD}title: ${'🦙'.repeat(201)}\n`);
  assert.ok(found.endsWith('title  expected at most 200 characters, found 201'), found);
});
