import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadBeside, told } from '../support/bad-probes.ts';

const probe = (more: string): string => `probes:\n  - { id: chat, prompt: sum, ${more} }\n`;
const tier = (id: string): string => `tiers:\n  ${id}: { apiKey: { env: ACME_KEY } }\n`;

/** Each bound: the last value inside and the first one outside. */
const BOUNDS: Readonly<Record<string, readonly [inside: string, outside: string]>> = {
  'the shortest interval is a second': [probe('every: 1s'), probe('every: 999ms')],
  'the longest interval is a week': [probe('every: 7d'), probe('every: 7d1ms')],
  'the longest timeout is an hour': [
    probe('every: 60s, timeout: { total: 1h }'),
    probe('every: 60s, timeout: { total: 1h1ms }'),
  ],
  'the first token may take as long as the whole': [
    probe('every: 60s, timeout: { firstToken: 60s, total: 60s }'),
    probe('every: 60s, timeout: { firstToken: 60001ms, total: 60s }'),
  ],
  'a stall may take as long as the whole': [
    probe('every: 60s, timeout: { stall: 60s, total: 60s }'),
    probe('every: 60s, timeout: { stall: 60001ms, total: 60s }'),
  ],
  'a confirmation burst has at most ten probes': [
    probe('every: 60s, confirmation: { probes: 10 }'),
    probe('every: 60s, confirmation: { probes: 11 }'),
  ],
  'an id has at most 63 characters': [tier('a'.repeat(63)), tier('a'.repeat(64))],
  'the last port is 65535': ['status: { port: 65535 }\n', 'status: { port: 65536 }\n'],
  'any free port is port 0': ['status: { port: 0 }\n', 'status: { port: -1 }\n'],
  'a quota is at least one request per minute': [
    'tiers:\n  standard: { apiKey: { env: ACME_KEY }, requestsPerMinute: 1 }\n',
    'tiers:\n  standard: { apiKey: { env: ACME_KEY }, requestsPerMinute: 0 }\n',
  ],
  'samples are kept for a day at least': ['retention: { samples: 1d }\n', 'retention: { samples: 23h59m }\n'],
  'the finest price has nine decimals': [
    'models: [{ id: m, price: { input: "0.000000001", output: 0 } }]\n',
    'models: [{ id: m, price: { input: "0.0000000001", output: 0 } }]\n',
  ],
  'an answer has at least one token': [
    'prompts:\n  sum: { messages: [{ role: user, content: "{nonce}" }], maxTokens: 1 }\n',
    'prompts:\n  sum: { messages: [{ role: user, content: "{nonce}" }], maxTokens: 0 }\n',
  ],
};

for (const [sentence, [inside, outside]] of Object.entries(BOUNDS)) {
  test(`${sentence}, and no further`, () => {
    assert.equal(loadBeside([inside]).kind, 'config', told(loadBeside([inside])));
    const refused = loadBeside([outside]);
    assert.equal(refused.kind, 'problems');
    assert.equal(told(refused).split('\n').length, 1, told(refused));
  });
}

test('two months of samples are enough for a claim, a day less is worth a warning', () => {
  assert.equal(told(loadBeside(['retention: { samples: 62d }\n'])), '');
  assert.match(told(loadBeside(['retention: { samples: 61d }\n'])), /less than two months/);
});
