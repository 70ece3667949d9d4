import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { DeliveryResult } from '../../src/domain/alert/letter.ts';
import { notice } from '../../src/domain/alert/message.ts';
import { createWebhook } from '../../src/notify/webhook.ts';
import { START } from '../support/alert-builders.ts';

const MESSAGE = notice({
  key: '20260302-abc:1',
  topic: 'opened',
  severity: 'page',
  at: START,
  practice: false,
  subject: 'Down: a (pro)',
  headline: 'acme/pro/a: fails.',
});

type Request = { readonly headers: IncomingMessage['headers']; readonly body: string };

async function post(
  answer: (response: ServerResponse, request: IncomingMessage) => void,
  secret: string | null = 's3cret',
  timeoutMs = 2_000,
): Promise<{ result: DeliveryResult; requests: Request[] }> {
  const requests: Request[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      requests.push({ headers: request.headers, body });
      answer(response, request);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const webhook = createWebhook({ url: `http://127.0.0.1:${port}/hook`, secret, timeoutMs });
  const result = await webhook(MESSAGE, 'https://watch.example/incidents/x', START);
  server.closeAllConnections();
  server.close();
  return { result, requests };
}

test('a message arrives as JSON that a chat can show, signed over id, time and body', async () => {
  const { result, requests } = await post((response) => response.end('ok'));
  assert.deepEqual(result, { kind: 'delivered' });
  const [request] = requests;
  assert.ok(request);
  const id = request.headers['webhook-id'];
  const timestamp = request.headers['webhook-timestamp'];
  assert.equal(id, '20260302-abc:1');
  assert.equal(timestamp, String(START / 1000));
  const mac = createHmac('sha256', 's3cret').update(`${id}.${timestamp}.${request.body}`).digest('base64');
  assert.equal(request.headers['webhook-signature'], `v1,${mac}`);
  const body = JSON.parse(request.body) as Record<string, unknown>;
  assert.equal(body.text, 'Down: a (pro)\nacme/pro/a: fails.\nhttps://watch.example/incidents/x');
  assert.equal(body.severity, 'page');
});

test('without a secret nothing is signed', async () => {
  const { requests } = await post((response) => response.end(), null);
  assert.equal(requests[0]?.headers['webhook-signature'], undefined);
});

const ANSWERS: readonly (readonly [
  status: number,
  headers: Record<string, string>,
  expected: DeliveryResult,
])[] = [
  [204, {}, { kind: 'delivered' }],
  [400, {}, { kind: 'rejected', reason: 'HTTP 400: refused' }],
  [410, {}, { kind: 'rejected', reason: 'HTTP 410: refused' }],
  [429, { 'retry-after': '120' }, { kind: 'retry', reason: 'HTTP 429', afterMs: 120_000 }],
  [
    503,
    { 'retry-after': new Date(START + 30_000).toUTCString() },
    { kind: 'retry', reason: 'HTTP 503', afterMs: 30_000 },
  ],
  [503, { 'retry-after': 'soon' }, { kind: 'retry', reason: 'HTTP 503', afterMs: null }],
  [
    302,
    { location: 'http://127.0.0.1:1/elsewhere' },
    { kind: 'retry', reason: 'HTTP 302: a redirect, which is not followed', afterMs: null },
  ],
  [404, {}, { kind: 'retry', reason: 'HTTP 404: refused', afterMs: null }],
];

for (const [status, headers, expected] of ANSWERS) {
  test(`HTTP ${status} ${JSON.stringify(headers)} is ${expected.kind}`, async () => {
    const { result, requests } = await post((response) => response.writeHead(status, headers).end());
    assert.deepEqual(result, expected);
    assert.equal(requests.length, 1);
  });
}

test('an answer that never comes, and a connection that breaks, are worth another try', async () => {
  const silent = await post(() => undefined, null, 50);
  assert.equal(silent.result.kind, 'retry');
  const broken = await post((response) => response.destroy());
  assert.equal(broken.result.kind, 'retry');
});

test('an answer without an end is not read to its end: the message counts as delivered', async () => {
  const piece = Buffer.alloc(1 << 16, 120);
  const { result } = await post((response) => {
    const pour = (): void => {
      while (!response.destroyed && response.write(piece));
      if (!response.destroyed) response.once('drain', pour);
    };
    response.writeHead(200);
    pour();
  });
  assert.deepEqual(result, { kind: 'delivered' });
});
