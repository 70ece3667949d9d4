import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDataToProbe } from '../../src/commands/open-data.ts';

const ENTRY = join(import.meta.dirname, '../../src/probity.js');
const PRACTICE = join(import.meta.dirname, '../../probes/practice');

test('who stops npm stops the service that it started through a shell, and the folder is free for the next one', {
  skip: process.platform === 'win32',
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'probity-under-npm-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const data = join(folder, 'data');
  // As npm does it; the second command keeps the shell from taking itself out of the way.
  const shell = spawn(
    'sh',
    ['-c', '"$0" "$@"; true', process.execPath, ENTRY, 'run', PRACTICE, '--port', '0', '--data', data],
    {
      env: { ...process.env, NO_COLOR: '1', npm_lifecycle_event: 'start' },
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    },
  );
  // Whatever happens, nothing of the group is left behind.
  t.after(() => {
    try {
      process.kill(-(shell.pid ?? 0), 'SIGKILL');
    } catch {
      // It has ended.
    }
  });
  let text = '';
  shell.stdout.setEncoding('utf8');
  while (!text.includes('status page')) text += String((await once(shell.stdout, 'data'))[0]);
  shell.kill('SIGTERM');
  // The pipe closes when nobody holds it any more: neither the shell nor the service.
  await once(shell, 'close');
  const { close } = openDataToProbe(data);
  await close();
  assert.equal(shell.signalCode, 'SIGTERM');
});
