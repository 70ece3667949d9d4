import type { Deadline } from '../contract/claim-deadline.ts';
import type { Contract } from '../contract/contract.ts';
import type { ObjectiveResult } from '../contract/evaluation.ts';
import { number, signOf } from '../contract/working.ts';
import { OUTCOMES } from '../measure/outcome.ts';
import { DOUBT_WORDS, NOT_RUN_WORDS } from '../measure/reason-words.ts';
import { claimReadings, openReading } from './claim-readings.ts';
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

/** What is said of the heads of the chain beside themselves: who else signed them, and when. */
export function stampTexts({ chain }: Report): string[] {
  return chain.flatMap(({ region, segment, timeStamp }) => {
    if (timeStamp === undefined) return [];
    const head = `The head of segment ${number(segment)} of ${region}`;
    return timeStamp === null
      ? [`${head} had not been time-stamped by the close: the authority had not answered.`]
      : [
          `${head} was time-stamped at ${timeText(timeStamp.at)} by ${timeStamp.authority} (RFC 3161): it existed by then.`,
        ];
  });
}

/** `20.00 EUR`; without money the percentage stands alone. */
function moneyText(amount: string | null, currency: string | null): string | null {
  return amount === null ? null : `${amount} ${currency ?? ''}`.trim();
}

/** Whether money may be shown: the page of a stranger shows compliance alone. */
export type Audience = 'owner' | 'public';

export function headFacts(report: Report, audience: Audience): readonly Fact[] {
  const { contract, period, state, madeAt } = report;
  const { parties } = contract;
  return [
    { label: 'Contract', text: `${contract.title} (${contract.id}, version ${contract.version})` },
    {
      label: 'Parties',
      text:
        parties === null
          ? 'not named in the contract file'
          : `${parties.provider}, provider; ${parties.customer}, customer`,
    },
    { label: 'Terms', text: provenanceText(contract) },
    {
      label: 'Period',
      text: `${period.label}: ${timeText(period.from)} to ${timeText(period.to)}, end not included; ${number(period.minutes)} minutes, by the calendar of ${period.timezone}`,
    },
    {
      label: 'State',
      text:
        state === 'final'
          ? `final, frozen ${timeText(madeAt)}`
          : `draft of ${timeText(madeAt)}: figures may still change and nothing is claimed`,
    },
    ...(audience === 'owner' ? ownerFacts(report) : []),
  ];
}

/** What is owed, and until when it can be had. */
function ownerFacts(report: Report): readonly Fact[] {
  const { contract, summary } = report;
  const { fee } = contract;
  const base = fee?.base ?? contract.scope.feeBase;
  return [
    {
      label: 'Credit',
      text: `${report.state === 'draft' && summary.claims > 0 ? 'as it reads now: ' : ''}${creditText(report)}`,
    },
    {
      label: 'Fee',
      text:
        fee === undefined
          ? 'none was given, so credits are told in percent alone'
          : `${moneyText(fee.amount, contract.currency)}${base === null ? '' : ` for the ${base.replace('_', ' ')}`}${
              fee.scopes === undefined
                ? ''
                : `; ${Object.entries(fee.scopes)
                    .map(([scope, amount]) => `${scope}: ${moneyText(amount, contract.currency)}`)
                    .join('; ')}`
            }`,
    },
    ...(summary.claims === 0 ? [] : [{ label: 'Claim by', text: claimByText(report) }]),
  ];
}

/** `10 %, 400.00 EUR`: what may be claimed in all. */
export function creditText({ summary }: Report): string {
  const { claims, percent, amount, currency, fees, joined } = summary;
  if (claims === 0) return 'nothing to claim';
  const money = moneyText(amount, currency);
  if (claims === 1) return `${percent} %${money === null ? '' : `, ${money}`}`;
  const how =
    joined === 'alone'
      ? `${fees} separate fees`
      : `${claims} scopes behind ${fees === 1 ? 'one fee' : `${fees} fees`}, of which ${joined === 'sum' ? 'the credits add up' : 'the greatest counts'}`;
  if (money !== null) return `${money}: ${how}`;
  return `${fees > 1 ? 'up to ' : ''}${percent} %: ${how}`;
}

function claimByText(report: Report): string {
  const readings = claimReadings(report.statements, report.period.timezone);
  const [first] = readings;
  if (first === undefined) return 'the contract names no deadline';
  const madeAt = Date.parse(report.madeAt);
  if (first.endsAt > madeAt) return `${first.by}, by the earliest reading`;
  const open = openReading(report, madeAt);
  const past = `${first.by} by the earliest reading, which had passed when this was made`;
  return open === null
    ? `${past}, as had every other`
    : `${past}; ${open.by} if counted from ${anchorText(open.anchor)}`;
}

/** Which of the terms were read in the contract itself, which were retold, and which we chose. */
export function termsFacts({ provenance }: Contract): readonly Fact[] {
  return (
    [
      ['Read in the contract', provenance.verified],
      ['Second-hand', provenance.secondary],
      ['Assumed', provenance.assumed],
    ] as const
  ).flatMap(([label, texts]) => (texts.length === 0 ? [] : [{ label, text: texts.join('; ') }]));
}

/** What has to be said aloud; what concerns credits only to the owner. */
export function flagTexts({ evaluation }: ReportStatement, audience: Audience): readonly string[] {
  if (audience === 'owner') return evaluation.flags;
  return evaluation.flags.filter((flag) => !evaluation.credit.flags.includes(flag));
}

