import assert from 'node:assert/strict';
import { test } from 'node:test';
import { textPart } from '../../dashboards/mail/text-part.ts';
import { ALERT_KINDS, NO_FACTS } from '../../src/domain/alert/alert.ts';
import { letterOf, messageIdOf, threadRootOf } from '../../src/domain/alert/letter.ts';
import { messageOf, notice, placeOf } from '../../src/domain/alert/message.ts';
import { acknowledge } from '../../src/domain/alert/transition.ts';
import { duration, oneLine, percent, probability, roughPercent } from '../../src/domain/wording.ts';
import {
  DESCRIBED_CELL,
  describedIncident,
  evaluation,
  facts,
  MINUTE,
  only,
  START,
  story,
} from '../support/alert-builders.ts';

test('the opening says what, since when, how sure, what is left, what is at stake and which requests failed', () => {
  const message = messageOf(describedIncident(), { told: 'opened', sequence: 1 }, START + 2 * MINUTE, false);
  assert.equal(message.subject, 'Down: DeepSeek-V3.2 (pro), since 03:00 UTC');
  const text = textPart(message, {
    page: `https://watch.example${message.path}`,
    acknowledge: 'https://watch.example/incidents/x/acknowledge?token=t',
  });
  assert.equal(
    text,
    `Send its traffic elsewhere if you can, then report it to the gateway with the request ids below.

acme/pro/deepseek-ai/DeepSeek-V3.2: requests fail (a 5xx from the gateway), 4 probes in a row, those of a burst among them.

Since:       2026-03-02 03:00:00 UTC (2 min ago)
Fault:       the gateway’s, not ours
How sure:    9 bad of n = 60 in 1 h (15 %, 95 % interval 7.09 % to 26.6 %). By chance alone, were 0.1 % the truth: 3.3e-7
Budget left: 71.7 % of availability 99.9 %: 31 more probes may fail (31 min)
At stake:    pro-channel: at least 10 % credit, USD 120.00, if the period is missed
Incident:    ${message.thread}

Acknowledge (works once):
https://watch.example/incidents/x/acknowledge?token=t

All of it:
https://watch.example/incidents/${message.thread}

Last failures, newest first:
acme/pro/deepseek-ai/DeepSeek-V3.2
a 5xx from the gateway (gateway.5xx, HTTP 503, from here)
  2026-03-02 03:01:00 UTC  req_2
  2026-03-02 03:00:00 UTC  no request id

-- 
Probity sends a message at least once; a second copy has the same Message-ID.
`,
  );
});

test('the subject of each message says its news first', () => {
  const incident = describedIncident();
  const at = START + 125 * MINUTE;
  const subjects = (['opened', 'grew', 'reminder', 'escalated', 'reopened', 'recovered'] as const).map(
    (told) => messageOf(incident, { told, sequence: 2 }, at, false).subject,
  );
  assert.deepEqual(subjects, [
    'Down: DeepSeek-V3.2 (pro), since 03:00 UTC',
    'Still down, now DeepSeek-V3.2 (pro), since 03:00 UTC',
    'Still down for 2 h 5 min: DeepSeek-V3.2 (pro)',
    'Nobody reacted, down: DeepSeek-V3.2 (pro), for 2 h 5 min',
    'Down again: DeepSeek-V3.2 (pro)',
    'Up again: DeepSeek-V3.2 (pro), after 2 h 5 min',
  ]);
});

test('an outage of a whole tier is told as one, and lists its cells', () => {
  const cells = ['a', 'b', 'c'].map((model) => `acme/pro/${model}`);
  const message = messageOf(describedIncident(cells), { told: 'opened', sequence: 1 }, START, false);
  assert.equal(message.subject, 'Down: all 3 in acme/pro, since 03:00 UTC');
  assert.deepEqual(
    message.cells.map(({ name }) => name),
    cells,
  );
});

test('practice is said in the subject and before any fact', () => {
  const message = messageOf(describedIncident(), { told: 'opened', sequence: 1 }, START, true);
  assert.ok(message.subject.startsWith('[practice] Down'));
  assert.match(
    textPart(message, { page: null, acknowledge: null }),
    /PRACTICE: this gateway is simulated[^\n]*\n\nSince:/,
  );
});

