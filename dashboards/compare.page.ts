import type { RankMs, TierFigures } from '../src/domain/statistics/tier-comparison.ts';
import {
  COMPARE_SPANS,
  type ComparedPair,
  type CompareView,
  gainOf,
  type TierVerdict,
} from '../src/domain/view/compare-view.ts';
import { countOf, formatCount, formatShare, formatUs, NO_DATA, shorten, timesIn } from './format.ts';
import { type Html, html, raw } from './html.ts';
import { icon } from './icon.ts';
import { type Assets, layout } from './layout.ts';
import { targetPath } from './link.ts';
import { exactTime } from './time.ts';

const VERDICTS: Readonly<
  Record<TierVerdict, { readonly word: string; readonly mark: 'missed' | 'undecided' | 'within' | 'none' }>
> = {
  worse: { word: 'measurably worse', mark: 'missed' },
  'not proven': { word: ': no difference proven', mark: 'undecided' },
  mixed: { word: 'better and worse', mark: 'undecided' },
  better: { word: 'measurably better', mark: 'within' },
  'no data': { word: ': too little data', mark: 'none' },
};

/** Tier against tier for every model: is the dearer one better, and how sure is that? */
export function comparePage(view: CompareView, assets: Assets): string {
  const { status, pairs } = view;
  const times = timesIn(status.timezone);
  const scale = Math.max(1, ...pairs.flatMap(({ comparison }) => comparison.tiers.map(reach)));
  return layout({
    site: status.title,
    page: 'Compare',
    description: headline(view),
    path: '/compare',
    practice: status.practice,
    locale: status.locale,
    assets,
    twin: `/api/v1/compare?span=${view.span}`,
    body: html`<div data-live="/api/v1/stream">
<section class="verdict v-${tone(view)}" aria-labelledby="verdict">
<div class="bar"><p class="eyebrow">Does the dearer tier earn its price? ${times.full(view.fromAt).slice(0, 16)} to ${times.full(view.toAt).slice(0, 16)} ${times.zone(view.toAt)}</p><nav class="picker" aria-label="Time span">${picker(view)}</nav></div>
<h1 id="verdict">${headline(view)}</h1>
<p class="lead">Tiers are probed at the same ticks with the same questions. A difference is called measurable only if it would be this large by chance less than once in twenty times; failed requests count as slower than any answer.${view.span !== '24h' && ' Beyond a day every probe of a tier counts, and latencies are shown at most 0.4 % high.'}</p>
</section>
${
  pairs.length === 0
    ? html`<p class="empty">${view.expected === 0 ? 'No model is probed at two tiers, so there is nothing to compare.' : 'The comparison is being made; this page fills by itself.'}</p>`
    : html`${pairs.length > 1 && summary(pairs)}<ol class="pairs" aria-label="Models, the least earned price first">${pairs.map((pair) => pairItem(pair, scale))}</ol>`
}
<footer class="foot"><p>As of ${exactTime(status.at, times)}. Bars: 95 % interval of the p99, with the p99 as a mark and the median as a dot. Uptime is rounded down, latency up. ${NO_DATA} means no data, never zero.</p><p><a href="/api/v1/compare?span=${view.span}">JSON</a> <a href="/method">Method</a></p></footer>
</div>`,
  });
}

function picker({ span }: CompareView): Html[] {
  return Object.entries(COMPARE_SPANS).map(
    ([key, { name }]) =>
      html`<a href="/compare?span=${key}"${key === span && raw(' aria-current="true"')}>${name}</a>`,
  );
}

/** All models in one table, the least earned price first. */
function summary(pairs: readonly ComparedPair[]): Html {
  const hasPrices = pairs.some(({ comparison }) => comparison.priceRatio !== null);
  return html`<section class="panel" aria-labelledby="summary"><h2 id="summary">${countOf(pairs.length, onePerModel(pairs) ? 'model' : 'pair')} <small>the least earned price first</small></h2>
<div class="scroll" tabindex="0" role="region" aria-label="All models"><table class="plain summary"><thead><tr><th scope="col">Model</th><th scope="col">Proven</th>${hasPrices && html`<th scope="col" class="num">Price</th>`}<th scope="col" class="num">p99</th><th scope="col" class="num">against</th><th scope="col" class="num">p99 lower by</th><th scope="col" class="num">Failed</th><th scope="col" class="num">against</th><th scope="col" class="num">n</th></tr></thead><tbody>${pairs.map(
    (pair) => summaryRow(pair, hasPrices),
  )}</tbody></table></div>
${pairs.length >= 20 && html`<p class="soft">Of ${pairs.length} comparisons where nothing differs, about ${Math.round(pairs.length / 20)} would look proven by chance.</p>`}</section>`;
}

function summaryRow(pair: ComparedPair, hasPrices: boolean): Html {
  const { tiers, priceRatio } = pair.comparison;
  const [dearer, cheaper] = tiers;
  const { word, mark } = VERDICTS[pair.verdict];
  const gain = gainOf(pair);
  return html`<tr><th scope="row"><a href="#${anchorOf(pair)}">${shorten(pair.model, 60)}</a></th><td><span class="standing s-${mark}"><span class="goal">${icon(mark)}${shorten(dearer.name, 24)} ${word}</span></span></td>${hasPrices && html`<td class="num">${priceRatio === null ? NO_DATA : timesText(priceRatio)}</td>`}<td class="num"><b>${rankText(dearer.p99)}</b></td><td class="num">${rankText(cheaper.p99)}</td><td class="num">${gain === null ? NO_DATA : gainText(gain)}</td><td class="num">${formatCount(dearer.failures)}</td><td class="num">${formatCount(cheaper.failures)}</td><td class="num">${formatCount(dearer.n + cheaper.n)}</td></tr>`;
}

