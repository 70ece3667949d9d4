import type { Contract } from '../../domain/contract/contract.ts';
import type { Evaluation, ObjectiveResult, ObjectiveValue } from '../../domain/contract/evaluation.ts';
import type { Statement } from '../../domain/contract/statement.ts';

/** Paints a word; the identity where colour is not wanted. */
export type Paint = (text: string, colour: 'red' | 'green' | 'yellow' | 'dim' | 'bold') => string;

const CODES = { red: '31', green: '32', yellow: '33', dim: '2', bold: '1' } as const;

export const paintAnsi: Paint = (text, colour) => `\u001b[${CODES[colour]}m${text}\u001b[0m`;
export const paintNothing: Paint = (text) => text;

function grouped(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 3 });
}

function valueText(value: ObjectiveValue | null): string {
  if (value === null) return '—';
  if (value.percent !== undefined) return `${value.percent} %`;
  if (value.ms !== undefined) return `${grouped(value.ms)} ms`;
  return `${grouped(value.tokensPerSecond ?? 0)} tok/s`;
}

function unitOf(objective: ObjectiveResult): string {
  if (objective.kind !== 'whole_window_percentile') return '%';
  return objective.metric === 'tokens_per_s' ? 'tok/s' : 'ms';
}

function probability(p: number | null): string {
  if (p === null) return '';
  return p < 0.0001 ? 'p < 0.0001' : `p = ${p.toPrecision(2)}`;
}

function bound(value: number | null, unit: string, open: string): string {
  if (value === null) return open;
  return unit === 'percent' ? `${value.toFixed(3)} %` : `${grouped(value)} ${unit}`;
}

function intervalText({ interval }: Statement): string {
  if (interval === null) return '';
  const low = bound(interval.low, interval.unit, 'open');
  return `95 %: ${low} to ${bound(interval.high, interval.unit, 'beyond the slowest')}`;
}

function statementText(statement: Statement): string {
  const counted = `${grouped(statement.k)} bad of ${grouped(statement.n)} ${statement.n === 1 ? statement.unit.slice(0, -1) : statement.unit}`;
  return [statement.verdict, counted, probability(statement.p), intervalText(statement)]
    .filter((part) => part !== '')
    .join(' · ');
}

const COLOUR = { met: 'green', breached: 'red', undecided: 'yellow' } as const;

function howMany(count: number, of: number): string {
  if (of === 1) return 'the objective';
  if (count < of) return `${count} of ${of} objectives`;
  return of === 2 ? 'both objectives' : `all ${of} objectives`;
}

function headline({ objectives }: Evaluation, paint: Paint): string {
  const all = objectives.length;
  const missed = objectives.filter((one) => one.result === 'breached').length;
  const open = objectives.filter((one) => one.result === 'undecided').length;
  if (missed > 0) return paint(`BREACHED  ${howMany(missed, all)}`, 'red');
  if (open > 0) return paint(`UNDECIDED  too little data for ${howMany(open, all)}`, 'yellow');
  return paint(`MET  ${howMany(all, all)}`, 'green');
}

function pad(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('   ')
      .trimEnd(),
  );
}

function objectiveLines({ objectives }: Evaluation, paint: Paint): string[] {
  const table = pad(
    objectives.map((one) => [
      one.id,
      valueText(one.value),
      `${one.comparator} ${one.target} ${unitOf(one)}`,
      one.result,
    ]),
  );
  return objectives.flatMap((one, i) => {
    const row = table[i] ?? '';
    const at = row.lastIndexOf(one.result);
    const painted = row.slice(0, at) + paint(one.result, COLOUR[one.result]);
    const answered =
      one.successesOnly === null || one.successesOnly.exact === one.value?.exact
        ? []
        : [`      ${paint(`answered requests only: ${valueText(one.successesOnly)}`, 'dim')}`];
    return [`  ${painted}`, `      ${paint(`proof: ${statementText(one.statement)}`, 'dim')}`, ...answered];
  });
}

function exactly(exact: string): string {
  return exact.length <= 40 ? exact : `${exact.length} digits, see --json`;
}

function uptimeLines({ uptime, coverage }: Evaluation): string[] {
  const row = (name: string, share: { percent: string; exact: string } | null): string[] => [
    name,
    share === null ? '—' : `${share.percent} %`,
    share === null ? '' : exactly(share.exact),
  ];
  const slices =
    coverage === null ? '' : `${grouped(coverage.withData)} of ${grouped(coverage.slices)} slices with data`;
  return pad([
    row('contract', uptime.contract),
    row('raw', uptime.raw),
    ['coverage', coverage === null ? '—' : `${coverage.percent} %`, slices],
  ]).map((line) => `  ${line}`);
}

