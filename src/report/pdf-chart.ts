import type { DayChart } from '../domain/view/day-chart.ts';

export type Box = { readonly x: number; readonly y: number; readonly width: number; readonly height: number };

/** Sets font, size in points, and colour of what is written next. */
export type SetFont = (weight: 'plain' | 'bold', size: number, ink: string) => PDFKit.PDFDocument;

const INK = '#1d1c19';
const SOFT = '#5d5a52';
const RULE = '#c9c6bd';
const MET = '#8dbcae';
const MISSED = '#b3321a';
const SMALL = 7;

/** One bar for each day; what is higher than the chart is cut, with a notch and its number on top. */
export function drawChart(doc: PDFKit.PDFDocument, chart: DayChart, box: Box, font: SetFont): void {
  const { title, note, unit, high, target, days } = chart;
  const left = box.x + 44;
  const right = box.x + box.width - 46;
  const top = box.y + 26;
  const bottom = box.y + box.height - 14;
  const step = (right - left) / Math.max(1, days.length);
  const y = (share: number): number => bottom - (bottom - top) * share;
  const label = (
    text: string,
    x: number,
    at: number,
    width: number,
    align: 'left' | 'right' | 'center',
  ): void => {
    font('plain', SMALL, SOFT);
    doc.text(text, x, at, { width, align, lineBreak: false });
  };
  font('bold', SMALL + 0.5, INK);
  const titleWidth = doc.widthOfString(title);
  doc.text(title, box.x, box.y, { lineBreak: false });
  if (note !== '') label(note, box.x + titleWidth + 8, box.y + 0.4, box.width - titleWidth - 8, 'left');
  label(`${high} ${unit}`.trim(), box.x, top - 3, 40, 'right');
  label(`0 ${unit}`.trim(), box.x, bottom - 7, 40, 'right');
  for (const [i, { height, missed, cut }] of days.entries()) {
    const x = left + i * step;
    const width = Math.max(0.8, step - 1.5);
    if (height === null) {
      doc.rect(x, bottom - 2, width, 2).fill(RULE);
      continue;
    }
    doc.rect(x, y(height), width, Math.max(0.6, bottom - y(height))).fill(missed ? MISSED : MET);
    if (cut === null) continue;
    doc.rect(x - 0.5, top + 4, width + 1, 1.4).fill('#ffffff');
    label(cut, x + width / 2 - 20, top - 9, 40, 'center');
  }
  doc.moveTo(left, bottom).lineTo(right, bottom).lineWidth(0.5).strokeColor(RULE).stroke();
  if (target !== null) {
    doc.moveTo(left, y(target.at)).lineTo(right, y(target.at)).lineWidth(0.7).dash(3, { space: 2 });
    doc.strokeColor(INK).stroke();
    doc.undash();
    label(target.text, right + 4, y(target.at) - 4, 44, 'left');
  }
  label(days[0]?.day ?? '', left, bottom + 4, 80, 'left');
  label(days.at(-1)?.day ?? '', right - 80, bottom + 4, 80, 'right');
}
