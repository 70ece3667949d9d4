import type { HistoryColumn } from '../src/domain/view/history.ts';
import { countOf, formatCount, type Times } from './format.ts';
import { type Html, html, raw } from './html.ts';
import { type Curve, farWord, type Measure } from './measure.ts';

const WIDTH = 640;
const HEIGHT = 240;
const LEFT = 72;
const RIGHT = 8;
const TOP = 12;
const FLOOR = 186;
/** Below the floor: one lane for failures. */
const LANE = 206;
const LONG_MS = 26 * 3_600_000;
const LABELS = 7;

/**
 * Three lines over time, with the target. A stretch without answers is a gap in every line; what lies on the wrong side
 * of the target is shaded. Failed attempts have no latency, so they stand in a lane of their own.
 */
export function latencyChart(columns: readonly HistoryColumn[], measure: Measure, times: Times): Html {
  const { goal, format, name, unit } = measure;
  const curves = columns.map(measure.of);
  const highest = Math.max(
    0,
    ...curves.map((curve) => (curve === null ? 0 : Math.max(curve.mid, curve.far))),
  );
  const top = quarteredCeiling(Math.max(highest, (goal ?? 0) * 1.15, 1_000));
  const step = (WIDTH - LEFT - RIGHT) / Math.max(1, columns.length);
  const x = (index: number): number => round(LEFT + (index + 0.5) * step);
  const y = (value: number): number => round(FLOOR - (value / top) * (FLOOR - TOP));
  const line = (pick: (curve: Curve) => number): string =>
    pathOf(curves, (curve, index) => [x(index), y(pick(curve))]);
  const grid = [0.25, 0.5, 0.75, 1].map(
    (share) =>
      html`<path class="c-grid" d="M${LEFT} ${y(top * share)}H${WIDTH - RIGHT}"/><text class="c-text" x="${LEFT - 8}" y="${y(top * share) + 4}" text-anchor="end">${format(top * share)}</text>`,
  );
  const worst =
    unit === 'us' ? highest : Math.min(...curves.map((curve) => curve?.far ?? Number.POSITIVE_INFINITY));
  const said = curves.some((curve) => curve !== null)
    ? `${name} over time: slowest ${measure.lines[2]} ${format(worst)}${goal === null ? '' : `, target ${format(goal)}`}`
    : `${name} over time: nothing was answered`;
  return html`<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${said}">
${grid}<path class="c-axis" d="M${LEFT} ${FLOOR}H${WIDTH - RIGHT}"/>
<path class="c-band" d="${raw(bandOf(curves, x, y))}"/>
${goal !== null && breach(curves, measure.key, goal, unit === 'us', x, y)}
<path class="c-p90" d="${raw(line(({ near }) => near))}"/><path class="c-p50" d="${raw(line(({ mid }) => mid))}"/><path class="c-p99" d="${raw(line(({ far }) => far))}"/>
${goal !== null && goalLine(measure, goal, y(goal))}
${failureLane(columns, x, step)}
${timeAxis(columns, x, times)}
${columns.map((column, index) => hover(column, measure, round(LEFT + index * step), round(step), times))}
</svg>`;
}

function goalLine({ lines, format }: Measure, goal: number, y: number): Html {
  return html`<path class="c-goal" d="M${LEFT} ${y}H${WIDTH - RIGHT}"/><text class="c-text c-goal-text" x="${WIDTH - RIGHT}" y="${y - 5}" text-anchor="end">${lines[2]} target ${format(goal)}</text>`;
}

/** How far, and for how long, the far line was on the wrong side of the target. */
function breach(
  curves: readonly (Curve | null)[],
  key: string,
  goal: number,
  isUpper: boolean,
  x: (index: number) => number,
  y: (value: number) => number,
): Html {
  const at = y(goal);
  const path = runsOf(curves)
    .map((run) => {
      const [first, last] = [x(run[0] ?? 0), x(run.at(-1) ?? 0)];
      return `M${first} ${at}L${run.map((index) => `${x(index)} ${y(curves[index]?.far ?? 0)}`).join('L')}L${last} ${at}Z`;
    })
    .join('');
  const [from, height] = isUpper ? [0, at] : [at, FLOOR - at];
  return html`<clipPath id="over-${key}"><path d="M0 ${from}h${WIDTH}v${height}H0z"/></clipPath><path class="c-breach" clip-path="url(#over-${key})" d="${raw(path)}"/>`;
}

function failureLane(columns: readonly HistoryColumn[], x: (index: number) => number, step: number): Html {
  const width = Math.max(2, round(step * 0.6));
  const marks = columns.map(({ good, bad, counting }, index) => {
    if (bad === 0)
      return good === 0
        ? html`<path class="${counting ? 'c-pending' : 'c-none'}" d="M${round(x(index) - width / 2)} ${LANE}h${width}"/>`
        : '';
    const height = 4 + (8 * bad) / (bad + good);
    return html`<path class="c-bad" d="M${round(x(index) - width / 2)} ${LANE + 4}h${width}v${-round(height)}h${-width}z"/>`;
  });
  return html`<text class="c-text" x="${LEFT - 8}" y="${LANE + 4}" text-anchor="end">failed</text>${marks}`;
}