function reasonLines(counts: Evaluation['counts']): string[] {
  const { byReason } = counts;
  const rows = (['bad', 'excluded', 'good'] as const).flatMap((counting) =>
    Object.entries(byReason[counting]).map(([reason, count]) => [
      `  ${grouped(count)}`,
      counting === 'good' ? `${reason}, counted good` : `${reason} (${counting})`,
    ]),
  );
  return pad(rows).map((line) => `  ${line}`);
}

function countLines({ counts }: Evaluation): string[] {
  const { total, good, bad, excluded } = counts;
  return [
    `  ${grouped(total)} = ${grouped(good)} good + ${grouped(bad)} bad + ${grouped(excluded)} excluded`,
    ...reasonLines(counts),
  ];
}

function creditLines({ credit }: Evaluation, paint: Paint): string[] {
  const fee = credit.of === 'annual_fee' ? 'the annual fee' : 'the fee';
  const base = credit.feeBase === null ? '' : ` (${credit.feeBase})`;
  const money =
    credit.amount === null
      ? paint('no fee given: give --fee to see money', 'dim')
      : `${credit.amount} ${credit.currency ?? ''}`.trim();
  const notes = [
    credit.capped ? 'capped' : '',
    credit.belowMinimum ? 'below the minimum that is paid' : '',
    credit.serviceDays > 0 ? `${credit.serviceDays} service days` : '',
  ].filter((part) => part !== '');
  return [
    `  ${credit.percent} % of ${fee}${base} · ${money}${notes.length === 0 ? '' : ` · ${notes.join(', ')}`}`,
    ...credit.rows.map((row) => `    ${row.objective}: ${row.percent} % (${row.rule})`),
  ];
}

function deadlineLines({ deadlines }: Evaluation): string[] {
  return deadlines.flatMap((one) => [
    `  ${one.type} by ${one.by}, counted from ${one.anchor}`,
    ...one.readings.slice(1).map((other) => `    a later reading: ${other.by}, from ${other.anchor}`),
  ]);
}

function chronicLines({ chronic }: Evaluation, paint: Paint): string[] {
  return chronic.map((one) => {
    const state = one.raised === null ? 'unknown' : one.raised ? 'arisen' : 'not arisen';
    const colour = one.raised === true ? 'red' : 'dim';
    return `  right to ${one.right} (${one.when}): ${paint(state, colour)}`;
  });
}

const MOST_INCIDENTS = 5;

function incidentLines({ incidents }: Evaluation): string[] {
  const longest = incidents.toSorted((a, b) => b.minutes - a.minutes).slice(0, MOST_INCIDENTS);
  const more = incidents.length - longest.length;
  return [
    ...longest.map((one) => `  ${one.from} to ${one.to}  ${grouped(one.minutes)} min`),
    ...(more > 0 ? [`  and ${grouped(more)} shorter ones`] : []),
  ];
}

function provenanceLines({ provenance }: Contract): string[] {
  const source = [provenance.url, provenance.documentDate].filter((part) => part !== null).join(', ');
  return [
    `  ${provenance.status}${source === '' ? '' : ` · ${source}`}`,
    ...provenance.assumed.map((one) => `  assumed: ${one}`),
  ];
}

function section(title: string, lines: readonly string[], paint: Paint): string[] {
  return lines.length === 0 ? [] : ['', paint(title, 'bold'), ...lines];
}

/** An evaluation for a terminal: the verdict first, then the arithmetic it rests on. */
export function evaluationText(evaluation: Evaluation, contract: Contract, paint: Paint): string {
  const { period } = evaluation;
  const lines = [
    paint(`${contract.title} (${evaluation.contract}, version ${evaluation.version})`, 'bold'),
    `${period.from} to ${period.to} · ${period.timezone} · ${grouped(period.minutes)} min`,
    '',
    headline(evaluation, paint),
    '',
    ...objectiveLines(evaluation, paint),
    ...section('Credit', creditLines(evaluation, paint), paint),
    ...section('Claim', deadlineLines(evaluation), paint),
    ...section('Rights', chronicLines(evaluation, paint), paint),
    ...section('Uptime', uptimeLines(evaluation), paint),
    ...section('Requests', countLines(evaluation), paint),
    ...section('Incidents', incidentLines(evaluation), paint),
    ...section(
      'To be said',
      evaluation.flags.map((flag) => `  - ${flag}`),
      paint,
    ),
    ...section('Where the terms come from', provenanceLines(contract), paint),
  ];
  return `${lines.join('\n')}\n`;
}
