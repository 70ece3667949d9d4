import type { Spread } from '../src/domain/spread.ts';
import type { LatencyBucket } from '../src/domain/target-view.ts';
import { countOf, formatCount, formatUs, type Times } from './format.ts';
import { type Html, html, raw } from './html.ts';

const WIDTH = 640;
const HEIGHT = 240;
const LEFT = 72;
const RIGHT = 8;
const TOP = 12;
const FLOOR = 186;
/** Below the floor: one lane for failures. */
const LANE = 206;

/**
 * Median, 90th and 99th percentile over time, with the target. A stretch without answers is a gap in every line;
 * what lies above the target is shaded. Failed attempts have no latency, so they stand in a lane of their own.
 */
export function latencyChart(
  buckets: readonly LatencyBucket[],
  of: (bucket: LatencyBucket) => Spread | null,
  goalUs: number | null,
  name: string,
  times: Times,
): Html {
  const spreads = buckets.map(of);
  const highest = Math.max(0, ...spreads.map((spread) => spread?.p99Us ?? 0));
  const top = niceCeiling(Math.max(highest, (goalUs ?? 0) * 1.15, 1_000));
  const step = (WIDTH - LEFT - RIGHT) / buckets.length;
  const x = (index: number): number => round(LEFT + (index + 0.5) * step);
  const y = (us: number): number => round(FLOOR - (us / top) * (FLOOR - TOP));
  const line = (pick: (spread: Spread) => number): string =>
    pathOf(spreads, (spread, index) => [x(index), y(pick(spread))]);
  const grid = [0.25, 0.5, 0.75, 1].map(
    (share) =>
      html`<path class="c-grid" d="M${LEFT} ${y(top * share)}H${WIDTH - RIGHT}"/><text class="c-text" x="${LEFT - 8}" y="${y(top * share) + 4}" text-anchor="end">${formatUs(top * share)}</text>`,
  );
  const said = spreads.some((spread) => spread !== null)
    ? `${name} over time: slowest 99th percentile ${formatUs(highest)}${goalUs === null ? '' : `, target ${formatUs(goalUs)}`}`
    : `${name} over time: nothing was answered`;
  return html`<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${said}">
${grid}<path class="c-axis" d="M${LEFT} ${FLOOR}H${WIDTH - RIGHT}"/>
<path class="c-band" d="${raw(bandOf(spreads, x, y))}"/>
<path class="c-p90" d="${raw(line((spread) => spread.p90Us))}"/><path class="c-p50" d="${raw(line((spread) => spread.p50Us))}"/><path class="c-p99" d="${raw(line((spread) => spread.p99Us))}"/>
${goalUs !== null && goalLine(goalUs, y(goalUs))}
${failureLane(buckets, x, step)}
${timeAxis(buckets, x, times)}
${buckets.map((bucket, index) => hover(bucket, of(bucket), round(LEFT + index * step), round(step), times))}
</svg>`;
}

function goalLine(goalUs: number, y: number): Html {
  return html`<path class="c-goal" d="M${LEFT} ${y}H${WIDTH - RIGHT}"/><text class="c-text c-goal-text" x="${WIDTH - RIGHT}" y="${y - 5}" text-anchor="end">p99 target ${formatUs(goalUs)}</text>`;
}

function failureLane(buckets: readonly LatencyBucket[], x: (index: number) => number, step: number): Html {
  const width = Math.max(2, round(step * 0.6));
  const marks = buckets.map((bucket, index) => {
    if (bucket.bad === 0)
      return bucket.good === 0
        ? html`<path class="c-none" d="M${x(index) - width / 2} ${LANE}h${width}"/>`
        : '';
    const height = 4 + (8 * bucket.bad) / (bucket.bad + bucket.good);
    return html`<path class="c-bad" d="M${x(index) - width / 2} ${LANE + 4}h${width}v${-round(height)}h${-width}z"/>`;
  });
  return html`<text class="c-text" x="${LEFT - 8}" y="${LANE + 4}" text-anchor="end">failed</text>${marks}`;
}

function timeAxis(buckets: readonly LatencyBucket[], x: (index: number) => number, times: Times): Html {
  const every = Math.max(1, Math.round(buckets.length / 6));
  const labels = buckets.flatMap((bucket, index) =>
    index % every === 0
      ? [
          html`<text class="c-text" x="${x(index)}" y="${HEIGHT - 8}" text-anchor="middle">${times.minute(bucket.fromAt)}</text>`,
        ]
      : [],
  );
  return html`${labels}`;
}

/** The numbers of one stretch for the pointer; the table below the chart has them for everybody. */
function hover(bucket: LatencyBucket, spread: Spread | null, x: number, width: number, times: Times): Html {
  const latency =
    spread === null
      ? 'no answers'
      : `p50 ${formatUs(spread.p50Us)}, p90 ${formatUs(spread.p90Us)}, ${spread.n < 100 ? 'slowest' : 'p99'} ${formatUs(spread.p99Us)}, n ${formatCount(spread.n)}`;
  return html`<rect class="c-hover" x="${x}" y="${TOP}" width="${width}" height="${LANE + 6 - TOP}"><title>${times.minute(bucket.fromAt)}–${times.minute(bucket.toAt)}: ${latency}, ${countOf(bucket.bad, 'failure')}</title></rect>`;
}

/** A line that is lifted over gaps; a point without neighbours is drawn as a short dash. */
function pathOf(
  spreads: readonly (Spread | null)[],
  point: (spread: Spread, index: number) => readonly [x: number, y: number],
): string {
  let path = '';
  spreads.forEach((spread, index) => {
    if (spread === null) return;
    const [px, py] = point(spread, index);
    const starts = (spreads[index - 1] ?? null) === null;
    const alone = starts && (spreads[index + 1] ?? null) === null;
    path += starts ? `M${alone ? px - 3 : px} ${py}${alone ? 'h6' : ''}` : `L${px} ${py}`;
  });
  return path;
}

/** From the median up to the 99th percentile, one area per run of answered stretches. */
function bandOf(
  spreads: readonly (Spread | null)[],
  x: (index: number) => number,
  y: (us: number) => number,
): string {
  let path = '';
  let run: number[] = [];
  const close = (): void => {
    if (run.length > 1) {
      const at = (pick: 'p99Us' | 'p50Us') => (index: number) =>
        `${x(index)} ${y(spreads[index]?.[pick] ?? 0)}`;
      path += `M${run.map(at('p99Us')).join('L')}L${run.toReversed().map(at('p50Us')).join('L')}Z`;
    }
    run = [];
  };
  spreads.forEach((spread, index) => {
    if (spread === null) close();
    else run.push(index);
  });
  close();
  return path;
}

/** The next of 1, 2, 4, 6 or 8 times a power of ten, so that quarters of it are short numbers. */
function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 4, 6, 8].find((factor) => factor * power >= value) ?? 10) * power;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
