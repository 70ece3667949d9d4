import { number } from '../contract/working.ts';
import { counted } from '../wording.ts';
import type { Report, ReportIncident, ReportStatement } from './report.ts';
import {
  creditText,
  failureText,
  flagTexts,
  headFacts,
  inReadingOrder,
  objectiveRows,
  objectiveTitle,
  requestIdText,
  rightTexts,
  timeText,
} from './report-text.ts';

const INCIDENTS_NAMED = 20;
/** Stands where the contract file does not say it; to be filled in by hand. */
const BLANKS = { provider: '[name of the provider]', customer: '[your name]', account: '[your account]' };

/**
 * A letter that is ready to be sent, with what the contract's claim rules ask for. Plain text. `null` where nothing is due:
 * then there is nothing to claim, and no letter that says otherwise.
 */
export function claimText(report: Report): string | null {
  const { contract, period, summary, practice } = report;
  const { claim, parties } = contract;
  if (summary.claims === 0 || report.state !== 'final') return null;
  const due = inReadingOrder(report.statements).filter((statement) => statement.claim.isDue);
  const lines = [
    ...(practice ? ['PRACTICE DATA. A simulated gateway: do not send this to anybody.', ''] : []),
    `Subject: SLA credit request, ${contract.title}, ${period.label}`,
    ...(claim.channel === null ? [] : [`To: ${claim.channel}`]),
    '',
    `To ${parties?.provider ?? BLANKS.provider}`,
    '',
    `Under ${contract.title}, version ${contract.version}, we claim the service credit for ${period.label} (${timeText(period.from)} to ${timeText(period.to)}, end not included; calendar of ${period.timezone}).`,
    '',
    `Account: ${BLANKS.account}`,
    `Affected: ${due.map(({ scope }) => scope).join(', ')}`,
    `Credit: ${creditText(report)}`,
    '',
  ];
  for (const statement of due) lines.push(...statementLines(report, statement));
  if (summary.working.length > 0) {
    lines.push('The credits together');
    for (const { label, working, value } of summary.working) lines.push(`  ${label}: ${working} → ${value}`);
    lines.push('');
  }
  if (claim.requiredEvidence.length > 0) {
    lines.push(
      'Your terms ask for the following, which is attached:',
      ...claim.requiredEvidence.map((one) => `  - ${one}`),
      '',
    );
  }
  lines.push(
    'Attached',
    '  - the statement of the period (PDF, HTML, CSV, and JSON with its signature), with formula, exclusions and reasons',
    '  - failed-requests.ndjson: each failed request with its UTC time, request id, HTTP status and error',
    '  - contract.json: the terms as they were applied; method.txt: how it was measured',
    '  - verify.txt: how to check the signature and the figures',
    '',
    'Times are UTC. Requests that prove nothing about the service, such as those during faults on our side, are left out and listed in the statement.',
    '',
    'Please confirm receipt and the credit.',
    '',
    parties?.customer ?? BLANKS.customer,
    '',
  );
  return lines.join('\n');
}

function statementLines({ contract }: Report, statement: ReportStatement): string[] {
  const lines = [statement.scope];
  for (const row of objectiveRows(statement)) {
    if (row.result !== 'breached') continue;
    const title = objectiveTitle(contract, row.objective);
    lines.push(`  ${title}: ${row.measured}, promised ${row.promised}`);
    const steps = statement.workings.find(({ objective }) => objective === row.objective)?.steps ?? [];
    for (const { label, working, value } of steps) lines.push(`    ${label}: ${working} → ${value}`);
  }
  lines.push('  Credit');
  for (const { label, working, value } of statement.creditWorking) {
    lines.push(`    ${label}: ${working} → ${value}`);
  }
  const { incidents, moreIncidents } = statement;
  if (incidents.length > 0) lines.push('  Incidents, UTC');
  lines.push(...incidents.slice(0, INCIDENTS_NAMED).map(incidentLine));
  const more = Math.max(0, incidents.length - INCIDENTS_NAMED) + moreIncidents;
  if (more > 0) lines.push(`    and ${counted(more, 'further incident')}, in the attached statement`);
  return [...lines, ''];
}

function incidentLine({ from, to, minutes, failures, first }: ReportIncident): string {
  const failed =
    first === null ? '' : `; first: ${timeText(first.at)}, ${failureText(first)}, ${requestIdText(first)}`;
  return `    ${timeText(from)} to ${timeText(to)}, ${number(minutes)} min, ${counted(failures, 'failed request')}${failed}`;
}

/** What the one who claims should know and the other side need not: not to be sent. Plain text. */
export function claimNote(report: Report): string {
  const { contract, period, summary } = report;
  const told = headFacts(report, 'owner').map(({ label, text }) => `${label}: ${text}`);
  const flags = new Set([
    ...summary.flags,
    ...report.statements.flatMap((statement) => (statement.claim.isDue ? flagTexts(statement, 'owner') : [])),
  ]);
  const rights = new Set(
    report.statements
      .filter(({ evaluation }) => evaluation.chronic.some(({ raised }) => raised === true))
      .flatMap(rightTexts),
  );
  const section = (title: string, items: Iterable<string>): string[] => {
    const all = [...items];
    return all.length === 0 ? [] : ['', title, ...all.map((item) => `  - ${item}`)];
  };
  if (summary.claims === 0 || report.state !== 'final') {
    const why = new Map(
      report.statements.map(({ scope, claim, coverage }) => [
        scope,
        coverage.insufficient?.join('; ') ?? claim.why,
      ]),
    );
    return [
      'For you. There is no claim to send: this pack holds the evidence alone.',
      '',
      ...told,
      ...section(
        'Why nothing is claimed',
        [...why].map(([scope, reason]) => `${scope}: ${reason}`),
      ),
      '',
    ].join('\n');
  }
  return [
    'For you, not for the provider: take this file out before you send the pack.',
    '',
    ...told,
    ...section('Before you send', [
      ...blanksIn(report),
      ...(contract.provenance.status === 'verified'
        ? []
        : ['hold the terms against the signed contract: not all of them were read there']),
      ...(contract.claim.forfeitsIfMissing
        ? ['check that nothing the terms ask for is missing: a claim without it is forfeited']
        : []),
      ...report.statements.flatMap(({ claim, moreFailures, scope }) =>
        claim.isDue && moreFailures > 0
          ? [`${scope}: ${number(moreFailures)} failed requests are counted but not listed one by one`]
          : [],
      ),
    ]),
    ...section('To be said, or decided by you', flags),
    ...section('Rights from repeated failure', rights),
    '',
    'When it is sent, write it down:',
    `  probity ledger ${period.label} ${contract.id} --mark claimed --note "case number"`,
    'When it is answered:',
    `  probity ledger ${period.label} ${contract.id} --mark credited --amount 0.00`,
    `  probity ledger ${period.label} ${contract.id} --mark denied --note "their reason"`,
    '',
  ].join('\n');
}

function blanksIn({ contract }: Report): string[] {
  const { parties, claim } = contract;
  return [
    `fill in what stands in brackets in claim.txt: ${[...(parties === null ? ['both parties'] : []), 'your account'].join(', ')}`,
    ...(claim.channel === null ? ['find out where claims are sent: the contract file names no channel'] : []),
  ];
}
