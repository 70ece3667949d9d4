import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Disclosure } from '../../src/domain/measure/observation.ts';
import { GATEWAY_KINDS, type GatewayKind } from '../../src/domain/measure/target.ts';
import {
  GATEWAY_DIALECTS,
  isSameModel,
  type RawHeaders,
  readDisclosure,
  requestIds,
  requestPath,
} from '../../src/prober/gateway-kinds.ts';
import { newReading } from '../../src/prober/reading.ts';
import { requestHeaders, requestOf } from '../../src/prober/request.ts';
import { type AttemptChanges, attemptAt } from '../support/attempts.ts';

const NAMES: readonly (readonly [sentence: string, served: string, asked: string, same: boolean])[] = [
  ['a name is itself', 'gpt-4o', 'gpt-4o', true],
  ['case does not matter', 'DeepSeek-V3', 'deepseek-v3', true],
  ['a vendor prefix may be added', 'openai/gpt-4o', 'gpt-4o', true],
  ['a tier prefix may be dropped', 'deepseek-ai/DeepSeek-V3.2', 'Pro/deepseek-ai/DeepSeek-V3.2', true],
  ['an alias may name its dated snapshot', 'gpt-4o-2024-08-06', 'gpt-4o', true],
  ['a snapshot may be dated without dashes', 'claude-sonnet-4-20250514', 'claude-sonnet-4', true],
  ['a snapshot may be a short number', 'gpt-4-0613', 'gpt-4', true],
  ['"latest" is whatever snapshot there is', 'claude-3-5-sonnet-20241022', 'claude-3-5-sonnet-latest', true],
  ['another snapshot is another model', 'gpt-4o-2024-05-13', 'gpt-4o-2024-08-06', false],
  ['a smaller sister is another model', 'gpt-4o-mini', 'gpt-4o', false],
  ['a version is part of the name', 'deepseek-v3.1', 'deepseek-v3', false],
  ['a turbo build is another model', 'llama-3.1-8b-instruct-turbo', 'llama-3.1-8b-instruct', false],
  ['a free variant is the same model', 'meta/llama-3:free', 'meta/llama-3', true],
];

for (const [sentence, served, asked, same] of NAMES) {
  test(sentence, () => {
    assert.equal(isSameModel(served, asked), same);
    assert.equal(isSameModel(asked, served), same, 'and the other way round');
  });
}

const PATHS: readonly (readonly [
  sentence: string,
  changes: AttemptChanges,
  baseUrl: string,
  path: string,
])[] = [
  ['a plain gateway', {}, 'https://x.test/v1', '/v1/chat/completions'],
  ['a base URL with a slash too many', {}, 'https://x.test/v1/', '/v1/chat/completions'],
  ['a base URL without a path', {}, 'https://x.test', '/chat/completions'],
  [
    'Azure by deployment',
    { gateway: { kind: 'azure-openai' }, target: { requestModel: 'my gpt' } },
    'https://x.openai.azure.com',
    '/openai/deployments/my%20gpt/chat/completions?api-version=2024-10-21',
  ],
  [
    'Azure with another version',
    { gateway: { kind: 'azure-openai', apiVersion: '2025-01-01-preview' } },
    'https://x.openai.azure.com/openai',
    '/openai/deployments/m/chat/completions?api-version=2025-01-01-preview',
  ],
  [
    'Azure by its newer paths',
    { gateway: { kind: 'azure-openai' } },
    'https://x.openai.azure.com/openai/v1',
    '/openai/v1/chat/completions',
  ],
];

for (const [sentence, changes, baseUrl, path] of PATHS) {
  test(`${sentence} is asked at ${path}`, () => {
    const { gateway, target, probe } = attemptAt(baseUrl, changes);
    assert.equal(requestPath(gateway, probe.operation, target.requestModel), path);
  });
}

test('Azure gets the key in its own header, everybody else as bearer', () => {
  for (const kind of GATEWAY_KINDS) {
    const headers = requestHeaders(
      attemptAt('https://x.test', { gateway: { kind } }).gateway,
      'k',
      'probity',
    );
    const sent = { authorization: headers.authorization, 'api-key': headers['api-key'] };
    const azure = { authorization: undefined, 'api-key': 'k' };
    assert.deepEqual(
      sent,
      kind === 'azure-openai' ? azure : { authorization: 'Bearer k', 'api-key': undefined },
    );
  }
});

test('headers of the operator win over those of the kind, whatever their case', () => {
  const { gateway } = attemptAt('https://x.test', {
    gateway: { kind: 'litellm', headers: { 'X-LiteLLM-Num-Retries': '2', 'X-Team': 'platform' } },
  });
  const headers = requestHeaders(gateway, null, 'probity');
  assert.equal(headers['x-litellm-num-retries'], '2');
  assert.equal(headers['x-team'], 'platform');
});

test('no request carries a key where there is none, and none asks for compression', () => {
  const request = requestOf(attemptAt('https://x.test', { attempt: { secret: null } }), 'id', 'probity', 1);
  assert.equal(request.headers.authorization, undefined);
  assert.equal(request.headers['accept-encoding'], 'identity');
});

test('the same attempt asks the same question, another tick another one', () => {
  const attempt = attemptAt('https://x.test');
  const ask = (scheduledAt: number): string | null =>
    requestOf({ ...attempt, scheduledAt }, 'id', 'p', 1).body;
  assert.equal(ask(1), ask(1));
  assert.notEqual(ask(1), ask(2));
});

