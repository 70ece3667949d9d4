import { fileURLToPath } from 'node:url';
import PDFDocument from 'pdfkit';
import { visible } from '../../dashboards/visible.ts';
import { type DayChart, dayCharts } from '../domain/day-chart.ts';
import { number, type Step } from '../domain/recount.ts';
import type { Failure, Report, ReportStatement } from '../domain/report.ts';
import {
  deadlineText,
  type Fact,
  failureText,
  headFacts,
  methodTexts,
  objectiveRows,
  RESULT_SENTENCES,
  requestIdText,
  statementFacts,
  timeText,
} from '../domain/report-text.ts';

const FONTS = '@expo-google-fonts/inter/';
const FONT_FILES = {
  plain: `${FONTS}400Regular/Inter_400Regular.ttf`,
  bold: `${FONTS}600SemiBold/Inter_600SemiBold.ttf`,
} as const;
type Weight = keyof typeof FONT_FILES;

const INK = '#1d1c19';
const SOFT = '#5d5a52';
const RULE = '#c9c6bd';
const RESULT_INK = {
  met: '#14755f',
  breached: '#b3321a',
  undecided: '#805400',
  'insufficient evidence': '#805400',
} as const;

const PAGE = { size: 'A4', left: 48, right: 48, top: 52, bottom: 60 } as const;
const SIZE = { title: 20, heading: 13, small: 7.5, text: 9 } as const;
const INCIDENTS_SHOWN = 40;
const FAILURES_SHOWN = 60;

/**
 * A report as a PDF that is read aloud in order (tagged, PDF 1.7), with its fonts embedded and its pages numbered. The same
 * report gives the same bytes.
 */
export function reportPdf(report: Report, seal: { readonly keyId: string } | null): Promise<Buffer> {
  const { contract, period } = report;
  const title = `${report.practice ? 'Practice · ' : ''}${contract.title}, ${period.label}`;
  const doc = new PDFDocument({
    size: PAGE.size,
    margins: { left: PAGE.left, right: PAGE.right, top: PAGE.top, bottom: PAGE.bottom },
    pdfVersion: '1.7',
    tagged: true,
    lang: 'en',
    displayTitle: true,
    bufferPages: true,
    font: fileURLToPath(import.meta.resolve(FONT_FILES.plain)),
    info: {
      Title: title,
      Author: 'Probity',
      Subject: RESULT_SENTENCES[report.summary.result],
      CreationDate: new Date(report.madeAt),
    },
  });
  for (const [name, file] of Object.entries(FONT_FILES)) {
    doc.registerFont(name, fileURLToPath(import.meta.resolve(file)));
  }
  const done = collect(doc);
  const sheet = sheetOn(doc);
  printHead(sheet, report);
  if (report.statements.length > 1) printOverview(sheet, report);
  for (const [i, statement] of report.statements.entries()) {
    if (i > 0 || report.statements.length > 1) sheet.newPage();
    printStatement(sheet, report, statement);
  }
  printEnd(sheet, report, seal);
  sheet.end();
  numberPages(doc, title);
  doc.end();
  return done;
}

function collect(doc: PDFKit.PDFDocument): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    doc.on('data', (chunk: Buffer) => chunks.push(chunk));
    doc.on('end', () => resolve(Buffer.concat(chunks)));
    doc.on('error', reject);
  });
}

type Column = {
  readonly share: number;
  readonly align?: 'left' | 'right';
  readonly ink?: (row: readonly string[]) => string;
};

/** A sheet of paper that is written from top to bottom. */
type Sheet = {
  readonly heading: (level: 1 | 2 | 3, text: string, ink?: string) => void;
  readonly paragraph: (text: string, ink?: string) => void;
  readonly list: (items: readonly string[], mark?: string) => void;
  readonly facts: (facts: readonly Fact[]) => void;
  readonly table: (
    columns: readonly Column[],
    head: readonly string[] | null,
    rows: readonly (readonly string[])[],
  ) => void;
  readonly chart: (chart: DayChart) => void;
  readonly newPage: () => void;
  readonly end: () => void;
};

