import { levelOf } from '../live/day-record.ts';
import { p99Of, shareOf, uptimeOf } from '../live/live-report.ts';
import type { SeriesView, Slot, StatusView, TargetView } from './status-view.ts';

/**
 * The view for machines: the same numbers under the same names, with the minutes of each series as columns, since
 * hundreds of series repeat their names.
 */
export function statusJson(view: StatusView) {
  return {
    ...view,
    slotMs: view.targets[0]?.series[0]?.slots.length
      ? (view.toAt - view.fromAt) / view.targets[0].series[0].slots.length
      : null,
    targets: view.targets.map((target) => ({
      ...target,
      live: summaryJson(target),
      series: target.series.map(seriesJson),
    })),
  };
}

export function seriesJson(series: SeriesView) {
  const column = <K extends keyof Slot>(key: K): Slot[K][] => series.slots.map((slot) => slot[key]);
  return {
    ...series,
    slots: {
      good: column('good'),
      bad: column('bad'),
      excluded: column('excluded'),
      notRun: column('notRun'),
      missing: column('missing'),
    },
  };
}

/** The month of a target in short; everything else is under `/api/v1/objectives`. */
function summaryJson({ live }: TargetView) {
  if (live === null) return null;
  const uptime = uptimeOf(live);
  const p99Us = (metric: 'ttft_ms' | 'e2e_ms'): number | null =>
    p99Of(live, metric)?.windows['30d'].latency ?? null;
  const window = uptime?.windows['30d'] ?? null;
  const share = window === null ? null : shareOf(window);
  return {
    uptimePpm: share === null ? null : Math.floor((share.part * 1_000_000) / share.whole),
    n: window?.n ?? 0,
    unit: window?.unit ?? 'requests',
    ttftP99Us: p99Us('ttft_ms'),
    totalP99Us: p99Us('e2e_ms'),
    budget: uptime?.budget ?? null,
    pool: uptime?.pool ?? null,
    days: live.days.map((day) => levelOf(day, uptime?.goal ?? null)),
  };
}
