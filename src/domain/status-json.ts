import type { SeriesView, Slot, StatusView } from './status-view.ts';

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
    targets: view.targets.map((target) => ({ ...target, series: target.series.map(seriesJson) })),
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
