import type { Contract, LatencyComparator } from '../contract/contract.ts';
import { exact, HUNDRED, ratio } from '../contract/exact.ts';
import { number, signOf } from '../contract/working.ts';
import type { ReportDay, ReportStatement } from '../report/report.ts';

/** One day of a chart: how high its bar is, 0 to 1; `null` draws a gap. */
export type ChartDay = {
  readonly day: string;
  readonly height: number | null;
  readonly missed: boolean;
  /** Higher than the chart: the bar is cut at the top and carries this number. */
  readonly cut: string | null;
  readonly text: string;
};

/** A chart as numbers: the page and the printed form draw the same. The bottom is zero. */
export type DayChart = {
  readonly title: string;
  /** What the line is, in words. */
  readonly note: string;
  readonly unit: string;
  /** What the top stands for. */
  readonly high: number;
  /** Where the promise lies, 0 to 1; `null` without one. */
  readonly target: { readonly at: number; readonly text: string } | null;
  readonly days: readonly ChartDay[];
};

/** What the picture shows, for those who hear it. */
export function chartAlternative({ title, note, days }: DayChart): string {
  const told = days.filter(({ missed }) => missed).map(({ day, text }) => `${day}: ${text}`);
  const over = told.length === 0 ? 'no day is over the line' : `over the line: ${told.join('; ')}`;
  return `${title}${note === '' ? '' : ` (${note})`}, ${days.length} days; ${over}`;
}

/** Bars may rise to so many times the line; what is higher is cut, so that the line stays readable beside an outage. */
const MOST_TIMES_BUDGET = 12;
const MOST_TIMES_LIMIT = 3;

/** Failed requests of each day against what the target leaves it, and daily p99 of each latency the contract limits by one. */
export function dayCharts({ days, evaluation }: ReportStatement, contract: Contract): readonly DayChart[] {
  const charts = [
    failureChart(days, evaluation.objectives.find(({ kind }) => kind === 'availability')?.target ?? null),
  ];
  for (const { id, metric, form } of contract.latency) {
    // Days keep their 99th percentile alone: beside another one its bars would mislead.
    if (form.kind !== 'whole_window_percentile' || metric === 'tokens_per_s') continue;
    if (!exact(form.percentile).equals(99) || !evaluation.objectives.some((one) => one.id === id)) continue;
    const pick = metric === 'ttft_ms' ? 'ttftP99Us' : 'totalP99Us';
    charts.push(
      latencyChart(
        `p99 ${metric === 'ttft_ms' ? 'time to first token' : 'total time'} per day`,
        days,
        pick,
        form,
      ),
    );
  }
  return charts;
}

function failureChart(days: readonly ReportDay[], target: string | null): DayChart {
  const measured = days.filter(({ good, bad }) => good + bad > 0);
  const counted = measured.reduce((sum, { good, bad }) => sum + good + bad, 0);
  const lost = target === null ? null : HUNDRED.sub(exact(target)).div(HUNDRED);
  const budget = lost === null || counted === 0 ? null : lost.mul(ratio(counted, measured.length)).valueOf();
  const most = Math.max(0, ...days.map(({ bad }) => bad));
  const high = closeCeiling(
    budget === null ? Math.max(5, most) : Math.max(5, budget * 2, Math.min(most, budget * MOST_TIMES_BUDGET)),
  );
  return {
    title: 'Failed requests per day',
    note:
      target === null || budget === null
        ? ''
        : `line: the day’s share of what ${target} % allows; the period decides, not the day`,
    unit: '',
    high,
    target: budget === null ? null : { at: budget / high, text: shortNumber(budget) },
    days: days.map(({ day, good, bad }) => {
      const of = good + bad;
      const isOver = lost !== null && of > 0 && ratio(bad, of).gt(lost);
      return {
        day,
        height: of === 0 ? null : Math.min(1, bad / high),
        missed: isOver,
        cut: bad > high ? number(bad) : null,
        text: of === 0 ? 'no data' : `${number(bad)} of ${number(of)} failed`,
      };
    }),
  };
}

function latencyChart(
  title: string,
  days: readonly ReportDay[],
  pick: 'ttftP99Us' | 'totalP99Us',
  { comparator, value: limit }: { readonly comparator: LatencyComparator; readonly value: string },
): DayChart {
  const limitUs = exact(limit).mul(1000);
  const values = days.map((one) => one[pick]);
  const most = Math.max(0, ...values.map((value) => value ?? 0)) / 1000;
  const line = limitUs.valueOf() / 1000;
  const high = closeCeiling(Math.max(line * 1.25, Math.min(most, line * MOST_TIMES_LIMIT)));
  return {
    title,
    note: `line: ${signOf(comparator)} ${limit} ms, promised for the whole period; of answered requests`,
    unit: 'ms',
    high,
    target: { at: line / high, text: `${limit} ms` },
    days: days.map(({ day }, i) => {
      const value = values[i] ?? null;
      return {
        day,
        height: value === null ? null : Math.min(1, value / 1000 / high),
        missed: value !== null && (comparator === '<' ? limitUs.lte(value) : limitUs.lt(value)),
        cut: value !== null && value / 1000 > high ? number(Math.ceil(value / 1000)) : null,
        text: value === null ? 'no data' : `${Math.ceil(value / 1000)} ms`,
      };
    }),
  };
}

function shortNumber(value: number): string {
  return value >= 100 ? number(Math.floor(value)) : String(Number(value.toPrecision(3)));
}

const STEPS = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];

/** The least of many round numbers times a power of ten that is not below the value: bars without a grid use the height. */
function closeCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return (STEPS.find((step) => step * power >= value) ?? 10) * power;
}
