import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { makeFolder } from '../../src/commands/make-folder.ts';
import { openDataToProbe } from '../../src/commands/open-data.ts';
import { OperatorError } from '../../src/commands/world.ts';

const PROGRAM = join(import.meta.dirname, '../../src/probity.js');
/** Its folders are there and take nothing in, which the system tells as "no such folder". */
const LINUX = { skip: existsSync('/proc/self') ? false : 'there is no /proc here' };
/** Whoever tries for ever is ended, or the test would never be. */
const GIVES_UP_MS = 15_000;

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'probity-folders-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function told(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const own = { ...process.env, ...env, NODE_COMPILE_CACHE: undefined };
  const { status, stderr } = spawnSync(process.execPath, [PROGRAM, ...args], {
    encoding: 'utf8',
    env: own,
    timeout: GIVES_UP_MS,
    killSignal: 'SIGKILL',
  });
  return [status, stderr];
}

test('a backup into a place that takes nothing in is refused in one line', LINUX, async (t) => {
  const data = temporaryFolder(t);
  await openDataToProbe(data).close();
  const why = "ENOENT: no such file or directory, mkdir '/proc/probity'";
  assert.deepEqual(told(['backup', '/proc/probity/copy', '--data', data]), [
    2,
    `the folder /proc/probity/copy cannot be made: ${why}\n`,
  ]);
});

test('a data folder where nothing can be made is refused in one line', LINUX, () => {
  const why = "ENOENT: no such file or directory, mkdir '/proc/probity'";
  assert.deepEqual(told(['run', '--port', '0', '--data', '/proc/probity']), [
    2,
    `the data folder /proc/probity cannot be used: ${why}; choose another with --data\n`,
  ]);
});

for (const TMPDIR of ['/proc/probity', '/proc']) {
  test(`with TMPDIR=${TMPDIR} every command ends and says what to mend`, LINUX, () => {
    const [status, words] = told(['ledger', '--help'], { TMPDIR });
    assert.equal(status, 2);
    assert.match(
      String(words),
      /^nothing can be put into TMPDIR, \/proc\S*: ENOENT: .*; name a folder that is there\n$/,
    );
  });
}

test('a folder is made with all above it, once, and never in the place of a file', (t) => {
  const folder = temporaryFolder(t);
  const deep = join(folder, 'a', 'b', 'c');
  makeFolder(deep, 0o700);
  makeFolder(deep, 0o700);
  assert.equal(statSync(deep).mode & 0o777, 0o700);
  assert.equal(statSync(join(folder, 'a')).mode & 0o777, 0o700);
  writeFileSync(join(folder, 'file'), '');
  symlinkSync(join(folder, 'nowhere'), join(folder, 'link'));
  mkdirSync(join(folder, 'real'));
  symlinkSync(join(folder, 'real'), join(folder, 'good'));
  makeFolder(join(folder, 'good', 'inside'), 0o700);
  assert.ok(existsSync(join(folder, 'real', 'inside')));
  for (const name of ['file', 'file/inside', 'link', 'link/inside']) {
    assert.throws(() => makeFolder(join(folder, name), 0o700), OperatorError, name);
  }
});
