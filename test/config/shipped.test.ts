import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkPlan } from '../../src/commands/check/plan-check.ts';
import { loadConfig } from '../../src/config/load.ts';
import { planProbing } from '../../src/config/plan.ts';

const PROBES = join(import.meta.dirname, '../../probes');
const noCron = (): never => {
  throw new Error('no cron in the shipped deployments');
};

test('the practice deployment loads without any environment and probes 4 models at 2 tiers and three of them under four nines', () => {
  const loaded = loadConfig(join(PROBES, 'practice'), {}, { cron: noCron, secrets: 'required' });
  assert.ok(loaded.kind === 'config', JSON.stringify(loaded, null, 2));
  assert.deepEqual(loaded.warnings, []);
  const plan = planProbing(loaded.config, {
    practice: new Map([
      ['practice', { baseUrl: 'http://127.0.0.1:4711/v1', keys: { standard: 's', pro: 'p', critical: 'p' } }],
    ]),
  });
  assert.equal(plan.series.length, 11);
  assert.deepEqual(plan.keys, [
    { id: 'practice/standard', secret: 's', requestsPerMinute: null },
    { id: 'practice/pro', secret: 'p', requestsPerMinute: null },
    { id: 'practice/critical', secret: 'p', requestsPerMinute: null },
  ]);
  assert.equal(plan.gateways[0]?.baseUrl, 'http://127.0.0.1:4711/v1');
  assert.equal(plan.gateways[0]?.practice, true);
  assert.equal(
    plan.series.find(({ target }) => target.tier === 'pro')?.target.requestModel,
    'Pro/deepseek-ai/DeepSeek-V4-Flash',
  );
});

test('the Global APIs deployment loads with its two keys', () => {
  const env = { GLOBAL_APIS_STANDARD_KEY: 'one', GLOBAL_APIS_PRO_KEY: 'two' };
  const loaded = loadConfig(join(PROBES, 'global-apis'), env, { cron: noCron, secrets: 'required' });
  assert.ok(loaded.kind === 'config', JSON.stringify(loaded, null, 2));
  assert.deepEqual(loaded.warnings, []);
  const plan = planProbing(loaded.config);
  assert.deepEqual(
    plan.keys.map(({ id, secret, requestsPerMinute }) => [id, secret, requestsPerMinute]),
    [
      ['global-apis/standard', 'one', 50],
      ['global-apis/pro', 'two', null],
    ],
  );
  assert.equal(plan.series.length, 8);
});

for (const [folder, env, asked] of [
  [
    'litellm',
    { LITELLM_STANDARD_KEY: 'one', LITELLM_PRO_KEY: 'two' },
    ['gpt-4o-mini', 'claude-sonnet', 'gpt-4o-mini', 'claude-sonnet'],
  ],
  [
    'portkey',
    { PORTKEY_STANDARD_KEY: 'one', PORTKEY_PRO_KEY: 'two' },
    [
      '@openai-standard/gpt-4o-mini',
      '@openai-standard/gpt-4o',
      '@openai-priority/gpt-4o-mini',
      '@openai-priority/gpt-4o',
    ],
  ],
] as const) {
  test(`the ${folder} deployment asks for models by the names that gateway knows, within its quotas and its spend`, () => {
    const loaded = loadConfig(join(PROBES, folder), env, { cron: noCron, secrets: 'required' });
    assert.ok(loaded.kind === 'config', JSON.stringify(loaded, null, 2));
    assert.deepEqual(loaded.warnings, []);
    assert.equal(loaded.config.gateways[0]?.kind, folder);
    const { series } = planProbing(loaded.config);
    assert.deepEqual(series.map(({ target }) => target.requestModel).sort(), [...asked].sort());
    assert.deepEqual(checkPlan(loaded, new Map()).problems, []);
  });
}
