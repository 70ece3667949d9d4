import type { LiveObjective, Pool } from '../src/domain/live/live-objective.ts';
import { type LiveTarget, shareOf } from '../src/domain/live/live-report.ts';
import type { LiveWindow, WindowName } from '../src/domain/live/live-window.ts';
import type { Standing } from '../src/domain/view/status-view.ts';
import { budgetBar, ofAll } from './budget-bar.ts';
import { STANDING_WORDS, standingOf } from './cell.ts';
import { dayBars, dayLegend } from './day-bars.ts';
import { formatCount, formatPercent, formatShare, formatUs, NO_DATA, type Times } from './format.ts';
import { type Html, html } from './html.ts';
import { icon } from './icon.ts';
import { objectiveName } from './objective-name.ts';

const COLUMNS: readonly (readonly [name: WindowName, title: string])[] = [
  ['5m', '5 min'],
  ['1h', '1 h'],
  ['6h', '6 h'],
  ['24h', '24 h'],
  ['7d', '7 d'],
  ['30d', '30 d'],
  ['90d', '90 d'],
  ['period', 'Period'],
];

/** What the figures do not hold yet: nothing, the longer windows (`days`), or anything before this start (`past`). */
export type Missing = 'nothing' | 'days' | 'past';

/** Every objective of a target over every window, its budget, and ninety days. */
export function objectivesSection(live: LiveTarget, missing: Missing, times: Times): Html {
  const [first] = live.objectives;
  if (first === undefined) return html``;
  const { period } = first;
  const counting = missing !== 'nothing';
  return html`<section class="panel" aria-labelledby="objectives"><h2 id="objectives">Objectives <small>rolling windows, and the period ${period.label} so far (${period.timezone})</small></h2>
<div class="ninety">${dayBars(live)}<p class="axis"><span>${times.day(live.days[0]?.fromAt ?? 0)}</span><span>90 days of UTC</span><span>today</span></p>${dayLegend()}</div>
${counting && html`<p class="pending" role="status">History is still being counted. ${missing === 'past' ? 'All windows but the shortest' : 'Windows over a day'}, the period and its budget follow when it is complete.</p>`}
<div class="scroll" tabindex="0" role="region" aria-label="Objectives by window"><table class="plain windows"><thead><tr><th scope="col">Objective</th>${COLUMNS.map(
    ([name, title]) =>
      html`<th scope="col" class="num" title="since ${times.full(first.windows[name].fromAt)} ${times.zone(first.windows[name].fromAt)}">${title}</th>`,
  )}</tr></thead><tbody>${live.objectives.map((objective) => row(objective, missing))}</tbody></table></div>
${!counting && live.objectives.map((objective) => outlook(objective, times))}
<p class="soft">Longer windows begin on a whole hour. A p99 counts a failed request as slower than any limit where the contract does; it is shown at most 0.4 % high, and whether it keeps its limit is counted exactly.</p></section>`;
}

const LONG: readonly WindowName[] = ['24h', '7d', '30d', '90d', 'period'];
/** Windows that reach into what is missing: those up to six hours are made of attempts, longer ones of counted hours. */
const INCOMPLETE: Readonly<Record<Missing, readonly WindowName[]>> = {
  nothing: [],
  days: LONG,
  past: ['1h', '6h', ...LONG],
};

function row(objective: LiveObjective, missing: Missing): Html {
  const { goal } = objective;
  return html`<tr><th scope="row">${objectiveName(objective)}${goal !== null && html` <span class="goal">${goalText(objective)}</span>`}</th>${COLUMNS.map(
    ([name]) =>
      INCOMPLETE[missing].includes(name)
        ? html`<td class="num soft">counting…</td>`
        : name === 'period' && objective.pool !== null
          ? pooledCell(objective, objective.pool)
          : windowCell(objective, objective.windows[name]),
  )}</tr>`;
}