function sheetOn(doc: PDFKit.PDFDocument): Sheet {
  const root = doc.struct('Document');
  doc.addStructure(root);
  const width = doc.page.width - PAGE.left - PAGE.right;
  const floor = (): number => doc.page.height - PAGE.bottom;
  const font = (weight: Weight, size: number, ink: string): PDFKit.PDFDocument =>
    doc.font(weight).fontSize(size).fillColor(ink);
  const room = (height: number): void => {
    if (doc.y + height > floor()) doc.addPage();
  };
  const write = (text: string, x: number, y: number, options: PDFKit.Mixins.TextOptions): void => {
    doc.text(printable(text), x, y, { lineGap: 1.5, ...options });
  };
  const paragraph = (text: string, ink = INK, indent = 0): void => {
    font('plain', SIZE.text, ink);
    room(doc.heightOfString(printable(text), { width: width - indent, lineGap: 1.5 }));
    root.add(doc.struct('P', {}, () => write(text, PAGE.left + indent, doc.y, { width: width - indent })));
    doc.y += 4;
  };
  return {
    heading(level, text, ink = INK) {
      const size = level === 1 ? SIZE.title : level === 2 ? SIZE.heading : SIZE.text + 1;
      doc.y += level === 1 ? 0 : 8;
      font('bold', size, ink);
      // A heading stays with what follows it.
      room(doc.heightOfString(printable(text), { width }) + 40);
      root.add(doc.struct(`H${level}`, {}, () => write(text, PAGE.left, doc.y, { width })));
      doc.y += 4;
    },
    paragraph: (text, ink) => paragraph(text, ink),
    list(items, mark = '•') {
      for (const item of items) paragraph(`${mark}  ${item}`, INK, 8);
    },
    facts(facts) {
      const labelWidth = 104;
      for (const { label, text } of facts) {
        font('plain', SIZE.text, INK);
        const height = doc.heightOfString(printable(text), { width: width - labelWidth, lineGap: 1.5 });
        room(height + 4);
        const { y } = doc;
        root.add(
          doc.struct('P', {}, [
            () => {
              font('plain', SIZE.text, SOFT);
              write(label, PAGE.left, y, { width: labelWidth - 8 });
            },
            () => {
              font('plain', SIZE.text, INK);
              write(text, PAGE.left + labelWidth, y, { width: width - labelWidth });
            },
          ]),
        );
        doc.y = y + height + 3;
      }
      doc.y += 4;
    },
    table(columns, head, rows) {
      const total = columns.reduce((sum, { share }) => sum + share, 0);
      const gap = 8;
      const widths = columns.map(({ share }) => (share / total) * width - gap);
      const table = doc.struct('Table');
      root.add(table);
      const printRow = (cells: readonly string[], isHead: boolean): void => {
        const ink = isHead ? SOFT : INK;
        font('plain', SIZE.text - 0.5, ink);
        const height = Math.max(
          ...cells.map((cell, i) =>
            doc.heightOfString(printable(cell), { width: widths[i] ?? 40, lineGap: 1 }),
          ),
        );
        if (doc.y + height + 5 > floor()) doc.addPage();
        const { y } = doc;
        const row = doc.struct('TR');
        table.add(row);
        let x = PAGE.left;
        for (const [i, cell] of cells.entries()) {
          const at = x;
          const column = columns[i];
          row.add(
            doc.struct(isHead ? 'TH' : 'TD', {}, () => {
              font('plain', SIZE.text - 0.5, isHead ? SOFT : (column?.ink?.(cells) ?? INK));
              write(cell, at, y + 3, { width: widths[i] ?? 40, align: column?.align ?? 'left', lineGap: 1 });
            }),
          );
          x += (widths[i] ?? 40) + gap;
        }
        row.end();
        artifact(doc, () =>
          doc
            .moveTo(PAGE.left, y)
            .lineTo(PAGE.left + width, y)
            .lineWidth(0.5)
            .strokeColor(RULE)
            .stroke(),
        );
        doc.y = y + height + 5;
      };
      if (head !== null) printRow(head, true);
      for (const row of rows) printRow(row, false);
      table.end();
      doc.x = PAGE.left;
      doc.y += 6;
    },
    chart(chart) {
      room(96);
      const top = doc.y;
      const missed = chart.days.filter((day) => day.missed).length;
      root.add(
        doc.struct(
          'Figure',
          { alt: `${chart.title}: ${chart.days.length} days, ${missed} of them miss the target` },
          () => drawChart(doc, chart, { x: PAGE.left, y: top, width, height: 86 }, font),
        ),
      );
      doc.x = PAGE.left;
      doc.y = top + 92;
    },
    newPage: () => void doc.addPage(),
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

type Box = { readonly x: number; readonly y: number; readonly width: number; readonly height: number };

function drawChart(
  doc: PDFKit.PDFDocument,
  { title, unit, low, high, target, days }: DayChart,
  box: Box,
  font: (weight: Weight, size: number, ink: string) => PDFKit.PDFDocument,
): void {
  const left = box.x + 44;
  const right = box.x + box.width - 46;
  const top = box.y + 16;
  const bottom = box.y + box.height - 14;
  const step = (right - left) / Math.max(1, days.length);
  const y = (share: number): number => bottom - (bottom - top) * share;
  const label = (text: string, x: number, at: number, width: number, align: 'left' | 'right'): void => {
    font('plain', SIZE.small - 0.5, SOFT);
    doc.text(text, x, at, { width, align, lineBreak: false });
  };
  font('bold', SIZE.small, INK);
  doc.text(title, box.x, box.y, { width: box.width, lineBreak: false });
  label(`${high} ${unit}`, box.x, top - 3, 40, 'right');
  label(`${low} ${unit}`, box.x, bottom - 7, 40, 'right');
  for (const [i, { height, missed }] of days.entries()) {
    const x = left + i * step;
    const width = Math.max(0.8, step - 1.5);
    if (height === null) doc.rect(x, bottom - 1, width, 1).fill(SOFT);
    else
      doc.rect(x, y(height), width, Math.max(0.6, bottom - y(height))).fill(missed ? '#b3321a' : '#8dbcae');
  }
  doc.moveTo(left, bottom).lineTo(right, bottom).lineWidth(0.5).strokeColor(RULE).stroke();
  if (target !== null) {
    doc
      .moveTo(left, y(target.at))
      .lineTo(right, y(target.at))
      .lineWidth(0.7)
      .dash(3, { space: 2 })
      .strokeColor(INK)
      .stroke();
    doc.undash();
    label(target.text, right + 4, y(target.at) - 4, 44, 'left');
  }
  label(days[0]?.day ?? '', left, bottom + 4, 80, 'left');
  label(days.at(-1)?.day ?? '', right - 80, bottom + 4, 80, 'right');
}

function printHead(sheet: Sheet, report: Report): void {
  if (report.practice) {
    sheet.paragraph(
      'PRACTICE DATA. A simulated gateway: nothing here is about a real service.',
      RESULT_INK.undecided,
    );
  }
  sheet.paragraph(
    report.state === 'final' ? `Statement for ${report.period.label}` : `Draft for ${report.period.label}`,
    SOFT,
  );
  sheet.heading(1, RESULT_SENTENCES[report.summary.result], RESULT_INK[report.summary.result]);
  sheet.facts(headFacts(report, 'owner'));
}

function printOverview(sheet: Sheet, { statements }: Report): void {
  sheet.heading(2, 'All statements');
  sheet.table(
    [{ share: 5 }, { share: 2 }, { share: 2, align: 'right' }, { share: 1.4, align: 'right' }],
    ['Scope', 'Result', 'Uptime', 'Credit'],
    statements.map(({ scope, result, evaluation, claim }) => [
      scope,
      result,
      evaluation.uptime.contract === null ? '—' : `${evaluation.uptime.contract.percent} %`,
      claim.isDue ? `${claim.percent} %` : 'none',
    ]),
  );
}

function printStatement(sheet: Sheet, report: Report, statement: ReportStatement): void {
  const { evaluation, coverage, exclusions, maintenance, incidents, failures } = statement;
  sheet.heading(2, `${statement.scope}: ${statement.result}`, RESULT_INK[statement.result]);
  if (coverage.insufficient !== null) {
    sheet.paragraph(
      `Insufficient evidence. ${coverage.insufficient.join('; ')}. Nothing is claimed.`,
      RESULT_INK.undecided,
    );
  }
  sheet.table(
    [
      { share: 2.2 },
      { share: 2.2, align: 'right' },
      { share: 1.8, align: 'right' },
      { share: 1.6, ink: (row) => RESULT_INK[(row[3] ?? 'undecided') as keyof typeof RESULT_INK] ?? INK },
      { share: 5 },
    ],
    ['Objective', 'Measured', 'Promised', 'Result', 'What the samples prove'],
    objectiveRows(statement).map((row) => [row.objective, row.measured, row.promised, row.result, row.proof]),
  );
  for (const chart of dayCharts(statement)) sheet.chart(chart);
  sheet.facts(statementFacts(statement));
  sheet.heading(3, 'The arithmetic');
  for (const { objective, steps } of statement.workings) printSteps(sheet, objective, steps);
  printSteps(sheet, 'credit', statement.creditWorking);
  if (evaluation.deadlines.length > 0) {
    sheet.heading(3, 'Deadlines');
    sheet.list(evaluation.deadlines.map(deadlineText));
  }
  if (report.contract.claim.requiredEvidence.length > 0) {
    sheet.heading(3, 'Evidence the contract asks for');
    sheet.list(report.contract.claim.requiredEvidence, '[ ]');
  }
  sheet.heading(3, 'What does not count');
  if (exclusions.length === 0) sheet.paragraph('Nothing was excluded.');
  else {
    sheet.table(
      [{ share: 6 }, { share: 2, align: 'right' }, { share: 2, align: 'right' }],
      ['Reason', 'Requests', 'Minutes'],
      exclusions.map(({ reason, requests, minutes }) => [reason, number(requests), number(minutes)]),
    );
  }
  if (maintenance.length > 0) {
    sheet.paragraph(
      `Planned work the contract sets aside: ${maintenance.map(({ from, to, minutes }) => `${timeText(from)} to ${timeText(to)} (${number(minutes)} min)`).join('; ')}.`,
    );
  }
  sheet.heading(3, 'Incidents');
  if (incidents.length === 0) sheet.paragraph('None.');
  else {
    sheet.table(
      [
        { share: 3.2 },
        { share: 3.2 },
        { share: 1.4, align: 'right' },
        { share: 1.4, align: 'right' },
        { share: 6 },
      ],
      ['From', 'To', 'Minutes', 'Failures', 'First and last failed request'],
      incidents
        .slice(0, INCIDENTS_SHOWN)
        .map((one) => [
          timeText(one.from),
          timeText(one.to),
          number(one.minutes),
          number(one.failures),
          [one.first, one.last].map((failure) => (failure === null ? '—' : oneFailure(failure))).join('\n'),
        ]),
    );
    more(sheet, incidents.length - INCIDENTS_SHOWN + statement.moreIncidents);
  }
  if (failures.length > 0) {
    sheet.heading(3, 'Failed requests');
    sheet.table(
      [{ share: 3.4 }, { share: 4 }, { share: 3 }, { share: 4 }],
      ['Time', 'Target', 'What', 'Request id'],
      failures
        .slice(0, FAILURES_SHOWN)
        .map((one) => [timeText(one.at), one.target, failureText(one), requestIdText(one)]),
    );
    more(sheet, failures.length - FAILURES_SHOWN + statement.moreFailures);
  }
  if (evaluation.flags.length > 0) {
    sheet.heading(3, 'To be said');
    sheet.list(evaluation.flags);
  }
}

function oneFailure(failure: Failure): string {
  return `${timeText(failure.at)}, ${failureText(failure)}, ${requestIdText(failure)}`;
}

function more(sheet: Sheet, count: number): void {
  if (count > 0)
    sheet.paragraph(`And ${number(count)} more, in the CSV and JSON forms of this report.`, SOFT);
}

function printSteps(sheet: Sheet, title: string, steps: readonly Step[]): void {
  sheet.table(
    [{ share: 3 }, { share: 6 }, { share: 3.4, align: 'right' }],
    [title, '', ''],
    steps.map(({ label, working, value }) => [label, working, value]),
  );
}

function printEnd(sheet: Sheet, report: Report, seal: { readonly keyId: string } | null): void {
  sheet.heading(2, 'Method');
  for (const text of methodTexts(report)) sheet.paragraph(text);
  sheet.heading(2, 'Evidence');
  sheet.paragraph(
    'Every row of the period is sealed in a chain of SHA-256 hashes. "probity verify --data DIR" recomputes it and names any row that was changed, removed or put in.',
  );
  if (report.chain.length > 0) {
    sheet.table(
      [{ share: 2 }, { share: 1.4, align: 'right' }, { share: 3 }, { share: 8 }],
      ['Region', 'Segment', 'Covers until', 'Head'],
      report.chain.map(({ region, segment, until, head }) => [
        region,
        number(segment),
        timeText(until),
        head,
      ]),
    );
  }
  sheet.paragraph(
    seal === null
      ? 'This report is not signed.'
      : `The JSON form is signed with Ed25519, key ${seal.keyId}, published at /.well-known/probity.json; "probity verify FILE" checks the signature and adds every figure up again.`,
  );
}

function numberPages(doc: PDFKit.PDFDocument, title: string): void {
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
