import { number } from './recount.ts';
import type { Report } from './report.ts';
import { deadlineText, failureText, objectiveRows, requestIdText, timeText } from './report-text.ts';

const INCIDENTS_NAMED = 20;

/** A letter that is ready to be sent, with what the contract's claim rules ask for. Plain text. */
export function claimText(report: Report): string {
  const { contract, period, summary } = report;
  const { claim, parties } = contract;
  const due = report.statements.filter((statement) => statement.claim.isDue);
  const worth =
    summary.amount === null
      ? `${summary.percent} %`
      : `${summary.percent} %, ${summary.amount} ${summary.currency ?? ''}`.trim();
  const lines = [
    `Subject: SLA credit request, ${contract.title}, ${period.label}`,
    ...(claim.channel === null ? [] : [`To: ${claim.channel}`]),
    '',
    `To ${parties?.provider ?? '[provider]'},`,
    '',
    `we claim the service credit for ${period.label} (${timeText(period.from)} to ${timeText(period.to)}, ${period.timezone}) under ${contract.title}, version ${contract.version}: ${worth}.`,
    '',
  ];
  for (const statement of due) {
    lines.push(`${statement.scope}`);
    for (const row of objectiveRows(statement)) {
      lines.push(`  ${row.objective}: ${row.measured}, promised ${row.promised}: ${row.result}`);
    }
    lines.push(`  Credit: ${statement.claim.percent} % (${statement.claim.why})`);
    for (const incident of statement.incidents.slice(0, INCIDENTS_NAMED)) {
      const first =
        incident.first === null
          ? ''
          : `; first: ${failureText(incident.first)}, ${requestIdText(incident.first)}`;
      lines.push(
        `  ${timeText(incident.from)} to ${timeText(incident.to)}, ${number(incident.minutes)} min, ${number(incident.failures)} failed requests${first}`,
      );
    }
    const more = statement.incidents.length - INCIDENTS_NAMED + statement.moreIncidents;
    if (more > 0) lines.push(`  and ${number(more)} further incidents, listed in the attached report`);
    lines.push('');
  }
  if (claim.requiredEvidence.length > 0) {
    lines.push('Attached, as the contract asks:', ...claim.requiredEvidence.map((one) => `  - ${one}`), '');
  }
  const deadlines = new Set(due.flatMap(({ evaluation }) => evaluation.deadlines.map(deadlineText)));
  if (deadlines.size > 0)
    lines.push('Deadlines, by their earliest reading:', ...[...deadlines].map((one) => `  - ${one}`), '');
  const head = report.chain.map(({ region, segment, head: hash }) => `${region} segment ${segment}: ${hash}`);
  if (head.length > 0)
    lines.push('The raw rows are sealed; heads of their hash chain:', ...head.map((one) => `  ${one}`), '');
  lines.push(`${parties?.customer ?? '[customer]'}`, '');
  return lines.join('\n');
}
