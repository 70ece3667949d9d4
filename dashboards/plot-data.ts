import type { HistoryColumn } from '../src/domain/view/history.ts';
import { type Html, raw } from './html.ts';
import type { Measure } from './measure.ts';

/**
 * What the interactive chart draws, as columns, inside of a `script` element that does not run. The text cannot end
 * that element: every `<` is written as an escape. https://html.spec.whatwg.org/multipage/scripting.html#restrictions-for-contents-of-script-elements
 */
export function plotData(columns: readonly HistoryColumn[], measure: Measure, timezone: string): Html {
  const curves = columns.map(measure.of);
  const data = {
    name: measure.name,
    unit: measure.unit,
    lines: measure.lines,
    timezone,
    goal: measure.goal,
    from: columns.map(({ fromAt }) => fromAt),
    to: columns.map(({ toAt }) => toAt),
    good: columns.map(({ good }) => good),
    bad: columns.map(({ bad }) => bad),
    n: curves.map((curve) => curve?.n ?? 0),
    p50: curves.map((curve) => curve?.mid ?? null),
    p90: curves.map((curve) => curve?.near ?? null),
    p99: curves.map((curve) => curve?.far ?? null),
  };
  return raw(JSON.stringify(data).replaceAll('<', '\\u003c'));
}
