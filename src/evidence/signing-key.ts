import { createPrivateKey, createPublicKey, generateKeyPairSync, hash, type KeyObject } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

/** The key a deployment signs its reports with. */
export type SigningKey = {
  readonly privateKey: KeyObject;
  readonly publicKey: PublicKey;
};

/** Ed25519 (RFC 8032). */
export type PublicKey = {
  /** The first 16 hex digits of the SHA-256 of the key's 32 bytes. */
  readonly id: string;
  /** The 32 bytes, base64url without padding, as in a JSON Web Key (RFC 8037). */
  readonly x: string;
};

const FILE = 'signing-key.pem';

/**
 * The key in a data folder, made at the first call: a file only its owner can read. Two processes that start together
 * end with the same key. Throws if the file is no Ed25519 key.
 */
export function openSigningKey(folder: string): SigningKey {
  const path = join(folder, FILE);
  const found = read(path);
  if (found !== null) return keyOf(found, path);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { privateKey } = generateKeyPairSync('ed25519');
  const draft = `${path}.${process.pid}`;
  const file = openSync(draft, 'w', 0o600);
  try {
    writeSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  try {
    // A link is made only if there is none yet, and never half.
    linkSync(draft, path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  const made = read(path);
  if (made === null) throw new Error(`the signing key ${path} was written but is not there`);
  return keyOf(made, path);
}

/** The public half of a folder's key; `null` if it has none yet. */
export function readPublicKey(folder: string): PublicKey | null {
  const path = join(folder, FILE);
  const found = read(path);
  return found === null ? null : keyOf(found, path).publicKey;
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

function keyOf(pem: string, path: string): SigningKey {
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(pem);
  } catch (cause) {
    throw new Error(`${path} holds no private key`, { cause });
  }
  if (privateKey.asymmetricKeyType !== 'ed25519') throw new Error(`${path} holds no Ed25519 key`);
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' });
  if (x === undefined) throw new Error('an Ed25519 key without its public part');
  return { privateKey, publicKey: publicKeyOf(x) };
}

export function publicKeyOf(x: string): PublicKey {
  return { id: hash('sha256', Buffer.from(x, 'base64url'), 'hex').slice(0, 16), x };
}
