import type { Deadline } from './claim-deadline.ts';
import type { Contract } from './contract.ts';
import type { ObjectiveResult } from './evaluation.ts';
import { number } from './recount.ts';
import type { Failure, Report, ReportStatement, StatementResult } from './report.ts';

/** A name and what is to be said of it: every form of a report prints these, so that all say the same. */
export type Fact = { readonly label: string; readonly text: string };

export type ObjectiveRow = {
  readonly objective: string;
  readonly measured: string;
  readonly promised: string;
  readonly result: ObjectiveResult['result'];
  readonly proof: string;
};

const NONE = '—';

/** What a result means, in one sentence. */
export const RESULT_SENTENCES: Readonly<Record<StatementResult, string>> = {
  met: 'The contract was kept.',
  breached: 'The contract was broken.',
  undecided: 'There is too little data to decide.',
  'insufficient evidence': 'Too little was measured to say either way; nothing is claimed.',
};

/** `2026-10-01 00:00 UTC`: an RFC 3339 time to the minute, to the second where it has one. */
export function timeText(rfc3339: string): string {
  const text = new Date(rfc3339).toISOString();
  return `${text.slice(0, 10)} ${text.slice(11, text.slice(17, 19) === '00' ? 16 : 19)} UTC`;
}

/** `20.00 EUR`; without money the percentage stands alone. */
function moneyText(amount: string | null, currency: string | null): string | null {
  return amount === null ? null : `${amount} ${currency ?? ''}`.trim();
}

/** Whether money may be shown: the page of a stranger shows compliance alone. */
export type Audience = 'owner' | 'public';

export function headFacts(report: Report, audience: Audience): readonly Fact[] {
  const { contract, period, summary, state, madeAt } = report;
  const { parties, provenance } = contract;
  const due = moneyText(summary.amount, summary.currency);
  const facts: (Fact | null)[] = [
    { label: 'Contract', text: `${contract.title} (${contract.id}, version ${contract.version})` },
    parties === null
      ? null
      : { label: 'Parties', text: `${parties.provider}, provider; ${parties.customer}, customer` },
    { label: 'Terms', text: provenanceText(contract) },
    {
      label: 'Period',
      text: `${period.label}: ${timeText(period.from)} to ${timeText(period.to)}, end not included; ${number(period.minutes)} minutes of ${period.timezone}`,
    },
    {
      label: 'State',
      text:
        state === 'final'
          ? `final, frozen ${timeText(madeAt)}`
          : `draft of ${timeText(madeAt)}: figures may still change and nothing is claimed`,
    },
    audience === 'public' || summary.claims === 0
      ? null
      : {
          label: 'Credit',
          text: `${summary.percent} %${due === null ? '' : `, ${due}`}${summary.claims === 1 ? '' : `; ${summary.claims} statements, ${summary.joined === 'sum' ? 'added up' : 'the greatest counts, since one fee stands behind all'}`}`,
        },
    audience === 'public' || summary.claimBy === null
      ? null
      : { label: 'Claim by', text: `${summary.claimBy}, by the earliest reading` },
    provenance.assumed.length === 0 ? null : { label: 'Assumed', text: provenance.assumed.join('; ') },
  ];
  return facts.filter((fact) => fact !== null);
}

function provenanceText({ provenance }: Contract): string {
  const source = [
    provenance.url,
    provenance.documentDate,
    provenance.retrieved && `retrieved ${provenance.retrieved}`,
  ]
    .filter((part) => part !== null && part !== '')
    .join(', ');
  return source === '' ? provenance.status : `${provenance.status}: ${source}`;
}

export function objectiveRows({ evaluation }: ReportStatement): readonly ObjectiveRow[] {
  return evaluation.objectives.map((one) => {
    const unit =
      one.kind !== 'whole_window_percentile' ? '%' : one.metric === 'tokens_per_s' ? 'tokens/s' : 'ms';
    const { value, statement } = one;
    const measured =
      value === null ? NONE : `${value.percent ?? value.ms ?? value.tokensPerSecond ?? NONE} ${unit}`;
    const luck =
      statement.p === null
        ? ''
        : `, p ${statement.p < 0.0001 ? '< 0.0001' : `= ${statement.p.toPrecision(2)}`}`;
    return {
      objective: one.id,
      measured,
      promised: `${one.comparator} ${one.target} ${unit}`,
      result: one.result,
      proof: `${statement.verdict}: ${number(statement.k)} bad of n = ${number(statement.n)} ${statement.unit}${luck}${intervalText(one)}`,
    };
  });
}

