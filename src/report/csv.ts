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
export type ReportTables = Readonly<Record<(typeof REPORT_TABLES)[number], string>>;

export function reportTables(report: Report): ReportTables {
  return {
    summary: summary(report),
    slices: slices(report),
    days: days(report),
    exclusions: exclusions(report),
    failures: failures(report),
  };
}

function table(columns: readonly string[], rows: readonly (readonly (string | number | null)[])[]): string {
  return stringify([columns, ...rows], {
    record_delimiter: 'windows',
    // A cell that begins like a formula is one to a spreadsheet; texts of the gateway must not run there.
    escape_formulas: true,
  });
}

type Row = (string | number | null)[];

function summary(report: Report): string {
  const rows: Row[] = [
    ...[...headFacts(report, 'owner'), ...termsFacts(report.contract)].map(
      ({ label, text }): Row => ['', 'report', label, text, null, null],
    ),
    ...report.summary.working.map(
      ({ label, working, value }): Row => ['', 'credit in all', label, value, working, null],
    ),
    ...report.summary.flags.map((flag): Row => ['', 'flag', null, flag, null, null]),
  ];
  for (const statement of inReadingOrder(report.statements)) rows.push(...statementRows(statement));
  for (const one of report.contract.claim.requiredEvidence)
    rows.push(['', 'evidence', null, one, null, null]);
  for (const text of methodTexts(report)) rows.push(['', 'method', null, text, null, null]);
  for (const { region, segment, until, head } of report.chain)
    rows.push(['', 'chain', region, head, segment, until]);
  for (const text of stampTexts(report)) rows.push(['', 'time-stamp', null, text, null, null]);
  return table(['scope', 'kind', 'name', 'value', 'detail', 'more'], rows);
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

function exclusions({ statements }: Report): string {
  return table(
    ['scope', 'reason', 'means', 'requests', 'minutes', 'from', 'to'],
    statements.flatMap(({ scope, exclusions: rows, maintenance }) => [
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
    ]),
  );
}

function days({ statements }: Report): string {
  return table(
    ['scope', 'day', 'good', 'bad', 'excluded', 'ttft_p99_us', 'total_p99_us'],
    statements.flatMap(({ scope, days: rows }) =>
      rows.map(({ day, good, bad, excluded, ttftP99Us, totalP99Us }) => [
        scope,
        day,
        good,
        bad,
        excluded,
        ttftP99Us,
        totalP99Us,
      ]),
    ),
  );
}

/**
 * Where each number of a slice stands: good, bad and excluded requests for uptime; for a share of slices how many requests
 * were within the limit, timed at all, and failed, and for a mean the sum of the values (µs, or 0.001 tokens/s).
 */
const SLICE_COLUMNS = ['good', 'bad', 'excluded', 'passed', 'timed', 'failed', 'value_sum'] as const;

function slices({ statements, period, contract }: Report): string {
  const rows: (string | number | null)[][] = [];
  const fromAt = Date.parse(period.from);
  const lengthMs = Date.parse(period.to) - fromAt;
  const text = (at: number): string => new Date(at).toISOString();
  for (const { scope, counts } of statements) {
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
  }
  return table(
    ['scope', 'objective', 'from', 'to', 'slice_seconds', 'slices', 'kind', ...SLICE_COLUMNS],
    rows,
  );
}

function failures({ statements }: Report): string {
  return table(
    ['scope', 'at', 'target', 'probe', 'region', 'outcome', 'status', 'request_ids'],
    statements.flatMap(({ scope, failures: rows }) =>
      rows.map((one) => [
        scope,
        one.at,
        one.target,
        one.probe,
        one.region,
        one.outcome,
        one.status,
        requestIdText(one),
      ]),
    ),
  );
}
