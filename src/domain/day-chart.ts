import { exact, HUNDRED, ratio } from './exact.ts';
import type { ReportDay, ReportStatement } from './report.ts';

/** One day of a chart: where its mark stands, 0 at the bottom and 1 at the top; `null` draws a gap. */
export type ChartDay = {
  readonly day: string;
  readonly height: number | null;
  readonly missed: boolean;
  readonly text: string;
};

/** A chart as numbers: the page and the printed form draw the same. */
export type DayChart = {
  readonly title: string;
  readonly unit: string;
  /** What the bottom and the top stand for. */
  readonly low: number;
  readonly high: number;
  /** Where the promise lies between them, 0 to 1; `null` without one. */
  readonly target: { readonly at: number; readonly text: string } | null;
  readonly days: readonly ChartDay[];
};

/** Daily uptime, and daily p99 of each latency the contract limits by one. */
export function dayCharts({ days, evaluation }: ReportStatement): readonly DayChart[] {
  const charts = [
    uptimeChart(days, evaluation.objectives.find(({ kind }) => kind === 'availability')?.target ?? null),
  ];
  for (const one of evaluation.objectives) {
    if (one.kind !== 'whole_window_percentile' || one.metric === 'tokens_per_s') continue;
    const pick = one.metric === 'ttft_ms' ? 'ttftP99Us' : 'totalP99Us';
    charts.push(
      latencyChart(
        `p99 per day, ${one.metric === 'ttft_ms' ? 'time to first token' : 'total time'}`,
        days,
        pick,
        one.target,
      ),
    );
  }
  return charts;
}

function uptimeChart(days: readonly ReportDay[], target: string | null): DayChart {
  const shares = days.map(({ good, bad }) => (good + bad === 0 ? null : (good / (good + bad)) * 100));
  const least = Math.min(
    99,
    ...shares.filter((share) => share !== null),
    target === null ? 100 : Number(target),
  );
  // A floor that moves in steps keeps small losses visible without making them look like outages.
  const low = [99, 95, 90, 50].find((floor) => least >= floor) ?? 0;
  const place = (percent: number): number => Math.max(0, Math.min(1, (percent - low) / (100 - low)));
  return {
    title: 'Answered per day',
    unit: '%',
    low,
    high: 100,
    target: target === null ? null : { at: place(Number(target)), text: `${target} %` },
    days: days.map(({ day, good, bad }, i) => {
      const share = shares[i] ?? null;
      const missed =
        target !== null &&
        good + bad > 0 &&
        ratio(good, good + bad)
          .mul(HUNDRED)
          .lt(exact(target));
      return {
        day,
        height: share === null ? null : place(share),
        missed,
        text: share === null ? 'no data' : `${(Math.floor(share * 1000) / 1000).toFixed(3)} %`,
      };
    }),
  };
}

function latencyChart(
  title: string,
  days: readonly ReportDay[],
  pick: 'ttftP99Us' | 'totalP99Us',
  target: string,
): DayChart {
  const limitUs = exact(target).mul(1000);
  const values = days.map((one) => one[pick]);
  const most = Math.max(limitUs.valueOf() * 1.25, ...values.map((value) => value ?? 0));
  const high = niceCeiling(most / 1000);
  return {
    title,
    unit: 'ms',
    low: 0,
    high,
    target: { at: limitUs.valueOf() / 1000 / high, text: `${target} ms` },
    days: days.map(({ day }, i) => {
      const value = values[i] ?? null;
      return {
        day,
        height: value === null ? null : value / 1000 / high,
        missed: value !== null && limitUs.lt(value),
        text: value === null ? 'no data' : `${Math.ceil(value / 1000)} ms`,
      };
    }),
  };
}

/** The least of 1, 2, 2.5 and 5 times a power of ten that is not below the value. */
function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return ([1, 2, 2.5, 5, 10].find((step) => step * power >= value) ?? 10) * power;
}
