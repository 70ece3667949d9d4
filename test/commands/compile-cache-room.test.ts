import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const PROGRAM = join(import.meta.dirname, '../../src/probity.js');
const MOUNT = 'mount -t tmpfs -o size="$SIZE" tmpfs "$PLACE"';
/** What is mounted within is seen by nobody else, and gone at the end. */
const within = (script: string, env: Readonly<Record<string, string | undefined>>) =>
  spawnSync('unshare', ['--mount', 'sh', '-ec', script], {
    encoding: 'utf8',
    env: { ...process.env, NODE_COMPILE_CACHE: undefined, ...env },
  });
const MAY = within(MOUNT, { SIZE: '1m', PLACE: tmpdir() }).status === 0;

for (const [variable, folder] of [
  ['TMPDIR', ''],
  ['NODE_COMPILE_CACHE', '/compiled'],
] as const) {
  test(`a start keeps what it compiled under ${variable} only where there is room for it, and leaves no hundreds of empty files`, {
    skip: MAY ? false : 'NOT TESTED: unshare --mount is not to be had or not permitted here',
  }, (t) => {
    const place = mkdtempSync(join(tmpdir(), 'probity-room-'));
    t.after(() => rmSync(place, { recursive: true }));
    const filesKept = (size: string): number => {
      const script = `${MOUNT}; ${variable}="$PLACE${folder}" "$NODE" "$PROGRAM" ledger --help > /dev/null; find "$PLACE" -type f | wc -l`;
      const env = { SIZE: size, PLACE: place, NODE: process.execPath, PROGRAM };
      const { status, stdout, stderr } = within(script, env);
      assert.equal(status, 0, stderr);
      return Number(stdout);
    };
    // Node writes the first file itself by the time it is told.
    assert.ok(filesKept('1m') <= 1);
    assert.ok(filesKept('64m') > 20);
  });
}
