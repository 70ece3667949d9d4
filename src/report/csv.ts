import { stringify } from 'csv-stringify/sync';
import type { ObjectiveCounts } from '../domain/recount.ts';
import type { Report } from '../domain/report.ts';
import { headFacts, objectiveRows, requestIdText, statementFacts } from '../domain/report-text.ts';
import { slicesOfRuns } from '../domain/slice-runs.ts';

/** A report as three tables, each a file: what it came to, every slice, every failed request. RFC 4180, UTF-8, CRLF. */
export type ReportTables = { readonly summary: string; readonly slices: string; readonly failures: string };

export function reportTables(report: Report): ReportTables {
  return { summary: summary(report), slices: slices(report), failures: failures(report) };
}

function table(columns: readonly string[], rows: readonly (readonly (string | number | null)[])[]): string {
  return stringify([columns, ...rows], {
    record_delimiter: 'windows',
    // A cell that begins like a formula is one to a spreadsheet; texts of the gateway must not run there.
    escape_formulas: true,
  });
}

function summary(report: Report): string {
  const rows: (string | number | null)[][] = headFacts(report, 'owner').map(({ label, text }) => [
    '',
    'report',
    label,
    text,
    '',
    '',
  ]);
  for (const statement of report.statements) {
    const { scope } = statement;
    rows.push([scope, 'result', 'Result', statement.result, '', '']);
    for (const row of objectiveRows(statement)) {
      rows.push([scope, 'objective', row.objective, row.measured, row.promised, row.result]);
      rows.push([scope, 'proof', row.objective, row.proof, '', '']);
    }
    for (const { label, text } of statementFacts(statement)) rows.push([scope, 'fact', label, text, '', '']);
    for (const { objective, steps } of [
      ...statement.workings,
      { objective: 'credit', steps: statement.creditWorking },
    ]) {
      for (const { label, working, value } of steps) {
        rows.push([scope, `arithmetic of ${objective}`, label, value, working, '']);
      }
    }
    for (const { reason, requests, minutes } of statement.exclusions) {
      rows.push([scope, 'excluded', reason, requests, minutes, '']);
    }
    for (const { from, to, minutes, failures: failed } of statement.incidents) {
      rows.push([scope, 'incident', from, to, minutes, failed]);
    }
    for (const { type, by, anchor } of statement.evaluation.deadlines) {
      rows.push([scope, 'deadline', type, by, anchor, '']);
    }
    for (const flag of statement.evaluation.flags) rows.push([scope, 'flag', '', flag, '', '']);
  }
  for (const { region, segment, until, head } of report.chain)
    rows.push(['', 'chain', region, head, segment, until]);
  return table(['scope', 'kind', 'name', 'value', 'detail', 'more'], rows);
}

const COLUMNS: Readonly<
  Record<Exclude<ObjectiveCounts['kind'], 'whole_window_percentile'>, readonly string[]>
> = {
  availability: ['good', 'bad', 'excluded'],
  window_attainment: ['passed', 'timed', 'failed'],
};

function slices({ statements, period }: Report): string {
  const rows: (string | number)[][] = [];
  const fromAt = Date.parse(period.from);
  for (const { scope, counts } of statements) {
    for (const one of counts) {
      if (one.kind === 'whole_window_percentile') continue;
      const margin = one.kind === 'availability' ? one.margin : 0;
      const last = Math.ceil((Date.parse(period.to) - fromAt) / one.sliceMs);
      for (const { index, numbers } of slicesOfRuns(one.runs)) {
        const slice = index - margin;
        if (slice < 0 || slice >= last) continue;
        const at = new Date(fromAt + slice * one.sliceMs).toISOString();
        for (const [i, name] of COLUMNS[one.kind].entries())
          rows.push([scope, one.id, at, name, numbers[i] ?? 0]);
      }
    }
  }
  return table(['scope', 'objective', 'slice_from', 'count_of', 'requests'], rows);
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
