import { chmodSync, constants, copyFileSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Writers end within moments, or go on for hours. */
const TRIES = 3;

/**
 * Copies files that belong together into a folder, readable by us alone. Files that are not there are left out.
 *
 * @returns `false` if they kept changing meanwhile: then nothing of them is there, for half of one state and half of another
 *   would be read as damage
 */
export function copyAtRest(
  paths: readonly string[],
  folder: string,
  copy: (from: string, to: string) => void = (from, to) => copyFileSync(from, to, constants.COPYFILE_FICLONE),
): boolean {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const before = paths.map(stateOf);
    const copies = paths.map((path) => join(folder, basename(path)));
    for (const [index, path] of paths.entries()) {
      const to = copies[index];
      if (to === undefined || before[index] === null) continue;
      copy(path, to);
      chmodSync(to, 0o600);
    }
    if (paths.every((path, index) => stateOf(path) === before[index])) return true;
    for (const path of copies) rmSync(path, { force: true });
  }
  return false;
}

/** Changes with every write, and when another file takes the name. */
function stateOf(path: string): string | null {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? null : `${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}`;
}
