import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';

const ROOT = join(import.meta.dirname, '../..');
/** Makes what it starts the first process of a space of its own, as a container does. */
const APART = ['--pid', '--fork', '--kill-child'];
const MAY = spawnSync('unshare', [...APART, 'true']).status === 0;

test('as the first process of a container, of which the kernel keeps signals that nobody listens for, a start is ended by SIGTERM before anything is opened', {
  skip: MAY ? false : 'NOT TESTED: unshare --pid is not to be had or not permitted here',
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'probity-first-'));
  const data = join(folder, 'data');
  const args = ['src/probity.js', 'run', '--no-practice-history', '--port', '0', '--data', data];
  const apart = spawn('unshare', [...APART, process.execPath, ...args], {
    cwd: ROOT,
    // All is compiled anew: there is time enough to be heard.
    env: { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1', npm_lifecycle_event: undefined },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const said = text(apart.stdout);
  const ended = once(apart, 'close');
  // Node itself hears nothing in its first moments.
  const asking = setInterval(() => {
    try {
      const [first] = readFileSync(`/proc/${apart.pid}/task/${apart.pid}/children`, 'utf8').split(' ');
      if (first) process.kill(Number(first), 'SIGTERM');
    } catch {
      // It ended between the two.
    }
  }, 20);
  t.after(() => {
    clearInterval(asking);
    apart.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  apart.once('exit', () => clearInterval(asking));
  const [code] = await ended;
  assert.equal(code, 143);
  assert.equal(await said, '');
  assert.ok(!existsSync(data));
});
