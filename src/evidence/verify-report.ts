import { isDeepStrictEqual } from 'node:util';
import type { Contract } from '../domain/contract/contract.ts';
import { moneyOf } from '../domain/contract/credit.ts';
import { feeFor } from '../domain/contract/credit-total.ts';
import { exact, shortest } from '../domain/contract/exact.ts';
import { recount } from '../domain/contract/recount.ts';
import { disagrees, summariseStatements } from '../domain/report/assemble-report.ts';
import { REPORT_FORM, type Report, type ReportStatement } from '../domain/report/report.ts';
import { isSignatureGood, type Signed } from './signature.ts';

/** What checking a report file came to. */
export type ReportCheck = {
  readonly signature: 'good' | 'bad' | 'none';
  readonly keyId: string | null;
  /** Figures that were added up again. */
  readonly figures: number;
  /** What does not hold, one line each. */
  readonly problems: readonly string[];
  readonly report: Report | null;
};

/**
 * Checks a report file by itself: its signature, and whether every objective, the arithmetic shown, the claim and the
 * summary follow from the counts it carries. Needs no database, no network and no trust in who made it.
 */
export function checkReport(text: string): ReportCheck {
  const document = parse(text);
  if (document === null) {
    return {
      signature: 'none',
      keyId: null,
      figures: 0,
      problems: [`this is no report of the form ${REPORT_FORM}`],
      report: null,
    };
  }
  const { report } = document;
  const problems: string[] = [];
  let figures = 0;
  const signature =
    document.signature === undefined ? 'none' : isSignatureGood(document as Signed<Report>) ? 'good' : 'bad';
  if (signature === 'bad')
    problems.push('the signature does not fit: something was changed after it was signed');
  for (const statement of report.statements) {
    try {
      const found = checkStatement(report, statement);
      figures += found.figures;
      problems.push(...found.problems.map((problem) => `${statement.scope}: ${problem}`));
    } catch (error) {
      problems.push(
        `${statement.scope}: the counts cannot be added up: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
  if (!isDeepStrictEqual(summariseStatements(report.statements, report.contract), report.summary)) {
    problems.push('the summary does not follow from the statements');
  }
  return {
    signature,
    keyId: document.signature?.publicKey.id ?? null,
    figures: figures + 1,
    problems,
    report,
  };
}

function parse(text: string): { report: Report; signature?: Signed<Report>['signature'] } | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('report' in value)) return null;
    const { report } = value as { report: Report };
    if (report?.form !== REPORT_FORM || !Array.isArray(report.statements)) return null;
    return value as { report: Report; signature?: Signed<Report>['signature'] };
  } catch {
    return null;
  }
}

function checkStatement(
  { contract, period }: Report,
  statement: ReportStatement,
): { readonly figures: number; readonly problems: readonly string[] } {
  const problems: string[] = [];
  const setting = {
    contract,
    period: { fromAt: Date.parse(period.from), toAt: Date.parse(period.to) },
    maintenance: statement.maintenance.map(({ from, to }) => ({
      fromAt: Date.parse(from),
      toAt: Date.parse(to),
    })),
  };
  for (const counts of statement.counts) {
    const again = recount(counts, setting);
    const disagreement = disagrees(again, statement.evaluation);
    if (disagreement !== null) problems.push(disagreement);
    const shown = statement.workings.find(({ objective }) => objective === counts.id);
    if (!isDeepStrictEqual(shown?.steps, again.steps)) {
      problems.push(`${counts.id}: the arithmetic shown is not that of its counts`);
    }
  }
  const told = statement.evaluation.objectives.map(({ id }) => id);
  for (const id of told) {
    if (!statement.counts.some((counts) => counts.id === id))
      problems.push(`${id}: there are no counts behind it`);
  }
  problems.push(...checkClaim(statement), ...checkMoney(contract, statement));
  return { figures: statement.counts.length * 2 + 1, problems };
}

function checkClaim({ claim, evaluation, result, coverage }: ReportStatement): string[] {
  const problems: string[] = [];
  const results = evaluation.objectives.map((one) => one.result);
  const isDecided = results.length > 0 && !results.includes('undecided');
  const expected =
    coverage.insufficient !== null
      ? 'insufficient evidence'
      : results.includes('breached')
        ? 'breached'
        : isDecided
          ? 'met'
          : 'undecided';
  if (result !== expected) problems.push(`the result is "${result}", the objectives come to "${expected}"`);
  if (
    claim.isDue &&
    (claim.percent !== evaluation.credit.percent || claim.amount !== evaluation.credit.amount)
  ) {
    problems.push('the claim is not the credit of the evaluation');
  }
  const { rows, overlap, capped } = evaluation.credit;
  const parts = rows.map((row) => exact(row.percent));
  const zero = exact('0');
  const joined =
    overlap === 'sum'
      ? parts.reduce((sum, part) => sum.add(part), zero)
      : parts.reduce((most, part) => (part.gt(most) ? part : most), zero);
  if (claim.isDue && !capped && !joined.equals(exact(claim.percent))) {
    problems.push(
      `the rows that were hit come to ${joined.toFraction()} %, the claim says ${claim.percent} %`,
    );
  }
  if (claim.isDue && (result === 'insufficient evidence' || result === 'undecided')) {
    problems.push('something is claimed although the evidence does not carry it');
  }
  return problems;
}

/** Whether the credit's amount is its share of the fee that the contract carries for this scope, rounded as it says. */
function checkMoney(contract: Contract, { scope, claim, evaluation: { credit } }: ReportStatement): string[] {
  if (!claim.isDue || credit.serviceDays > 0) return [];
  const percent = exact(credit.exact);
  if (shortest(percent, 6) !== credit.percent) {
    return [`the credit is ${credit.exact} % exactly, which is not ${credit.percent} %`];
  }
  const { amount } = moneyOf(contract, percent, feeFor(contract.fee, scope));
  if (amount === credit.amount) return [];
  return [
    `${credit.percent} % of the fee are ${amount ?? 'no amount'}, the credit says ${credit.amount ?? 'none'}`,
  ];
}
