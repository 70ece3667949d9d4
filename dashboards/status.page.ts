import { HEALTH_ORDER, HEALTHS, type Health } from '../src/domain/view/health.ts';
import { layMatrix, type Row, SORTS, type StatusQuery } from '../src/domain/view/status-query.ts';
import {
  commitmentsOf,
  isCounting,
  poolOf,
  type StatusView,
  type TargetView,
} from '../src/domain/view/status-view.ts';
import { accountSection } from './account.ts';
import { noCell, worstLabel } from './cell.ts';
import { dayLegend } from './day-bars.ts';
import { type CellForm, cellFormOf, drawnCell } from './drawn-cells.ts';
import { countOf, formatCount, formatShare, NO_DATA, shorten, type Times, timesIn } from './format.ts';
import { type Html, html, raw } from './html.ts';
import { icon } from './icon.ts';
import { type Assets, layout } from './layout.ts';
import { targetPath } from './link.ts';
import { objectiveName } from './objective-name.ts';
import { plannedWorkLine } from './planned-work.ts';
import { exactTime, time } from './time.ts';
import { hourName, verdictOf } from './verdict.ts';

/** The front page: first whether the commitments are kept, then who answers now, then every target. */
export function statusPage(view: StatusView, query: StatusQuery, assets: Assets): string {
  const times = timesIn(view.timezone);
  const verdict = verdictOf(view);
  return layout({
    site: view.title,
    page: null,
    description: verdict.headline,
    path: '/',
    practice: view.practice,
    locale: view.locale,
    assets,
    twin: '/api/v1/status',
    body: html`<div id="status" data-live="/api/v1/stream">
${verdictSection(view, times)}
${view.targets.length > 0 && matrixSection(view, query)}
${view.targets.length > 0 && accountSection(view)}
${footer(view, times)}
</div>`,
  });
}

function verdictSection(view: StatusView, times: Times): Html {
  const verdict = verdictOf(view);
  return html`<section class="verdict v-${verdict.tone}" aria-labelledby="verdict">
<p class="eyebrow">${verdict.eyebrow(times)}</p>
<h1 id="verdict">${verdict.headline}</h1>
${verdict.explanation !== null && html`<p class="lead">${verdict.explanation(times)}</p>`}
${verdict.kind === 'measured' && html`<p class="lead">${verdict.tone === 'within' && view.byStanding.within === 0 ? 'No contract is configured for these targets, so only their health is judged.' : healthLine(view, times)}</p>`}
${verdict.kind === 'measured' && (view.byPeriod.behind + view.byPeriod.breached > 0 ? periodLine(view) : missedLine(view))}
${plannedWorkLine(view, times)}
${preparingLine(view)}
${
  view.targets.length > 0 &&
  html`<div class="facts">
<ul class="tally" aria-label="Targets by state">${HEALTH_ORDER.toReversed()
    .filter((health) => view.byHealth[health] > 0)
    .map(
      (health) =>
        html`<li><a class="chip is-${health}" href="/?state=${health}" title="${HEALTHS[health].means}">${icon(health)}${HEALTHS[health].word}<b>${view.byHealth[health]}</b></a></li>`,
    )}</ul>
<dl>
<div><dt>Samples</dt><dd>${formatCount(view.samples)}</dd></div>
<div><dt>Coverage</dt><dd>${coverageText(view)}</dd></div>
<div><dt>Last sign of the prober</dt><dd>${view.prober.kind === 'never' ? NO_DATA : time(view.prober.lastSignAt, times)}</dd></div>
</dl>
</div>`
}
</section>`;
}

function coverageText(view: StatusView): Html | string {
  const { expected, measured } = view.coverage;
  if (expected === null || expected === 0) return NO_DATA;
  return html`${formatShare(Math.min(measured, expected), expected)} <small>of ${countOf(expected, 'tick')}</small>`;
}

/** Who answers now; names up to three that do not. */
function healthLine(view: StatusView, times: Times): Html {
  const answering = view.byHealth.up + view.byHealth.unsteady;
  const troubled = view.targets.filter((target) => target.health === 'down' || target.health === 'failing');
  const everyone =
    answering === view.targets.length
      ? html`Right now <strong>${view.targets.length === 1 ? 'the only target' : `all ${view.targets.length} targets`}</strong> ${answering === 1 ? 'answers' : 'answer'}.`
      : html`Right now <strong>${answering} of ${countOf(view.targets.length, 'target')}</strong> answer${answering === 1 && 's'}.`;
  const named = troubled.slice(0, 3).map((target) => html` ${trouble(target, times)}`);
  const more =
    troubled.length > 3 && html` <a href="/?sort=urgency">${troubled.length - 3} more</a> in trouble.`;
  return html`${everyone}${named}${more}`;
}

