import type { Limit } from '../src/domain/contract/commitment.ts';
import type { LiveObjective } from '../src/domain/live/live-objective.ts';
import { type LiveTarget, p99Of, shareOf, uptimeOf } from '../src/domain/live/live-report.ts';
import type { LiveWindow } from '../src/domain/live/live-window.ts';
import { P99_NEEDS } from '../src/domain/live/standing.ts';
import type { Spread } from '../src/domain/time/spread.ts';
import { HEALTHS } from '../src/domain/view/health.ts';
import type { SeriesView, Standing, TargetView } from '../src/domain/view/status-view.ts';
import { budgetBar, budgetTitle } from './budget-bar.ts';
import { dayBars } from './day-bars.ts';
import {
  countOf,
  formatCount,
  formatPercent,
  formatPpm,
  formatShare,
  formatSpan,
  formatUs,
  NO_DATA,
  shorten,
  type Times,
} from './format.ts';
import { gauge } from './gauge.ts';
import { type Html, html } from './html.ts';
import { icon } from './icon.ts';
import { targetPath } from './link.ts';
import { strip } from './strip.ts';

export const STANDING_WORDS: Readonly<Record<Standing, string>> = {
  within: 'on target',
  missed: 'off target',
  undecided: 'undecided',
  none: 'no target',
};

/** One target with everything at a glance: the month first, then the last hour. */
export function cell(target: TargetView, counting: boolean, times: Times): Html {
  const lead = target.series[0];
  const { live } = target;
  // Half a month is no month: until it is counted, only the last hour has figures.
  const hasMonth = live !== null && !counting;
  return html`<td role="cell" class="cell is-${target.health}" data-tier="${shorten(target.tier, 32)}">
<div class="cell-top">${stateLink(target)}${hasMonth ? monthUptime(live) : live === null ? uptime(target, lead) : html`<small>month being counted</small>`}</div>
${live !== null && (hasMonth ? month(live) : html`<div class="month">${dayBars(live)}</div>`)}
${live !== null && html`<p class="hour"><span class="k">Last hour</span> ${uptime(target, lead)}</p>`}
${lead !== undefined && strip(lead.slots)}
<dl class="times">
${latency('TTFT', lead?.ttft ?? null, target.commitment?.ttftP99 ?? null, target.standings.ttft)}
${latency('Total', lead?.total ?? null, target.commitment?.totalP99 ?? null, target.standings.total)}
</dl>
<p class="last">${lastText(lead, times)}${target.series.length > 1 && html` · ${countOf(target.series.length - 1, 'more series', 'more series')}`}</p>
</td>`;
}

function monthUptime(live: LiveTarget, span = '30 days, '): Html {
  const objective = uptimeOf(live);
  const window = objective?.windows['30d'] ?? null;
  const share = window === null ? null : shareOf(window);
  const standing = standingOf(window?.result ?? null);
  return html`<span class="uptime s-${standing}"><b>${share === null ? NO_DATA : formatShare(share.part, share.whole)}</b>${
    objective !== null &&
    objective.goal !== null &&
    html`<span class="goal">${verdictMark(standing)}<span>${formatPercent(objective.goal.value)}</span></span>`
  }<small>${span}n ${formatCount(window?.n ?? 0)}</small></span>`;
}

/** Ninety days, the month's percentiles, and what is left of the contract's period. */
function month(live: LiveTarget): Html {
  const { budget = null, pool = null } = uptimeOf(live) ?? {};
  return html`<div class="month">${dayBars(live)}
<dl class="month-p99">${p99('TTFT', p99Of(live, 'ttft_ms'))}${p99('Total', p99Of(live, 'e2e_ms'))}</dl>${budget !== null && budgetBar(budget, pool)}</div>`;
}

function p99(name: string, objective: LiveObjective | null): Html | null {
  if (objective === null) return null;
  const { latency, result, n } = objective.windows['30d'];
  const standing = standingOf(result);
  return html`<div class="s-${standing}"><dt>${name} p99</dt><dd class="worst">${latency === null && n > 0 ? 'a failure' : formatUs(latency)}</dd>${
    objective.goal !== null &&
    html`<dd class="goal">${verdictMark(standing)}${COMPARE[objective.goal.comparator]} ${formatUs(Number(objective.goal.value) * 1000)}</dd>`
  }</div>`;
}

const COMPARE = { '<': '<', '<=': '≤', '>': '>', '>=': '≥' } as const;

/** A window's result in the words of a standing. */
export function standingOf(result: LiveWindow['result']): Standing {
  switch (result) {
    case 'met':
      return 'within';
    case 'breached':
      return 'missed';
    case 'undecided':
      return 'undecided';
    case null:
      return 'none';
  }
}

/** The same in one line, for many models: the month where it is counted, else the last hour. */
export function compactCell(target: TargetView, counting: boolean): Html {
  const { live } = target;
  const line = live === null || counting ? hourLine(target) : monthLine(live);
  return html`<td role="cell" class="cell is-${target.health}" data-tier="${shorten(target.tier, 32)}"><div class="line-of">${stateLink(target)}${line}</div></td>`;
}

