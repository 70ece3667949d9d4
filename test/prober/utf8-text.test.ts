import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createUtf8Text } from '../../src/prober/utf8-text.ts';

function inPieces(bytes: Buffer, cuts: readonly number[]): string {
  const utf8 = createUtf8Text();
  const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  let text = '';
  for (const [at, edge] of edges.entries()) {
    if (at > 0) text += utf8.next(bytes.subarray(edges[at - 1], edge));
  }
  return text + utf8.rest();
}

test('text is the same however its bytes are cut', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.array(fc.nat()), (text, cuts) => {
      assert.equal(inPieces(Buffer.from(text, 'utf8'), cuts), text.toWellFormed());
    }),
  );
});

test('bytes that are no UTF-8 become the same replacement characters as in one piece', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.array(fc.nat()), (raw, cuts) => {
      const bytes = Buffer.from(raw);
      const whole = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
      assert.equal(inPieces(bytes, [...cuts]), whole);
    }),
  );
});