/** Names up to three targets that miss their numbers, with the numbers missed. */
function missedLine(view: StatusView): Html | null {
  const missed = view.targets.filter((target) => target.standings.overall === 'missed');
  if (missed.length === 0) return null;
  const named = missed.slice(0, 3).map((target, index) => {
    const numbers = (['uptime', 'ttft', 'total'] as const)
      .filter((number) => target.standings[number] === 'missed')
      .map((number) => NUMBER_WORDS[number]);
    return html`${index > 0 && '; '}<a href="${targetPath(target.id)}">${nameOf(target)}</a>: ${numbers.join(', ')}`;
  });
  return html`<p class="lead">Off target: ${named}${missed.length > 3 && html`; and ${missed.length - 3} more`}.</p>`;
}

/** Names up to three targets that miss their contract's running period, and by what. */
function periodLine(view: StatusView): Html | null {
  if (view.evaluated === null || view.evaluated.pendingHours > 0 || view.preparingPpm !== null) return null;
  const missed = commitmentsOf(view.targets).filter(
    ({ periodStanding }) => periodStanding === 'behind' || periodStanding === 'breached',
  );
  if (missed.length === 0) return null;
  const named = missed.slice(0, 3).map((target, index) => {
    const numbers = (target.live?.objectives ?? [])
      .filter(({ windows }) => windows.period.result === 'breached')
      .map(objectiveName);
    const pool = poolOf(target);
    return html`${index > 0 && '; '}<a href="${targetPath(target.id)}">${pool === null ? nameOf(target) : shorten(pool.scope, 64)}</a>${pool !== null && `, all ${countOf(pool.targets, 'target')} as one`}: ${numbers.join(', ')}${target.periodStanding === 'breached' && ' (cannot be met any more)'}`;
  });
  return html`<p class="lead">${missed.some(({ periodStanding }) => periodStanding === 'behind') ? 'Behind' : 'Breached'}: ${named}${missed.length > 3 && html`; and ${missed.length - 3} more`}.</p>`;
}

function preparingLine({ preparingPpm, evaluated, isHourRead }: StatusView): Html | null {
  if (!isHourRead) {
    return html`<p class="lead" role="status">The past is still being read, the newest minutes first. What stands here is of the minutes read so far; the rest of the hour, today\u2019s spending and the months follow by themselves.</p>`;
  }
  if (preparingPpm !== null) {
    return html`<p class="lead" role="status">Writing the practice history, <b>${Math.floor(preparingPpm / 10_000)}\u202f%</b>: ninety simulated days, so that months have something to show. Until it is done, the windows that reach into them are incomplete.</p>`;
  }
  if (evaluated !== null && evaluated.pendingHours > 0) {
    return html`<p class="lead" role="status">Counting history: ${countOf(evaluated.pendingHours, 'hour')} to go. Until then windows over a day are incomplete.</p>`;
  }
  return null;
}

const NUMBER_WORDS = { uptime: 'uptime', ttft: 'TTFT p99', total: 'total p99' } as const;

function nameOf(target: TargetView): string {
  return `${shorten(target.model, 48)} (${shorten(target.tier, 24)})`;
}

function trouble(target: TargetView, times: Times): Html {
  const since = target.failingSince === null ? '' : html` since ${exactTime(target.failingSince, times)}`;
  return html`<a href="${targetPath(target.id)}">${nameOf(target)}</a> is ${HEALTHS[target.health].word.toLowerCase()}${since}.`;
}

function matrixSection(view: StatusView, query: StatusQuery): Html {
  const matrix = layMatrix(view, query);
  const gateways = new Set(view.targets.map((target) => target.gateway)).size;
  const models = new Set(view.targets.map((target) => `${target.gateway}\n${target.model}`)).size;
  const form = cellFormOf(view);
  const { compact } = form;
  return html`<section aria-labelledby="matrix-title">
<div class="bar">
<h2 id="matrix-title">${countOf(matrix.rows.length, 'model')} <small>× ${countOf(matrix.tiers.length, 'tier')}: ${view.evaluated === null ? `${hourName(view)}, minute by minute` : compact ? '30 days' : '90 days, and the last hour by the minute'}</small></h2>
${toolbar(view, query)}
</div>
${
  matrix.rows.length === 0
    ? html`<p class="empty">No target matches. <a href="/">Show all ${countOf(models, 'model')}</a></p>`
    : html`<table class="matrix ${compact ? 'compact' : 'roomy'} t${Math.min(matrix.tiers.length, 5)}" role="table" aria-labelledby="matrix-title">
<thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col" class="model">Model</th>${matrix.tiers.map(
        (tier) =>
          html`<th role="columnheader" scope="col">${shorten(tier, 32)}${compact && compactKey(view, tier)}</th>`,
      )}</tr></thead>
