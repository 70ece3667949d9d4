import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { Store } from '../../src/store/store.ts';

const ENTRY = join(import.meta.dirname, '../../src/probity.js');
const NOBODY = 65_534;

/** A data folder that holds something, and that the command's user may read and not write. */
async function sealedFolder(t: TestContext, isStillOpen: boolean): Promise<{ folder: string; temp: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'probity-read-only-'));
  const temp = mkdtempSync(join(tmpdir(), 'probity-read-only-temp-'));
  chmodSync(temp, 0o777);
  const opened = openSqliteStore(join(folder, 'probity.db'));
  assert.ok(opened.kind === 'opened');
  const { store } = opened;
  await store.writeFact('seen', '1', 1);
  if (!isStillOpen) await store.close();
  for (const name of readdirSync(folder)) chmodSync(join(folder, name), 0o444);
  chmodSync(folder, 0o555);
  t.after(async () => {
    if (isStillOpen) await closeWritable(folder, store);
    chmodSync(folder, 0o700);
    for (const path of [folder, temp]) rmSync(path, { recursive: true, force: true });
  });
  return { folder, temp };
}

async function closeWritable(folder: string, store: Store): Promise<void> {
  chmodSync(folder, 0o700);
  for (const name of readdirSync(folder)) chmodSync(join(folder, name), 0o600);
  await store.close();
}

/** Permissions do not bind root: the command then runs as somebody else. */
function runBound(
  args: readonly string[],
  temp: string,
): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, NO_COLOR: '1', TMPDIR: temp, NODE_DISABLE_COMPILE_CACHE: '1' };
    const user = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
    execFile(process.execPath, [ENTRY, ...args], { env, ...user }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

test('a data folder that cannot be written is verified all the same, and nothing is left behind', async (t) => {
  const { folder, temp } = await sealedFolder(t, false);
  const before = readdirSync(folder);
  const { code, stdout, stderr } = await runBound(['verify', '--data', folder], temp);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^✓ every row is as it was sealed/);
  assert.deepEqual(readdirSync(folder), before);
  assert.deepEqual(readdirSync(temp), []);
});

test('a data folder that cannot be written is read where it is while another process writes into it', async (t) => {
  const { folder, temp } = await sealedFolder(t, true);
  chmodSync(temp, 0o555);
  const { code, stdout, stderr } = await runBound(['ledger', '--data', folder], temp);
  assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: 'the ledger is empty\n', stderr: '' });
});

test('where there is no room for a copy either, that is told in one line', async (t) => {
  const { folder, temp } = await sealedFolder(t, false);
  const { code, stderr } = await runBound(['ledger', '--data', folder], join(temp, 'nowhere'));
  assert.equal(code, 2);
  assert.match(
    stderr,
    /^\S+probity\.db cannot be read where it is, nor copied: ENOENT: [^\n]+; TMPDIR may name .*\n$/,
  );
});

test('what would write into such a folder is refused in one line', async (t) => {
  const { folder, temp } = await sealedFolder(t, false);
  const { code, stderr } = await runBound(['token', '--data', folder], temp);
  assert.equal(code, 2);
  assert.match(stderr, /^\S+probity\.db cannot be written \(.+\)\n$/);
});
