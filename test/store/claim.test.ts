import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { claimFolder } from '../../src/store/sqlite/claim.ts';

const CLAIM = join(import.meta.dirname, '../../src/store/sqlite/claim.ts');

async function claimInAnotherProcess(folder: string): Promise<ChildProcess> {
  const script = `
    import { claimFolder } from ${JSON.stringify(CLAIM)};
    const claim = claimFolder(${JSON.stringify(folder)});
    process.stdout.write(claim.kind);
    setInterval(() => claim, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = await once(child.stdout, 'data');
  assert.equal(String(said), 'claimed');
  return child;
}

function inFolder(sentence: string, body: (folder: string) => Promise<void>): void {
  test(sentence, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'probity-claim-'));
    try {
      await body(folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

inFolder('a folder claimed by one process is refused to the next, and free after kill -9', async (folder) => {
  const child = await claimInAnotherProcess(folder);
  assert.equal(claimFolder(folder).kind, 'taken');
  child.kill('SIGKILL');
  await once(child, 'exit');
  const claim = claimFolder(folder);
  assert.equal(claim.kind, 'claimed');
  if (claim.kind === 'claimed') claim.release();
});

inFolder('a released claim can be taken again', async (folder) => {
  for (let round = 0; round < 2; round += 1) {
    const claim = claimFolder(folder);
    assert.equal(claim.kind, 'claimed');
    if (claim.kind === 'claimed') claim.release();
  }
});

inFolder('a new data folder belongs to its owner alone', async (folder) => {
  const data = join(folder, 'deep', 'data');
  const claim = claimFolder(data);
  assert.equal(claim.kind, 'claimed');
  assert.equal(statSync(data).mode & 0o777, 0o700);
  if (claim.kind === 'claimed') claim.release();
});

inFolder('a data folder that cannot exist is told, not thrown', async (folder) => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  assert.equal(claimFolder(join(file, 'data')).kind, 'unwritable');
});

for (const [kind, content] of [
  ['of other content', 'x'.repeat(8_192)],
  ['cut short', 'SQLite'],
] as const) {
  inFolder(`a lock file ${kind} is told by name, with what to do about it`, async (folder) => {
    writeFileSync(join(folder, 'claim.db'), content);
    const claim = claimFolder(folder);
    assert.equal(claim.kind, 'unwritable');
    const message = `${join(folder, 'claim.db')} is damaged; it holds nothing, so delete it and start again`;
    if (claim.kind === 'unwritable') assert.equal(claim.message, message);
  });
}
