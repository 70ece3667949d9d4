import { mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { DeliveryResult, Letter } from '../domain/alert/letter.ts';
import { composeLetter } from './email.ts';

/**
 * Where no mail server is configured, letters become files that any mail client opens. A file appears whole or not at
 * all, and the same letter is the same file, so a second delivery leaves one.
 */
export function createEmlFolder(folder: string, from: string): (letter: Letter) => Promise<DeliveryResult> {
  return async (letter) => {
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const path = join(folder, fileNameOf(letter));
      const draft = `${path}.draft`;
      const file = await open(draft, 'w', 0o600);
      try {
        await file.writeFile(await composeLetter(letter, from));
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(draft, path);
      return { kind: 'delivered' };
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error)) throw error;
      return { kind: 'retry', reason: `${folder} cannot be written: ${error.message}`, afterMs: null };
    }
  };
}

/** Sorts by time, says what it is, and holds nothing a file system could stumble over. */
function fileNameOf({ at, messageId, to }: Letter): string {
  const time = new Date(at).toISOString().slice(0, 19).replaceAll(':', '').replace('T', '-');
  const key = messageId.slice(1, messageId.indexOf('@'));
  return `${time}_${plain(key)}_${plain(to)}.eml`;
}

function plain(text: string): string {
  return text.replace(/[^A-Za-z0-9.@-]+/g, '-').slice(0, 80);
}
