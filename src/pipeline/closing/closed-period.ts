import type { Severity } from '../../domain/alert/alert.ts';
import { type Recipient, type Route, recipientsOf } from '../../domain/alert/alert-policy.ts';
import type { ClosedPeriod } from '../../domain/alert/notices.ts';
import { openReading } from '../../domain/report/claim-readings.ts';
import type { ClaimState } from '../../domain/report/ledger.ts';
import type { Report, ReportStatement } from '../../domain/report/report.ts';
import { minuteUtc } from '../../domain/wording.ts';
import type { FrozenReport } from '../../store/store.ts';

/** `breached: 2 of 5, met: 3 of 5`. */
export function summaryText({ statements, summary }: Report): string {
  const parts = (['breached', 'insufficient evidence', 'undecided', 'met'] as const).flatMap((result) => {
    const count = summary.byResult[result];
    return count === 0 ? [] : [`${result}: ${count} of ${statements.length}`];
  });
  return parts.length === 0 ? 'nothing was measured' : parts.join(', ');
}

const VERDICTS_TOLD = 8;

function verdictTexts(report: Report): string[] {
  const told = report.statements
    .toSorted((a, b) => Number(a.result === 'met') - Number(b.result === 'met'))
    .slice(0, VERDICTS_TOLD)
    .map((statement) => `${statement.scope}: ${statementText(statement)}`);
  return [summaryText(report), ...told];
}

export function statementText({ result, evaluation, coverage }: ReportStatement): string {
  if (coverage.insufficient !== null) return `insufficient evidence; ${coverage.insufficient.join('; ')}`;
  const objectives = evaluation.objectives.map(({ id, value, comparator, target, result: one, kind }) => {
    const unit =
      kind === 'whole_window_percentile'
        ? value?.tokensPerSecond === undefined
          ? ' ms'
          : ' tokens/s'
        : ' %';
    const figure = value === null ? '—' : `${value.percent ?? value.ms ?? value.tokensPerSecond}${unit}`;
    return `${id} ${figure} (${comparator} ${target}${unit}) ${one}`;
  });
  return `${result}; ${objectives.join(', ')}`;
}

/** What the messages of a closed period need. */
export function closedPeriod(
  contract: string,
  report: Report,
  state: ClaimState,
  now: number,
  amount = report.summary.amount,
): ClosedPeriod {
  const open = openReading(report, now);
  const { summary, period, practice } = report;
  const isOwed = summary.claims > 0;
  return {
    contract,
    period: period.label,
    practice,
    endedAt: Date.parse(period.to),
    verdicts: verdictTexts(report),
    stake: isOwed
      ? {
          contract,
          // Of a corrected amount nobody knows the share.
          creditPercent: amount === summary.amount ? `${summary.percent} %` : null,
          creditMoney: amount === null ? null : `${summary.currency ?? ''} ${amount}`.trim(),
          isCertain: true,
        }
      : null,
    claimBy:
      open === null
        ? null
        : {
            endsAt: open.endsAt,
            text: open.by.includes('T')
              ? minuteUtc(open.endsAt)
              : `${open.by} (that day included, ${period.timezone})`,
            isEarliest: open.by === summary.claimBy,
          },
    claimed: state !== 'ready',
  };
}

export function reportIn({ document }: Pick<FrozenReport, 'document'>): Report {
  return (JSON.parse(document) as { readonly report: Report }).report;
}

/** Who is told of a report: the routes of everything it judges. */
export function recipients(
  routes: readonly Route[],
  severity: Severity,
  report: Report,
): readonly Recipient[] {
  const cells = report.statements.flatMap(({ targets }) => targets);
  return recipientsOf(routes, severity, cells, false);
}
