import { isOutcome, OUTCOMES } from '../src/domain/measure/outcome.ts';
import type { HistoryColumn } from '../src/domain/view/history.ts';
import { isLongRange, stretchText } from './chart.ts';
import { countOf, formatCount, type Times } from './format.ts';
import { type Html, html, raw } from './html.ts';

const WIDTH = 720;
const HEIGHT = 18;

const COUNT_WORDS = { good: 'good', bad: 'failed', excluded: 'not counted' } as const;

/**
 * What the attempts came to: one lane per outcome over the range, so that classes are told apart by their place and not
 * by a colour. A bar's height is its share of that stretch's attempts; the lowest shows that there was one at all.
 */
export function outcomeLanes(columns: readonly HistoryColumn[], whole: HistoryColumn, times: Times): Html {
  const codes = Object.entries(whole.outcomes).sort(
    ([a, most], [b, other]) =>
      Number(b === 'ok') - Number(a === 'ok') || other - most || a.localeCompare(b, 'en'),
  );
  if (codes.length === 0) return html`<p class="soft">No attempt in this range.</p>`;
  const all = columns.map(({ outcomes }) => Object.values(outcomes).reduce((sum, count) => sum + count, 0));
  const most = Math.max(1, ...all);
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Outcomes over time"><table class="plain lanes"><thead><tr><th scope="col">Outcome</th><th scope="col" class="num">Attempts</th><th scope="col" class="lane">${axis(columns, times)}</th><th scope="col">Counts as</th><th scope="col">Meaning</th></tr></thead><tbody>
<tr><th scope="row">all attempts</th><td class="num">${formatCount(all.reduce((sum, n) => sum + n, 0))}</td><td class="lane">${lane(columns, all, (n) => n / most, 'l-all', 'attempts', times)}</td><td></td><td>n of each stretch${whole.excluded > 0 && html`; ${formatCount(whole.excluded)} of them set aside`}${whole.notRun > 0 && html`; besides, ${countOf(whole.notRun, 'tick')} did not run`}</td></tr>
${codes.map(([code, count]) => {
  const known = isOutcome(code) ? OUTCOMES[code] : null;
  const counts = columns.map(({ outcomes }) => outcomes[code] ?? 0);
  return html`<tr><th scope="row"><code class="${code === 'ok' ? 'o-ok' : 'o-other'}">${code}</code></th><td class="num">${formatCount(count)}</td><td class="lane">${lane(columns, counts, (n, index) => n / Math.max(1, all[index] ?? 1), `l-${known?.counts ?? 'bad'}`, code, times)}</td><td>${known === null ? '' : COUNT_WORDS[known.counts]}</td><td>${known?.means}</td></tr>`;
})}</tbody></table></div>`;
}

function lane(
  columns: readonly HistoryColumn[],
  counts: readonly number[],
  share: (count: number, index: number) => number,
  style: string,
  name: string,
  times: Times,
): Html {
  const step = WIDTH / Math.max(1, columns.length);
  const isLong = isLongRange(columns);
  const width = Math.max(1, Math.round(step * 7) / 10);
  const bars = counts
    .map((count, index) => {
      if (count === 0) return '';
      const height = Math.max(5, Math.round(share(count, index) * (HEIGHT - 1) * 10) / 10);
      return `M${Math.round((index + 0.15) * step * 10) / 10} ${HEIGHT}h${width}v${-height}h${-width}z`;
    })
    .join('');
  const titles = columns.flatMap((column, index) => {
    const count = counts[index] ?? 0;
    return count === 0
      ? []
      : html`<rect class="c-hover" x="${Math.round(index * step * 10) / 10}" y="0" width="${Math.round(step * 10) / 10}" height="${HEIGHT}"><title>${stretchText(column, isLong, times)}: ${formatCount(count)} ${name}</title></rect>`;
  });
  const stretches = counts.filter((count) => count > 0).length;
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="in ${stretches} of ${countOf(columns.length, 'stretch', 'stretches')}"><path class="l-ground" d="M0 ${HEIGHT - 0.5}H${WIDTH}"/><path class="${style}" d="${raw(bars)}"/>${titles}</svg>`;
}

/** When the lanes begin, where half of them is over, and when they end. */
function axis(columns: readonly HistoryColumn[], times: Times): Html {
  const [first] = columns;
  const last = columns.at(-1);
  if (first === undefined || last === undefined) return html``;
  const middle = columns[Math.floor(columns.length / 2)] ?? first;
  const text = isLongRange(columns) ? times.day : times.minute;
  // The end of a day is not yet the next.
  const endsAt = isLongRange(columns) ? last.toAt - 1 : last.toAt;
  const all = [first.fromAt, middle.fromAt, endsAt].map(text);
  // Only neighbours: a day later it is the same time again.
  const labels = all.filter((label, index) => label !== all[index - 1]);
  return html`<span class="lane-axis">${labels.map((label) => html`<span>${label}</span>`)}</span>`;
}
