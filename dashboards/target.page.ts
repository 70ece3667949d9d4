import type { Limit } from '../src/domain/commitment.ts';
import { HEALTHS } from '../src/domain/health.ts';
import { OUTCOMES, type Outcome } from '../src/domain/outcome.ts';
import type { Spread } from '../src/domain/spread.ts';
import type { SeriesView, Standing, TargetView } from '../src/domain/status-view.ts';
import { type Failure, type LatencyBucket, SPANS, type TargetPageView } from '../src/domain/target-view.ts';
import { limitText, STANDING_WORDS, worstLabel } from './cell.ts';
import { latencyChart } from './chart.ts';
import {
  countOf,
  formatCount,
  formatPpm,
  formatShare,
  formatUs,
  NO_DATA,
  shorten,
  type Times,
  timesIn,
} from './format.ts';
import { type Html, html, raw } from './html.ts';
import { icon } from './icon.ts';
import { type Assets, layout } from './layout.ts';
import { badgePath, targetPath } from './link.ts';
import { objectivesSection } from './objectives-table.ts';
import { phaseChart } from './phase-chart.ts';
import { plotData } from './plot-data.ts';
import { strip } from './strip.ts';
import { exactTime, time } from './time.ts';

/** One target: how it does, against what it promised, since when, and what exactly came back. */
export function targetPage(view: TargetPageView, assets: Assets): string {
  const { target, status } = view;
  const times = timesIn(status.timezone);
  const lead = target.series[0];
  return layout({
    site: status.title,
    page: shorten(`${target.model} · ${target.tier}`, 80),
    description: `${shorten(target.model, 80)} at ${shorten(target.tier, 40)}: ${HEALTHS[target.health].word}`,
    path: '',
    practice: status.practice,
    locale: status.locale,
    assets,
    twin: `/api/v1${targetPath(target.id)}`,
    charts: true,
    body: html`<div data-live="/api/v1/stream">
${heading(target, lead, times)}
${target.live !== null && objectivesSection(target.live, times)}
${lead === undefined ? html`<p class="empty">No probe is planned for this target.</p>` : measured(view, lead, times)}
<footer class="foot"><p>As of ${exactTime(status.at, times)}. Uptime is rounded down, latency up. ${NO_DATA} means no data, never zero.</p><p><a href="/api/v1${targetPath(target.id)}">JSON</a> <a href="${badgePath(target.id)}">Badge</a> <a href="/method">Method</a></p></footer>
</div>`,
  });
}

function heading(target: TargetView, lead: SeriesView | undefined, times: Times): Html {
  const last = lead?.last ?? null;
  const tone = target.standings.overall;
  return html`<section class="verdict v-${tone}" aria-labelledby="verdict">
<p class="eyebrow"><a href="/">Status</a> / ${shorten(target.gateway, 60)} / ${shorten(target.tier, 40)}</p>
<h1 id="verdict" class="name">${shorten(target.model, 120)}</h1>
<p class="lead now is-${target.health}">${icon(target.health)} <strong>${HEALTHS[target.health].word}</strong>${target.failingSince !== null && html` since ${time(target.failingSince, times)}`}: ${HEALTHS[target.health].means}.${
    last !== null &&
    html` Last attempt ${time(last.at, times)}: <code class="${last.outcome === 'ok' ? 'o-ok' : 'o-other'}">${last.outcome}</code>, ${OUTCOMES[last.outcome].means}.`
  }</p>
</section>`;
}

function measured(view: TargetPageView, lead: SeriesView, times: Times): Html {
  const { target } = view;
  return html`<div class="columns">
<section class="panel" aria-labelledby="objectives"><h2 id="objectives">Against the contract <small>last hour${target.commitment !== null && html`, ${shorten(target.commitment.contract, 60)}`}</small></h2>${objectives(target, lead)}</section>
<section class="panel" aria-labelledby="hour"><h2 id="hour">Last hour <small>minute by minute</small></h2>${strip(lead.slots)}<p class="axis"><span>${times.minute(view.status.fromAt)}</span><span>${times.minute(view.status.at)} ${times.zone(view.status.at)}</span></p>${coverage(lead)}</section>
</div>
${charts(view, times)}
<div class="columns">
<section class="panel" aria-labelledby="last-probe"><h2 id="last-probe">Last probe ${view.last !== null && html`<small>${time(view.last.scheduledAt, times)}, ${view.last.reused ? 'kept connection' : 'new connection'}</small>`}</h2>${view.last === null ? html`<p class="soft">No probe in this span.</p>` : phaseChart(view.last)}</section>
<section class="panel" aria-labelledby="slowest"><h2 id="slowest">Slowest answer ${view.slowest !== null && html`<small>${time(view.slowest.scheduledAt, times)}</small>`}</h2>${view.slowest === null ? html`<p class="soft">No answer in this span.</p>` : phaseChart(view.slowest)}</section>
</div>
<section class="panel" aria-labelledby="outcomes"><h2 id="outcomes">What the attempts came to <small>last hour</small></h2>${outcomes(lead)}</section>
${failures(view, times)}
${target.series.length > 1 && otherSeries(target)}`;
}

