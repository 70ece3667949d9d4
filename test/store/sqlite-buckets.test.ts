import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { Store } from '../../src/store/store.ts';
import { bucketContract } from './bucket-contract.ts';

function opened(path: string): Store {
  const result = openSqliteStore(path);
  if (result.kind !== 'opened') throw new Error(result.message);
  return result.store;
}

bucketContract('SQLite in memory', () => ({
  store: opened(':memory:'),
  openBeside: null,
  discard: async () => {},
}));

bucketContract('SQLite in a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'probity-buckets-'));
  const file = join(folder, 'probity.db');
  return {
    store: opened(file),
    openBeside: () => opened(file),
    discard: async () => rmSync(folder, { recursive: true, force: true }),
  };
});