function hourLine(target: TargetView): Html {
  const [lead] = target.series;
  return html`${uptime(target, lead)}${lead !== undefined && strip(lead.slots)}${brief('TTFT', lead?.ttft ?? null, target.standings.ttft)}${brief('Total', lead?.total ?? null, target.standings.total)}`;
}

function monthLine(live: LiveTarget): Html {
  return html`${monthUptime(live, '')}${dayBars(live)}${monthBrief('TTFT', p99Of(live, 'ttft_ms'))}${budgetBrief(live)}`;
}

function monthBrief(name: string, objective: LiveObjective | null): Html {
  const window = objective?.windows['30d'] ?? null;
  const standing = standingOf(window?.result ?? null);
  const value =
    window !== null && window.latency === null && window.n > 0 ? 'failed' : formatUs(window?.latency ?? null);
  return html`<span class="brief s-${standing}" title="${name} p99 of ${formatCount(window?.n ?? 0)} requests in 30 days"><span class="k">${name} </span>${
    standing !== 'none' && standing !== 'within' && verdictMark(standing)
  }${value}</span>`;
}

function budgetBrief(live: LiveTarget): Html {
  const { budget = null, pool = null } = uptimeOf(live) ?? {};
  if (budget === null) return html`<span class="brief soft">${NO_DATA}</span>`;
  const standing: Standing = budget.left < 0 ? 'missed' : 'within';
  return html`<span class="brief s-${standing}" title="${budgetTitle(budget, pool)}"><span class="k">budget ${pool !== null && 'of all '}</span>${budget.left < 0 && '\u2212'}${formatSpan(Math.abs(budget.leftMs))}</span>`;
}

/** The tier does not offer the model. */
export function noCell(tier: string): Html {
  return html`<td role="cell" class="cell lacks" data-tier="${shorten(tier, 32)}">not probed</td>`;
}

function stateLink(target: TargetView): Html {
  return html`<a class="state" href="${targetPath(target.id)}" title="${HEALTHS[target.health].means}">${icon(target.health)}<span>${HEALTHS[target.health].word}</span><span class="hidden">: ${shorten(target.model, 64)}, ${shorten(target.tier, 32)}</span></a>`;
}

function uptime(target: TargetView, lead: SeriesView | undefined): Html {
  const n = (lead?.good ?? 0) + (lead?.bad ?? 0);
  const goal = target.commitment?.uptimePpm ?? null;
  return html`<span class="uptime s-${target.standings.uptime}"><b>${formatShare(lead?.good ?? 0, n)}</b>${
    goal !== null &&
    html`<span class="goal">${verdictMark(target.standings.uptime)}<span>${formatPpm(goal)}</span></span>`
  }<small>n ${formatCount(n)}</small></span>`;
}

function verdictMark(standing: Standing): Html {
  return html`${icon(standing)}<span class="hidden">${STANDING_WORDS[standing]}: </span>`;
}

/** `< 500 ms` or `≤ 500 ms`, as the contract has it. */
export function limitText(limit: Limit): string {
  return `${limit.strict ? '<' : '≤'} ${formatUs(limit.statedUs)}`;
}

/** `p99` below a hundred answers is the slowest of them, and is called so. */
export function worstLabel(spread: Spread): string {
  return spread.n < P99_NEEDS ? 'max' : 'p99';
}

function latency(name: string, spread: Spread | null, limit: Limit | null, standing: Standing): Html {
  return html`<div class="s-${standing}"><dt>${name}</dt>${
    spread === null
      ? html`<dd class="nothing">${NO_DATA}</dd>`
      : html`<dd><span class="k">p50</span> ${formatUs(spread.p50Us)}</dd><dd class="worst"><span class="k">${worstLabel(spread)}</span> ${formatUs(spread.p99Us)}</dd>`
  }${spread !== null && limit !== null && html`<dd class="ruler">${gauge(spread, limit.statedUs)}</dd>`}${limit !== null && html`<dd class="goal">${verdictMark(standing)}${limitText(limit)}</dd>`}</div>`;
}

function brief(name: string, spread: Spread | null, standing: Standing): Html {
  const label = spread === null ? name : `${name} ${worstLabel(spread)} of ${countOf(spread.n, 'answer')}`;
  return html`<span class="brief s-${standing}" title="${label}"><span class="k">${name} </span>${
    standing !== 'none' && standing !== 'within' && verdictMark(standing)
  }${spread === null ? NO_DATA : formatUs(spread.p99Us)}</span>`;
}

function lastText(lead: SeriesView | undefined, times: Times): Html {
  if (lead === undefined || lead.last === null) return html`No sample in the minutes shown`;
  const { last, coverage } = lead;
  const at = html`<time datetime="${times.iso(last.at)}" title="${times.full(last.at)} ${times.zone(last.at)}">${times.clock(last.at)}</time>`;
  const covered =
    coverage.expected === null || coverage.expected === 0
      ? NO_DATA
      : formatShare(Math.min(coverage.measured, coverage.expected), coverage.expected);
  const doubt = last.validity.kind === 'valid' ? '' : html` (${last.validity.reason.replaceAll('_', ' ')})`;
  return html`last <code class="${last.outcome === 'ok' ? 'o-ok' : 'o-other'}">${last.outcome}</code>${doubt} ${at} · coverage ${covered}`;
}
