import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import PDFDocument from 'pdfkit';
import { visible } from '../../dashboards/visible.ts';
import { number, type Step } from '../domain/contract/working.ts';
import { reasonText } from '../domain/measure/reason-words.ts';
import type { Failure, Report, ReportStatement } from '../domain/report/report.ts';
import {
  deadlineText,
  failureText,
  flagTexts,
  headFacts,
  inReadingOrder,
  methodTexts,
  objectiveRows,
  objectiveTitle,
  outcomeTexts,
  RESULT_SENTENCES,
  requestIdText,
  rightTexts,
  stampTexts,
  statementFacts,
  termsFacts,
  timeText,
} from '../domain/report/report-text.ts';
import { dayCharts } from '../domain/view/day-chart.ts';
import { charactersOf } from './pdf-characters.ts';
import { collect, leavePages } from './pdf-pages.ts';
import { type Column, INK, numberPages, PAGE, type Sheet, SOFT, sheetOn } from './pdf-sheet.ts';
import { rememberWords } from './pdf-words.ts';

const FONTS = '@expo-google-fonts/inter/';
const FONT_FILES = {
  plain: `${FONTS}400Regular/Inter_400Regular.ttf`,
  bold: `${FONTS}600SemiBold/Inter_600SemiBold.ttf`,
} as const;

const RESULT_INK = {
  met: '#14755f',
  breached: '#b3321a',
  undecided: '#805400',
  'insufficient evidence': '#805400',
} as const;

const INCIDENTS_SHOWN = 40;
const FAILURES_SHOWN = 60;
/** More objectives than that have no place beside each other. */
const OBJECTIVES_BESIDE = 4;

/** Its examples are written by their numbers like all else. */
const NUMBERED =
  'About the characters: what the fonts of this file cannot show is written by its Unicode numbers. 模 is one character, 模型 are two, one after the other. The CSV and JSON forms of this report have the characters themselves.';

/**
 * A report as a PDF that is read aloud in order (tagged, PDF 1.7), with its fonts embedded and its pages numbered; piece by
 * piece, as hundreds of statements fill thousands of pages. The same report gives the same bytes. `giveWay` is called between
 * smaller pieces.
 */
export async function* reportPdf(
  report: Report,
  seal: { readonly keyId: string } | null,
  giveWay: () => void,
): AsyncGenerator<Buffer> {
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
    // None yet: a font that is first opened by its path is read and parsed anew each time it is asked for by its name.
    font: '',
    // It would keep every word that was ever set.
    fontLayoutCache: false,
    info: {
      Title: visible(title),
      Author: 'Probity',
      Subject: RESULT_SENTENCES[report.summary.result],
      CreationDate: new Date(report.madeAt),
    },
  });
  for (const [name, file] of Object.entries(FONT_FILES)) {
    doc.registerFont(name, fileURLToPath(import.meta.resolve(file)));
  }
  rememberWords(doc, Object.keys(FONT_FILES));
  const characters = charactersOf(doc, Object.keys(FONT_FILES));
  const written = collect(doc);
  const leave = leavePages(doc);
  const foot = characters.printable(title);
  const sheet = sheetOn(doc, characters.printable, giveWay);
  printHead(sheet, report);
  printOverview(sheet, report);
  for (const [i, statement] of inReadingOrder(report.statements).entries()) {
    if (i > 0 || report.statements.length > 1) sheet.newPage();
    sheet.section();
    printStatement(sheet, report, statement);
    leave();
    // What is written so far leaves the document, and others have their turn.
    await turn();
    yield* written();
  }
  sheet.section();
  printEnd(sheet, report, seal);
  if (characters.wereNumbered()) sheet.paragraph(NUMBERED);
  sheet.end();
  numberPages(doc, foot);
  doc.end();
  yield* written();
}

