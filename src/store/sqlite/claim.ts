import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';

export type Claim =
  | { readonly kind: 'claimed'; readonly release: () => void }
  | { readonly kind: 'taken' }
  | { readonly kind: 'unwritable'; readonly message: string };

/**
 * Makes this process the only one that probes into a data folder, until `release` or the end of the process.
 *
 * The claim is a lock on an empty database file, not a file with a process number in it: the operating system drops
 * the lock with the process, however that dies, so a `kill -9` leaves nothing to clean up. Reading commands do not
 * need a claim. The folder is made, readable by its owner only, if it is not there.
 */
export function claimFolder(folder: string): Claim {
  let db: Database.Database | undefined;
  const path = join(folder, 'claim.db');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    db = new Database(path, { timeout: 0 });
    db.pragma('journal_mode = delete');
    db.exec('begin exclusive');
  } catch (error) {
    db?.close();
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code.startsWith('SQLITE_BUSY')) return { kind: 'taken' };
    if (code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT')) {
      const message = `${path} is damaged; it holds nothing, so delete it and start again`;
      return { kind: 'unwritable', message };
    }
    return { kind: 'unwritable', message: error instanceof Error ? error.message : String(error) };
  }
  const held = db;
  return { kind: 'claimed', release: () => void held.close() };
}
