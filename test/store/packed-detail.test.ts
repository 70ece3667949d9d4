import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { PHASE_NAMES } from '../../src/domain/measure/observation.ts';
import { PHASE_ORDER, packDetail, unpackDetail, unpackFacts } from '../../src/store/sqlite/packed-detail.ts';
import { createByteReader, createByteWriter } from '../../src/store/sqlite/varint.ts';
import { sample } from './builders.ts';
import { arbitraryDetail, arbitraryMicros } from './packed-detail.arbitrary.ts';

/** What version 1 wrote for the sample of the builder. Never change it. */
const VERSION_1 = '015000c709a403cca9223ec504c504b6011306b409cfa1011f00';

describe('packed detail', () => {
  test('any detail beside any columns is read back as it was', () => {
    fc.assert(
      fc.property(arbitraryDetail, arbitraryMicros, arbitraryMicros, (given, ttftUs, totalUs) => {
        const anchors = { ttftUs, totalUs, completionTokens: given.usage?.completionTokens ?? null };
        assert.deepEqual(unpackDetail(packDetail(given, anchors), anchors), given);
      }),
    );
  });

  test('the facts read alone are those of the whole', () => {
    fc.assert(
      fc.property(arbitraryDetail, arbitraryMicros, arbitraryMicros, (given, ttftUs, totalUs) => {
        const anchors = { ttftUs, totalUs, completionTokens: given.usage?.completionTokens ?? null };
        assert.deepEqual(unpackFacts(packDetail(given, anchors)), {
          status: given.status,
          promptTokens: given.usage?.promptTokens ?? null,
        });
      }),
    );
  });

  test('the phases of an observation and the bits of a row are the same list', () => {
    assert.deepEqual([...PHASE_ORDER].sort(), [...PHASE_NAMES].sort());
  });

  test('a healthy streamed sample needs no more than 30 bytes', () => {
    const healthy = sample();
    const anchors = { ttftUs: healthy.ttftUs, totalUs: healthy.totalUs, completionTokens: 24 };
    assert.ok(packDetail(healthy, anchors).length <= 30);
  });

  test('rows of version 1 are read by every later program', () => {
    const healthy = sample();
    const anchors = { ttftUs: healthy.ttftUs, totalUs: healthy.totalUs, completionTokens: 24 };
    const { status, phases: recorded, usage: used } = unpackDetail(Buffer.from(VERSION_1, 'hex'), anchors);
    assert.deepEqual(
      { status, phases: recorded, used },
      { status: 200, phases: healthy.phases, used: healthy.usage },
    );
  });

  test('bytes of another version, cut off or left over are refused', () => {
    const healthy = sample();
    const anchors = { ttftUs: healthy.ttftUs, totalUs: healthy.totalUs, completionTokens: 24 };
    const bytes = packDetail(healthy, anchors);
    assert.throws(() => unpackDetail(Uint8Array.of(2, ...bytes.subarray(1)), anchors), /version 2/);
    assert.throws(() => unpackDetail(bytes.subarray(0, -1), anchors), /end inside a number/);
    assert.throws(() => unpackDetail(Uint8Array.of(...bytes, 0), anchors), /left over/);
  });
});

describe('variable-length numbers', () => {
  test('any whole number up to 2^52 either way is read back as it was', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -(2 ** 52), max: 2 ** 52 })), (values) => {
        const writer = createByteWriter();
        for (const value of values) writer.signed(value);
        const reader = createByteReader(writer.finish());
        assert.deepEqual(
          values.map(() => reader.signed()),
          values,
        );
        assert.ok(reader.atEnd());
      }),
    );
  });

  const lengths: Readonly<Record<string, readonly [value: number, bytes: number]>> = {
    'the largest number of one byte': [127, 1],
    'the smallest number of two bytes': [128, 2],
    'the largest number of two bytes': [16_383, 2],
    'the smallest number of three bytes': [16_384, 3],
    'a number beyond 32 bits': [2 ** 35, 6],
  };
  for (const [sentence, [value, bytes]] of Object.entries(lengths)) {
    test(`${sentence} is ${value}`, () => {
      const writer = createByteWriter();
      writer.unsigned(value);
      const written = writer.finish();
      assert.equal(written.length, bytes);
      assert.equal(createByteReader(written).unsigned(), value);
    });
  }

  for (const nonsense of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    test(`${nonsense} is refused`, () => {
      assert.throws(() => createByteWriter().unsigned(nonsense), RangeError);
    });
  }
});
