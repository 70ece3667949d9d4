import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { loadDeployment } from '../../src/commands/load-deployment.ts';
import { openPostOffice } from '../../src/commands/run/post-office.ts';
import type { DeliveryResult } from '../../src/domain/alert/letter.ts';
import { notice } from '../../src/domain/alert/message.ts';
import { START } from '../support/alert-builders.ts';
import { type MailServer, startMailServer } from '../support/mail-server.ts';

const TLS = join(import.meta.dirname, '../fixtures/tls');
const read = (name: string): string => readFileSync(join(TLS, name), 'utf8');

/** A server of a house with an authority of its own, and a deployment that may know that authority. */
async function houseServer(t: TestContext, identity: 'good' | 'stranger' | 'expired'): Promise<MailServer> {
  const server = await startMailServer({
    security: 'starttls',
    auth: { user: 'probity', password: 'hunter2222' },
    identity: { key: read(`${identity}.key`), cert: read(`${identity}.pem`) },
  });
  t.after(() => server.close());
  return server;
}

async function sendFrom(t: TestContext, server: MailServer, ca: string): Promise<DeliveryResult> {
  const home = mkdtempSync(join(tmpdir(), 'probity-post-'));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  const folder = join(home, 'deployment');
  mkdirSync(folder);
  copyFileSync(join(TLS, 'authority.pem'), join(folder, 'authority.pem'));
  writeFileSync(
    join(folder, 'all.yaml'),
    `gateway: { id: acme, practice: { timetable: quiet } }
tiers: { pro: {} }
models: [{ id: small }]
prompts: { hello: { messages: [{ role: user, content: "[{nonce}] Say hello" }], maxTokens: 8 } }
probes: [{ id: chat, prompt: hello, every: 60s }]
alerts:
  mail:
    from: probity@watch.example
    smtp: { host: localhost, port: ${server.settings.port}, user: probity, password: { env: MAIL_PASSWORD }${ca} }
  routes: [{ id: all, to: [ada@oncall.example] }]
`,
  );
  const env = { MAIL_PASSWORD: 'hunter2222' };
  const config = loadDeployment(folder, { env, err: () => {} });
  const office = openPostOffice({
    config,
    data: join(home, 'data'),
    origin: null,
    linkKey: new Uint8Array(32),
    now: () => START,
  });
  const message = notice({
    key: 'test:1',
    topic: 'test',
    severity: 'ticket',
    at: START,
    practice: false,
    subject: 'Test',
    headline: 'This is a test.',
  });
  try {
    return await office.send(message, { channel: 'email', address: 'ada@oncall.example' });
  } finally {
    office.close();
  }
}

test('mail goes to a server whose certificate an authority of the house signed, once the deployment names it', async (t) => {
  const server = await houseServer(t, 'good');
  const refused = await sendFrom(t, server, '');
  assert.ok(refused.kind === 'retry' && /certificate/i.test(refused.reason), JSON.stringify(refused));
  assert.equal(server.received.length, 0, 'not even the password left before');
  assert.deepEqual(await sendFrom(t, server, ', ca: authority.pem'), { kind: 'delivered' });
  assert.equal(server.received[0]?.mail.subject, 'Test');
});

for (const identity of ['stranger', 'expired'] as const) {
  test(`the authority of the house does not excuse a certificate that is ${identity === 'expired' ? 'expired' : 'for another host'}`, async (t) => {
    const server = await houseServer(t, identity);
    const result = await sendFrom(t, server, ', ca: authority.pem');
    assert.equal(result.kind, 'retry', JSON.stringify(result));
    assert.equal(server.received.length, 0);
  });
}