function objectives(target: TargetView, lead: SeriesView): Html {
  const { commitment, standings } = target;
  const n = lead.good + lead.bad;
  const spread = (name: string, of: Spread | null, limit: Limit | null, standing: Standing): Html =>
    html`<tr><th scope="row">${name} ${of === null ? 'p99' : worstLabel(of)}</th><td class="num s-${standing}"><b>${formatUs(of?.p99Us ?? null)}</b></td><td class="num">${limit === null ? NO_DATA : limitText(limit)}</td><td>${standingText(standing)}</td><td class="num">${formatCount(of?.n ?? 0)}</td></tr>`;
  return html`<table class="plain"><thead><tr><th scope="col">Objective</th><th scope="col" class="num">Measured</th><th scope="col" class="num">Target</th><th scope="col">Standing</th><th scope="col" class="num">n</th></tr></thead><tbody>
<tr><th scope="row">Uptime</th><td class="num s-${standings.uptime}"><b>${formatShare(lead.good, n)}</b></td><td class="num">${commitment?.uptimePpm == null ? NO_DATA : `≥ ${formatPpm(commitment.uptimePpm)}`}</td><td>${standingText(standings.uptime)}</td><td class="num">${formatCount(n)}</td></tr>
${spread('TTFT', lead.ttft, commitment?.ttftP99 ?? null, standings.ttft)}
${spread('Total', lead.total, commitment?.totalP99 ?? null, standings.total)}
</tbody></table>`;
}

function standingText(standing: Standing): Html {
  return html`<span class="standing s-${standing}"><span class="goal">${icon(standing)}${STANDING_WORDS[standing]}</span></span>`;
}

function coverage({ coverage: { expected, measured, notRun, missing } }: SeriesView): Html {
  const reasons = Object.entries(notRun).map(([reason, ticks]) => `${formatCount(ticks)} ${reason}`);
  if (missing !== null && missing > 0) reasons.push(`${formatCount(missing)} unaccounted for`);
  return html`<p class="soft">Coverage <b>${expected === null || expected === 0 ? NO_DATA : formatShare(Math.min(measured, expected), expected)}</b>${expected !== null && html` of ${countOf(expected, 'tick')}`}${reasons.length > 0 && html`: ${reasons.join(', ')}`}.</p>`;
}

function charts(view: TargetPageView, times: Times): Html {
  const { target } = view;
  const picker = Object.entries(SPANS).map(
    ([name, { name: words }]) =>
      html`<a href="${targetPath(target.id)}?span=${name}"${name === view.span && raw(' aria-current="true"')}>${words}</a>`,
  );
  return html`<section class="panel" aria-labelledby="latency"><div class="bar"><h2 id="latency">Latency <small>of good answers: p50 thick, p90 dashed, p99 thin</small></h2><nav class="picker" aria-label="Time span">${picker}</nav></div>
<div class="columns">${figure(view, 'Time to first token', (bucket) => bucket.ttft, target.commitment?.ttftP99 ?? null, times)}${figure(view, 'Total time', (bucket) => bucket.total, target.commitment?.totalP99 ?? null, times)}</div>
${numbers(view, times)}</section>`;
}

/** The chart as the server draws it, and its numbers for the script that makes it interactive. */
function figure(
  view: TargetPageView,
  name: string,
  of: (bucket: LatencyBucket) => Spread | null,
  limit: Limit | null,
  times: Times,
): Html {
  const goalUs = limit?.statedUs ?? null;
  const data = plotData(view.buckets, of, name, goalUs, view.status.timezone);
  return html`<figure data-plot><figcaption>${name}</figcaption><div class="plot" data-own></div>${latencyChart(view.buckets, of, goalUs, name, times)}<script type="application/json" class="plot-data">${data}</script></figure>`;
}

function numbers(view: TargetPageView, times: Times): Html {
  const row = (name: string, of: Spread | null): Html =>
    html`<td class="num"><span class="hidden">${name} p50 </span>${formatUs(of?.p50Us ?? null)}</td><td class="num">${formatUs(of?.p90Us ?? null)}</td><td class="num">${formatUs(of?.p99Us ?? null)}</td>`;
  return html`<details><summary>The numbers behind the lines</summary><div class="scroll" tabindex="0" role="region" aria-label="Numbers behind the lines"><table class="plain"><thead><tr><th scope="col">From</th><th scope="col" class="num">Good</th><th scope="col" class="num">Failed</th><th scope="col" class="num">TTFT p50</th><th scope="col" class="num">p90</th><th scope="col" class="num">p99</th><th scope="col" class="num">Total p50</th><th scope="col" class="num">p90</th><th scope="col" class="num">p99</th></tr></thead><tbody>${view.buckets.map(
    (bucket) =>
      html`<tr><th scope="row">${times.minute(bucket.fromAt)}</th><td class="num">${bucket.good}</td><td class="num">${bucket.bad}</td>${row('TTFT', bucket.ttft)}${row('Total', bucket.total)}</tr>`,
  )}</tbody></table></div></details>`;
}

