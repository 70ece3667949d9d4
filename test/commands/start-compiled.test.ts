import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startProbity, status } from '../support/probity-process.ts';

const skip = process.platform === 'linux' ? false : 'how a process was started stands in /proc';

test('a service that had to compile itself has taken its own place by the time it probes, and never compiles that again', {
  skip,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'probity-compiled-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const compiled = join(folder, 'compiled');
  const lives: { readonly isSecond: boolean; readonly files: number }[] = [];
  for (let life = 0; life < 2; life += 1) {
    const args = ['run', '--port', '0', '--data', join(folder, 'data'), '--no-practice-history'];
    const probity = startProbity(args, { NODE_COMPILE_CACHE: compiled });
    t.after(() => probity.signal('SIGKILL'));
    assert.equal((await status(await probity.url)).practice, true);
    const environment = readFileSync(`/proc/${probity.pid}/environ`, 'utf8').split('\0');
    probity.signal('SIGKILL');
    const { stdout } = await probity.ended;
    assert.equal(stdout.match(/status page/g)?.length, 1, 'nothing was opened by what was replaced');
    const files = readdirSync(compiled, { recursive: true }).length;
    lives.push({ isSecond: environment.includes('PROBITY_COMPILED=yes'), files });
  }
  const [first, second] = lives;
  assert.deepEqual([first?.isSecond, second?.isSecond], [true, false]);
  assert.ok((first?.files ?? 0) > 1_000, `${first?.files} files outlived a kill`);
});