function intervalText({ statement }: ObjectiveResult): string {
  const { interval } = statement;
  if (interval === null) return '';
  const unit = interval.unit === 'percent' ? '%' : interval.unit;
  const end = (value: number | null): string => (value === null ? 'open' : String(Number(value.toFixed(3))));
  return `; 95 % interval ${end(interval.low)} to ${end(interval.high)} ${unit}`;
}

export function statementFacts(statement: ReportStatement): readonly Fact[] {
  const { evaluation, coverage, cadence } = statement;
  const { counts, uptime } = evaluation;
  const { ticks } = coverage;
  const notRun = Object.entries(ticks.notRun).map(([reason, count]) => `${reason} ${number(count)}`);
  const doubts = Object.entries(ticks.doubts).map(([doubt, count]) => `${doubt} ${number(count)}`);
  return [
    { label: 'Uptime by contract', text: uptime.contract === null ? NONE : `${uptime.contract.percent} %` },
    { label: 'Raw uptime', text: uptime.raw === null ? NONE : `${uptime.raw.percent} %` },
    {
      label: 'Coverage of slices',
      text:
        evaluation.coverage === null
          ? NONE
          : `${evaluation.coverage.percent} % (${number(evaluation.coverage.withData)} of ${number(evaluation.coverage.slices)})`,
    },
    {
      label: 'Coverage of probes',
      text:
        ticks.percent === null
          ? NONE
          : `${ticks.percent} % (${number(ticks.measured)} of ${number(ticks.expected)} that were due)`,
    },
    { label: 'Hours measured', text: `${number(coverage.hours.measured)} of ${number(coverage.hours.of)}` },
    {
      label: 'Not measured',
      text:
        [
          ...notRun,
          ...(doubts.length === 0 ? [] : [`doubtful: ${doubts.join(', ')}`]),
          ...(ticks.unaccounted === 0 ? [] : [`unaccounted for ${number(ticks.unaccounted)}`]),
        ].join('; ') || 'nothing',
    },
    {
      label: 'Requests',
      text: `${number(counts.total)} = ${number(counts.good)} good + ${number(counts.bad)} bad + ${number(counts.excluded)} excluded`,
    },
    { label: 'Cadence', text: cadence.join('; ') || NONE },
  ];
}

export function deadlineText({ type, by, anchor, readings }: Deadline): string {
  const later = readings.slice(1).map((one) => `${one.by} if counted from ${one.anchor}`);
  return `${type} by ${by}, counted from ${anchor}${later.length === 0 ? '' : ` (${later.join('; ')})`}`;
}

export function failureText({ outcome, status }: Failure): string {
  return status === null ? outcome : `${outcome}, HTTP ${status}`;
}

export function requestIdText({ requestIds }: Failure): string {
  const ids = Object.entries(requestIds).map(([header, id]) => `${header}: ${id}`);
  return ids.length === 0 ? 'none given' : ids.join(', ');
}

/** How the figures came about, for readers who were not there. */
export function methodTexts({ contract }: Report): readonly string[] {
  return [
    'Small, real requests were sent to each model on a fixed schedule with the customer’s own key. Each scheduled request is one row with one outcome; nothing was retried inside a row. Repeated requests that confirm a failure are kept, but do not count here.',
    'Times were taken on a monotonic clock from just before the request left. Rows during which our own side was in doubt (network, clock, load) are excluded and shown as lost coverage.',
    'Ratios and percentiles are computed exactly from the raw rows, never from averages. The statistical line says what the samples prove, which is a different question from what the contract’s arithmetic yields.',
    contract.authority === 'third_party_probe'
      ? 'The contract names synthetic probes as the measure.'
      : 'The contract does not name synthetic probes as the measure: hold these figures beside the provider’s own.',
  ];
}
