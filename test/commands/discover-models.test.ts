import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { discoverModels } from '../../src/commands/discover-models.ts';
import type { World } from '../../src/commands/world.ts';
import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import { cronGrid } from '../../src/pipeline/probing/cron-grid.ts';

const WORLD: World = { now: () => 0, env: { KEY: 'k' }, out: () => {}, err: () => {} };

/** A deployment of gateways `a` and `b` whose model lists are answered by `list`. */
async function deployment(
  t: TestContext,
  list: (gateway: string, response: ServerResponse) => void,
): Promise<Config> {
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    list(request.url?.slice(1, 2) ?? '', response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const folder = mkdtempSync(join(tmpdir(), 'probity-discover-'));
  t.after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  writeFileSync(
    join(folder, 'all.yaml'),
    `gateway: [{ id: a, baseUrl: "${url}/a" }, { id: b, baseUrl: "${url}/b" }]
tiers: { only: { apiKey: { env: KEY }, gateways: [a, b] } }
models: [{ discover: { include: ["*"] } }]
prompts: { hello: { messages: [{ role: user, content: "[{nonce}] Say hello" }], maxTokens: 8 } }
probes: [{ id: chat, operation: chat, prompt: hello, every: 60s }]
`,
  );
  const loaded = loadConfig(folder, WORLD.env, { cron: cronGrid, secrets: 'required' });
  assert.ok(loaded.kind === 'config');
  return loaded.config;
}

function factsOf(kept: Map<string, string>): Parameters<typeof discoverModels>[2] {
  return {
    readFact: async (name) => kept.get(name) ?? null,
    writeFact: async (name, value) => void kept.set(name, value),
  };
}

const listOf = (...ids: string[]): string => JSON.stringify({ data: ids.map((id) => ({ id })) });

test('gateways are asked at once: one that does not answer keeps no other waiting', async (t) => {
  const held = new Map<string, ServerResponse>();
  const config = await deployment(t, (gateway, response) => {
    held.set(gateway, response);
    if (held.size === 2) for (const [name, one] of held) one.end(listOf(`of-${name}`));
  });
  const { models, failed } = await discoverModels(config, {}, factsOf(new Map()), WORLD);
  assert.deepEqual(failed, new Map());
  assert.deepEqual([...models].sort(), [
    ['a/only', ['of-a']],
    ['b/only', ['of-b']],
  ]);
});

test('a list that is suddenly empty does not end the probing of what was in it', async (t) => {
  let ids = ['m', 'n'];
  const config = await deployment(t, (_, response) => void response.end(listOf(...ids)));
  const facts = factsOf(new Map());
  await discoverModels(config, {}, facts, WORLD);
  ids = [];
  const { models, failed } = await discoverModels(config, {}, facts, WORLD);
  assert.deepEqual(models.get('a/only'), ['m', 'n']);
  assert.equal(failed.get('a/only'), 'the list is empty');
});

test('a list that was never anything but empty is a list', async (t) => {
  const config = await deployment(t, (_, response) => void response.end(listOf()));
  const { models, failed } = await discoverModels(config, {}, factsOf(new Map()), WORLD);
  assert.deepEqual(models.get('a/only'), []);
  assert.deepEqual(failed, new Map());
});
