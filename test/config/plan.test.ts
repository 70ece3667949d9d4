import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Config } from '../../src/config/config.ts';
import { discoveriesOf, modelsAtTier, planProbing } from '../../src/config/plan.ts';
import { loadBeside, told } from '../support/bad-probes.ts';

function configOf(text: string): Config {
  const loaded = loadBeside([text]);
  assert.ok(loaded.kind === 'config', told(loaded));
  return loaded.config;
}

const DISCOVER = `models:
  - { id: maker/known, aliases: [maker/older], price: { input: 1, output: 2 } }
  - discover: { include: ["maker/*"], exclude: ["*embed*"], price: { input: 3, output: 3 } }
`;
const LISTED = [
  'maker/b',
  'maker/a',
  'maker/known',
  'maker/older',
  'maker/embed-1',
  'other/x',
  'Pro/maker/a',
];

test('named and discovered models become targets once, patterns and former names respected', () => {
  const plan = planProbing(configOf(DISCOVER), {
    discovered: new Map([
      ['acme/standard', LISTED],
      ['acme/pro', LISTED],
    ]),
  });
  assert.deepEqual(
    plan.series.map(({ target }) => [target.id, target.requestModel]),
    [
      ['acme/standard/maker/known', 'maker/known'],
      ['acme/standard/maker/a', 'maker/a'],
      ['acme/standard/maker/b', 'maker/b'],
      ['acme/pro/maker/known', 'Pro/maker/known'],
      ['acme/pro/maker/a', 'Pro/maker/a'],
    ],
  );
  assert.deepEqual(plan.series[0]?.target.formerIds, ['acme/standard/maker/older']);
  assert.deepEqual(plan.series[0]?.price, {
    inputNanosPerToken: 1000,
    outputNanosPerToken: 2000,
    currency: 'USD',
  });
  assert.equal(plan.series[1]?.price?.inputNanosPerToken, 3000);
});

test('a gateway that has not been asked yields the named models only', () => {
  const config = configOf(DISCOVER);
  assert.equal(planProbing(config).series.length, 2);
  assert.deepEqual(discoveriesOf(config), [
    { gateway: 'acme', tier: 'standard' },
    { gateway: 'acme', tier: 'pro' },
  ]);
});

test('other truthful names, the service tier and the limits of the contract reach the plan', () => {
  const { series } = planProbing(
    configOf(`models: [{ id: maker/known, servedAs: [maker-known-2026] }]
tiers:
  standard: { contract: best-effort }
  pro: { contract: strict, serviceTier: priority }
contracts:
  best-effort: { template: best-effort }
  strict: { template: pro-channel }
`),
  );
  const [standard, pro] = series;
  assert.deepEqual(pro?.target.servedAs, ['maker-known-2026']);
  assert.equal(pro?.target.serviceTier, 'priority');
  assert.equal(standard?.target.serviceTier, undefined);
  // "p99 < 500 ms" and "p99 < 800 ms": the first whole microsecond that is not below.
  assert.deepEqual(pro?.slow, { ttftUs: 499_999, totalUs: 799_999 });
});

test('a prefix that is listed marks the models of its tier', () => {
  const tiers = [{ modelPrefix: '' }, { modelPrefix: 'Pro/' }];
  assert.deepEqual(modelsAtTier(['b', 'Pro/b', 'Pro/c', 'a'], { modelPrefix: 'Pro/' }, tiers), ['b', 'c']);
  assert.deepEqual(modelsAtTier(['b', 'Pro/b', 'Pro/c', 'a'], { modelPrefix: '' }, tiers), ['a', 'b']);
});

test('a prefix that is not listed is a switch that every model takes', () => {
  const tiers = [{ modelPrefix: '' }, { modelPrefix: 'Pro/' }];
  assert.deepEqual(modelsAtTier(['b', 'a'], { modelPrefix: 'Pro/' }, tiers), ['a', 'b']);
});

test('names that could not be model names are not believed', () => {
  const hostile = ['ok', '', ' ', 'a b', 'x'.repeat(201), '\u202eevil', '<b>\n</b>'];
  assert.deepEqual(modelsAtTier(hostile, { modelPrefix: '' }, []), ['ok']);
});

test('the same configuration gives the same plan, phases included', () => {
  assert.deepEqual(planProbing(configOf(DISCOVER)), planProbing(configOf(DISCOVER)));
});

test('a probe reaches the models, tiers and gateways its patterns select', () => {
  const config = configOf(`probes:
  - { id: a, prompt: sum, every: 60s, models: ["*large"], tiers: [pro] }
  - { id: b, prompt: sum, cron: "*/30 * * * * *", models: [maker/small] }
  - { id: c, operation: models, every: 5m, tiers: [standard] }
`);
  const { series } = planProbing(config);
  assert.deepEqual(
    series.map(({ probe, target }) => `${probe.id} ${target.id}`),
    [
      'b acme/standard/maker/small',
      'c acme/standard/(models)',
      'a acme/pro/maker/large',
      'b acme/pro/maker/small',
    ],
  );
  const cron = series[0]?.schedule;
  assert.ok(cron?.kind === 'cron' && cron.phaseMs >= 0 && cron.phaseMs < 30_000, JSON.stringify(cron));
});

test('prices are exact per token, whatever the unit they are quoted in', () => {
  const prices = [
    ['{ input: 0.25, output: "2.50" }', 250, 2500],
    ['{ input: 0.00025, output: 0.0025, per: 1K tokens }', 250, 2500],
    ['{ input: 0.00000025, output: "0.0000025", per: 1 token }', 250, 2500],
    ['{ input: 0.0375, output: 0, currency: EUR }', 37.5, 0],
  ] as const;
  for (const [price, input, output] of prices) {
    const [model] = configOf(`models: [{ id: m, price: ${price} }]\n`).models;
    assert.deepEqual([model?.price?.inputNanosPerToken, model?.price?.outputNanosPerToken], [input, output]);
  }
});

test('by default so many ticks may be in flight that a hanging answer costs none', () => {
  const inFlight = (more: string): number | undefined =>
    configOf(`probes: [{ id: chat, prompt: sum, ${more} }]\n`).probes[0]?.probe.maxInFlight;
  assert.equal(inFlight('every: 60s'), 2);
  assert.equal(inFlight('every: 5s, timeout: { total: 20s, firstToken: 10s }'), 5);
  assert.equal(inFlight('every: 5s, maxInFlight: 1'), 1);
});

test('planned work pauses probing where it says so, for the targets it covers, and only then', () => {
  const at = Date.parse('2026-11-01T00:00:00Z');
  const quietOf = (probing: string) => {
    const config = configOf(
      `maintenance: { scope: acme/pro, start: 2026-11-01T02:00, duration: 2h, probing: ${probing} }\n`,
    );
    return planProbing(config, { now: at }).quiet;
  };
  const [pause, ...others] = quietOf('pause');
  assert.deepEqual(others, []);
  assert.deepEqual([pause?.fromAt, pause?.toAt], [at + 2 * 3_600_000, at + 4 * 3_600_000]);
  assert.ok(pause?.targets?.length && pause.targets.every((id) => id.startsWith('acme/pro/')));
  assert.deepEqual(quietOf('continue'), []);
});
