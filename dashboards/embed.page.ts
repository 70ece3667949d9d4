import { HEALTHS } from '../src/domain/view/health.ts';
import { layMatrix, type StatusQuery } from '../src/domain/view/status-query.ts';
import type { StatusView, TargetView } from '../src/domain/view/status-view.ts';
import { countOf, formatShare, shorten, timesIn } from './format.ts';
import { type Html, html, raw } from './html.ts';
import { icon, iconSheet } from './icon.ts';
import type { Assets } from './layout.ts';
import { targetPath } from './link.ts';
import { strip } from './strip.ts';
import { exactTime } from './time.ts';
import { verdictOf } from './verdict.ts';

const MOST_ROWS = 60;

/** The overview in brief, made to stand in a frame of another page: nothing to press, links open outside. */
export function embedPage(
  view: StatusView,
  query: StatusQuery,
  assets: Assets,
  origin: string | null,
): string {
  const times = timesIn(view.timezone);
  const verdict = verdictOf(view);
  const targets = layMatrix(view, query).rows.flatMap((row) => row.cells.filter((cell) => cell !== null));
  const home = origin ?? '';
  const document = html`<html lang="${view.locale}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${view.practice && 'Practice · '}${view.title}: ${verdict.headline}</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="${raw(assets.style)}">
<script src="${raw(assets.script)}" defer></script>
</head>
<body class="embed">
${iconSheet()}
<main data-live="/api/v1/stream">
<header class="embed-top v-${verdict.tone}">${view.practice && html`<p class="practice"><strong>Practice data</strong> A simulated gateway.</p>`}
<h1><a href="${home}/" target="_blank" rel="noopener">${verdict.headline}</a></h1>
<p class="eyebrow">${view.title} · ${verdict.eyebrow(times)}</p></header>
${targets.length > 0 && html`<ul class="embed-list">${targets.slice(0, MOST_ROWS).map((target) => row(target, home))}</ul>`}
${targets.length > MOST_ROWS && html`<p class="soft"><a href="${home}/" target="_blank" rel="noopener">${countOf(targets.length - MOST_ROWS, 'more target')}</a></p>`}
<p class="embed-foot">As of ${exactTime(view.at, times)}, measured by Probity <span class="live" id="live" role="status"></span></p>
</main>
</body>
</html>
`;
  return `<!doctype html>\n${document.toString()}`;
}

function row(target: TargetView, home: string): Html {
  const lead = target.series[0];
  const n = (lead?.good ?? 0) + (lead?.bad ?? 0);
  return html`<li class="is-${target.health}" data-key="${target.id}"><a class="embed-name" href="${home}${targetPath(target.id)}" target="_blank" rel="noopener">${shorten(target.model, 48)} <small>${shorten(target.tier, 24)}</small></a><span class="embed-state">${icon(target.health)}${HEALTHS[target.health].word}</span>${lead === undefined ? html`<span></span>` : strip(lead.slots)}<span class="num">${formatShare(lead?.good ?? 0, n)}</span></li>`;
}
