import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createSuiteReport } from './support/suite-report.ts';

/** Runs files of the given texts as `npm test` would. */
function runFiles(
  t: TestContext,
  texts: Readonly<Record<string, string>>,
): { code: number | null; out: string } {
  const folder = mkdtempSync(join(tmpdir(), 'probity-suite-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, name), text);
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const runner = join(import.meta.dirname, 'run-suite.ts');
  const { status, stdout } = spawnSync(process.execPath, [runner, folder], { encoding: 'utf8', env });
  return { code: status, out: stdout };
}

const GOOD = `import { test } from 'node:test';
test('one', () => {});
test('two', { skip: 'not here' }, () => {});
`;
const BAD = `import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
describe('sums', () => {
  test('two and two are five', () => assert.equal(2 + 2, 5));
});
console.log('a last word');
`;

test('all is well: a line per file, what was skipped with its reason, the counts, exit code 0', (t) => {
  const { code, out } = runFiles(t, { 'good.test.ts': GOOD });
  assert.equal(code, 0);
  assert.match(
    out,
    /^✔ +[\d.]+ s {2}\S+good\.test\.ts \(2\)\n\nskipped:\n {4}two \(not here\)\n\n2 tests in 1 file: 1 passed, 0 failed, 1 skipped, [\d.]+ s\n$/,
  );
});

test('a failure is told in full with its place and what its file said, a crash with its exit code; exit code 1', (t) => {
  const { code, out } = runFiles(t, {
    'bad.test.ts': BAD,
    'crash.test.ts': 'process.exit(3)',
    'good.test.ts': GOOD,
  });
  assert.equal(code, 1);
  assert.match(
    out,
    /✖ \S+bad\.test\.ts:4 {2}sums > two and two are five\n {4}AssertionError.*\n[\s\S]*4 !== 5/,
  );
  assert.match(out, /bad\.test\.ts said:\n {4}a last word\n/);
  assert.match(out, /✖ \S+crash\.test\.ts:1 {2}the file did not end well\n[\s\S]*exitCode: 3/);
  assert.match(out, /\n4 tests in 3 files: 1 passed, 2 failed, 1 skipped, [\d.]+ s\n$/);
});

test('nothing to run is no success', (t) => {
  assert.equal(runFiles(t, {}).code, 1);
});

test('a file that does not end is named, with the test it hangs in, and spoils the result', () => {
  let now = 0;
  let out = '';
  const report = createSuiteReport({ root: '/x', write: (text) => (out += text), now: () => now });
  report.take({ type: 'test:dequeue', data: { name: '/x/a.test.ts', file: '/x/a.test.ts', testId: 1 } });
  const told = { name: 'waits', file: '/x/a.test.ts', entryFile: '/x/a.test.ts', testId: 1 };
  report.take({ type: 'test:dequeue', data: told });
  now = 5000;
  assert.equal(report.overdue(5000), false);
  now = 5001;
  assert.equal(report.overdue(5000), true);
  assert.equal(report.end(), false);
  assert.match(out, /✖ a\.test\.ts {2}has not ended after 5\.0 s, in: waits/);
});
