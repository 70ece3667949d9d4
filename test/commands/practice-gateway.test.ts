import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { startPracticeGateway } from '../../src/practice/gateway.ts';
import { PRACTICE_KEYS } from '../../src/practice/models.ts';
import { QUIET } from '../../src/practice/timetable.ts';

const MAIN = join(import.meta.dirname, '../../src/probity.js');

function probity(...args: string[]) {
  return spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
}

test('practice-gateway says where it listens, serves, and ends with 0 on SIGTERM', async (t) => {
  const child = probity('practice-gateway', '--port', '0');
  t.after(() => child.kill('SIGKILL'));
  const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  const url = /practice gateway on (http:\/\/127\.0\.0\.1:\d+\/v1)/.exec(line)?.[1];
  assert.ok(url, line);
  const response = await fetch(`${url}/models`, {
    headers: { authorization: `Bearer ${PRACTICE_KEYS.standard}` },
  });
  assert.equal(response.headers.get('x-probity-practice'), 'true');
  assert.equal(response.status, 200);
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  assert.deepEqual(await exit, [0, null]);
});

test('practice-gateway on a busy port gives one line and exit code 2', async (t) => {
  const taken = await startPracticeGateway({ port: 0, seed: 1, now: () => 0, timetable: QUIET });
  t.after(() => taken.close());
  const child = probity('practice-gateway', '--port', String(taken.port));
  const [complaint, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  assert.equal(complaint, `port ${taken.port} of 127.0.0.1 is in use: choose another with --port\n`);
  assert.equal(code, 2);
});

test('practice-gateway refuses a port that cannot be one', async () => {
  const child = probity('practice-gateway', '--port', '65536');
  const [complaint, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  assert.match(complaint, /whole number from 0 to 65535/);
  assert.equal(code, 2);
});
