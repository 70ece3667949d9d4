import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  type StoreState,
  type StoreWatch,
  troubleOf,
  watchStore,
} from '../../src/commands/run/store-watch.ts';

const NOW = Date.UTC(2026, 2, 18, 3, 0);

async function watched(
  t: TestContext,
): Promise<{ watch: StoreWatch; path: string; told: StoreState['kind'][] }> {
  const folder = mkdtempSync(join(tmpdir(), 'probity-watch-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'probity.db');
  writeFileSync(path, 'the database');
  const told: StoreState['kind'][] = [];
  const watch = await watchStore({ path, now: () => NOW, onChange: ({ kind }) => told.push(kind) });
  return { watch, path, told };
}

test('a database that is deleted, replaced, and put back is noticed each time, once', async (t) => {
  const { watch, path, told } = await watched(t);
  await watch.look();
  assert.equal(troubleOf(watch.state()), null);
  renameSync(path, `${path}.away`);
  await watch.look();
  await watch.look();
  assert.match(troubleOf(watch.state()) ?? '', /deleted or replaced .* 2026-03-18T03:00:00/);
  writeFileSync(path, 'another database');
  await watch.look();
  assert.deepEqual(told, ['gone'], 'another file under the name is not it');
  renameSync(`${path}.away`, path);
  await watch.look();
  assert.deepEqual(told, ['gone', 'well']);
});

test('a disk that is full is told when it begins and when it ends, not at every try', async (t) => {
  const { watch, told } = await watched(t);
  watch.stored();
  watch.failed('database or disk is full');
  watch.failed('database or disk is full');
  assert.equal(
    troubleOf(watch.state()),
    'nothing could be stored since 2026-03-18T03:00:00.000Z: database or disk is full',
  );
  watch.stored();
  watch.stored();
  assert.deepEqual(told, ['failing', 'well']);
});
