import { styleText } from 'node:util';
import type { PlanFigures } from '../../domain/measure/plan-figures.ts';
import type { Problem } from '../../domain/problem.ts';
import type { Provability } from '../../domain/statistics/provability.ts';
import { formatDuration } from '../../domain/time/duration.ts';
import { money } from './plan-check.ts';

type Paint = (style: 'bold' | 'dim' | 'red' | 'yellow' | 'green' | 'cyan', text: string) => string;

/** `styleText` leaves colour out where the terminal has none or NO_COLOR is set: https://no-color.org */
const paint: Paint = (style, text) => styleText(style, text);

const DAYS_PER_MONTH = 30;
const whole = (value: number): string => Math.ceil(value).toLocaleString('en');
const rate = (value: number): string =>
  value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 1 : 0 });

/** The plan as a person reads it, before a single probe leaves. */
export function planText(
  title: string,
  folder: string,
  figures: PlanFigures,
  notes: readonly string[],
): string {
  const sections = [
    `${paint('bold', title)}  ${paint('dim', folder)}\n${summary(figures)}`,
    table(
      ['Probe', 'Interval', 'Targets', 'Probes a day'],
      figures.probes.map((probe) => [
        probe.id,
        intervalText(probe.perDay),
        whole(probe.targets),
        whole(probe.targets * probe.perDay),
      ]),
    ),
    table(
      ['Key', 'Targets', 'Per minute', 'Peak', 'Quota', ''],
      figures.keys.map((key) => [
        key.id,
        whole(key.targets),
        rate(key.averagePerMinute),
        whole(key.peakPerMinute),
        key.requestsPerMinute === null ? '—' : whole(key.requestsPerMinute),
        key.requestsPerMinute === null ? '' : gauge(key.peakPerMinute / key.requestsPerMinute),
      ]),
    ),
    table(['At most', 'Per day', 'Per 30 days', ''], costRows(figures)),
    provableText(figures.provable),
    ...notes.map((note) => paint('dim', note)),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function summary({ targets, series, keys, probes }: PlanFigures): string {
  const total = probes.reduce((sum, probe) => sum + probe.targets * probe.perDay, 0);
  return `${count(targets, 'target')} over ${count(keys.length, 'key')}, ${count(series, 'series', 'series')}, ${whole(total)} probes a day`;
}

/** Costs are ceilings: answers as long as allowed, every tick, no burst. */
function costRows({ perDay, spend }: PlanFigures): string[][] {
  const rows = [
    ['Input tokens', whole(perDay.inputTokens), whole(perDay.inputTokens * DAYS_PER_MONTH), ''],
    ['Output tokens', whole(perDay.outputTokens), whole(perDay.outputTokens * DAYS_PER_MONTH), ''],
  ];
  for (const [currency, nanos] of Object.entries(perDay.nanos)) {
    const capped = spend !== null && spend.currency === currency;
    rows.push([
      'Money',
      money(nanos, currency),
      money(nanos * DAYS_PER_MONTH, currency),
      capped ? `cap ${money(spend.perDayNanos, currency)} a day  ${gauge(nanos / spend.perDayNanos)}` : '',
    ]);
  }
  if (perDay.unpricedTargets > 0)
    rows.push([`${count(perDay.unpricedTargets, 'target')} without a price`, '—', '—', '']);
  return rows;
}

function provableText(provable: readonly Provability[]): string {
  if (provable.length === 0) return '';
  const width = Math.max(...provable.map(({ contract }) => contract.length));
  const lines = provable.map((one) => `  ${one.contract.padEnd(width)}  ${provableSentence(one)}`);
  return [paint('bold', 'What this can prove, for each target'), ...lines].join('\n');
}

/** For example: "1 probe per minute: a p99 verdict needs 5 h; a 99.9 % month allows 43 failed probes". */
function provableSentence({ perDay, uptime, percentiles, slicesPerProbe }: Provability): string {
  const parts = percentiles.map(
    ({ percentile, samples, timeMs }) =>
      `a p${percentile} verdict needs ${roughTime(timeMs)} (${samples} probes)`,
  );
  if (uptime !== null) {
    parts.push(`a ${uptime.percent} % month allows ${count(uptime.allowedFailures, 'failed probe')}`);
  }
  if (slicesPerProbe !== null) {
    parts.push(`only 1 of ${rate(slicesPerProbe)} slices the contract counts by has a probe in it`);
  }
  if (parts.length === 0) parts.push('the contract sets no target that probes could prove');
  return `${cadenceText(perDay)}: ${parts.join('; ')}`;
}

function cadenceText(perDay: number): string {
  const perMinute = perDay / 1440;
  if (perMinute >= 1) return `${rate(perMinute)} ${perMinute === 1 ? 'probe' : 'probes'} per minute`;
  return `1 probe every ${formatDuration(Math.round(86_400 / perDay) * 1_000)}`;
}

function intervalText(perDay: number): string {
  return formatDuration(Math.max(1, Math.round(86_400_000 / perDay)));
}

/** Two units at most, rounded up to the smaller: nobody waits for the last second. */
function roughTime(ms: number): string {
  for (const [unit, size] of [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['min', 60_000],
  ] as const) {
    if (ms >= size * 0.95) return `${rate(Math.ceil((ms / size) * 10 - 1e-9) / 10)} ${unit}`;
  }
  return `${Math.ceil(ms / 1000)} s`;
}

const GAUGE = 12;

/** A bar and its percentage; over the limit it says so in words too, as colour alone would not. */
function gauge(share: number): string {
  const filled = Math.min(GAUGE, Math.round(share * GAUGE));
  const style = share > 1 ? 'red' : share > 0.8 ? 'yellow' : 'green';
  const percent = `${Math.ceil(share * 100 - 1e-9)} %${share > 1 ? ' over' : ''}`;
  return `${paint(style, '█'.repeat(filled))}${paint('dim', '░'.repeat(GAUGE - filled))} ${percent}`;
}

/** Columns side by side; the first and the last are text, the others numbers. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const last = head.length - 1;
  const isNumber = (column: number): boolean => column > 0 && (column < last || head[last] !== '');
  const widths = head.map((cell, column) =>
    Math.max(cell.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => {
        const width = column === last && !isNumber(column) ? 0 : (widths[column] ?? 0);
        return isNumber(column) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  return [paint('bold', `  ${line(head)}`), ...rows.map((row) => `  ${line(row)}`)].join('\n');
}

function count(value: number, one: string, many = `${one}s`): string {
  return `${value.toLocaleString('en')} ${value === 1 ? one : many}`;
}

/** Problems one per line, errors and warnings marked in words and colour, and their number. */
export function problemsText(problems: readonly Problem[]): string {
  if (problems.length === 0) return `${paint('green', '✓')} no problem found\n`;
  const lines = problems.map(({ severity, file, line, column, path, message }) => {
    const mark = severity === 'error' ? paint('red', 'error  ') : paint('yellow', 'warning');
    return `${paint('cyan', `${file}:${line}:${column}`)}  ${mark}  ${path === '' ? '' : `${paint('bold', path)}  `}${message}`;
  });
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const total = [count(errors, 'error'), count(problems.length - errors, 'warning')].join(', ');
  return `${lines.join('\n')}\n${paint(errors > 0 ? 'red' : 'yellow', errors > 0 ? '✗' : '!')} ${total}\n`;
}
