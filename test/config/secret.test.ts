import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { format, inspect } from 'node:util';
import { planProbing } from '../../src/config/plan.ts';
import { createSecret, withoutSecrets } from '../../src/config/secret.ts';
import { loadBeside, told } from '../support/bad-probes.ts';

const VALUE = 'correct-horse-battery-staple';
const secret = createSecret(VALUE, 'environment variable KEY');

const WAYS_TO_PRINT: Readonly<Record<string, () => string>> = {
  text: () => `${secret}`,
  'String()': () => String(secret),
  concatenation: () => `key ${secret.toString()}`,
  JSON: () => JSON.stringify({ tiers: [{ apiKey: secret }] }),
  'the inspector': () => inspect({ deep: { deeper: { secret } } }, { depth: 10, showHidden: true }),
  'the inspector, uncoloured by its own hook': () => inspect(secret, { customInspect: false }),
  'a format string': () => format('%s %o %j', secret, secret, secret),
  'an error': () => inspect(new Error('failed', { cause: { secret } })),
};

for (const [way, print] of Object.entries(WAYS_TO_PRINT)) {
  test(`a secret is not seen in ${way}`, () => assert.doesNotMatch(print(), new RegExp(VALUE)));
}

test('a secret is given to whoever asks for it by name', () => assert.equal(secret.reveal(), VALUE));

test('a secret refuses to be copied to another thread', () => {
  assert.throws(() => structuredClone(secret), { name: 'DataCloneError' });
});

test('a whole configuration can be printed without its secrets, and its plan has them', () => {
  const loaded = loadBeside([
    'gateway:\n  id: acme\n  baseUrl: https://acme.example/v1\n  headers: { x-auth: { env: ACME_KEY } }\n',
  ]);
  assert.ok(loaded.kind === 'config');
  assert.doesNotMatch(JSON.stringify(loaded.config), /hunter2222/);
  assert.doesNotMatch(inspect(loaded.config, { depth: 20 }), /hunter2222/);
  assert.match(JSON.stringify(loaded.config), /"apiKey":"\[secret\]"/);
  const plan = planProbing(loaded.config);
  assert.equal(plan.keys[0]?.secret, 'hunter2222-from-the-environment');
  assert.equal(plan.gateways[0]?.headers['x-auth'], 'hunter2222-from-the-environment');
});

test('a secret in a file beside the configuration is read without its line end', () => {
  const loaded = loadBeside(['tiers:\n  standard: { apiKey: { file: key } }\n'], (folder) =>
    writeFileSync(join(folder, 'key'), 'from-a-file\n'),
  );
  assert.ok(loaded.kind === 'config', told(loaded));
  assert.equal(loaded.config.tiers[0]?.apiKey?.reveal(), 'from-a-file');
  assert.equal(loaded.config.tiers[0]?.apiKey?.origin, 'file key');
});

test('an empty secret file is told', () => {
  const loaded = loadBeside(['tiers:\n  standard: { apiKey: { file: key } }\n'], (folder) =>
    writeFileSync(join(folder, 'key'), '\n'),
  );
  assert.equal(told(loaded), 'it.yaml:2:31  tiers.standard.apiKey.file  secret file key is empty');
});

/** Keys as providers write them, and words that only resemble them. */
const REDACTED: Readonly<Record<string, boolean>> = {
  'sk-proj-0123456789abcdefABCDEF': true,
  ga_pro_0123456789abcdef01: true,
  'Bearer abcdefgh12345678': true,
  'https://me:password@acme.example/': true,
  AKIAIOSFODNN7EXAMPLE: true,
  'gateway.headers.x-request-id': false,
  'deepseek-ai/DeepSeek-V4-Flash': false,
  'skeleton-of-a-configuration': false,
  'https://acme.example/v1': false,
};

for (const [text, hidden] of Object.entries(REDACTED)) {
  test(`${text} is ${hidden ? 'hidden' : 'left alone'} in a message`, () => {
    assert.equal(withoutSecrets(`found ${text}`) === `found ${text}`, !hidden);
  });
}