test('every kind of alert begins with what to do about it, and its end with nothing', () => {
  const first = new Map(
    ALERT_KINDS.map((kind) => {
      const incident = { ...describedIncident(), kind };
      const message = messageOf(incident, { told: 'opened', sequence: 1 }, START, false);
      const over = messageOf(incident, { told: 'recovered', sequence: 2 }, START, false);
      assert.match(over.advice, /^Nothing to do/);
      return [kind, textPart(message, { page: null, acknowledge: null }).split('\n')[0]];
    }),
  );
  assert.equal(new Set(first.values()).size, ALERT_KINDS.length, 'each its own');
  for (const line of first.values()) assert.ok(line !== undefined && line.length > 20 && line.length < 130);
});

for (const [outcome, advice] of [
  ['config.auth', /^Replace the key/],
  ['config.billing', /^Top up the account/],
  ['config.request', /^Correct the probe/],
  ['ratelimit.own', /^Probe less often/],
] as const) {
  test(`a fault of ours by ${outcome} says what to mend`, () => {
    const { step, incidents } = story();
    const failures = [{ at: START, outcome, status: 400, requestId: null, region: 'here' }];
    const facts = { ...NO_FACTS, failures };
    step(START, [evaluation('acme/pro', 'bad', START, { kind: 'own_fault', facts })]);
    const message = messageOf(only(incidents), { told: 'opened', sequence: 1 }, START, false);
    assert.match(message.advice, advice);
  });
}

test('a figure of a window says how many instead of since when, for nobody saw it begin', () => {
  const incident = { ...describedIncident(), kind: 'latency_at_risk' as const };
  const message = messageOf(incident, { told: 'opened', sequence: 1 }, START, false);
  assert.equal(message.subject, 'Slow: DeepSeek-V3.2 (pro), 9 of 60 in 1 h');
  assert.equal(message.facts[0]?.label, 'Noticed');
});

test('an overspent budget has nothing left, and says by how much', () => {
  const { step, incidents } = story();
  const budget = { objective: 'pro/availability', leftSamples: -3, leftMs: -15_000, leftPpm: -60_000 };
  step(START, [evaluation(DESCRIBED_CELL, 'bad', START, { facts: facts('fails', { budget }) })]);
  const message = messageOf(only(incidents), { told: 'opened', sequence: 1 }, START, false);
  assert.equal(
    message.facts.find(({ label }) => label === 'Budget left')?.text,
    'none of pro/availability: 3 probes too many failed',
  );
});

test('an acknowledgement is named in what follows', () => {
  const taken = acknowledge(describedIncident(), {
    who: 'ada',
    why: 'vendor called',
    at: START,
    untilAt: START + 60 * MINUTE,
  });
  assert.ok(taken.kind === 'change');
  const message = messageOf(taken.incident, { told: 'recovered', sequence: 2 }, START + 9 * MINUTE, false);
  assert.equal(
    message.facts.find(({ label }) => label === 'Acknowledged')?.text,
    'by ada: vendor called, until 2026-03-02 04:00 UTC',
  );
});

test('a mail about a thousand cells stays small', () => {
  const cells = Array.from(
    { length: 1_000 },
    (_, index) => `acme/pro/${'long-model-name-'.repeat(20)}${index}`,
  );
  const message = messageOf(describedIncident(cells), { told: 'opened', sequence: 1 }, START, false);
  assert.equal(message.cells.length, 400);
  assert.equal(message.moreCells, 600);
  assert.ok(Buffer.byteLength(textPart(message, { page: null, acknowledge: null })) < 60_000);
});

test('a hostile model name steers neither subject nor text', () => {
  const message = messageOf(
    describedIncident(['acme/pro/evil\r\nBcc: eve@evil.example\u202egpj.exe']),
    { told: 'opened', sequence: 1 },
    START,
    false,
  );
  const everything = JSON.stringify(message);
  assert.ok(!/\\r|\\n|\u202e/.test(everything), everything);
  assert.ok(message.subject.length <= 110);
});

