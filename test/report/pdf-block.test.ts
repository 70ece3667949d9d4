import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import PDFDocument from 'pdfkit';
import { type BlockOptions, blockOf, write } from '../../src/report/pdf-block.ts';

const FONT = fileURLToPath(import.meta.resolve('@expo-google-fonts/inter/400Regular/Inter_400Regular.ttf'));

const TEXTS = [
  '99.552461 %',
  '2027-02-09 09:00 UTC, provider.5xx, HTTP 503\nx-request-id: req_7',
  'first\n\nthird ',
  '',
  '(4,022 − 18) ÷ 4,022',
  'Small, real requests were sent to each model on a fixed schedule.\nNothing was retried inside a row, and no line here fits.',
] as const;

const OPTIONS: readonly BlockOptions[] = [
  { width: 240, lineGap: 1 },
  { width: 240, lineGap: 1, align: 'right', features: ['tnum'] },
];

type Draw = (doc: PDFKit.PDFDocument, text: string, y: number, options: BlockOptions) => number;

/** What a document draws of all texts; `draw` gives the height it took. */
function drawn(draw: Draw, texts: readonly string[] = TEXTS): string {
  const doc = new PDFDocument({ font: FONT, compress: false, info: { CreationDate: new Date(0) } });
  doc.fontSize(8.5);
  let y = 40;
  for (const options of OPTIONS) for (const text of texts) y += draw(doc, text, y, options) + 5;
  doc.end();
  return (doc.read() as Buffer).toString('latin1');
}

const byPdfkit: Draw = (doc, text, y, { lineGap = 0, ...options }) => {
  const all: PDFKit.Mixins.TextOptions = { lineGap, ...options };
  doc.text(text, 50, y, all);
  return doc.heightOfString(text, all);
};

const byBlocks: Draw = (doc, text, y, options) => {
  const block = blockOf(doc, text, options);
  write(doc, block, 50, y);
  return block.height;
};

test('a block stands where pdfkit by itself would set it, whether its lines fit or not', () => {
  const expected = drawn(byPdfkit);
  assert.match(expected, /BT/);
  assert.equal(drawn(byBlocks), expected);
});

test('a block that is longer than what is left of its page goes on on the next one', () => {
  const long = [Array.from({ length: 100 }, (_, line) => `line ${line}`).join('\n')];
  const expected = drawn(byPdfkit, long);
  assert.ok(expected.split('/Type /Page\n').length > 3, 'it takes several pages');
  assert.equal(drawn(byBlocks, long), expected);
});

test('what is written next goes below a block, at its left edge', () => {
  const doc = new PDFDocument({ font: FONT });
  for (const text of TEXTS.slice(0, 2)) {
    const block = blockOf(doc, text, { width: 300, align: 'right' });
    write(doc, block, 50, 100);
    assert.deepEqual([doc.x, doc.y], [50, 100 + block.height]);
  }
});

test('what has to be measured for a long word grows with its length, not with its square, and nothing of it is lost', () => {
  const measuredFor = (letters: string, length: number): number => {
    const doc = new PDFDocument({ font: FONT });
    doc.fontSize(8.5);
    const { widthOfString } = doc;
    let measured = 0;
    doc.widthOfString = (text, options) => {
      measured += text.length;
      return widthOfString.call(doc, text, options);
    };
    const word = Array.from({ length }, (_, i) => letters.charAt(i % 5)).join('');
    const block = blockOf(doc, `The word ${word} is long.`, { width: 240 });
    write(doc, block, 50, 50);
    assert.equal(block.text.replaceAll('\n', ''), `The word ${word} is long.`);
    assert.ok(block.text.split('\n').every((line) => line.isWellFormed()));
    return measured;
  };
  for (const letters of ['éüß𝄞', 'é\u00a0\u202f𝄞'])
    assert.ok(measuredFor(letters, 16_000) < 2.5 * measuredFor(letters, 8_000), letters);
});
