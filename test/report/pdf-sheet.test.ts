import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import PDFDocument from 'pdfkit';
import { PAGE, type Sheet, sheetOn } from '../../src/report/pdf-sheet.ts';

/** The text of each page of a sheet that is written by `write`. */
async function pagesOf(write: (sheet: Sheet) => void): Promise<readonly string[]> {
  const margins = { left: PAGE.left, right: PAGE.right, top: PAGE.top, bottom: PAGE.bottom };
  const doc = new PDFDocument({ size: PAGE.size, margins, tagged: true, pdfVersion: '1.7' });
  doc.registerFont('plain', 'Helvetica');
  doc.registerFont('bold', 'Helvetica-Bold');
  const chunks: Buffer[] = [];
  doc.on('data', (chunk: Buffer) => chunks.push(chunk));
  const sheet = sheetOn(doc, (text) => text);
  write(sheet);
  sheet.end();
  doc.end();
  await once(doc, 'end');
  const text = execFileSync('pdftotext', ['-layout', '-', '-'], {
    input: Buffer.concat(chunks),
    encoding: 'utf8',
  });
  return text.split('\f');
}

const COLUMNS = [{ share: 1 }, { share: 1 }];
const rows = (count: number): string[][] => Array.from({ length: count }, (_, i) => [`row ${i + 1};`, 'x']);

test('a heading stands on the page of what follows it, and a short table on one page, wherever they fall', async () => {
  const pagesUsed = new Set<number>();
  for (let lines = 32; lines <= 40; lines += 1) {
    const pages = await pagesOf((sheet) => {
      for (let i = 0; i < lines; i += 1) sheet.paragraph('A line.');
      sheet.heading(2, 'The heading');
      sheet.table(COLUMNS, ['Head', ''], rows(5));
    });
    const at = pages.findIndex((page) => page.includes('The heading'));
    pagesUsed.add(at);
    for (const { 0: row } of rows(5))
      assert.ok(pages[at]?.includes(row ?? ''), `${row} after ${lines} lines`);
  }
  assert.deepEqual([...pagesUsed], [0, 1]);
});

test('a table longer than a page repeats its head, and loses no row', async () => {
  const pages = await pagesOf((sheet) => sheet.table(COLUMNS, ['Head', ''], rows(100)));
  const written = pages.filter((page) => page.includes('row '));
  assert.ok(written.length > 1);
  for (const page of written) assert.match(page, /^\s*Head/);
  assert.deepEqual(
    rows(100).map(([row = '']) => written.filter((page) => page.includes(row)).length),
    Array.from({ length: 100 }, () => 1),
  );
});
