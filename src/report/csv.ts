import { stringify } from 'csv-stringify/sync';
import { reasonText } from '../domain/measure/reason-words.ts';
import type { Failure, Report, ReportStatement } from '../domain/report/report.ts';
import {
  deadlineText,
  failureText,
  headFacts,
  inReadingOrder,
  methodTexts,
  objectiveRows,
  requestIdText,
  rightTexts,
  stampTexts,
  statementFacts,
  termsFacts,
} from '../domain/report/report-text.ts';
import { sliceStretches } from '../domain/report/slice-stretches.ts';

/**
 * A report as five tables, each a file: what it came to, the slices, the days, what does not count, the failed requests. RFC 4180, UTF-8, CRLF;
 * docs/reports.md says what each column holds.
 */
export const REPORT_TABLES = ['summary', 'slices', 'days', 'exclusions', 'failures'] as const;

/** One of the tables, statement by statement. */
export function* reportTable(report: Report, name: (typeof REPORT_TABLES)[number]): Generator<string> {
  const { columns, rows } = TABLES[name];
  yield lines([columns]);
  for (const piece of rows(report)) yield lines(piece);
}

type Row = readonly (string | number | null)[];

function lines(rows: readonly Row[]): string {
  return stringify([...rows], {
    record_delimiter: 'windows',
    // A cell that begins like a formula is one to a spreadsheet; texts of the gateway must not run there.
    escape_formulas: true,
  });
}

function* summary(report: Report): Generator<Row[]> {
  yield [
    ...[...headFacts(report, 'owner'), ...termsFacts(report.contract)].map(
      ({ label, text }): Row => ['', 'report', label, text, null, null],
    ),
    ...report.summary.working.map(
      ({ label, working, value }): Row => ['', 'credit in all', label, value, working, null],
    ),
    ...report.summary.flags.map((flag): Row => ['', 'flag', null, flag, null, null]),
  ];
  for (const statement of inReadingOrder(report.statements)) yield statementRows(statement);
  yield [
    ...report.contract.claim.requiredEvidence.map((one): Row => ['', 'evidence', null, one, null, null]),
    ...methodTexts(report).map((text): Row => ['', 'method', null, text, null, null]),
    ...report.chain.map(
      ({ region, segment, until, head }): Row => ['', 'chain', region, head, segment, until],
    ),
    ...stampTexts(report).map((text): Row => ['', 'time-stamp', null, text, null, null]),
  ];
}

function statementRows(statement: ReportStatement): Row[] {
  const { scope, evaluation } = statement;
  const failure = (kind: string, one: Failure | null): Row[] =>
    one === null ? [] : [[scope, kind, one.at, failureText(one), requestIdText(one), one.target]];
  return [
    [scope, 'result', 'Result', statement.result, null, null],
    ...(statement.coverage.insufficient ?? []).map(
      (why): Row => [scope, 'insufficient evidence', null, why, null, null],
    ),
    ...objectiveRows(statement).flatMap((row): Row[] => [
      [scope, 'objective', row.objective, row.measured, row.promised, row.result],
      [scope, 'proof', row.objective, row.proof, null, null],
    ]),
    ...statementFacts(statement).map(({ label, text }): Row => [scope, 'fact', label, text, null, null]),
    ...[...statement.workings, { objective: 'credit', steps: statement.creditWorking }].flatMap(
      ({ objective, steps }) =>
        steps.map(
          ({ label, working, value }): Row => [
            scope,
            `arithmetic of ${objective}`,
            label,
            value,
            working,
            null,
          ],
        ),
    ),
    ...statement.exclusions.map(
      ({ reason, requests, minutes }): Row => [
        scope,
        'excluded',
        reasonText(reason),
        requests,
        minutes,
        null,
      ],
    ),
    ...statement.maintenance.map(
      ({ from, to, minutes }): Row => [scope, 'planned work', from, to, minutes, null],
    ),
    ...statement.incidents.flatMap(({ from, to, minutes, failures: failed, first, last }): Row[] => [
      [scope, 'incident', from, to, minutes, failed],
      ...failure('first failed request', first),
      ...failure('last failed request', last),
    ]),
    ...evaluation.deadlines.map(
      (one): Row => [scope, 'deadline', one.type, one.by, one.anchor, deadlineText(one)],
    ),
    ...rightTexts(statement).map((right): Row => [scope, 'right', null, right, null, null]),
    ...evaluation.flags.map((flag): Row => [scope, 'flag', null, flag, null, null]),
  ];
}

