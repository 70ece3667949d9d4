import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { OperatorError } from './world.ts';

/**
 * Makes a folder that somebody named, with all above it that are missing, where it is not there yet. Node's own way of making
 * several at once never comes back from a place that takes nothing in, such as /proc.
 *
 * @throws OperatorError with the words of `refusal` where it cannot be made
 */
export function makeFolder(
  folder: string,
  mode: number,
  refusal = (why: string) => `the folder ${folder} cannot be made: ${why}`,
): void {
  try {
    makeMissing(resolve(folder), mode);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new OperatorError(refusal(why));
  }
}

function makeMissing(folder: string, mode: number): void {
  if (isFolder(folder)) return;
  const above = dirname(folder);
  if (above !== folder && !existsSync(above)) makeMissing(above, mode);
  try {
    mkdirSync(folder, { mode });
  } catch (error) {
    // Somebody else made it just now.
    if (!isFolder(folder)) throw error;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