test('every kind of alert has its words for the beginning, the middle and the end', () => {
  for (const kind of ALERT_KINDS) {
    const incident = { ...describedIncident(), kind };
    const subjects = (['opened', 'reminder', 'recovered'] as const).map(
      (told) => messageOf(incident, { told, sequence: 1 }, START + MINUTE, false).subject,
    );
    for (const subject of subjects) assert.ok(subject.length > 10 && subject.length <= 70, subject);
  }
});

test('a Message-ID follows from the key alone, and answers point at the first of the thread', () => {
  const message = {
    ...notice({
      key: 'abc:2',
      topic: 'test',
      severity: 'page',
      at: START,
      practice: false,
      subject: 's',
      headline: 'h',
    }),
    thread: 'abc',
  };
  assert.equal(messageIdOf(message.key, 'watch.example'), '<abc.2@watch.example>');
  assert.equal(messageIdOf('claim:pro 2026-02:14', 'évil>\r\n'), '<claim.pro.2026-02.14@vil>');
  assert.equal(messageIdOf('a', '>'), '<a@probity.invalid>');
  assert.equal(threadRootOf(message, 'watch.example'), '<abc.1@watch.example>');
  assert.equal(threadRootOf({ ...message, key: 'abc:1' }, 'watch.example'), null);
  assert.equal(threadRootOf({ ...message, thread: null }, 'watch.example'), null);
  assert.equal(
    letterOf(message, 'a@b.example', 'watch.example', { text: '', html: null }).headers['X-Probity-Incident'],
    'abc',
  );
});

const PLACES: readonly (readonly [sentence: string, extent: Parameters<typeof placeOf>[0], text: string])[] =
  [
    [
      'one cell is its model and tier',
      { level: 'cell', name: DESCRIBED_CELL, whole: false, cells: 1, of: 8 },
      'DeepSeek-V3.2 (pro)',
    ],
    [
      'some cells are counted',
      { level: 'tier', name: 'acme/pro', whole: false, cells: 3, of: 8 },
      '3 of 8 in acme/pro',
    ],
    ['all cells are all', { level: 'gateway', name: 'acme', whole: true, cells: 8, of: 8 }, 'all 8 in acme'],
    [
      'a part of ourselves has its own name',
      { level: 'cell', name: 'disk', whole: true, cells: 1, of: 1 },
      'disk',
    ],
  ];

for (const [sentence, extent, text] of PLACES) {
  test(sentence, () => assert.equal(placeOf(extent), text));
}

test('durations are cut, never rounded up; a clock that ran backwards reads zero', () => {
  assert.deepEqual(
    [-5, 999, 59_999, 60_000, 3_599_999, 3_600_000, 3_900_000, 86_400_000, 90_000_000].map(duration),
    ['0 s', '0 s', '59 s', '1 min', '59 min', '1 h', '1 h 5 min', '1 d', '1 d 1 h'],
  );
});

test('shares and probabilities keep what matters', () => {
  assert.deepEqual([999_000, 1_000, 10_000, 1_000_000, 0, 12_345].map(percent), [
    '99.9 %',
    '0.1 %',
    '1 %',
    '100 %',
    '0 %',
    '1.2345 %',
  ]);
  assert.deepEqual([0.001, 0.00012345, 3.28e-5, 1e-16, 0.5].map(probability), [
    '0.001',
    '0.00012',
    '3.3e-5',
    '< 1e-15',
    '0.5',
  ]);
});

test('foreign text is cut by characters, not in the middle of one', () => {
  assert.equal(oneLine('🙂'.repeat(20), 10), `${'🙂'.repeat(9)}…`);
  assert.equal(oneLine('a\u0000\r\n\tb', 10), 'a b');
});

for (const [ppm, way, text] of [
  [0, 'up', '0 %'],
  [1_000_000, 'nearest', '100 %'],
  [857_526, 'down', '85.7 %'],
  [491_046, 'up', '49.2 %'],
  [86_571, 'down', '8.65 %'],
  [16_667, 'nearest', '1.67 %'],
  [99_999, 'up', '10 %'],
  [1, 'down', '0.0001 %'],
] as const) {
  test(`${ppm} parts per million, rounded ${way}, are ${text}`, () =>
    assert.equal(roughPercent(ppm, way), text));
}
