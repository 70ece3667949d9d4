import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import PDFDocument from 'pdfkit';
import { type ReportForm, readDocument, reportFiles } from '../../src/report/forms.ts';
import { charactersOf } from '../../src/report/pdf-characters.ts';
import { HOUR } from '../store/builders.ts';
import { closeAt } from '../support/closing.ts';
import { MARCH, recordMonth } from '../support/month.ts';

const FONTS = {
  plain: '400Regular/Inter_400Regular.ttf',
  bold: '600SemiBold/Inter_600SemiBold.ttf',
} as const;

type Font = { readonly glyphForCodePoint: (codePoint: number) => { readonly id: number } };

/** Both fonts of a report, and what can be written in them. */
function lettering() {
  const doc = new PDFDocument({ font: '' });
  const fonts = Object.entries(FONTS).map(([name, file]) => {
    doc.registerFont(name, fileURLToPath(import.meta.resolve(`@expo-google-fonts/inter/${file}`)));
    doc.font(name);
    return (doc as unknown as { readonly _font: { readonly font: Font } })._font.font;
  });
  return { fonts, characters: charactersOf(doc, Object.keys(FONTS)) };
}

/** What a reader makes of it who was told what the numbers mean. */
function read(written: string): string {
  return written.replace(/‹(U\+[0-9A-F]{4,6}(?: U\+[0-9A-F]{4,6})*)›/g, (_, run: string) =>
    run
      .split(' ')
      .map((number) => String.fromCodePoint(Number.parseInt(number.slice(2), 16)))
      .join(''),
  );
}

const foreign = fc.constantFrom(
  ...'模型שלוםعЖé\u0301\u0e31\u200d\ufe0f\u202e\u00ad\0\t\n\ud83d🦙\u{e0041}\ue000‹›U+2039 a',
);

test('whatever a report is given, its fonts can draw all that is written, and each character can be read back', () => {
  const { fonts, characters } = lettering();
  fc.assert(
    fc.property(fc.array(fc.oneof(foreign, fc.string({ unit: 'binary', maxLength: 3 }))), (parts) => {
      const text = parts.join('');
      fc.pre(!/[\ufb00-\ufb06]/.test(text));
      const written = characters.printable(text);
      for (const character of written.replaceAll('\n', '')) {
        for (const font of fonts)
          assert.notEqual(font.glyphForCodePoint(character.codePointAt(0) ?? 0).id, 0);
        assert.doesNotMatch(character, /[\p{C}\p{Default_Ignorable_Code_Point}]/u);
      }
      assert.equal(read(written), text);
    }),
    { numRuns: 1_000, examples: [[['‹U+6A21›']], [['模', '\u0301']], [['‹', '模']]] },
  );
});

test('text in the letters of the fonts stays as it is, and nothing counts as numbered', () => {
  const { characters } = lettering();
  const text = 'Modèle Ω, Привет, Ελληνικά, Ngữ − 4,022 ÷ 18 × “x” → …\n‹quoted›';
  assert.equal(characters.printable(text), text);
  assert.equal(characters.printable('ﬁne ﬂow'), 'fine flow');
  assert.equal(characters.wereNumbered(), false);
  assert.equal(characters.printable('ＧＰＴ'), '‹U+FF27 U+FF30 U+FF34›');
  assert.equal(characters.printable('模\u0301'), '‹U+6A21 U+0301›');
  assert.equal(characters.wereNumbered(), true);
});

let frozen = '';

before(async () => {
  const month = await recordMonth();
  await closeAt(month.closing, MARCH + 3 * HOUR);
  frozen = (await month.store.readReport('pro', '2027-02'))?.document ?? '';
  await month.store.close();
});

async function textOf(document: string, form: ReportForm): Promise<string> {
  const bodies: Buffer[] = [];
  for (const { pieces } of reportFiles(readDocument(document), form)) {
    bodies.push(await buffer(Readable.from(pieces())));
  }
  const body = Buffer.concat(bodies);
  if (form !== 'pdf') return String(body);
  return execFileSync('pdftotext', ['-layout', '-', '-'], { input: body, encoding: 'utf8' });
}

test('a PDF writes a name that its fonts cannot show by its numbers and says once what they are; HTML and CSV keep the name', async () => {
  const plain = await textOf(frozen, 'pdf');
  assert.ok(plain.includes('acme/pro/chat-small'));
  assert.ok(!plain.includes('U+'));
  const named = frozen.replaceAll('chat-small', '模型').replaceAll('Pro channel', 'Oﬃce ⭐');
  const text = await textOf(named, 'pdf');
  assert.ok(text.includes('acme/pro/‹U+6A21 U+578B›: breached'), text);
  assert.match(text, /Office ‹U\+2B50›, 2027-02 +Page 1 of/);
  assert.equal(text.split('About the characters').length, 2);
  assert.match(text.replace(/\s+/g, ' '), /‹U\+6A21› is one character, ‹U\+6A21 U\+578B› are two/);
  for (const form of ['html', 'csv'] as const) assert.ok((await textOf(named, form)).includes('模型'));
});