/** Rights that repeated failure gives. */
export function rightTexts({ evaluation }: ReportStatement): readonly string[] {
  return evaluation.chronic.map(({ right, when, raised, windows }) => {
    const state = raised === true ? 'has arisen' : raised === null ? 'cannot be decided' : 'has not arisen';
    const told = windows.map(({ label, percent }) => `${label} ${percent === null ? NONE : `${percent} %`}`);
    return `${right === 'terminate' ? 'Termination' : 'Refund'} (${when}): ${state}; ${told.join(', ')}`;
  });
}

/** Statements as a reader wants them: what was broken first. */
export function inReadingOrder(statements: readonly ReportStatement[]): readonly ReportStatement[] {
  const order: readonly StatementResult[] = ['breached', 'insufficient evidence', 'undecided', 'met'];
  return statements.toSorted((a, b) => order.indexOf(a.result) - order.indexOf(b.result));
}

/** `p99 time to first token (ttft-p99)`. */
export function objectiveTitle({ latency }: Contract, id: string): string {
  const terms = latency.find((one) => one.id === id);
  if (terms === undefined) return id === 'availability' ? 'Uptime' : id;
  const metric = METRIC_WORDS[terms.metric];
  const { form } = terms;
  const what =
    form.kind === 'whole_window_percentile'
      ? `p${form.percentile} ${metric}`
      : `${form.stat} ${metric} in slices of ${form.sliceMs / 60_000} min`;
  return `${what} (${id})`;
}

const METRIC_WORDS = {
  ttft_ms: 'time to first token',
  e2e_ms: 'total time',
  tokens_per_s: 'tokens per second',
} as const;

function provenanceText({ provenance }: Contract): string {
  const source = [
    provenance.url,
    provenance.documentDate,
    provenance.retrieved && `retrieved ${provenance.retrieved}`,
  ]
    .filter((part) => part !== null && part !== '')
    .join(', ');
  const words = {
    verified: 'read in the contract itself',
    secondary: 'second-hand: check the signed contract',
    assumed: 'assumed, not read in a signed contract: check it before you claim',
  }[provenance.status];
  return source === '' ? words : `${words}; ${source}`;
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
      promised: `${signOf(one.comparator)} ${one.target} ${unit}`,
      result: one.result,
      proof: `${statement.verdict}: ${number(statement.k)} ${BAD_WORDS[one.kind]} of n = ${number(statement.n)} ${statement.unit}${luck}${intervalText(one)}${answeredText(one, unit)}`,
    };
  });
}

const BAD_WORDS = {
  availability: 'bad',
  window_attainment: 'missed',
  whole_window_percentile: 'beyond the limit',
} as const;

/** The same percentile over answered requests, where failed ones make a difference. */
function answeredText({ value, successesOnly }: ObjectiveResult, unit: string): string {
  if (successesOnly === null || successesOnly.exact === value?.exact) return '';
  return `; over answered requests alone ${successesOnly.ms ?? successesOnly.tokensPerSecond} ${unit}`;
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
  const notRun = entriesOf(ticks.notRun).map(
    ([reason, count]) => `${NOT_RUN_WORDS[reason]} ${number(count)}`,
  );
  const doubts = entriesOf(ticks.doubts).map(([doubt, count]) => `${DOUBT_WORDS[doubt]} ${number(count)}`);
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
          ...(doubts.length === 0 ? [] : [`measured in doubt, so not counted: ${doubts.join(', ')}`]),
          ...(ticks.unaccounted === 0 ? [] : [`nobody accounts for ${number(ticks.unaccounted)}`]),
        ].join('; ') || 'nothing',
    },
    {
      label: 'Requests',
      text: `${number(counts.total)} = ${number(counts.good)} good + ${number(counts.bad)} bad + ${number(counts.excluded)} excluded`,
    },
    { label: 'Cadence', text: cadence.join('; ') || NONE },
  ];
}

const ANCHOR_WORDS: Readonly<Record<string, string>> = {
  incident_start: 'the first miss',
  incident_end: 'the end of the first miss',
  window_end: 'the end of the period',
  incident_month_end: 'the end of the month of the first miss',
  billing_cycle_end: 'the end of the billing cycle of the first miss',
};

/** `the first miss, 2026-10-01`. */
function anchorText(anchor: string): string {
  const [name = '', ...rest] = anchor.split(' ');
  return [ANCHOR_WORDS[name] ?? name, ...rest].join(', ');
}

function entriesOf<K extends string>(counts: Readonly<Partial<Record<K, number>>>): [K, number][] {
  return Object.entries(counts) as [K, number][];
}

export function deadlineText({ type, by, anchor, readings }: Deadline): string {
  const later = readings.slice(1).map((one) => `${one.by} if counted from ${anchorText(one.anchor)}`);
  const verb = { report: 'report the incident', notify: 'give notice', submit: 'submit the claim' }[type];
  return `${verb} by ${by}, counted from ${anchorText(anchor)}${later.length === 0 ? '' : `; or by ${later.join('; or by ')}`}`;
}

/** `provider.5xx, HTTP 503`. */
export function failureText({ outcome, status }: Failure): string {
  return status === null ? outcome : `${outcome}, HTTP ${status}`;
}

/** What the outcomes of the failures listed mean, one line each. */
export function outcomeTexts({ failures }: ReportStatement): readonly string[] {
  const codes = [...new Set(failures.map(({ outcome }) => outcome))].sort();
  return codes.map((code) => `${code}: ${OUTCOMES[code].means}`);
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
