import type { HistoryColumn } from '../src/domain/view/history.ts';
import { SPANS, type TargetPageView } from '../src/domain/view/target-view.ts';
import { curveText, isLongRange, latencyChart, stretchText } from './chart.ts';
import { countOf, formatCount, formatShare, type Times } from './format.ts';
import { type Html, html, raw } from './html.ts';
import { targetPath } from './link.ts';
import { type Measure, measuresOf } from './measure.ts';
import { outcomeLanes } from './outcome-lanes.ts';
import { plotData } from './plot-data.ts';

/** Latency and outcomes over the chosen range: charts for everybody, and the numbers behind them. */
export function historyPanel(view: TargetPageView, times: Times): Html {
  const { target, buckets, whole, fromAt, toAt, span } = view;
  const picker = Object.entries(SPANS).map(
    ([name, { short }]) =>
      html`<a href="${targetPath(target.id)}?span=${name}#over-time"${name === span && raw(' aria-current="true"')}>${short}</a>`,
  );
  const measures = measuresOf(target);
  const isLong = isLongRange(buckets);
  const zone = times.zone(toAt);
  return html`<section class="panel" aria-labelledby="over-time"><div class="bar"><h2 id="over-time">Over time <small>${times.full(fromAt).slice(0, 16)} to ${times.full(toAt).slice(0, 16)} ${zone}, in stretches of ${widthText(view.widthMs)}</small></h2><nav class="picker" aria-label="Time span">${picker}</nav></div>
${whole.counting && html`<p class="pending" role="status">${view.retiredAt === null ? 'Part of this range is still being counted; it fills by itself.' : 'Part of this range was counted by terms that are not configured any more, and is left out here. Reports of that time keep their figures.'}</p>`}
<p class="soft">${formatShare(whole.good, whole.good + whole.bad)} of ${formatCount(whole.good + whole.bad)} counted requests succeeded, ${formatCount(whole.bad)} failed${whole.excluded > 0 && html`; <b>${countOf(whole.excluded, 'attempt')}</b> set aside, <a href="/method#doubts">counting neither way</a>`}. Lines are of answered requests: the middle one thick, the slow end thin.</p>
<div class="columns charts">${measures.map((measure) => figure(view, measure, times))}</div>
${numbers(buckets, measures, isLong, times)}
</section>
<section class="panel" aria-labelledby="outcomes"><h2 id="outcomes">What the attempts came to <small>the same range</small></h2>${outcomeLanes(buckets, whole, times)}<p class="soft"><a href="/method#doubts">What counts, and what does not</a></p></section>`;
}

/** The chart as the server draws it, and its numbers for the script that makes it interactive. */
function figure({ buckets, whole, status }: TargetPageView, measure: Measure, times: Times): Html {
  return html`<figure data-plot data-key="${measure.key}"><figcaption>${measure.name} <small>${curveText(measure, measure.of(whole))}</small></figcaption><div class="plot" data-own></div>${latencyChart(buckets, measure, times)}<script type="application/json" class="plot-data">${plotData(buckets, measure, status.timezone)}</script></figure>`;
}

function numbers(
  buckets: readonly HistoryColumn[],
  measures: readonly Measure[],
  isLong: boolean,
  times: Times,
): Html {
  const heads = measures.flatMap(({ key, lines }) =>
    lines.map(
      (line, place) => html`<th scope="col" class="num">${place === 0 && html`${SHORT[key]} `}${line}</th>`,
    ),
  );
  const cells = (column: HistoryColumn) =>
    measures.flatMap((measure) => {
      const curve = measure.of(column);
      return (['mid', 'near', 'far'] as const).map(
        (place) => html`<td class="num">${measure.format(curve?.[place] ?? null)}</td>`,
      );
    });
  return html`<details><summary>The numbers behind the lines</summary><div class="scroll" tabindex="0" role="region" aria-label="Numbers behind the lines"><table class="plain"><thead><tr><th scope="col">Stretch</th><th scope="col" class="num">Good</th><th scope="col" class="num">Failed</th><th scope="col" class="num">Set aside</th>${heads}</tr></thead><tbody>${buckets.map(
    (column) =>
      html`<tr><th scope="row">${stretchText(column, isLong, times)}${column.counting && ' (being counted)'}</th><td class="num">${formatCount(column.good)}</td><td class="num">${formatCount(column.bad)}</td><td class="num">${formatCount(column.excluded)}</td>${cells(column)}</tr>`,
  )}</tbody></table></div></details>`;
}

const SHORT = { ttft: 'TTFT', total: 'Total', speed: 'Speed' } as const;

function widthText(ms: number): string {
  const minutes = ms / 60_000;
  if (minutes < 60) return `${minutes}\u202fmin`;
  return minutes < 1_440 ? `${minutes / 60}\u202fh` : 'a day (UTC)';
}
