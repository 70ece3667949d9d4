import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { readColumn, writeColumn } from '../../src/store/sqlite/packed-column.ts';
import {
  type CoreRow,
  PackedCoreRow,
  packCore,
  packDetails,
  unpackCore,
  unpackDetails,
} from '../../src/store/sqlite/packed-hour.ts';
import { createByteReader, createByteWriter } from '../../src/store/sqlite/varint.ts';
import { HOUR, MINUTE, MONDAY, sample } from './builders.ts';
import { arbitraryDetail, plain } from './packed-detail.arbitrary.ts';

const micros = fc.option(fc.integer({ min: 0, max: 2 ** 33 }));
const core: fc.Arbitrary<CoreRow> = plain({
  scheduledAt: fc.integer({ min: MONDAY, max: MONDAY + HOUR - 1 }),
  purposeNo: fc.nat(3),
  outcome: fc.constantFrom('ok', 'gateway.5xx', 'timeout.stall'),
  doubt: fc.option(fc.constantFrom('suspect clock_step', 'excluded fallback')),
  remarks: fc.nat(1023),
  lagUs: fc.integer({ min: -5_000, max: 5_000_000 }),
  ttftUs: micros,
  totalUs: micros,
  completionTokens: fc.option(fc.nat(100_000)),
  costNanos: fc.option(fc.nat({ max: 2 ** 31 - 1 })),
  servedByNo: fc.nat(5_000),
});

function shownBy(row: PackedCoreRow): Record<keyof CoreRow | 'status' | 'promptTokens', unknown> {
  const { scheduledAt, purposeNo, outcome, doubt, remarks, lagUs, ttftUs, totalUs } = row;
  const { completionTokens, costNanos, servedByNo, status, promptTokens } = row;
  const own = { completionTokens, costNanos, servedByNo, status, promptTokens };
  return { scheduledAt, purposeNo, outcome, doubt, remarks, lagUs, ttftUs, totalUs, ...own };
}

describe('a packed hour', () => {
  test('any rows are read back as they were', () => {
    const rows = fc.array(fc.tuple(core, arbitraryDetail), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(rows, (given) => {
        const cores = given.map(([row]) => row).sort((one, other) => one.scheduledAt - other.scheduledAt);
        const details = given.map(([, detail], index) => ({
          ...detail,
          usage:
            detail.usage === null
              ? null
              : { ...detail.usage, completionTokens: cores[index]?.completionTokens ?? null },
        }));
        const read = unpackCore(MONDAY, packCore(MONDAY, cores, details));
        const expected = cores.map((row, index) => ({
          ...row,
          status: details[index]?.status ?? null,
          promptTokens: details[index]?.usage?.promptTokens ?? null,
        }));
        assert.deepEqual(
          expected.map((_, index) => shownBy(new PackedCoreRow(read, index))),
          expected,
        );
        assert.equal(read.length, expected.length);
        assert.deepEqual(unpackDetails(read, packDetails(cores, details)), details);
      }),
    );
  });

  test('an hour of identical answers at a steady cadence takes less than three bytes a sample', () => {
    const healthy = sample();
    const rows = Array.from({ length: 60 }, (_, minute) => ({
      scheduledAt: MONDAY + 1_234 + minute * MINUTE,
      purposeNo: 0,
      outcome: healthy.outcome,
      doubt: null,
      remarks: 0,
      lagUs: healthy.lagUs,
      ttftUs: healthy.ttftUs,
      totalUs: healthy.totalUs,
      completionTokens: 24,
      costNanos: healthy.costNanos,
      servedByNo: 1,
    }));
    const details = rows.map(() => healthy);
    const bytes = packCore(MONDAY, rows, details).length + packDetails(rows, details).length;
    assert.ok(bytes < 180, `${bytes} bytes`);
  });

  test('bytes of another version are refused', () => {
    const none = unpackCore(MONDAY, packCore(MONDAY, [], []));
    assert.throws(() => unpackCore(MONDAY, Uint8Array.of(9, 0)), /version 9/);
    assert.throws(() => unpackDetails(none, Uint8Array.of(9, 0)), /version 9/);
  });
});

describe('a packed column', () => {
  const written = (values: readonly number[]): Uint8Array => {
    const writer = createByteWriter();
    writeColumn(writer, values);
    return writer.finish();
  };

  test('any values are read back as they were', () => {
    const values = fc.array(fc.oneof(fc.nat(3), fc.integer({ min: 0, max: 2 ** 52 })), { maxLength: 100 });
    fc.assert(
      fc.property(values, (given) => {
        const reader = createByteReader(written(given));
        assert.deepEqual(readColumn(reader, given.length), given);
        assert.ok(reader.atEnd());
      }),
    );
  });

  test('a constant takes three bytes, noise one byte more than itself', () => {
    assert.equal(written(Array.from({ length: 100 }, () => 7)).length, 3);
    assert.equal(written(Array.from({ length: 100 }, (_, index) => index)).length, 101);
  });

  test('a run that is longer than the column is refused', () => {
    const bytes = written(Array.from({ length: 100 }, () => 7));
    assert.throws(() => readColumn(createByteReader(bytes), 99), /wrong length/);
  });
});
