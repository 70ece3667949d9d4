import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import PDFDocument from 'pdfkit';
import { type Font, rememberWordsOf } from '../../src/report/pdf-words.ts';

const FILES = ['400Regular/Inter_400Regular.ttf', '600SemiBold/Inter_600SemiBold.ttf'];

function fontOf(file: string): Font {
  const path = fileURLToPath(import.meta.resolve(`@expo-google-fonts/inter/${file}`));
  const doc = new PDFDocument({ font: path, fontLayoutCache: false });
  return (doc as unknown as { readonly _font: Font })._font;
}

const SIGNS = [...'0123456789abcdefxyzABXYZ_.,/% \n-:()<>=+×÷≥−'];

/** What reports are full of, any mixture of the signs in them, and of those that change by what is around. */
const texts = fc.oneof(
  fc.uuid(),
  fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }).map((date) => date.toISOString()),
  fc.string({ unit: fc.constantFrom(...SIGNS), minLength: 1, maxLength: 12 }),
  fc.string({ unit: fc.constantFrom(...'17aBx- :'), minLength: 1, maxLength: 8 }),
);

for (const file of FILES) {
  test(`words that are remembered or put together are set as the font sets them: ${file}`, () => {
    const [plain, remembering] = [fontOf(file), fontOf(file)];
    rememberWordsOf(remembering);
    const laidOut = (font: Font, text: string, features: readonly string[] | undefined): unknown => {
      const { glyphs, positions, advanceWidth } = font.layoutRun(text, features);
      return {
        ids: glyphs.map(({ id }) => id),
        positions: positions.map((one) => ({ ...one })),
        advanceWidth,
      };
    };
    fc.assert(
      fc.property(texts, fc.constantFrom(undefined, ['tnum']), (text, features) => {
        const expected = laidOut(plain, text, features);
        assert.deepEqual(laidOut(remembering, text, features), expected);
        assert.deepEqual(laidOut(remembering, text, features), expected);
      }),
      {
        numRuns: 400,
        examples: [
          ['1x 7', undefined],
          ['a- B', undefined],
          ['7-a', undefined],
          ['A: ', undefined],
          ['7-', undefined],
        ],
      },
    );
  });
}
