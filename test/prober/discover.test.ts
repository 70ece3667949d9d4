import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createProber } from '../../src/prober/prober.ts';
import { attemptAt } from '../support/attempts.ts';
import { startMisbehavingGateway } from '../support/misbehaving-gateway.ts';
import type { Misbehaviour } from '../support/misbehaviours.ts';

const FOUND: Readonly<Record<string, readonly [Misbehaviour, object]>> = {
  'models are listed in order, each once, without what is none': [
    'models',
    { kind: 'models', models: ['m', 'Pro/m'] },
  ],
  'a refused key is a reason, without the key in it': [
    'refused-key',
    { kind: 'failed', reason: 'status 401: Incorrect API key provided: Bearer [redacted]' },
  ],
  'a page instead of a list is a reason': ['html-200', { kind: 'failed', reason: 'the body is not JSON' }],
};

for (const [sentence, [behaviour, expected]] of Object.entries(FOUND)) {
  test(sentence, async (t) => {
    const gateway = await startMisbehavingGateway();
    const prober = createProber({ wallClock: () => 0 });
    t.after(async () => {
      await prober.close();
      await gateway.close();
    });
    const { gateway: asked, secret } = attemptAt(gateway.url(behaviour));
    assert.deepEqual(await prober.discoverModels(asked, secret), expected);
  });
}

test('a name that holds our key, or is longer than any name, is no model', async (t) => {
  const server = createServer((request, response) => {
    const key = request.headers.authorization?.replace('Bearer ', '') ?? '';
    const names = ['m', key, `x/${key}`, 'y'.repeat(257), 'y'.repeat(256)];
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ data: names.map((id) => ({ id })) }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const prober = createProber({ wallClock: () => 0 });
  t.after(async () => {
    await prober.close();
    server.close();
  });
  const { gateway } = attemptAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`);
  const found = await prober.discoverModels(gateway, '0f1e2d3c4b5a69788796a5b4c3d2e1f0');
  assert.deepEqual(found, { kind: 'models', models: ['m', 'y'.repeat(256)] });
});

test('a discovery nobody waits for any more can be cancelled', async (t) => {
  const gateway = await startMisbehavingGateway();
  const prober = createProber({ wallClock: () => 0 });
  t.after(async () => {
    await prober.close();
    await gateway.close();
  });
  const { gateway: asked, secret } = attemptAt(gateway.url('never-answers'));
  const found = await prober.discoverModels(asked, secret, AbortSignal.abort());
  assert.deepEqual(found, { kind: 'failed', reason: 'no complete answer (cancelled)' });
});
