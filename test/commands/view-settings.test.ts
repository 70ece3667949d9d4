import assert from 'node:assert/strict';
import { test } from 'node:test';
import { viewSettingsOf } from '../../src/commands/run/view-settings.ts';
import type { Config, ModelRule } from '../../src/config/config.ts';
import { target } from '../store/builders.ts';

const scope = { tiers: [], gateways: [] };
const price = (currency: string) => ({ currency }) as ModelRule['price'];
const named = (id: string, own: ModelRule['price']): ModelRule => ({
  kind: 'named',
  id,
  aliases: [],
  servedAs: [],
  price: own,
  ...scope,
});

test('a model costs in the currency of its first rule; a discovered one in that of the rule that finds', () => {
  const models: readonly ModelRule[] = [
    named('a', price('EUR')),
    named('a', price('GBP')),
    named('free', null),
    { kind: 'discover', include: ['*'], exclude: [], price: null, ...scope },
    { kind: 'discover', include: ['*'], exclude: [], price: price('USD'), ...scope },
  ];
  const status = { title: 't', timezone: 'UTC', locale: 'en' } as Config['status'];
  const config = { models, status, gateways: [], tiers: [], spend: null } satisfies Partial<Config>;
  const { currencyOf } = viewSettingsOf(config, () => null);
  assert.deepEqual(
    ['a', 'free', 'found'].map((model) => currencyOf?.(target(model))),
    ['EUR', null, 'USD'],
  );
});
