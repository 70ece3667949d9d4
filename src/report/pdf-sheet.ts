import { visible } from '../../dashboards/visible.ts';
import type { Fact } from '../domain/report/report-text.ts';
import { chartAlternative, type DayChart } from '../domain/view/day-chart.ts';
import { type Block, type BlockOptions, blockOf, write } from './pdf-block.ts';
import { drawChart } from './pdf-chart.ts';

export const INK = '#1d1c19';
export const SOFT = '#5d5a52';
const RULE = '#c9c6bd';

/** Points. */
export const PAGE = { size: 'A4', left: 48, right: 48, top: 52, bottom: 60 } as const;
const SIZE = { title: 20, section: 13, part: 10, text: 9, cell: 8.5, small: 7.5 } as const;
const LABEL_WIDTH = 112;
const GAP = 8;
const CHART_HEIGHT = 92;

export type Weight = 'plain' | 'bold';

export type Column = {
  readonly share: number;
  readonly align?: 'left' | 'right';
  readonly ink?: (row: readonly string[]) => string;
};

type Row = { readonly cells: readonly string[]; readonly blocks: readonly Block[]; readonly height: number };

/** A sheet of paper that is written from top to bottom, and read aloud in the same order. */
export type Sheet = {
  /** Stays with the beginning of what follows it. A heading of level 1 or 2 is a bookmark. */
  readonly heading: (level: 1 | 2 | 3, text: string, ink?: string) => void;
  readonly paragraph: (text: string, ink?: string) => void;
  readonly list: (items: readonly string[], mark?: string) => void;
  readonly facts: (facts: readonly Fact[]) => void;
  /** Kept on one page if a page can hold it; else its head is repeated. A head of one cell is a title over all columns. */
  readonly table: (
    columns: readonly Column[],
    head: readonly string[],
    rows: readonly (readonly string[])[],
  ) => void;
  readonly chart: (chart: DayChart) => void;
  readonly newPage: () => void;
  /** What follows belongs together, for whoever listens. */
  readonly section: () => void;
  readonly end: () => void;
};

