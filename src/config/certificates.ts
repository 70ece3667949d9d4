import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { reasonOf } from './folder.ts';
import type { Reading } from './reading.ts';
import type { Path } from './yaml-source.ts';

const PEM = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** The certificates of a PEM file and nothing else of it; `null` after telling why there are none. */
export function readCertificates(reading: Reading, file: string, path: Path): string | null {
  try {
    const found = readFileSync(resolve(reading.folder, file), 'utf8').match(PEM) ?? [];
    for (const pem of found) new X509Certificate(pem);
    if (found.length > 0) return found.join('\n');
    reading.problems.error(path, `expected a PEM file with at least one certificate, found none in ${file}`);
  } catch (error) {
    reading.problems.error(path, `${file} cannot be read as certificates: ${reasonOf(error)}`);
  }
  return null;
}
