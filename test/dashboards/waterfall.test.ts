import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_PAINT, stretches, waterfall } from '../../dashboards/waterfall.ts';
import { classify, NO_EXPECTATION } from '../../src/domain/measure/classify.ts';
import { toSample } from '../../src/domain/measure/judge.ts';
import { NO_PHASES, type Observation } from '../../src/domain/measure/observation.ts';
import { attemptAt } from '../support/attempts.ts';
import { ORDINARY_PHASES, observation, refusal, silence } from '../support/observations.ts';

const PLAIN = { width: 60, paint: NO_PAINT } as const;

function draw(seen: Observation): string[] {
  const attempt = attemptAt('https://x.test/v1');
  const judged = classify(seen, attempt.probe, NO_EXPECTATION);
  return waterfall(toSample(attempt, seen, judged, 0, null), seen, PLAIN).map((line) =>
    line.replaceAll('\u202f', ' '),
  );
}

const fresh = { ...observation().connection, reused: false };

test('a good answer is drawn phase by phase, with what it says of itself', () => {
  assert.deepEqual(draw(observation()), [
    'g/t/m  p',
    'ok  a complete, well-formed answer  HTTP 200',
    '',
    '  send             ▏                                  1 ms',
    '  wait for headers ██████████▍                      250 ms',
    '  wait for token             ██▏                     50 ms',
    '  tokens                       ████████████████▋    400 ms',
    '  to the end                                   ▏      1 ms',
    '',
    '  first token         300 ms',
    '  total               701 ms',
    '  tokens              10 in 9 chunks, 22.5 tokens/s after the first',
    '  longest gap         60 ms',
    '  answer              It is 42.',
    '  finish reason       stop',
    '  model               m (verified)',
    '  connection          kept open, 127.0.0.1:443',
    '  x-client-request-id probity-0',
    '  our own delay       0 ms longest block, 0 ms before dispatch',
  ]);
});

test('the stretches follow each other without a gap, from dispatch to the end', () => {
  const seen = observation({
    connection: { ...fresh, tlsProtocol: 'TLSv1.3' },
    phases: { ...ORDINARY_PHASES, dnsStartUs: 20, dnsEndUs: 60, tcpUs: 100, connectedUs: 180 },
  });
  const found = stretches(seen);
  assert.deepEqual(
    found.map(({ name }) => name),
    ['name lookup', 'connect', 'TLS', 'send', 'wait for headers', 'wait for token', 'tokens', 'to the end'],
  );
  let at = 0;
  for (const { fromUs, toUs } of found) {
    assert.equal(fromUs, at);
    at = toUs;
  }
  assert.equal(at, seen.phases.doneUs);
});

test('reasoning is drawn apart from the answer', () => {
  const seen = observation({ phases: { ...ORDINARY_PHASES, firstReasoningUs: 260_000 } });
  const reasoning = stretches(seen).find(({ name }) => name === 'reasoning');
  assert.deepEqual(reasoning, { name: 'reasoning', fromUs: 260_000, toUs: 300_000 });
});

const LAST: Readonly<Record<string, readonly [Observation, string]>> = {
  'a connection that is not made': [
    silence({ ending: { kind: 'deadline', deadline: 'connect' } }),
    'before connect',
  ],
  'an answer that does not begin': [
    silence({
      ending: { kind: 'deadline', deadline: 'headers' },
      phases: { ...NO_PHASES, tcpUs: 50, sentUs: 90, endUs: 9_000 },
    }),
    'no headers',
  ],
  'a stream that stalls': [
    observation({
      ending: { kind: 'deadline', deadline: 'stall' },
      doneSeen: false,
      phases: { ...ORDINARY_PHASES, doneUs: null, endUs: 9_000_000 },
    }),
    'no end',
  ],
  'an answer in one piece': [refusal(503), 'body'],
};

for (const [sentence, [seen, name]] of Object.entries(LAST)) {
  test(`${sentence} ends in "${name}"`, () => assert.equal(stretches(seen).at(-1)?.name, name));
}

test('provider text can neither break a line nor steer the terminal', () => {
  const lines = draw(refusal(500, { message: '\u001b[2Jgone\r\nGET / \u202eevil' }));
  const error = lines.find((line) => line.includes('gone'));
  assert.ok(error !== undefined);
  assert.doesNotMatch(lines.join(''), /\p{Cc}|\p{Cf}/u);
});

test('a speed is not made of reasoning nobody streamed', () => {
  const usage = { promptTokens: 20, completionTokens: 400, reasoningTokens: 390, cachedTokens: null };
  const tokens = draw(observation({ usage })).find((line) => line.includes('in 9 chunks'));
  assert.doesNotMatch(tokens ?? '', /tokens\/s/);
  assert.match(tokens ?? '', /390 of them reasoning/);
});

test('doubt is told next to the outcome', () => {
  assert.match(draw(observation({ loopDelayUs: 500_000 }))[1] ?? '', /suspect: event_loop_delay$/);
});