function* exclusions({ statements }: Report): Generator<Row[]> {
  for (const { scope, exclusions: rows, maintenance } of statements) {
    yield [
      ...rows.map(
        ({ reason, requests, minutes }): Row => [
          scope,
          reason,
          reasonText(reason),
          requests,
          minutes,
          null,
          null,
        ],
      ),
      ...maintenance.map(
        ({ from, to, minutes }): Row => [
          scope,
          'planned work',
          'planned work that the contract sets aside',
          null,
          minutes,
          from,
          to,
        ],
      ),
    ];
  }
}

function* days({ statements }: Report): Generator<Row[]> {
  for (const { scope, days: rows } of statements) {
    yield rows.map(
      ({ day, good, bad, excluded, ttftP99Us, totalP99Us }): Row => [
        scope,
        day,
        good,
        bad,
        excluded,
        ttftP99Us,
        totalP99Us,
      ],
    );
  }
}

/**
 * Where each number of a slice stands: good, bad and excluded requests for uptime; for a share of slices how many requests
 * were within the limit, timed at all, and failed, and for a mean the sum of the values (µs, or 0.001 tokens/s).
 */
const SLICE_COLUMNS = ['good', 'bad', 'excluded', 'passed', 'timed', 'failed', 'value_sum'] as const;

function* slices({ statements, period, contract }: Report): Generator<Row[]> {
  const fromAt = Date.parse(period.from);
  const lengthMs = Date.parse(period.to) - fromAt;
  const text = (at: number): string => new Date(at).toISOString();
  for (const { scope, counts } of statements) {
    const rows: Row[] = [];
    for (const one of counts) {
      if (one.kind === 'whole_window_percentile') continue;
      const { id, sliceMs } = one;
      const before = one.kind === 'availability' ? 0 : 3;
      const periodSlices = Math.ceil(lengthMs / sliceMs);
      for (const { first, slices: length, kind, sums } of sliceStretches(one, contract, periodSlices)) {
        const cells = SLICE_COLUMNS.map((_, i) => sums[i - before] ?? null);
        const stretch = [text(fromAt + first * sliceMs), text(fromAt + (first + length) * sliceMs)];
        rows.push([scope, id, ...stretch, sliceMs / 1000, length, kind, ...cells]);
      }
    }
    yield rows;
  }
}

function* failures({ statements }: Report): Generator<Row[]> {
  for (const { scope, failures: rows } of statements) {
    yield rows.map(
      (one): Row => [
        scope,
        one.at,
        one.target,
        one.probe,
        one.region,
        one.outcome,
        one.status,
        requestIdText(one),
      ],
    );
  }
}

type Table = {
  readonly columns: readonly string[];
  readonly rows: (report: Report) => Iterable<readonly Row[]>;
};

const TABLES: Readonly<Record<(typeof REPORT_TABLES)[number], Table>> = {
  summary: { columns: ['scope', 'kind', 'name', 'value', 'detail', 'more'], rows: summary },
  slices: {
    columns: ['scope', 'objective', 'from', 'to', 'slice_seconds', 'slices', 'kind', ...SLICE_COLUMNS],
    rows: slices,
  },
  days: {
    columns: ['scope', 'day', 'good', 'bad', 'excluded', 'ttft_p99_us', 'total_p99_us'],
    rows: days,
  },
  exclusions: {
    columns: ['scope', 'reason', 'means', 'requests', 'minutes', 'from', 'to'],
    rows: exclusions,
  },
  failures: {
    columns: ['scope', 'at', 'target', 'probe', 'region', 'outcome', 'status', 'request_ids'],
    rows: failures,
  },
};
