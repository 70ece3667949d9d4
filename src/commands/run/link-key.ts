import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const FILE = 'link.key';
const BYTES = 32;

/** The key that signs links in mails. Made at the first start, readable by its owner only, never in the database. */
export function readLinkKey(folder: string): Uint8Array {
  mkdirSync(resolve(folder), { recursive: true, mode: 0o700 });
  const path = join(resolve(folder), FILE);
  try {
    // Fails if it is there: two processes that start together agree on the first one's key.
    writeFileSync(path, randomBytes(BYTES), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  const key = readFileSync(path);
  if (key.length !== BYTES)
    throw new Error(`${path} is damaged: expected ${BYTES} bytes, found ${key.length}`);
  return key;
}
