import { stat } from 'node:fs/promises';

/** Whether what is measured reaches the disk, and will still be there after a restart. */
export type StoreWatch = {
  /** To be told of every batch that could not be stored; it is tried again. */
  readonly failed: (message: string) => void;
  /** To be told of every batch that was. */
  readonly stored: () => void;
  /** Looks whether the database is still the file that was opened. */
  readonly look: () => Promise<void>;
  readonly state: () => StoreState;
};

export type StoreState =
  | { readonly kind: 'well' }
  /** Nothing could be stored since; the prober keeps what it can. */
  | { readonly kind: 'failing'; readonly sinceAt: number; readonly message: string }
  /** The file was deleted or replaced: we go on writing into one that ends with us. */
  | { readonly kind: 'gone'; readonly sinceAt: number };

export type StoreWatchParts = {
  /** The database file. */
  readonly path: string;
  readonly now: () => number;
  readonly onChange: (state: StoreState) => void;
};

/** @throws the system's error if there is no file yet */
export async function watchStore({ path, now, onChange }: StoreWatchParts): Promise<StoreWatch> {
  const opened = await stat(path);
  let failing: Extract<StoreState, { kind: 'failing' }> | null = null;
  let gone: Extract<StoreState, { kind: 'gone' }> | null = null;
  const state = (): StoreState => gone ?? failing ?? { kind: 'well' };
  return {
    failed: (message) => {
      if (failing !== null) return;
      failing = { kind: 'failing', sinceAt: now(), message };
      onChange(state());
    },
    stored: () => {
      if (failing === null) return;
      failing = null;
      onChange(state());
    },
    look: async () => {
      const isThere = await stat(path).then(
        ({ dev, ino }) => dev === opened.dev && ino === opened.ino,
        // What the disk cannot tell just now is no proof.
        (error: NodeJS.ErrnoException) => error.code !== 'ENOENT' && error.code !== 'ENOTDIR',
      );
      if (isThere === (gone === null)) return;
      gone = isThere ? null : { kind: 'gone', sinceAt: now() };
      onChange(state());
    },
    state,
  };
}

/** What is wrong with the store, for an operator; `null` while it is well. */
export function troubleOf(state: StoreState): string | null {
  switch (state.kind) {
    case 'well':
      return null;
    case 'failing':
      return `nothing could be stored since ${new Date(state.sinceAt).toISOString()}: ${state.message}`;
    case 'gone':
      return `the database was deleted or replaced while Probity runs (seen ${new Date(state.sinceAt).toISOString()}); what is measured is lost when it stops`;
  }
}
