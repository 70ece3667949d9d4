import { resolve } from 'node:path';
import { openSigningKey, type SigningKey } from '../evidence/signing-key.ts';
import { OperatorError } from './world.ts';

/** The key a data folder signs its reports with, made at the first call. A file that holds none is the operator's to mend. */
export function signingKeyIn(folder: string): SigningKey {
  try {
    return openSigningKey(resolve(folder));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new OperatorError(`${why}; bring it back from a backup, or move it away for a new key`, { cause });
  }
}