function resultInk(result: string | undefined): string {
  return RESULT_INK[(result ?? 'undecided') as keyof typeof RESULT_INK] ?? INK;
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

/** What every scope came to, what is owed in all, and how far the terms can be trusted. */
function printOverview(sheet: Sheet, report: Report): void {
  const { statements, summary, contract } = report;
  if (statements.length > 1) {
    sheet.heading(2, 'All statements');
    const objectives = statements[0]?.evaluation.objectives.map(({ id }) => id) ?? [];
    const beside = objectives.slice(0, OBJECTIVES_BESIDE);
    sheet.table(
      [
        { share: 4.6 },
        { share: 2.2, ink: (row) => resultInk(row[1]) },
        ...beside.map((): Column => ({ share: 2.4, align: 'right' })),
        { share: 1.5, align: 'right' },
      ],
      ['Scope', 'Result', ...beside, 'Credit'],
      inReadingOrder(statements).map((statement) => {
        const rows = objectiveRows(statement);
        return [
          statement.scope,
          statement.result,
          ...beside.map((id) => rows.find(({ objective }) => objective === id)?.measured ?? '—'),
          statement.claim.isDue ? `${statement.claim.percent} %` : 'none',
        ];
      }),
    );
  }
  if (summary.working.length > 0) printSteps(sheet, 'Credit in all', summary.working);
  if (summary.flags.length > 0) sheet.list(summary.flags);
  const terms = termsFacts(contract);
  if (terms.length > 0) {
    sheet.heading(2, 'Where the terms come from');
    sheet.facts(terms);
  }
}

function printStatement(sheet: Sheet, report: Report, statement: ReportStatement): void {
  const { evaluation, coverage } = statement;
  const { contract } = report;
  sheet.heading(2, `${statement.scope}: ${statement.result}`, RESULT_INK[statement.result]);
  if (coverage.insufficient !== null) {
    sheet.paragraph(
      `Insufficient evidence: ${coverage.insufficient.join('; ')}. Nothing is claimed.`,
      RESULT_INK.undecided,
    );
  }
  sheet.table(
    [
      { share: 3.1 },
      { share: 2, align: 'right' },
      { share: 1.6, align: 'right' },
      { share: 1.5, ink: (row) => resultInk(row[3]) },
      { share: 5 },
    ],
    ['Objective', 'Measured', 'Promised', 'Result', 'What the samples prove'],
    objectiveRows(statement).map((row) => [
      objectiveTitle(contract, row.objective),
      row.measured,
      row.promised,
      row.result,
      row.proof,
    ]),
  );
  for (const chart of dayCharts(statement, contract)) sheet.chart(chart);
  sheet.facts(statementFacts(statement));
  sheet.heading(3, 'The arithmetic');
  for (const { objective, steps } of statement.workings) {
    printSteps(sheet, objectiveTitle(contract, objective), steps);
  }
  printSteps(sheet, 'Credit', statement.creditWorking);
  if (evaluation.deadlines.length > 0) {
    sheet.heading(3, 'Deadlines');
    sheet.list(evaluation.deadlines.map(deadlineText));
  }
  const rights = rightTexts(statement);
  if (rights.length > 0) {
    sheet.heading(3, 'Rights from repeated failure');
    sheet.list(rights);
  }
  if (contract.claim.requiredEvidence.length > 0) {
    sheet.heading(3, 'Evidence the contract asks for');
    sheet.list(contract.claim.requiredEvidence, '[ ]');
  }
  printExclusions(sheet, statement);
  printIncidents(sheet, statement);
  printFailures(sheet, statement);
  const flags = flagTexts(statement, 'owner');
  if (flags.length > 0) {
    sheet.heading(3, 'Open questions and remarks');
    sheet.list(flags);
  }
}

function printExclusions(sheet: Sheet, { exclusions, maintenance }: ReportStatement): void {
  sheet.heading(3, 'What does not count');
  if (exclusions.length === 0) sheet.paragraph('Nothing was excluded.');
  else {
    sheet.table(
      [{ share: 6 }, { share: 2, align: 'right' }, { share: 2, align: 'right' }],
      ['Reason', 'Requests', 'Minutes'],
      exclusions.map(({ reason, requests, minutes }) => [
        reasonText(reason),
        number(requests),
        number(minutes),
      ]),
    );
  }
  if (maintenance.length > 0) {
    sheet.paragraph(
      `Planned work the contract sets aside: ${maintenance.map(({ from, to, minutes }) => `${timeText(from)} to ${timeText(to)} (${number(minutes)} min)`).join('; ')}.`,
    );
  }
}

function printIncidents(sheet: Sheet, { incidents, moreIncidents }: ReportStatement): void {
  sheet.heading(3, 'Incidents');
  if (incidents.length === 0) {
    sheet.paragraph('No stretch of time counts as down.');
    return;
  }
  sheet.table(
    [
      { share: 2.4 },
      { share: 2.4 },
      { share: 1.1, align: 'right' },
      { share: 1.2, align: 'right' },
      { share: 7.4 },
    ],
    ['From, UTC', 'To', 'Minutes', 'Failures', 'First and last failed request'],
    incidents
      .slice(0, INCIDENTS_SHOWN)
      .map((one) => [
        timeText(one.from).replace(' UTC', ''),
        timeText(one.to).replace(' UTC', ''),
        number(one.minutes),
        number(one.failures),
        endsText(one.first, one.last),
      ]),
  );
  more(sheet, incidents.length - INCIDENTS_SHOWN + moreIncidents, 'incidents', moreIncidents);
}

/** The first and the last failed request; one that is both is told once. */
function endsText(first: Failure | null, last: Failure | null): string {
  if (first === null) return '—';
  const told = last === null || last.at === first.at ? [first] : [first, last];
  return told.map((one) => `${timeText(one.at)}, ${failureText(one)}\n${requestIdText(one)}`).join('\n');
}

function printFailures(sheet: Sheet, statement: ReportStatement): void {
  const { failures, moreFailures, targets } = statement;
  if (failures.length === 0) return;
  sheet.heading(3, 'Failed requests');
  const isOne = targets.length === 1;
  sheet.table(
    [{ share: 3 }, ...(isOne ? [] : [{ share: 4 }]), { share: 3.6 }, { share: 5 }],
    ['Time', ...(isOne ? [] : ['Target']), 'What', 'Request id'],
    failures
      .slice(0, FAILURES_SHOWN)
      .map((one) => [timeText(one.at), ...(isOne ? [] : [one.target]), failureText(one), requestIdText(one)]),
  );
  more(sheet, failures.length - FAILURES_SHOWN + moreFailures, 'failed requests', moreFailures);
  sheet.list(outcomeTexts(statement));
}

/** `unlisted`: of those that are not here so many are in no form of the report. */
function more(sheet: Sheet, count: number, what: string, unlisted: number): void {
  const rest = Math.max(0, count) - unlisted;
  if (rest > 0) sheet.paragraph(`${number(rest)} more ${what} are in the CSV and JSON forms.`, SOFT);
  if (unlisted > 0) {
    sheet.paragraph(`${number(unlisted)} more ${what} are counted, and kept with the raw rows.`, SOFT);
  }
}

function printSteps(sheet: Sheet, title: string, steps: readonly Step[]): void {
  sheet.table(
    [{ share: 3 }, { share: 6 }, { share: 3.4, align: 'right' }],
    [title],
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
  for (const text of stampTexts(report)) sheet.paragraph(text);
  sheet.paragraph(
    seal === null
      ? 'This report is not signed.'
      : `The JSON form is signed with Ed25519, key ${seal.keyId}, published at /.well-known/probity.json; "probity verify FILE" checks the signature and adds every figure up again.`,
  );
}