const COUNT_WORDS = { good: 'counts as good', bad: 'counts as failed', excluded: 'does not count' } as const;

function outcomes(lead: SeriesView): Html {
  const rows = Object.entries(lead.byOutcome) as [Outcome, number][];
  if (rows.length === 0) return html`<p class="soft">No attempt in the last hour.</p>`;
  const doubts = Object.entries(lead.byDoubt).map(
    ([doubt, count]) => `${formatCount(count)} ${doubt.replaceAll('_', ' ')}`,
  );
  return html`<table class="plain"><thead><tr><th scope="col">Outcome</th><th scope="col" class="num">Attempts</th><th scope="col">Counting</th><th scope="col">Meaning</th></tr></thead><tbody>${rows
    .sort(([, a], [, b]) => b - a)
    .map(
      ([outcome, count]) =>
        html`<tr><th scope="row"><code class="${outcome === 'ok' ? 'o-ok' : 'o-other'}">${outcome}</code></th><td class="num">${formatCount(count)}</td><td>${COUNT_WORDS[OUTCOMES[outcome].counts]}</td><td>${OUTCOMES[outcome].means}</td></tr>`,
    )}</tbody></table>${doubts.length > 0 && html`<p class="soft">With doubt: ${doubts.join(', ')}. <a href="/method#doubts">What that means</a></p>`}`;
}

function failures(view: TargetPageView, times: Times): Html {
  const { name } = SPANS[view.span];
  return html`<section class="panel" aria-labelledby="failures"><h2 id="failures">${view.failed === 0 ? 'No failures' : countOf(view.failed, 'failure')} <small>last ${name}${view.failed > view.failures.length && html`, the latest ${view.failures.length} shown`}</small></h2>${view.failures.map((failure) => failureDetails(failure, times))}</section>`;
}

function failureDetails({ sample, evidence }: Failure, times: Times): Html {
  const ids = Object.entries(evidence?.requestIds ?? {}).slice(0, 8);
  const message = evidence?.errorBody?.message ?? null;
  return html`<details class="failure" data-key="${sample.scheduledAt}/${sample.purpose}/${sample.probe}/${sample.region}"><summary>${time(sample.scheduledAt, times)} <code class="o-other">${sample.outcome}</code> ${sample.status !== null && html`<span class="soft">HTTP ${sample.status}</span>`} ${sample.purpose !== 'scheduled' && html`<span class="soft">${sample.purpose}</span>`} ${message !== null && html`<q>${shorten(message, 120)}</q>`}</summary>
<dl class="evidence"><div><dt>Meaning</dt><dd>${OUTCOMES[sample.outcome].means}</dd></div>
${ids.map(([name, id]) => html`<div><dt>${shorten(name, 40)}</dt><dd><code>${shorten(id, 120)}</code></dd></div>`)}
${
  evidence === null
    ? html`<div><dt>Evidence</dt><dd>none was kept</dd></div>`
    : html`<div><dt>Ending</dt><dd>${endingText(evidence.ending)}</dd></div><div><dt>Body</dt><dd>${countOf(evidence.bodyBytes, 'byte')}${evidence.bodySha256 !== null && html`, SHA-256 <code>${evidence.bodySha256}</code>`}</dd></div>${evidence.head !== '' && html`<div><dt>Begins</dt><dd><pre tabindex="0">${shorten(evidence.head, 1_000)}</pre></dd></div>`}`
}</dl></details>`;
}

function endingText(ending: NonNullable<Failure['evidence']>['ending']): string {
  switch (ending.kind) {
    case 'complete':
      return 'the answer was received whole';
    case 'deadline':
      return `our ${ending.deadline} deadline passed`;
    case 'error':
      return `${ending.code} (${ending.stage}): ${shorten(ending.message, 200)}`;
    case 'bound':
      return `we stopped reading: the ${ending.bound} was too large`;
    case 'cancelled':
      return 'we cancelled it';
    case 'fault':
      return 'a fault of ours';
  }
}

function otherSeries(target: TargetView): Html {
  return html`<section class="panel" aria-labelledby="series"><h2 id="series">All series <small>last hour; each is measured and counted on its own</small></h2><table class="plain"><thead><tr><th scope="col">Probe</th><th scope="col">Region</th><th scope="col">State</th><th scope="col" class="num">Uptime</th><th scope="col" class="num">n</th><th scope="col" class="num">TTFT p50</th><th scope="col" class="num">p99</th></tr></thead><tbody>${target.series.map(
    (series) =>
      html`<tr><th scope="row">${shorten(series.probe, 40)}</th><td>${shorten(series.region, 40)}</td><td>${HEALTHS[series.health].word}</td><td class="num">${formatShare(series.good, series.good + series.bad)}</td><td class="num">${formatCount(series.good + series.bad)}</td><td class="num">${formatUs(series.ttft?.p50Us ?? null)}</td><td class="num">${formatUs(series.ttft?.p99Us ?? null)}</td></tr>`,
  )}</tbody></table></section>`;
}