function timeAxis(columns: readonly HistoryColumn[], x: (index: number) => number, times: Times): Html {
  const labels = axisLabels(columns, times);
  return html`${labels.map(
    ([index, text]) =>
      html`<text class="c-text" x="${x(index)}" y="${HEIGHT - 8}" text-anchor="middle">${text}</text>`,
  )}`;
}

/** Where the time axis says what: clock times in a day, the first stretch of a day in more. */
export function axisLabels(
  columns: readonly HistoryColumn[],
  times: Times,
): readonly (readonly [index: number, text: string])[] {
  const isLong = isLongRange(columns);
  const places = columns.flatMap(({ fromAt }, index) => {
    if (!isLong) return index % Math.max(1, Math.round(columns.length / LABELS)) === 0 ? [index] : [];
    const before = columns[index - 1];
    return before !== undefined && times.day(before.fromAt) !== times.day(fromAt) ? [index] : [];
  });
  const every = Math.ceil(places.length / LABELS);
  return places
    .filter((_, place) => place % every === 0)
    .map((index) => {
      const at = columns[index]?.fromAt ?? 0;
      return [index, isLong ? times.day(at) : times.minute(at)] as const;
    });
}

export function isLongRange(columns: readonly HistoryColumn[]): boolean {
  const last = columns.at(-1);
  return last !== undefined && last.toAt - (columns[0]?.fromAt ?? 0) > LONG_MS;
}

/** From and to of a stretch, with the day where the range has several. */
export function stretchText({ fromAt, toAt }: HistoryColumn, isLong: boolean, times: Times): string {
  if (!isLong) return `${times.minute(fromAt)}–${times.minute(toAt)}`;
  const to = times.day(toAt) === times.day(fromAt) ? '' : `${times.day(toAt)} `;
  return `${times.day(fromAt)} ${times.minute(fromAt)} – ${to}${times.minute(toAt)}`;
}

/** The numbers of one stretch for the pointer; the table below the chart has them for everybody. */
function hover(column: HistoryColumn, measure: Measure, x: number, width: number, times: Times): Html {
  const isLong = column.toAt - column.fromAt >= 3_600_000;
  return html`<rect class="c-hover" x="${x}" y="${TOP}" width="${width}" height="${LANE + 6 - TOP}"><title>${stretchText(column, isLong, times)}: ${curveText(measure, measure.of(column))}, ${countOf(column.bad, 'failure')}</title></rect>`;
}

/** `p50 212 ms, p90 310 ms, p99 480 ms, n 1 440`. */
export function curveText(measure: Measure, curve: Curve | null): string {
  if (curve === null) return 'no answers';
  const { lines, format } = measure;
  return `${lines[0]} ${format(curve.mid)}, ${lines[1]} ${format(curve.near)}, ${farWord(measure, curve.n)} ${format(curve.far)}, n ${formatCount(curve.n)}`;
}

/** A line that is lifted over gaps; a point without neighbours is drawn as a short dash. */
function pathOf(
  curves: readonly (Curve | null)[],
  point: (curve: Curve, index: number) => readonly [x: number, y: number],
): string {
  let path = '';
  curves.forEach((curve, index) => {
    if (curve === null) return;
    const [px, py] = point(curve, index);
    const starts = (curves[index - 1] ?? null) === null;
    const alone = starts && (curves[index + 1] ?? null) === null;
    path += starts ? `M${alone ? px - 3 : px} ${py}${alone ? 'h6' : ''}` : `L${px} ${py}`;
  });
  return path;
}

/** Runs of answered stretches, as their places. */
function runsOf(curves: readonly (Curve | null)[]): number[][] {
  const runs: number[][] = [];
  curves.forEach((curve, index) => {
    if (curve === null) return;
    if ((curves[index - 1] ?? null) === null) runs.push([]);
    runs.at(-1)?.push(index);
  });
  return runs.filter((run) => run.length > 1);
}

/** From the median to the far line, one area per run of answered stretches. */
function bandOf(
  curves: readonly (Curve | null)[],
  x: (index: number) => number,
  y: (value: number) => number,
): string {
  return runsOf(curves)
    .map((run) => {
      const at = (pick: 'far' | 'mid') => (index: number) => `${x(index)} ${y(curves[index]?.[pick] ?? 0)}`;
      return `M${run.map(at('far')).join('L')}L${run.toReversed().map(at('mid')).join('L')}Z`;
    })
    .join('');
}

/** The next of 1, 2, 4, 6 or 8 times a power of ten, so that quarters of it are short numbers. */
function quarteredCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 4, 6, 8].find((factor) => factor * power >= value) ?? 10) * power;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
