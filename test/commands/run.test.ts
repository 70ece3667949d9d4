import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type ProbityProcess, runProbity, startProbity, statusWhen } from '../support/probity-process.ts';

/** Practice without its past, where the past is not what is looked at. */
const PRESENT = ['run', '--no-practice-history'];

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'probity-run-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function stop(probity: ProbityProcess): Promise<void> {
  probity.signal('SIGTERM');
  await probity.ended;
}

test('a new user sees live samples of every practice target, labelled as practice, and SIGTERM ends it cleanly', async (t) => {
  const probity = startProbity(['run', '--port', '0', '--data', join(temporaryFolder(t), 'data')]);
  t.after(() => probity.signal('SIGKILL'));
  const url = await probity.url;
  const view = await statusWhen(
    url,
    ({ targets }) =>
      targets.length === 11 && targets.every(({ series }) => series.some(({ last }) => last !== null)),
  );
  assert.equal(view.practice, true);
  const page = await (await fetch(url)).text();
  assert.match(page, /practice data/i);

  probity.signal('SIGTERM');
  const { code, stderr } = await probity.ended;
  assert.equal(code, 0, stderr);
});

test('it goes on when nobody reads what it says any more', async (t) => {
  const probity = startProbity([...PRESENT, '--port', '0', '--data', join(temporaryFolder(t), 'data')]);
  t.after(() => probity.signal('SIGKILL'));
  const url = await probity.url;
  probity.stopListening();
  await statusWhen(url, ({ targets }) =>
    targets.some(({ series }) => series.some(({ last }) => last !== null)),
  );
  probity.signal('SIGTERM');
  assert.equal((await probity.ended).code, 0);
});

test('a start that waits for the gateway can be broken off', async (t) => {
  const asked = Promise.withResolvers<void>();
  const silent = createServer(() => asked.resolve()).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  t.after(() => silent.closeAllConnections());
  t.after(() => silent.close());
  const folder = temporaryFolder(t);
  const { port } = silent.address() as AddressInfo;
  writeFileSync(
    join(folder, 'all.yaml'),
    `gateway: { id: silent, baseUrl: "http://127.0.0.1:${port}/v1" }
tiers: { only: { apiKey: { env: SILENT_KEY } } }
models: [{ discover: { include: ["*"] } }]
prompts: { hello: { messages: [{ role: user, content: "[{nonce}] Say hello" }], maxTokens: 8 } }
probes: [{ id: chat, operation: chat, prompt: hello, every: 60s }]
`,
  );
  const probity = startProbity(['run', folder, '--port', '0', '--data', join(folder, 'data')], {
    SILENT_KEY: 'k',
  });
  t.after(() => probity.signal('SIGKILL'));
  await asked.promise;
  probity.signal('SIGTERM');
  const { code, stderr } = await probity.ended;
  assert.equal(code, 0, stderr);
});

test('PORT is honoured, and --port before it', async (t) => {
  const free = createServer().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const { port } = free.address() as AddressInfo;
  free.close();
  await once(free, 'close');
  const folder = temporaryFolder(t);
  const byEnvironment = startProbity([...PRESENT, '--data', join(folder, 'a')], { PORT: String(port) });
  assert.equal(await byEnvironment.url, `http://127.0.0.1:${port}`);
  const byOption = startProbity([...PRESENT, '--data', join(folder, 'b'), '--port', '0'], {
    PORT: String(port),
  });
  assert.notEqual(await byOption.url, `http://127.0.0.1:${port}`);
  await Promise.all([stop(byEnvironment), stop(byOption)]);
});

test('a busy port is one clear line and exit code 2', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const { code, stderr, stdout } = await runProbity([
    'run',
    '--port',
    String(port),
    '--data',
    join(temporaryFolder(t), 'data'),
  ]);
  assert.equal(code, 2);
  assert.equal(stdout, '');
  assert.equal(stderr, `port ${port} on 127.0.0.1 is in use; choose another with --port or PORT\n`);
});

test('an address that is none is one clear line and exit code 2', async (t) => {
  const data = join(temporaryFolder(t), 'data');
  const { code, stderr } = await runProbity(['run', '--port', '0', '--bind', '300.1.1.1', '--data', data]);
  assert.deepEqual(
    [code, stderr],
    [2, '300.1.1.1 is not an address of this machine; choose another with --bind\n'],
  );
});

test('a data folder that cannot be used is one clear line and exit code 2', async (t) => {
  const file = join(temporaryFolder(t), 'file');
  writeFileSync(file, '');
  const { code, stderr } = await runProbity(['run', '--port', '0', '--data', join(file, 'data')]);
  assert.equal(code, 2);
  assert.match(stderr, /^the data folder .*\/file\/data cannot be used: .*; choose another with --data\n$/);
});

test('a second Probity on the same data folder is refused in one clear line', async (t) => {
  const data = join(temporaryFolder(t), 'data');
  const first = startProbity([...PRESENT, '--port', '0', '--data', data]);
  t.after(() => first.signal('SIGKILL'));
  await first.url;
  const { code, stderr } = await runProbity(['run', '--port', '0', '--data', data]);
  assert.equal(code, 2);
  assert.equal(
    stderr,
    `another Probity is already probing into ${data}; stop it, or choose another folder with --data\n`,
  );
  await stop(first);
});

test('a missing key is told with its place in one line each, and exit code 2', async (t) => {
  const { code, stderr } = await runProbity(
    ['run', 'probes/global-apis', '--port', '0', '--data', join(temporaryFolder(t), 'data')],
    { GLOBAL_APIS_STANDARD_KEY: '', GLOBAL_APIS_PRO_KEY: '' },
  );
  assert.equal(code, 2);
  const lines = stderr.trimEnd().split('\n');
  assert.equal(lines.length, 2);
  for (const [index, name] of ['GLOBAL_APIS_STANDARD_KEY', 'GLOBAL_APIS_PRO_KEY'].entries()) {
    assert.match(lines[index] ?? '', new RegExp(`^probes/global-apis/gateway\\.yaml:\\d+:\\d+ .*${name}`));
  }
});

test('a plan that exceeds a quota is refused before anything is sent, and the interval that fits is named', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(
    join(folder, 'all.yaml'),
    `gateway: { id: acme, practice: { seed: 1 } }
tiers: { only: { requestsPerMinute: 50 } }
models: [${Array.from({ length: 60 }, (_, n) => `{ id: model-${n} }`).join(', ')}]
prompts: { hello: { messages: [{ role: user, content: "[{nonce}] Say hello" }], maxTokens: 8 } }
probes: [{ id: chat, operation: chat, prompt: hello, every: 60s }]
`,
  );
  const { code, stdout, stderr } = await runProbity([
    'run',
    folder,
    '--port',
    '0',
    '--data',
    join(folder, 'data'),
  ]);
  assert.equal(code, 2);
  assert.equal(stdout, '');
  assert.match(
    stderr,
    /all\.yaml:5:\d+ {2}probes\[0\]\.every {2}acme\/only allows 50 requests per minute, and this plan sends up to 60: every: 2m would fit\n/,
  );
});
