import type { Limit } from '../src/domain/contract/commitment.ts';
import { countsForAvailability, type Doubt, OUTCOMES } from '../src/domain/measure/outcome.ts';
import { DOUBT_WORDS } from '../src/domain/measure/reason-words.ts';
import type { Spread } from '../src/domain/time/spread.ts';
import { HEALTHS } from '../src/domain/view/health.ts';
import {
  isCounting,
  type SeriesView,
  type Standing,
  type TargetView,
} from '../src/domain/view/status-view.ts';
import { type Failure, SPANS, type TargetPageView } from '../src/domain/view/target-view.ts';
import { duration } from '../src/domain/wording.ts';
import { limitText, STANDING_WORDS, worstLabel } from './cell.ts';
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
import { historyPanel } from './history-panel.ts';
import { type Html, html } from './html.ts';
import { icon } from './icon.ts';
import { type Assets, layout } from './layout.ts';
import { badgePath, targetPath } from './link.ts';
import { type Missing, objectivesSection } from './objectives-table.ts';
import { phaseChart } from './phase-chart.ts';
import { strip } from './strip.ts';
import { dayTime, exactDay, exactTime, time } from './time.ts';

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
${heading(view, lead, times)}
${target.live !== null && objectivesSection(target.live, missingFrom(status), times)}
${lead !== undefined ? measured(view, lead, times) : view.retiredAt === null ? html`<p class="empty">No probe is planned for this target.</p>` : past(view, times)}
<footer class="foot"><p>As of ${exactTime(status.at, times)}. Uptime is rounded down, latency up. ${NO_DATA} means no data, never zero.</p><p><a href="/api/v1${targetPath(target.id)}">JSON</a> <a href="${badgePath(target.id)}">Badge</a> <a href="/method">Method</a></p></footer>
</div>`,
  });
}

function missingFrom(status: TargetPageView['status']): Missing {
  if (status.preparingPpm !== null) return 'past';
  return isCounting(status) ? 'days' : 'nothing';
}

function heading({ target, retiredAt }: TargetPageView, lead: SeriesView | undefined, times: Times): Html {
  const tone = target.standings.overall;
  return html`<section class="verdict v-${tone}" aria-labelledby="verdict">
<p class="eyebrow"><a href="/">Status</a> / ${shorten(target.gateway, 60)} / ${shorten(target.tier, 40)}</p>
<h1 id="verdict" class="name">${shorten(target.model, 120)}</h1>
<p class="lead now is-${target.health}">${icon(target.health)} ${
    retiredAt !== null
      ? html`<strong>No longer probed</strong> since ${exactDay(retiredAt, times)}. What was measured before remains.`
      : nowText(target, lead, times)
  }</p>
</section>`;
}

function nowText(target: TargetView, lead: SeriesView | undefined, times: Times): Html {
  const last = lead?.last ?? null;
  return html`<strong>${HEALTHS[target.health].word}</strong>${target.failingSince !== null && html` since ${exactTime(target.failingSince, times)}`}: ${HEALTHS[target.health].means}.${
    last !== null &&
    html` Last attempt ${time(last.at, times)}: <code class="${last.outcome === 'ok' ? 'o-ok' : 'o-other'}">${last.outcome}</code>, ${OUTCOMES[last.outcome].means}.`
  }`;
}

/** Of a target that is not probed any more. */
function past(view: TargetPageView, times: Times): Html {
  return html`${historyPanel(view, times)}