/** `printable` gives a text as it can be drawn; `giveWay` is called between two lines or so. */
export function sheetOn(
  doc: PDFKit.PDFDocument,
  printable: (text: string) => string,
  giveWay: () => void = () => {},
): Sheet {
  const root = doc.struct('Document');
  doc.addStructure(root);
  let part = doc.struct('Sect');
  root.add(part);
  const width = doc.page.width - PAGE.left - PAGE.right;
  const floor = doc.page.height - PAGE.bottom;
  const whole = floor - PAGE.top;
  let waiting: { readonly height: number; readonly print: () => void }[] = [];
  const font = (weight: Weight, size: number, ink: string): PDFKit.PDFDocument =>
    doc.font(weight).fontSize(size).fillColor(ink);
  const measure = (text: string, options: BlockOptions): Block => blockOf(doc, printable(text), options);
  /** Makes room for `height` and for the headings that wait for it, and prints those. */
  const room = (height: number): void => {
    giveWay();
    const headings = waiting.reduce((sum, one) => sum + one.height, 0);
    if (doc.y + Math.min(headings + height, whole) > floor) doc.addPage();
    const due = waiting;
    waiting = [];
    for (const one of due) one.print();
  };
  const paragraph = (text: string, ink: string, indent: number, tag: string): void => {
    font('plain', SIZE.text, ink);
    const block = measure(text, { width: width - indent });
    room(block.height);
    font('plain', SIZE.text, ink);
    part.add(doc.struct(tag, {}, () => write(doc, block, PAGE.left + indent, doc.y)));
    doc.y += 4;
  };
  return {
    heading(level, text, ink = INK) {
      const size = level === 1 ? SIZE.title : level === 2 ? SIZE.section : SIZE.part;
      const before = level === 1 ? 0 : level === 2 ? 12 : 8;
      font('bold', size, ink);
      const block = measure(text, { width });
      waiting.push({
        height: block.height + before + 4,
        print: () => {
          // At the top of a page nothing has to be kept away from.
          if (doc.y > PAGE.top + 1) doc.y += before;
          font('bold', size, ink);
          // Readers show the outline in fonts of their own; only what steers them is made visible.
          if (level < 3) doc.outline.addItem(visible(text));
          part.add(doc.struct(`H${level}`, {}, () => write(doc, block, PAGE.left, doc.y)));
          doc.y += 4;
        },
      });
    },
    paragraph: (text, ink = INK) => paragraph(text, ink, 0, 'P'),
    list(items, mark = '•') {
      for (const item of items) {
        font('plain', SIZE.text, INK);
        const indent = doc.widthOfString(`${mark}  `) + 8;
        const block = measure(item, { width: width - indent });
        room(block.height);
        font('plain', SIZE.text, INK);
        const { y } = doc;
        part.add(
          doc.struct('P', {}, [
            () => write(doc, measure(mark, { width: indent }), PAGE.left + 8, y),
            () => write(doc, block, PAGE.left + indent, y),
          ]),
        );
        doc.y = y + block.height + 3;
      }
      doc.x = PAGE.left;
    },
    facts(facts) {
      for (const { label, text } of facts) {
        font('plain', SIZE.text, INK);
        const block = measure(text, { width: width - LABEL_WIDTH });
        room(block.height + 4);
        const { y } = doc;
        part.add(
          doc.struct('P', {}, [
            () => {
              font('plain', SIZE.text, SOFT);
              write(doc, measure(label, { width: LABEL_WIDTH - 8 }), PAGE.left, y);
            },
            () => {
              font('plain', SIZE.text, INK);
              write(doc, block, PAGE.left + LABEL_WIDTH, y);
            },
          ]),
        );
        doc.y = y + block.height + 3;
      }
      doc.x = PAGE.left;
      doc.y += 4;
    },
    table(columns, head, rows) {
      const isTitle = head.length === 1;
      const total = columns.reduce((sum, { share }) => sum + share, 0);
      const widths = columns.map(({ share }) => (share / total) * width - GAP);
      const measured = (cells: readonly string[], weight: Weight): Row => {
        giveWay();
        font(weight, SIZE.cell, INK);
        const blocks = cells.map((cell, i) => {
          const align = columns[i]?.align ?? 'left';
          const common = { width: cells.length === 1 ? width : (widths[i] ?? 40), align, lineGap: 1 };
          // Figures of equal width stand under each other.
          return measure(cell, align === 'right' ? { ...common, features: ['tnum'] } : common);
        });
        return { cells, blocks, height: Math.max(...blocks.map(({ height }) => height)) + 5 };
      };
      const headWeight: Weight = isTitle ? 'bold' : 'plain';
      const headRow = measured(head, headWeight);
      const body = rows.map((row) => measured(row, 'plain'));
      const sum = body.reduce((a, { height }) => a + height, headRow.height);
      const start = body.slice(0, 3).reduce((a, { height }) => a + height, 0);
      room(sum <= whole / 2 ? sum : headRow.height + start);
      const table = doc.struct('Table');
      part.add(table);
      const printRow = ({ cells, blocks, height }: Row, isHead: boolean): void => {
        giveWay();
        const { y } = doc;
        const row = doc.struct('TR');
        table.add(row);
        let x = PAGE.left;
        for (const [i, block] of blocks.entries()) {
          const at = x;
          const column = columns[i];
          row.add(
            doc.struct(isHead ? 'TH' : 'TD', {}, () => {
              if (isHead) font(headWeight, SIZE.cell, isTitle ? INK : SOFT);
              else font('plain', SIZE.cell, column?.ink?.(cells) ?? INK);
              write(doc, block, at, y + 3);
            }),
          );
          x += (widths[i] ?? 40) + GAP;
        }
        row.end();
        artifact(doc, () => {
          doc.moveTo(PAGE.left, y).lineTo(PAGE.left + width, y);
          doc.lineWidth(0.5).strokeColor(RULE).stroke();
        });
        doc.y = y + height;
      };
      printRow(headRow, true);
      for (const row of body) {
        if (doc.y + row.height > floor) {
          doc.addPage();
          printRow(headRow, true);
        }
        printRow(row, false);
      }
      table.end();
      doc.x = PAGE.left;
      doc.y += 8;
    },
    chart(chart) {
      room(CHART_HEIGHT + 6);
      const { y } = doc;
      part.add(
        doc.struct('Figure', { alt: visible(chartAlternative(chart)) }, () =>
          drawChart(doc, chart, { x: PAGE.left, y, width, height: CHART_HEIGHT }, font),
        ),
      );
      doc.x = PAGE.left;
      doc.y = y + CHART_HEIGHT + 6;
    },
    newPage: () => void doc.addPage(),
    section() {
      part.end();
      part = doc.struct('Sect');
      root.add(part);
    },
    end: () => root.end(),
  };
}

/** What is drawn but not read aloud. */
function artifact(doc: PDFKit.PDFDocument, draw: () => void): void {
  doc.markContent('Artifact', { type: 'Layout' });
  draw();
  doc.endMarkedContent();
}

/** Title, as it can be drawn, and page number at the foot of every page, in front of nobody who listens. */
export function numberPages(doc: PDFKit.PDFDocument, title: string): void {
  const { start, count } = doc.bufferedPageRange();
  for (let page = start; page < start + count; page += 1) {
    doc.switchToPage(page);
    // Text below the bottom margin would begin a new page.
    doc.page.margins.bottom = 0;
    doc.markContent('Artifact', { type: 'Pagination' });
    doc.font('plain').fontSize(SIZE.small).fillColor(SOFT);
    const y = doc.page.height - 36;
    const width = doc.page.width - PAGE.left - PAGE.right;
    doc.text(title, PAGE.left, y, {
      width: width - 90,
      height: 10,
      ellipsis: true,
      lineBreak: false,
    });
    doc.text(`Page ${page - start + 1} of ${count}`, PAGE.left, y, {
      width,
      align: 'right',
      lineBreak: false,
    });
    doc.endMarkedContent();
  }
}
