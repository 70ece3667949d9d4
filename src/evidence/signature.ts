import { createPublicKey, sign, verify } from 'node:crypto';
import { canonicalJson } from './canonical-json.ts';
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

function bytesOf(report: unknown): Buffer {
  return Buffer.from(canonicalJson({ report }));
}
