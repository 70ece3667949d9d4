import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const ROOT = join(import.meta.dirname, '../..');
const MODULE = new URL('../../src/prober/quiet-collection.ts', import.meta.url).href;

/** Bytes of young objects before and after, in a process of its own which has used `share` of the room for them. */
function around(
  share: number,
  options: readonly string[],
): { readonly before: number; readonly after: number } {
  const script = `
    import { getHeapSpaceStatistics } from 'node:v8';
    import { collectIfFull } from '${MODULE}';
    const room = () => getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
    const used = () => room().space_used_size / (room().space_used_size + room().space_available_size);
    // A collection of V8's own may begin it anew.
    do { for (let i = 0; i < 50; i++) ({ n: i, list: [i] }); } while (used() < ${share} || used() > ${share + 0.1});
    const before = used();
    collectIfFull();
    console.log(JSON.stringify({ before, after: used() }));
  `;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--max-semi-space-size=1', '--optimize-for-size', ...options, '--input-type=module', '--eval', script],
    { encoding: 'utf8', cwd: ROOT },
  );
  assert.match(stdout, /^\{/, stderr);
  return JSON.parse(stdout);
}

test('after a probe what died young is collected where its room is mostly used, and left where it is not', () => {
  const full = around(0.65, ['--expose-gc']);
  // What has lived through one collection only is still there.
  assert.ok(full.after < full.before - 0.1, JSON.stringify(full));
  const empty = around(0.4, ['--expose-gc']);
  assert.ok(empty.after >= empty.before, JSON.stringify(empty));
});

test('where collecting was not allowed at the start, it is left to V8', () => {
  const full = around(0.65, []);
  assert.ok(full.after >= full.before, JSON.stringify(full));
});

test('a service collects between probes by itself, as its start allows', async (t) => {
  const data = mkdtempSync(join(tmpdir(), 'probity-quiet-'));
  t.after(() => rmSync(data, { recursive: true }));
  const child = spawn(
    process.execPath,
    ['--trace-gc', 'src/probity.js', 'run', '--data', data, '--port', '0', '--no-practice-history'],
    { cwd: ROOT, stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const ended = once(child, 'close');
  let text = '';
  // V8 calls a collection that was asked for "testing".
  for await (const part of child.stdout) {
    text += String(part);
    if (/Scavenge .* testing;/.test(text)) break;
  }
  child.kill('SIGTERM');
  await ended;
  assert.match(text, /Scavenge .* testing;/);
});