test('an unknown body field is sent only where it is understood', () => {
  const bodyFor = (kind: GatewayKind): Record<string, unknown> =>
    JSON.parse(requestOf(attemptAt('https://x.test', { gateway: { kind } }), 'id', 'p', 1).body ?? '');
  assert.deepEqual(Object.keys(bodyFor('generic')).sort(), [
    'max_tokens',
    'messages',
    'model',
    'stream',
    'stream_options',
  ]);
  assert.equal(bodyFor('azure-openai').max_completion_tokens, 64);
  assert.equal(bodyFor('litellm').disable_fallbacks, true);
});

type DisclosureRow = {
  readonly kind: GatewayKind;
  readonly headers: RawHeaders;
  readonly bodyModel?: string;
  readonly expected: Partial<Disclosure>;
};

const DISCLOSURES: Readonly<Record<string, DisclosureRow>> = {
  'LiteLLM tells retries, fallbacks, model, provider, region and overhead': {
    kind: 'litellm',
    headers: {
      'x-litellm-attempted-retries': '1',
      'x-litellm-attempted-fallbacks': '0',
      'x-litellm-model-name': 'azure/m',
      'x-litellm-model-api-base': 'https://eastus.example/openai',
      'x-litellm-model-region': 'eastus',
      'x-litellm-overhead-duration-ms': '3.25',
    },
    bodyModel: 'm',
    expected: {
      retries: 1,
      fallbacks: 0,
      model: 'azure/m',
      provider: 'https://eastus.example/openai',
      region: 'eastus',
      overheadMs: 3.25,
      route: 'verified',
    },
  },
  'behind LiteLLM another deployment name may be the right one': {
    kind: 'litellm',
    headers: { 'x-litellm-model-name': 'azure/my-deployment' },
    bodyModel: 'm',
    expected: { route: 'unverified' },
  },
  'behind Azure the requested name is a deployment, so another model name proves nothing': {
    kind: 'azure-openai',
    headers: { 'x-ms-region': 'Sweden Central' },
    bodyModel: 'gpt-4o-2024-08-06',
    expected: { route: 'unverified', region: 'Sweden Central' },
  },
  'Portkey that gave up says -1 retries, which is none known': {
    kind: 'portkey',
    headers: { 'x-portkey-retry-attempt-count': '-1', 'x-portkey-provider': 'openai' },
    bodyModel: 'm',
    expected: { retries: 0, provider: 'openai', route: 'verified' },
  },
  'Cloudflare that answered from its second step fell back': {
    kind: 'cloudflare',
    headers: { 'cf-aig-step': '1', 'cf-aig-cache-status': 'MISS' },
    bodyModel: 'm',
    expected: { fallbacks: 1, cache: 'miss', route: 'mismatch' },
  },
  'Kong names the model it really asked': {
    kind: 'kong',
    headers: { 'x-kong-llm-model': 'openai/m-mini', 'x-cache-status': 'Bypass' },
    bodyModel: 'm',
    expected: { model: 'openai/m-mini', cache: 'bypass', route: 'mismatch' },
  },
  'numbers that are none are not told': {
    kind: 'litellm',
    headers: { 'x-litellm-attempted-retries': 'many', 'x-litellm-overhead-duration-ms': 'NaN' },
    bodyModel: 'm',
    expected: { retries: null, overheadMs: null },
  },
  'an answer that names no model is unverified': {
    kind: 'generic',
    headers: {},
    expected: { model: null, route: 'unverified' },
  },
};

for (const [sentence, row] of Object.entries(DISCLOSURES)) {
  test(sentence, () => {
    const { gateway, target } = attemptAt('https://x.test', { gateway: { kind: row.kind } });
    const reading = newReading();
    if (row.bodyModel !== undefined) reading.models.push(row.bodyModel);
    const seen = readDisclosure(gateway, row.headers, reading, target);
    for (const [field, value] of Object.entries(row.expected)) {
      assert.deepEqual(seen[field as keyof Disclosure], value, field);
    }
  });
}

test('a stream that changes its model on the way is a mismatch, though it began as asked', () => {
  const { gateway, target } = attemptAt('https://x.test');
  const reading = newReading();
  reading.models.push('m', 'm-mini');
  const seen = readDisclosure(gateway, {}, reading, target);
  assert.equal(seen.route, 'mismatch');
  assert.equal(seen.model, 'm-mini');
});

test('headers the operator named go before those of the kind', () => {
  const { gateway, target } = attemptAt('https://x.test', {
    gateway: { disclosure: { model: 'X-Acme-Model', retries: 'x-acme-retries', requestId: 'X-Acme-Id' } },
  });
  const headers = { 'x-acme-model': 'other', 'x-acme-retries': '3', 'x-acme-id': 'acme-7' };
  const seen = readDisclosure(gateway, headers, newReading(), target);
  assert.equal(seen.model, 'other');
  assert.equal(seen.route, 'mismatch');
  assert.equal(seen.retries, 3);
  assert.equal(requestIds(gateway, headers, 'ours')['x-acme-id'], 'acme-7');
});

test('every kind has a dialect, and only those whose word counts are said to prove the model', () => {
  assert.deepEqual(Object.keys(GATEWAY_DIALECTS).sort(), [...GATEWAY_KINDS].sort());
  const proves = GATEWAY_KINDS.filter((kind) => GATEWAY_DIALECTS[kind].bodyModelProves);
  assert.ok(!proves.includes('litellm'));
});
