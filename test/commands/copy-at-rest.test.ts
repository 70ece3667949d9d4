import assert from 'node:assert/strict';
import {
  appendFileSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { copyAtRest } from '../../src/commands/copy-at-rest.ts';

function folders(t: TestContext): { readonly from: string; readonly to: string } {
  const [from = '', to = ''] = ['from', 'to'].map((name) =>
    mkdtempSync(join(tmpdir(), `probity-copy-${name}-`)),
  );
  t.after(() => {
    for (const path of [from, to]) rmSync(path, { recursive: true, force: true });
  });
  return { from, to };
}

test('files into which somebody wrote while they were copied are copied again', (t) => {
  const { from, to } = folders(t);
  const paths = ['db', 'db-wal', 'db-not-there'].map((name) => join(from, name));
  const [db = '', log = ''] = paths;
  writeFileSync(db, 'old');
  let copied = 0;
  const isWhole = copyAtRest(paths, to, (path, copy) => {
    copyFileSync(path, copy);
    copied += 1;
    if (copied > 1) return;
    writeFileSync(db, 'new');
    writeFileSync(log, 'log');
  });
  assert.ok(isWhole);
  assert.deepEqual(
    readdirSync(to).map((name) => readFileSync(join(to, name), 'utf8')),
    ['new', 'log'],
  );
});

test('files that never rest are not copied at all', (t) => {
  const { from, to } = folders(t);
  const path = join(from, 'db');
  writeFileSync(path, '');
  const isWhole = copyAtRest([path], to, (source, copy) => {
    copyFileSync(source, copy);
    appendFileSync(source, 'more');
  });
  assert.equal(isWhole, false);
  assert.deepEqual(readdirSync(to), []);
});
