import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { handOver, takeOver } from '../../src/config/hand-over.ts';
import { loadBeside, told } from '../support/bad-probes.ts';

const KEY = 'hunter2222-from-the-environment';

test('a configuration that another thread has read is the same, frozen, and hides the same secrets', () => {
  const loaded = loadBeside([
    `gateway:
  id: acme
  baseUrl: https://acme.example/v1
  headers: { x-auth: { env: ACME_KEY }, reveal: plain, origin: plain }
`,
    `alerts:
  mail: { from: a@b.example, smtp: { host: localhost, user: u, password: { env: ACME_KEY } } }
  webhooks: { chat: { url: "https://hooks.example/1", secret: { env: ACME_KEY } } }
  routes: [{ id: all, to: [webhook:chat, ada@oncall.example] }]
`,
  ]);
  assert.ok(loaded.kind === 'config', told(loaded));
  const { config } = loaded;
  const taken = takeOver(structuredClone(handOver(config)));
  assert.deepEqual(JSON.parse(JSON.stringify(taken)), JSON.parse(JSON.stringify(config)));
  assert.doesNotMatch(inspect(taken, { depth: 20, showHidden: true }), new RegExp(KEY));
  const [gateway] = taken.gateways;
  const header = gateway?.headers['x-auth'];
  assert.ok(typeof header === 'object');
  assert.equal(header.reveal(), KEY);
  assert.equal(header.origin, 'environment variable ACME_KEY');
  assert.equal(gateway?.headers.reveal, 'plain');
  assert.equal(taken.tiers[0]?.apiKey?.reveal(), KEY);
  assert.equal(taken.alerts.smtp?.password?.reveal(), KEY);
  assert.equal(taken.alerts.webhooks[0]?.secret?.reveal(), KEY);
  assert.ok(Object.isFrozen(taken) && Object.isFrozen(taken.tiers[0]));
});

test('what is handed over tells no secret but in the list of them', () => {
  const loaded = loadBeside([]);
  assert.ok(loaded.kind === 'config', told(loaded));
  const { config, secrets } = handOver(loaded.config);
  assert.doesNotMatch(JSON.stringify(config), new RegExp(KEY));
  const origin = 'environment variable ACME_KEY';
  assert.deepEqual(secrets, [
    { path: ['tiers', '0', 'apiKey'], origin, value: KEY },
    { path: ['tiers', '1', 'apiKey'], origin, value: KEY },
  ]);
});
