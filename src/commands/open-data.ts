import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { claimFolder } from '../store/sqlite/claim.ts';
import { openSqliteStore } from '../store/sqlite/open.ts';
import type { Store } from '../store/store.ts';
import { OperatorError } from './world.ts';

/** The name of the database inside the data folder. */
const DATABASE = 'probity.db';

/**
 * Opens the store of a data folder for reading and small writes, beside whoever probes into it. A folder without one is
 * refused: "no incidents" from a mistyped name would be believed.
 */
export function openData(folder: string): Store {
  if (!existsSync(databaseIn(folder))) {
    throw new OperatorError(
      `there is no Probity data in ${resolve(folder)}; name the folder with --data (probity run makes it)`,
    );
  }
  return openOrMake(folder);
}

/** Where the database of a data folder is, as an absolute path. */
export function databaseIn(folder: string): string {
  return join(resolve(folder), DATABASE);
}

function openOrMake(folder: string): Store {
  const opened = openSqliteStore(databaseIn(folder));
  if (opened.kind === 'refused') throw new OperatorError(opened.message);
  return opened.store;
}

/** Opens the store of a data folder for the one process that probes into it. `close` frees the folder. */
export function openDataToProbe(folder: string): {
  readonly store: Store;
  readonly close: () => Promise<void>;
} {
  const path = resolve(folder);
  const claim = claimFolder(path);
  if (claim.kind === 'unwritable') {
    throw new OperatorError(
      `the data folder ${path} cannot be used: ${claim.message}; choose another with --data`,
    );
  }
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
