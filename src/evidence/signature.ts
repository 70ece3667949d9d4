import { createPublicKey, sign, verify } from 'node:crypto';
import { canonicalJson, canonicalPieces } from './canonical-json.ts';
import { type PublicKey, publicKeyOf, type SigningKey } from './signing-key.ts';

/** How a document was signed. The signed bytes are the canonical JSON (RFC 8785) of `{"report": …}` in UTF-8. */
export type Signature = {
  readonly algorithm: 'Ed25519';
  readonly canonicalization: 'RFC 8785';
  readonly publicKey: PublicKey;
  /** Base64url without padding. */
  readonly value: string;
};

export type Signed<Report> = { readonly report: Report; readonly signature: Signature };

export function signReport<Report>(report: Report, key: SigningKey): Signed<Report> {
  const value = sign(null, bytesOf(report), key.privateKey).toString('base64url');
  return {
    report,
    signature: { algorithm: 'Ed25519', canonicalization: 'RFC 8785', publicKey: key.publicKey, value },
  };
}

/**
 * Whether the document is as the holder of the named key signed it. Whose key that is, the document cannot prove:
 * compare it with the one published at `/.well-known/probity.json`.
 */
export function isSignatureGood({ report, signature }: Signed<unknown>): boolean {
  const { x, id } = signature.publicKey;
  if (signature.algorithm !== 'Ed25519' || publicKeyOf(x).id !== id) return false;
  try {
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    return verify(null, bytesOf(report), key, Buffer.from(signature.value, 'base64url'));
  } catch {
    return false;
  }
}

/** The three things openssl needs to check a signature without this program. */
export type SignatureProof = {
  /** SubjectPublicKeyInfo, RFC 8410. */
  readonly publicKeyPem: string;
  /** The signed text: the canonical JSON of `{"report": …}`, from the beginning each time it is asked for. */
  readonly signed: () => Iterable<string>;
  readonly signature: Buffer;
};

/** `{"report": {"statements": [one` is that deep. */
const STATEMENT_DEPTH = 3;

/** The proof of a document; `null` if it is not signed. */
export function signatureProof({
  report,
  signature,
}: {
  readonly report: unknown;
  readonly signature: { readonly publicKey: { readonly x: string }; readonly value: string } | null;
}): SignatureProof | null {
  if (signature === null) return null;
  const { x } = signature.publicKey;
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return {
    publicKeyPem: key.export({ type: 'spki', format: 'pem' }).toString(),
    signed: () => canonicalPieces({ report }, STATEMENT_DEPTH),
    signature: Buffer.from(signature.value, 'base64url'),
  };
}

function bytesOf(report: unknown): Buffer {
  return Buffer.from(canonicalJson({ report }));
}
