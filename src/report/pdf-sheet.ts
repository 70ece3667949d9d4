import { visible } from '../../dashboards/visible.ts';
import type { Fact } from '../domain/report/report-text.ts';
import { chartAlternative, type DayChart } from '../domain/view/day-chart.ts';
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

export function sheetOn(doc: PDFKit.PDFDocument): Sheet {
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
  const write = (text: string, x: number, y: number, options: PDFKit.Mixins.TextOptions): void => {
    doc.text(printable(text), x, y, { lineGap: 1.5, ...options });
  };
  const heightOf = (text: string, options: PDFKit.Mixins.TextOptions): number =>
    doc.heightOfString(printable(text), { lineGap: 1.5, ...options });
  /** Makes room for `height` and for the headings that wait for it, and prints those. */
  const room = (height: number): void => {
    const headings = waiting.reduce((sum, one) => sum + one.height, 0);
    if (doc.y + Math.min(headings + height, whole) > floor) doc.addPage();
    const due = waiting;
    waiting = [];
    for (const one of due) one.print();
  };
  const paragraph = (text: string, ink: string, indent: number, tag: string): void => {
    font('plain', SIZE.text, ink);
    room(heightOf(text, { width: width - indent }));
    font('plain', SIZE.text, ink);
    part.add(doc.struct(tag, {}, () => write(text, PAGE.left + indent, doc.y, { width: width - indent })));
    doc.y += 4;
  };
  return {
    heading(level, text, ink = INK) {
      const size = level === 1 ? SIZE.title : level === 2 ? SIZE.section : SIZE.part;
      const before = level === 1 ? 0 : level === 2 ? 12 : 8;
      font('bold', size, ink);
      waiting.push({
        height: heightOf(text, { width }) + before + 4,
        print: () => {
          // At the top of a page nothing has to be kept away from.
          if (doc.y > PAGE.top + 1) doc.y += before;
          font('bold', size, ink);
          if (level < 3) doc.outline.addItem(printable(text));
          part.add(doc.struct(`H${level}`, {}, () => write(text, PAGE.left, doc.y, { width })));
          doc.y += 4;
        },
      });
    },
    paragraph: (text, ink = INK) => paragraph(text, ink, 0, 'P'),
    list(items, mark = '•') {
      for (const item of items) {
        font('plain', SIZE.text, INK);
        const indent = doc.widthOfString(`${mark}  `) + 8;
        const height = heightOf(item, { width: width - indent });
        room(height);
        font('plain', SIZE.text, INK);
        const { y } = doc;
        part.add(
          doc.struct('P', {}, [
            () => write(mark, PAGE.left + 8, y, { width: indent, lineBreak: false }),
            () => write(item, PAGE.left + indent, y, { width: width - indent }),
          ]),
        );
        doc.y = y + height + 3;
      }
      doc.x = PAGE.left;
    },
    facts(facts) {
      for (const { label, text } of facts) {
        font('plain', SIZE.text, INK);
        const height = heightOf(text, { width: width - LABEL_WIDTH });
        room(height + 4);
        const { y } = doc;
        part.add(
          doc.struct('P', {}, [
            () => {
              font('plain', SIZE.text, SOFT);
              write(label, PAGE.left, y, { width: LABEL_WIDTH - 8 });
            },
            () => {
              font('plain', SIZE.text, INK);
              write(text, PAGE.left + LABEL_WIDTH, y, { width: width - LABEL_WIDTH });
            },
          ]),
        );
        doc.y = y + height + 3;
      }
      doc.x = PAGE.left;
      doc.y += 4;
    },
    table(columns, head, rows) {
      const isTitle = head.length === 1;
      const total = columns.reduce((sum, { share }) => sum + share, 0);
      const widths = columns.map(({ share }) => (share / total) * width - GAP);
      const optionsOf = (i: number, isAlone: boolean): PDFKit.Mixins.TextOptions => {
        const align = columns[i]?.align ?? 'left';
        const common = { width: isAlone ? width : (widths[i] ?? 40), align, lineGap: 1 };
        // Figures of equal width stand under each other.
        return align === 'right' ? { ...common, features: ['tnum'] } : common;
      };
      const rowHeight = (cells: readonly string[], weight: Weight): number => {
        font(weight, SIZE.cell, INK);
        return Math.max(...cells.map((cell, i) => heightOf(cell, optionsOf(i, cells.length === 1)))) + 5;
      };
      const headWeight: Weight = isTitle ? 'bold' : 'plain';
      const headHeight = rowHeight(head, headWeight);
      const heights = rows.map((row) => rowHeight(row, 'plain'));
      const sum = heights.reduce((a, b) => a + b, headHeight);
      room(sum <= whole / 2 ? sum : headHeight + heights.slice(0, 3).reduce((a, b) => a + b, 0));
      const table = doc.struct('Table');
      part.add(table);
      const printRow = (cells: readonly string[], height: number, isHead: boolean): void => {
        const { y } = doc;
        const row = doc.struct('TR');
        table.add(row);
        let x = PAGE.left;
        for (const [i, cell] of cells.entries()) {
          const at = x;
          const column = columns[i];
          row.add(
            doc.struct(isHead ? 'TH' : 'TD', {}, () => {
              if (isHead) font(headWeight, SIZE.cell, isTitle ? INK : SOFT);
              else font('plain', SIZE.cell, column?.ink?.(cells) ?? INK);
              write(cell, at, y + 3, optionsOf(i, cells.length === 1));
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
      printRow(head, headHeight, true);
      for (const [i, row] of rows.entries()) {
        const height = heights[i] ?? 0;
        if (doc.y + height > floor) {
          doc.addPage();
          printRow(head, headHeight, true);
        }
        printRow(row, height, false);
      }
      table.end();
      doc.x = PAGE.left;
      doc.y += 8;
    },
    chart(chart) {
      room(CHART_HEIGHT + 6);
      const { y } = doc;
      part.add(
        doc.struct('Figure', { alt: printable(chartAlternative(chart)) }, () =>
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

/** Line by line, so that only what is foreign loses its power. */
function printable(text: string): string {
  return text.split('\n').map(visible).join('\n');
}

/** Title and page number at the foot of every page, in front of nobody who listens. */
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
    doc.text(printable(title), PAGE.left, y, {
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
