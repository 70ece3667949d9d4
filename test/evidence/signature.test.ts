import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { canonicalJson, canonicalPieces } from '../../src/evidence/canonical-json.ts';
import { isSignatureGood, signReport } from '../../src/evidence/signature.ts';
import { openSigningKey } from '../../src/evidence/signing-key.ts';

function withFolder(body: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'probity-key-'));
  try {
    body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const REPORT = { period: '2026-10', credit: { percent: '10', flags: ['€', '\u2028'] }, n: 1e21 };

test('the canonical form is that of the examples of RFC 8785', () => {
  const value: unknown = JSON.parse(String.raw`{
    "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
    "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
    "literals": [null, true, false]
  }`);
  assert.equal(
    canonicalJson(value),
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  );
});

test('the pieces of the canonical form are its text, however deep it is cut', () => {
  const value: unknown = JSON.parse(
    '{"b":[],"a":{},"10":[{"z":1,"ä":[null,"\\ud83d\\ude00"],"9":[[]]},{}],"9":{"":[1,{"y":{"x":true}}]},"\\"":0}',
  );
  const depths = [0, 1, 2, 3, 9];
  for (const depth of depths) assert.equal([...canonicalPieces(value, depth)].join(''), canonicalJson(value));
  const counts = depths.map((depth) => [...canonicalPieces(value, depth)].length);
  assert.deepEqual([counts[0], new Set(counts).size], [1, depths.length]);
});

test('a key is made once, and only its owner can read it', () => {
  withFolder((folder) => {
    const first = openSigningKey(join(folder, 'data'));
    assert.equal(openSigningKey(join(folder, 'data')).publicKey.x, first.publicKey.x);
    assert.equal(statSync(join(folder, 'data', 'signing-key.pem')).mode & 0o777, 0o600);
  });
});

test('a file that is no key is refused, not replaced', () => {
  withFolder((folder) => {
    writeFileSync(join(folder, 'signing-key.pem'), 'hello');
    assert.throws(() => openSigningKey(folder), /holds no private key/);
  });
});

test('a signature holds for the same values in any order of keys, and breaks with any of them', () => {
  withFolder((folder) => {
    const signed = signReport(REPORT, openSigningKey(folder));
    const { credit, n, period } = REPORT;
    assert.ok(isSignatureGood({ ...signed, report: { n, credit, period } }));
    assert.ok(isSignatureGood(JSON.parse(JSON.stringify(signed, null, 2))));
    assert.ok(!isSignatureGood({ ...signed, report: { ...REPORT, period: '2026-11' } }));
    const stranger = openSigningKey(join(folder, 'other')).publicKey;
    assert.ok(!isSignatureGood({ ...signed, signature: { ...signed.signature, publicKey: stranger } }));
    assert.ok(!isSignatureGood({ ...signed, signature: { ...signed.signature, value: 'AAAA' } }));
  });
});

test('a signature can be checked with nothing but the published key and a standard library', () => {
  withFolder((folder) => {
    const { report, signature } = signReport(REPORT, openSigningKey(folder));
    // The fixed head of every Ed25519 public key in DER. RFC 8410.
    const der = Buffer.concat([
      Buffer.from('302a300506032b6570032100', 'hex'),
      Buffer.from(signature.publicKey.x, 'base64url'),
    ]);
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    const bytes = Buffer.from(`{"report":${canonicalJson(report)}}`);
    assert.ok(verify(null, bytes, key, Buffer.from(signature.value, 'base64url')));
  });
});
