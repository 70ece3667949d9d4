import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const ROOT = join(import.meta.dirname, '../..');
const MODULE = new URL('../../src/prober/quiet-collection.ts', import.meta.url).href;

/** Without options of whoever runs the tests. */
const ENV = { ...process.env, NODE_OPTIONS: '' };

/** Share of the room for young objects that is used before and after, in a process of its own that has used `share`. */
function around(
  share: number,
  options: readonly string[],
  first = '',
): { readonly before: number; readonly after: number } {
  const script = `
    import { constants, PerformanceObserver } from 'node:perf_hooks';
    import { setImmediate as turn } from 'node:timers/promises';
    import { getHeapSpaceStatistics } from 'node:v8';
    import { createQuietCollection } from '${MODULE}';
    const collection = createQuietCollection();
    const room = () => getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
    const used = () => room().space_used_size / (room().space_used_size + room().space_available_size);
    ${first}
    // A collection of V8's own may begin it anew.
    do { for (let i = 0; i < 50; i++) ({ n: i, list: [i] }); } while (used() < ${share} || used() > ${share + 0.1});
    const before = used();
    collection.ifFull();
    console.log(JSON.stringify({ before, after: used() }));
    process.exit();
  `;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--max-semi-space-size=1', '--optimize-for-size', ...options, '--input-type=module', '--eval', script],
    { encoding: 'utf8', cwd: ROOT, env: ENV },
  );
  assert.match(stdout, /^\{/, stderr);
  return JSON.parse(stdout);
}

/** Old objects, more and more of them, until V8 has begun to mark them and is not done. */
const UNTIL_MARKING = `
  let marking = false;
  new PerformanceObserver((list) => {
    for (const { detail } of list.getEntries()) {
      if (detail.kind === constants.NODE_PERFORMANCE_GC_INCREMENTAL) marking = true;
      else if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) marking = false;
    }
  }).observe({ entryTypes: ['gc'] });
  const kept = [];
  while (!marking) {
    for (let i = 0; i < 400; i++) kept.push({ n: kept.length, list: [kept.length] });
    await turn();
  }
`;

test('after a probe what died young is collected where its room is mostly used, and left where it is not', () => {
  const full = around(0.65, ['--expose-gc']);
  // What has lived through one collection only is still there.
  assert.ok(full.after < full.before - 0.1, JSON.stringify(full));
  const empty = around(0.4, ['--expose-gc']);
  assert.ok(empty.after >= empty.before, JSON.stringify(empty));
});

test('while old objects are being marked nothing is collected, which would have to finish that first', () => {
  const full = around(0.65, ['--expose-gc', '--single-threaded-gc'], UNTIL_MARKING);
  assert.ok(full.after >= full.before, JSON.stringify(full));
});

test('where collecting was not allowed at the start, it is left to V8', () => {
  const full = around(0.65, []);
  assert.ok(full.after >= full.before, JSON.stringify(full));
});

test('a service collects when a probe has ended', async (t) => {
  const data = mkdtempSync(join(tmpdir(), 'probity-quiet-'));
  const child = spawn(
    process.execPath,
    ['--trace-gc', 'src/probity.js', 'run', '--data', data, '--port', '0', '--no-practice-history'],
    { cwd: ROOT, stdio: ['ignore', 'pipe', 'ignore'], env: ENV },
  );
  const ended = once(child, 'close');
  t.after(async () => {
    child.kill('SIGKILL');
    await ended;
    rmSync(data, { recursive: true });
  });
  const patience = setTimeout(() => child.kill('SIGTERM'), 60_000);
  let text = '';
  // V8 calls a collection that was asked for "testing".
  for await (const part of child.stdout) {
    text += String(part);
    if (/Scavenge .* testing;/.test(text)) break;
  }
  clearTimeout(patience);
  child.kill('SIGTERM');
  await ended;
  assert.match(text, /Scavenge .* testing;/);
});
