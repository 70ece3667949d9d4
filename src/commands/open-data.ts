import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { claimFolder } from '../store/sqlite/claim.ts';
import { type OpenedStore, openSqliteStore, type SqliteOptions } from '../store/sqlite/open.ts';
import type { Store } from '../store/store.ts';
import { copyAtRest } from './copy-at-rest.ts';
import { makeFolder } from './make-folder.ts';
import { OperatorError } from './world.ts';

/** The name of the database inside the data folder. */
const DATABASE = 'probity.db';

/**
 * Opens the store of a data folder for reading and small writes, beside whoever probes into it. A folder without one is
 * refused: "no incidents" from a mistyped name would be believed.
 */
export function openData(folder: string, options: Pick<SqliteOptions, 'giveWay'> = {}): Store {
  refuseWithoutData(folder);
  return openOrMake(folder, options);
}

/**
 * Opens the store of a data folder for reading alone, also where nothing can be written: on a medium kept as evidence, in
 * a container's read-only volume, in the folder of another user.
 */
export function openDataToRead(folder: string): Store {
  refuseWithoutData(folder);
  const path = databaseIn(folder);
  const opened = openSqliteStore(path);
  if (opened.kind === 'opened' || opened.reason !== 'unwritable') return storeOf(opened);
  const asItIs = openSqliteStore(path, { readOnly: true });
  // What cannot even be opened lacks the file that SQLite shares with whoever writes; so nobody writes, as a rule, and it may be copied.
  if (asItIs.kind === 'opened' || asItIs.reason !== 'unwritable') return storeOf(asItIs);
  return openCopy(path);
}

/** A copy outside, which goes when the store is closed. */
function openCopy(path: string): Store {
  let folder = '';
  const remove = (): void => {
    if (folder !== '') rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', remove);
  let isWhole = false;
  try {
    folder = mkdtempSync(join(tmpdir(), 'probity-reading-'));
    isWhole = copyAtRest(
      ['', '-wal'].map((suffix) => `${path}${suffix}`),
      folder,
    );
  } catch (error) {
    remove();
    const why = error instanceof Error ? error.message : String(error);
    throw new OperatorError(
      `${path} cannot be read where it is, nor copied: ${why}; TMPDIR may name a place with more room`,
    );
  }
  if (!isWhole) {
    remove();
    throw new OperatorError(
      `somebody writes into ${path} just now, and it cannot be read beside them; try again`,
    );
  }
  const store = openOrMake(folder);
  return {
    ...store,
    close: async () => {
      await store.close();
      process.off('exit', remove);
      remove();
    },
  };
}

function refuseWithoutData(folder: string): void {
  if (existsSync(databaseIn(folder))) return;
  throw new OperatorError(
    `there is no Probity data in ${resolve(folder)}; name the folder with --data (probity run makes it)`,
  );
}

/** Where the database of a data folder is, as an absolute path. */
export function databaseIn(folder: string): string {
  return join(resolve(folder), DATABASE);
}

function openOrMake(folder: string, options: SqliteOptions = {}): Store {
  return storeOf(openSqliteStore(databaseIn(folder), options));
}

function storeOf(opened: OpenedStore): Store {
  if (opened.kind === 'refused') throw new OperatorError(opened.message);
  return opened.store;
}

/** Opens the store of a data folder for the one process that probes into it. `close` frees the folder. */
export function openDataToProbe(folder: string): {
  readonly store: Store;
  readonly close: () => Promise<void>;
} {
  const path = resolve(folder);
  const refusal = (why: string): string =>
    `the data folder ${path} cannot be used: ${why}; choose another with --data`;
  makeFolder(path, 0o700, refusal);
  const claim = claimFolder(path);
  if (claim.kind === 'unwritable') throw new OperatorError(refusal(claim.message));
  if (claim.kind === 'taken') {
    throw new OperatorError(
      `another Probity is already probing into ${path}; stop it, or choose another folder with --data`,
    );
  }
  try {
    const store = openOrMake(folder);
    return {
      store,
      close: async () => {
        await store.close();
        claim.release();
      },
    };
  } catch (error) {
    claim.release();
    throw error;
  }
}