function goalText({ goal, kind, metric }: LiveObjective): string {
  if (goal === null) return '';
  const signs = { '<': '<', '<=': '≤', '>': '>', '>=': '≥' } as const;
  const value =
    kind !== 'percentile'
      ? formatPercent(goal.value)
      : metric === 'tokens_per_s'
        ? `${goal.value} tokens/s`
        : formatUs(Number(goal.value) * 1000);
  return `${signs[goal.comparator]} ${value}`;
}

function windowCell(objective: LiveObjective, window: LiveWindow, together: Html | null = null): Html {
  const standing = standingOf(window.result);
  const share = shareOf(window);
  const value =
    objective.kind !== 'percentile'
      ? share === null
        ? NO_DATA
        : formatShare(share.part, share.whole)
      : objective.metric === 'tokens_per_s'
        ? window.latency === null
          ? NO_DATA
          : `${Math.floor(window.latency / 1000)} t/s`
        : window.latency === null && window.n > 0
          ? 'a failure'
          : formatUs(window.latency);
  return html`<td class="num s-${standing}"><span class="goal">${markOf(standing)}</span><b>${value}</b><br>${counts(window)}${together !== null && html` ${together}`}</td>`;
}

function markOf(standing: Standing): Html | null {
  return standing === 'missed' || standing === 'undecided'
    ? html`${icon(standing)}<span class="hidden">${STANDING_WORDS[standing]}: </span>`
    : null;
}

function counts({ n, bad }: LiveWindow): Html {
  return html`<small class="soft">n ${formatCount(n)}${bad > 0 && html`, ${formatCount(bad)} bad`}</small>`;
}

/**
 * The period of an objective that is judged of several targets as one: theirs where requests are counted or slices of all of
 * them are known. Where they are not, a target's own would look like a verdict.
 */
function pooledCell(objective: LiveObjective, pool: Pool): Html {
  const { period } = objective.windows;
  const standing = standingOf(period.result);
  const together = html`<small class="soft">${ofAll(pool)}</small>`;
  if (pool.judged === 'by slice') return windowCell(objective, period, together);
  const value =
    pool.judged !== 'summed'
      ? period.result === 'met'
        ? 'kept so far'
        : NO_DATA
      : period.n === 0
        ? NO_DATA
        : `${formatShare(period.n - period.bad, period.n)} good`;
  return html`<td class="num s-${standing}"><span class="goal">${markOf(standing)}</span><b>${value}</b><br>${
    pool.judged === 'summed' && counts(period)
  } ${together}</td>`;
}

/** What is left of the budget, how fast it burns, and when it is gone. */
function outlook(objective: LiveObjective, times: Times): Html | null {
  const { budget, burn, exhaustedAt, pool } = objective;
  if (budget === null && pool !== null) {
    const kept =
      objective.windows.period.result === 'met'
        ? ' So far it is kept, even if every bad slice of each target were one of all.'
        : '';
    return html`<div class="outlook"><span class="k">${objectiveName(objective)}</span><span class="soft">no budget yet</span><p class="soft">Judged by slices ${ofAll(pool)} together, and those of some hours are not known: at the latest when the period closes.${kept} The figures here are this target\u2019s own.</p></div>`;
  }
  if (budget === null) return null;
  const day = burn['24h'];
  const pace = day === null ? '' : `burns at ${day.toFixed(day < 10 ? 1 : 0)}× over the last day`;
  const end = budget.isBreachCertain
    ? html`; <strong>the period cannot be met any more</strong>`
    : exhaustedAt !== null && budget.left >= 0
      ? html`; at that pace it is gone by <b>${times.full(exhaustedAt)} ${times.zone(exhaustedAt)}</b>`
      : '';
  return html`<div class="outlook"><span class="k">${objectiveName(objective)}</span>${budgetBar(budget, pool)}<p class="soft">${budget.left < 0 ? '' : `${formatCount(budget.leftProbes)} of the probes to come may still fail; `}${pace}${end}.</p></div>`;
}