${slowest(view, times)}
${incidents(view, times)}
${failures(view, times)}`;
}

function incidents({ incidents: lines, incidentCount, status }: TargetPageView, times: Times): Html {
  if (lines.length === 0)
    return html`<section class="panel" aria-labelledby="incidents"><h2 id="incidents">No incident in this range</h2></section>`;
  return html`<section class="panel" aria-labelledby="incidents"><h2 id="incidents">${countOf(incidentCount, 'incident')} <small>in this range</small></h2><ul class="plain">${lines
    .slice(0, SHOWN_INCIDENTS)
    .map(
      ({ id, label, place, startedAt, closedAt }) =>
        html`<li>${dayTime(startedAt, status.at, times)} <a href="/incidents/${id}">${label}: ${shorten(place, 100)}</a>, ${closedAt === null ? 'still open' : duration(closedAt - startedAt)}</li>`,
    )}</ul>${incidentCount > SHOWN_INCIDENTS && html`<p class="soft">The latest ${SHOWN_INCIDENTS}; <a href="/incidents">all of them</a>.</p>`}</section>`;
}

const SHOWN_INCIDENTS = 20;

function slowest(view: TargetPageView, times: Times): Html {
  return html`<section class="panel" aria-labelledby="slowest"><h2 id="slowest">Slowest answer ${view.slowest !== null && html`<small>${dayTime(view.slowest.scheduledAt, view.status.at, times)}</small>`}</h2>${view.slowest === null ? html`<p class="soft">No answer in this range.</p>` : phaseChart(view.slowest)}</section>`;
}

function measured(view: TargetPageView, lead: SeriesView, times: Times): Html {
  const { target } = view;
  const hour = html`<section class="panel" aria-labelledby="hour"><h2 id="hour">Last hour <small>minute by minute</small></h2>${strip(lead.slots)}<p class="axis"><span>${times.minute(view.status.fromAt)}</span><span>${times.minute(view.status.at)} ${times.zone(view.status.at)}</span></p>${coverage(lead)}${setAside(lead)}</section>`;
  // The objectives tell of the last hour too, once they are there.
  const own =
    target.live === null
      ? html`<div class="columns">
<section class="panel" aria-labelledby="objectives"><h2 id="objectives">Against the contract <small>last hour${target.commitment !== null && html`, ${shorten(target.commitment.contract, 60)}`}</small></h2>${objectives(target, lead)}</section>
${hour}</div>`
      : hour;
  return html`${own}
${historyPanel(view, times)}
<div class="columns">
<section class="panel" aria-labelledby="last-probe"><h2 id="last-probe">Last probe ${view.last !== null && html`<small>${time(view.last.scheduledAt, times)}, ${view.last.reused ? 'kept connection' : 'new connection'}</small>`}</h2>${view.last === null ? html`<p class="soft">No probe in the last hour.</p>` : phaseChart(view.last)}</section>
${slowest(view, times)}
</div>
${incidents(view, times)}
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

/** What was measured and does not count, and why. Every doubt spoils the latency, those about ourselves the whole attempt. */
function setAside({ excluded, byDoubt }: SeriesView): Html | null {
  const doubts = (Object.entries(byDoubt) as [Doubt, number][]).map(
    ([doubt, n]) => `${formatCount(n)} ${DOUBT_WORDS[doubt]}`,
  );
  if (excluded === 0 && doubts.length === 0) return null;
  return html`<p class="soft"><b>${countOf(excluded, 'attempt')}</b> set aside, counting neither way${doubts.length > 0 && html`. <a href="/method#doubts">Doubted</a>, so without a latency that counts (${doubts.join('; ')})`}.</p>`;
}

function failures(view: TargetPageView, times: Times): Html {
  const { bad } = view.whole;
  const range =
    view.span === null
      ? 'in this range'
      : view.span === 'period'
        ? 'this period'
        : `${view.retiredAt === null ? '' : 'its '}last ${SPANS[view.span].name}`;
  const shown = view.failures.length;
  return html`<section class="panel" aria-labelledby="failures"><h2 id="failures">${bad === 0 ? 'No failures' : countOf(bad, 'failure')} <small>${range}${shown > 0 && html`; the latest ${shown === 1 ? 'one' : shown}, confirmations included`}</small></h2>${view.failures.map((failure) => failureDetails(failure, view.status.at, times))}</section>`;
}

function failureDetails({ sample, evidence }: Failure, now: number, times: Times): Html {
  const ids = Object.entries(evidence?.requestIds ?? {}).slice(0, 8);
  const message = evidence?.errorBody?.message ?? null;
  return html`<details class="failure" data-key="${sample.scheduledAt}/${sample.purpose}/${sample.probe}/${sample.region}"><summary>${dayTime(sample.scheduledAt, now, times)} <code class="o-other">${sample.outcome}</code> ${sample.status !== null && html`<span class="soft">HTTP ${sample.status}</span>`} ${sample.purpose !== 'scheduled' && html`<span class="soft">${sample.purpose}</span>`} ${!countsForAvailability(sample.validity) && html`<span class="soft">not counted: ${sample.validity.kind !== 'valid' && DOUBT_WORDS[sample.validity.reason]}</span>`} ${message !== null && html`<q>${shorten(message, 120)}</q>`}</summary>
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
