import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { OperatorError } from '../world.ts';

const FILE = 'link.key';
const BYTES = 32;

/**
 * The key that signs links in mails. Made at the first start, readable by its owner only, never in the database. Throws
 * an `OperatorError` if the file holds no key or cannot be read.
 */
export function readLinkKey(folder: string): Uint8Array {
  mkdirSync(resolve(folder), { recursive: true, mode: 0o700 });
  const path = join(resolve(folder), FILE);
  const key = read(path) ?? make(path);
  if (key.length !== BYTES) {
    throw new OperatorError(
      `${path} is damaged: expected ${BYTES} bytes, found ${key.length}; remove it for a new one, with which links in older mails end`,
    );
  }
  return key;
}

function make(path: string): Uint8Array {
  const draft = `${path}.${process.pid}`;
  try {
    writeFileSync(draft, randomBytes(BYTES), { mode: 0o600, flush: true });
    // A link is made only if there is none yet, and never half: of two processes that start together the first one's
    // key stays, and a full disk leaves none instead of an empty one.
    linkSync(draft, path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw unusable(path, error);
  } finally {
    rmSync(draft, { force: true });
  }
  return readFileSync(path);
}

function read(path: string): Uint8Array | null {
  try {
    return readFileSync(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw unusable(path, error);
  }
}

function unusable(path: string, cause: unknown): OperatorError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new OperatorError(`${path} cannot be used: ${why}`, { cause });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