<tbody role="rowgroup">${matrix.rows.map((row) => rowOf(row, matrix.tiers, form, gateways > 1))}</tbody>
</table>`
}
${legend(view.evaluated !== null, !compact || view.evaluated === null || isCounting(view))}
</section>`;
}

/** The columns of a one-line cell. Where no target has a hundred answers, the worst column is the slowest answer. */
function compactKey(view: StatusView, tier: string): Html {
  if (view.evaluated !== null && !isCounting(view)) {
    return html`<span class="key" aria-hidden="true"><span></span><span></span><span>TTFT p99</span><span>budget left</span></span>`;
  }
  const spreads = view.targets.flatMap((target) =>
    target.tier === tier ? (target.series[0]?.ttft ?? []) : [],
  );
  const worst = spreads.length > 0 && spreads.every((spread) => worstLabel(spread) === 'max') ? 'max' : 'p99';
  return html`<span class="key" aria-hidden="true"><span>Uptime</span><span></span><span>TTFT ${worst}</span><span>Total ${worst}</span></span>`;
}

function rowOf(row: Row, tiers: readonly string[], form: CellForm, withGateway: boolean): Html {
  const slash = row.model.lastIndexOf('/');
  const maker = slash > 0 ? row.model.slice(0, slash + 1) : '';
  const name = row.model.slice(maker.length) || row.model;
  return html`<tr role="row" data-key="${row.gateway}/${row.model}"><th role="rowheader" scope="row" class="model">${
    withGateway && html`<span class="maker">${shorten(row.gateway, 32)}</span>`
  }${maker !== '' && html`<span class="maker">${shorten(maker, 40)}</span>`}<span class="name">${shorten(name, 64)}</span></th>${tiers.map(
    (tier, index) => {
      const target = row.cells[index] ?? null;
      return target === null ? noCell(tier) : drawnCell(target, form);
    },
  )}</tr>
`;
}

function toolbar(view: StatusView, query: StatusQuery): Html {
  const option = (value: string, label: string, chosen: boolean): Html =>
    html`<option value="${value}"${chosen && raw(' selected')}>${label}</option>`;
  const states = HEALTH_ORDER.filter((health) => view.byHealth[health] > 0 || query.health === health);
  return html`<form class="tools" id="tools" action="/" method="get" role="search">
<label class="find"><span class="hidden">Search models</span>${icon('search')}<input type="search" name="q" value="${query.words.join(' ')}" placeholder="Search models" maxlength="200" autocomplete="off"></label>
<label><span class="hidden">Tier</span><select name="tier">${option('', 'All tiers', query.tier === null)}${view.tiers.map((tier) => option(tier, shorten(tier, 32), query.tier === tier))}</select></label>
<label><span class="hidden">State</span><select name="state">${option('', 'All states', query.health === null)}${states.map((health: Health) => option(health, HEALTHS[health].word, query.health === health))}</select></label>
<label><span class="hidden">Order</span><select name="sort">${Object.entries(SORTS).map(([sort, label]) => option(sort, label, query.sort === sort))}</select></label>
<button type="submit">Apply</button>
</form>`;
}

function legend(hasDays: boolean, hasMinutes: boolean): Html {
  const bar = (part: string, from: number): Html =>
    html`<svg class="swatch" viewBox="0 0 4 20" aria-hidden="true"><path class="b-${part}" d="M2 ${from}V20"/></svg>`;
  return html`${hasDays && html`<div class="legend-of"><span>Days</span>${dayLegend()}</div>`}
<div class="legend-of">${hasMinutes && html`<span>Minutes</span>`}<ul class="legend" aria-label="What a minute's bar says">${
    hasMinutes &&
    html`
<li>${bar('good', 5)}answered</li><li>${bar('bad', 0)}failed</li><li>${bar('excluded', 12)}excluded</li><li>${bar('missing', 17)}not measured</li>`
  }
<li><a href="/method">What counts, and how it is measured</a></li></ul></div>`;
}

function footer(view: StatusView, times: Times): Html {
  return html`<footer class="foot">
<p>As of ${exactTime(view.at, times)}. Uptime is rounded down, latency up. ${NO_DATA} means no data, never zero.</p>
<p><a href="/api/v1/status">JSON</a> <a href="/feed.xml">Atom</a> <a href="/method">Method</a></p>
</footer>`;
}
