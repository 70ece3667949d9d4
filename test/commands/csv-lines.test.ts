import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { type CsvRecord, createCsvReader } from '../../src/commands/evaluate/csv-lines.ts';

function read(pieces: readonly string[], most = 1000): CsvRecord[] {
  const reader = createCsvReader(most);
  return [...pieces.flatMap((piece) => reader.push(piece)), ...reader.end()];
}

function piecesOf(text: string, length: number): string[] {
  return Array.from({ length: Math.ceil(text.length / length) }, (_, i) =>
    text.slice(i * length, (i + 1) * length),
  );
}

const told = (records: readonly CsvRecord[]) =>
  records.map(({ line, cells, fault }) => [line, fault ?? cells]);

test('quoted commas, quotes and line breaks are part of a cell, and lines keep their numbers', () => {
  const text = 'a,b\n"1,2","say ""hi"""\n\n"two\nlines",3\n4,5\n';
  for (const length of [1, 2, 3, 7, 1000]) {
    assert.deepEqual(told(read(piecesOf(text, length))), [
      [1, ['a', 'b']],
      [2, ['1,2', 'say "hi"']],
      [4, ['two\nlines', '3']],
      [6, ['4', '5']],
    ]);
  }
});

test('a stray quote costs its own line and none behind it', () => {
  const text = 'a,b\n"x"y,2\n3,4\n5,"open\n6,7\n';
  assert.deepEqual(told(read([text])), [
    [1, ['a', 'b']],
    [2, 'a cell goes on behind its closing quote'],
    [3, ['3', '4']],
    [4, 'a quote is opened and not closed'],
    [5, ['6', '7']],
  ]);
});

test('a quote that is never closed holds back no more than the limit', () => {
  const lines = Array.from({ length: 200 }, (_, i) => `${i},1\n`).join('');
  const found = read([`a,b\n1,"open\n${lines}`], 100);
  assert.deepEqual(told(found)[1], [2, 'a quote is opened and not closed']);
  assert.equal(found.length, 202);
  assert.deepEqual(told(found).at(-1), [202, ['199', '1']]);
});

test('a line longer than the limit is one fault, and the next one counts', () => {
  for (const pieces of [
    ['a,b\n', 'x'.repeat(150), 'y'.repeat(150), '\n1,2\n'],
    [`a,b\n${'x'.repeat(300)}`, '\n1,2'],
  ]) {
    assert.deepEqual(told(read(pieces, 100)), [
      [1, ['a', 'b']],
      [2, 'longer than 100 bytes'],
      [3, ['1', '2']],
    ]);
  }
});

test('any table reads as the reference reads it, however it is cut', () => {
  const cell = fc.string({ unit: fc.constantFrom('a', '1', ' ', ',', '"', '\n', 'é', '|'), maxLength: 6 });
  const quoted = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  fc.assert(
    fc.property(
      fc.array(fc.array(cell, { minLength: 2, maxLength: 3 }), { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 1, max: 40 }),
      fc.constantFrom('\n', '\r\n'),
      (rows, length, ending) => {
        const text = rows.map((row) => row.map(quoted).join(',') + ending).join('');
        const reference = parse(text, { relax_column_count: true, record_delimiter: [ending] });
        assert.deepEqual(
          read(piecesOf(text, length)).map(({ cells }) => cells),
          reference,
        );
      },
    ),
  );
});