/** Cut, never rounded up: a gain must not look larger than it is, nor a loss smaller. */
function gainText(gain: number): string {
  return `${Math.floor(gain * 100)}\u202f%`.replace('-', '\u2212');
}

function timesText(ratio: number): string {
  return `${ratio.toLocaleString('en-US', { maximumFractionDigits: 2 })}\u202f×`;
}

/** Names may hold anything; the anchor is made of what is plain in them. */
function anchorOf({ targets: [dearer] }: ComparedPair): string {
  return `pair-${dearer.replace(/[^A-Za-z0-9]+/g, '-').slice(0, 100)}`;
}

/** A model of three tiers or more is compared more than once. */
function onePerModel(pairs: readonly ComparedPair[]): boolean {
  return new Set(pairs.map(({ model }) => model)).size === pairs.length;
}

function headline({ pairs, expected }: CompareView): string {
  if (expected === 0) return 'Nothing to compare';
  if (pairs.length < expected) return `Comparing: ${pairs.length} of ${countOf(expected, 'pair')} so far`;
  const count = (verdict: TierVerdict): number => pairs.filter((pair) => pair.verdict === verdict).length;
  const known = pairs.length - count('no data');
  if (known === 0) return 'Too little data to compare yet';
  const better = count('better');
  const tiers = new Set(pairs.map(({ comparison }) => comparison.tiers[0].name));
  const name = tiers.size === 1 ? shorten([...tiers][0] ?? '', 32) : 'The dearer tier';
  return better === 0
    ? `${name} is not measurably better for any ${onePerModel(pairs) ? 'model' : 'pair'}`
    : `${name} is measurably better for ${better} of ${countOf(known, onePerModel(pairs) ? 'model' : 'pair')}`;
}

function tone({ pairs, expected }: CompareView): string {
  if (pairs.length < expected) return 'none';
  if (pairs.some(({ verdict }) => verdict === 'worse')) return 'missed';
  if (pairs.some(({ verdict }) => verdict === 'not proven' || verdict === 'mixed')) return 'undecided';
  return pairs.some(({ verdict }) => verdict === 'better') ? 'within' : 'none';
}

function pairItem(pair: ComparedPair, scale: number): Html {
  const { model, verdict, comparison, metric } = pair;
  const { word, mark } = VERDICTS[verdict];
  const name = metric === 'ttft' ? 'TTFT' : 'total';
  return html`<li class="panel pair" id="${anchorOf(pair)}" data-key="${pair.targets.join('\n')}">
<h2><span class="name">${shorten(model, 80)}</span> <span class="standing s-${mark}"><span class="goal">${icon(mark)}${shorten(comparison.tiers[0].name, 32)} ${word}</span></span></h2>
<div class="scroll" tabindex="0" role="region" aria-label="${shorten(model, 80)}: figures"><table class="plain versus"><thead><tr><th scope="col">Tier</th><th scope="col" class="num">Uptime</th><th scope="col" class="num">Failed</th><th scope="col" class="num">${name} p50</th><th scope="col" class="num">${name} p99</th><th scope="col" class="num">95 % interval</th><th scope="col"><span class="hidden">p50, p99 and interval, drawn</span></th><th scope="col" class="num">n</th></tr></thead><tbody>${comparison.tiers.map((tier, index) => tierRow(tier, pair.targets[index] ?? '', scale))}</tbody></table></div>
<p class="sentence">${comparison.sentence}</p>
</li>`;
}

function tierRow(tier: TierFigures, target: string, scale: number): Html {
  const { low, high } = tier.p99Interval;
  return html`<tr><th scope="row"><a href="${targetPath(target)}">${shorten(tier.name, 32)}</a></th><td class="num">${formatShare(tier.n - tier.failures, tier.n)}</td><td class="num">${formatCount(tier.failures)}</td><td class="num">${rankText(tier.p50)}</td><td class="num"><b>${rankText(tier.p99)}</b></td><td class="num">${low === null && high === null ? NO_DATA : html`${rankText(low)} – ${high === null ? 'no limit' : rankText(high)}`}</td><td class="w-bar">${ruler(tier, scale)}</td><td class="num">${formatCount(tier.n)}</td></tr>`;
}

function rankText(value: RankMs): string {
  if (value === 'failed') return 'failed';
  return value === null ? NO_DATA : formatUs(Math.round(value * 1000));
}

const WIDTH = 360;

/** What a row must show without being cut: its p99, and the interval's end unless that lies far out. */
function reach({ p99, p99Interval: { high } }: TierFigures): number {
  const from = typeof p99 === 'number' ? p99 : 0;
  return Math.max(from * 1.05, typeof high === 'number' ? Math.min(high, from * 1.5) : 0);
}

/** All rows of the page share one scale, so that models can be compared too. */
function ruler({ p50, p99, p99Interval: { low, high } }: TierFigures, scale: number): Html {
  if (typeof p99 !== 'number') return html``;
  const x = (ms: number): number => Math.round((Math.min(ms, scale) / scale) * (WIDTH - 8) * 10) / 10 + 4;
  const from = typeof low === 'number' ? x(low) : x(p99);
  const to = typeof high === 'number' ? x(high) : WIDTH;
  return html`<svg class="versus-bar" viewBox="0 0 ${WIDTH} 16" aria-hidden="true"><path class="v-axis" d="M0 8H${WIDTH}"/><path class="v-range" d="M${from} 8H${Math.max(to, from + 1)}"/><path class="v-mark" d="M${x(p99)} 2V14"/>${typeof p50 === 'number' && html`<circle class="v-dot" cx="${x(p50)}" cy="8" r="3"/>`}</svg>`;
}
