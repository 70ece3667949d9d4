import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { reasonOf } from './folder.ts';
import type { ProblemList } from './problem-list.ts';
import type { SecretRef } from './schema-parts.ts';
import { createSecret, looksSecret, type Secret } from './secret.ts';
import type { Path } from './yaml-source.ts';

/** Resolves a reference to a secret; tells what is missing and returns `null`. */
export type ReadSecret = (ref: SecretRef, path: Path) => Secret | null;

/**
 * A reader of secrets from one environment and one folder. With `required` false an absent secret is only a warning:
 * enough for a command that sends nothing.
 */
export function secretReader(
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
  required: boolean,
  problems: ProblemList,
): ReadSecret {
  const absent = (path: Path, message: string): null => {
    if (required) problems.error(path, message);
    else problems.warning(path, message);
    return null;
  };
  return (ref, path) => {
    if ('env' in ref) {
      const place = [...path, 'env'];
      // A key pasted in place of a name must not be repeated on a terminal.
      if (!/^[A-Z_][A-Z0-9_]*$/.test(ref.env) || looksSecret(ref.env)) {
        problems.error(
          place,
          'expected the name of an environment variable in capitals, such as GATEWAY_KEY, found something else (not shown: it may be the secret itself)',
        );
        return null;
      }
      const value = env[ref.env]?.trim();
      if (value === undefined) return absent(place, `environment variable ${ref.env} is not set`);
      if (value === '') return absent(place, `environment variable ${ref.env} is empty`);
      return usable(value, `environment variable ${ref.env}`, place, problems);
    }
    const place = [...path, 'file'];
    if (looksSecret(ref.file)) {
      problems.error(place, 'expected a path, found what looks like a secret (not shown)');
      return null;
    }
    try {
      const value = readFileSync(resolve(folder, ref.file), 'utf8').trim();
      if (value === '') return absent(place, `secret file ${ref.file} is empty`);
      return usable(value, `file ${ref.file}`, place, problems);
    } catch (error) {
      return absent(place, `secret file ${ref.file} cannot be read: ${reasonOf(error)}`);
    }
  };
}

/** A secret goes into a header: https://www.rfc-editor.org/rfc/rfc9110#section-5.5 allows no control characters. */
function usable(value: string, origin: string, place: Path, problems: ProblemList): Secret | null {
  if (/^[\x20-\x7e]{1,8192}$/.test(value)) return createSecret(value, origin);
  problems.error(
    place,
    `${origin} holds more than one line or a character that no header can carry (not shown)`,
  );
  return null;
}
