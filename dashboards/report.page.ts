import { type DayChart, dayCharts } from '../src/domain/day-chart.ts';
import { number, type Step } from '../src/domain/recount.ts';
import type { Failure, Report, ReportStatement } from '../src/domain/report.ts';
import {
  type Audience,
  deadlineText,
  type Fact,
  failureText,
  headFacts,
  methodTexts,
  objectiveRows,
  RESULT_SENTENCES,
  requestIdText,
  statementFacts,
  timeText,
} from '../src/domain/report-text.ts';
import { NO_DATA } from './format.ts';
import { type Html, html, raw } from './html.ts';
import { type Assets, layout } from './layout.ts';

/** Who signed it, as far as the page tells. */
export type ReportSeal = { readonly keyId: string } | null;

export type ReportPageFrame = {
  readonly site: string;
  readonly locale: string;
  readonly assets: Assets;
  readonly audience: Audience;
  readonly seal: ReportSeal;
  /** Paths of the other forms; empty where they may not be had. */
  readonly downloads: readonly { readonly name: string; readonly path: string }[];
  /** What became of the claim, oldest first. */
  readonly ledger: readonly {
    readonly at: string;
    readonly state: string;
    readonly who: string;
    readonly note: string;
  }[];
};

/** The page of one report among the others. */
export function reportPage(report: Report, frame: ReportPageFrame): string {
  const { contract, period } = report;
  return layout({
    site: frame.site,
    page: `Report ${period.label}, ${contract.id}`,
    description: `${contract.title}, ${period.label}: ${RESULT_SENTENCES[report.summary.result]}`,
    path: '/reports',
    practice: report.practice,
    locale: frame.locale,
    assets: frame.assets,
    twin: null,
    body: html`<link rel="stylesheet" href="${raw(frame.assets.reportStyle)}">
${
  frame.downloads.length > 0 &&
  html`<p class="r-downloads">Download: ${frame.downloads.map(({ name, path }) => html`<a href="${path}">${name}</a> `)}</p>`
}
${reportBody(report, frame.audience, frame.seal)}
${frame.ledger.length > 0 && ledgerSection(frame.ledger)}`,
  });
}

/** The same as one file that needs nothing else: to be kept, printed, or sent. `css` is the text of the style sheet. */
export function reportFile(report: Report, css: string, seal: ReportSeal): string {
  const { contract, period } = report;
  return `<!doctype html>\n${html`<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${report.practice && 'Practice · '}${contract.id} ${period.label}</title>
<style>${raw(css)}</style>
</head>
<body class="r-file">
${report.practice && html`<p class="r-practice"><strong>Practice data.</strong> A simulated gateway. Nothing here is about a real service.</p>`}
<main>${reportBody(report, 'owner', seal)}</main>
</body>
</html>
`.toString()}`;
}

function reportBody(report: Report, audience: Audience, seal: ReportSeal): Html {
  const { summary, statements } = report;
  return html`<article class="report">
<header class="r-head"><p class="eyebrow">${report.state === 'final' ? 'Statement' : 'Draft'} · ${report.period.label}</p>
<h1 class="r-${summary.result === 'met' ? 'met' : summary.result === 'breached' ? 'breached' : 'open'}">${RESULT_SENTENCES[summary.result]}</h1>
${factList(headFacts(report, audience))}</header>
${statements.length > 1 && overview(statements, audience)}
${statements.length === 0 && html`<p>Nothing was due to be measured in this period.</p>`}
${statements.map((statement) => statementSection(report, statement, audience))}
<section><h2>Method</h2>${methodTexts(report).map((text) => html`<p>${text}</p>`)}</section>
<section><h2>Evidence</h2>
<p>Every row of the period is sealed in a chain of SHA-256 hashes. <code>probity verify --data DIR</code> recomputes it and names any row that was changed, removed or put in.</p>
${
  report.chain.length === 0
    ? html`<p>No chain covers this period yet.</p>`
    : html`<table class="r-table"><thead><tr><th scope="col">Region</th><th scope="col">Segment</th><th scope="col">Covers until</th><th scope="col">Head</th></tr></thead>
<tbody>${report.chain.map(({ region, segment, until, head }) => html`<tr><td>${region}</td><td class="n">${number(segment)}</td><td>${timeText(until)}</td><td><code>${head}</code></td></tr>`)}</tbody></table>`
}
<p>${seal === null ? 'This report is not signed.' : html`The JSON form is signed with Ed25519, key <code>${seal.keyId}</code>, published at <code>/.well-known/probity.json</code>; <code>probity verify FILE</code> checks the signature and adds every figure up again.`}</p></section>
</article>`;
}

function factList(facts: readonly Fact[]): Html {
  return html`<dl class="r-facts">${facts.map(({ label, text }) => html`<div><dt>${label}</dt><dd>${text}</dd></div>`)}</dl>`;
}

function overview(statements: readonly ReportStatement[], audience: Audience): Html {
  return html`<section><h2>All statements</h2><table class="r-table"><thead><tr><th scope="col">Scope</th><th scope="col">Result</th><th scope="col">Uptime</th>${audience === 'owner' && html`<th scope="col">Credit</th>`}</tr></thead>
<tbody>${statements.map(
    ({ scope, result, evaluation, claim }) =>
      html`<tr><td><a href="#${anchorOf(scope)}">${scope}</a></td><td>${result}</td><td class="n">${evaluation.uptime.contract === null ? NO_DATA : `${evaluation.uptime.contract.percent} %`}</td>${audience === 'owner' && html`<td class="n">${claim.isDue ? `${claim.percent} %` : 'none'}</td>`}</tr>`,
  )}</tbody></table></section>`;
}

/** Letters and digits only: it stands in an address. */
function anchorOf(scope: string): string {
  return `s-${scope.replace(/[^A-Za-z0-9]+/g, '-')}`;
}

function statementSection(report: Report, statement: ReportStatement, audience: Audience): Html {
  const { evaluation, coverage } = statement;
  const { claim } = report.contract;
  return html`<section class="r-statement" id="${anchorOf(statement.scope)}">
<h2>${statement.scope} <small>${statement.result}</small></h2>
${coverage.insufficient !== null && html`<p class="r-note"><strong>Insufficient evidence.</strong> ${coverage.insufficient.join('; ')}. Nothing is claimed.</p>`}
<table class="r-table"><thead><tr><th scope="col">Objective</th><th scope="col">Measured</th><th scope="col">Promised</th><th scope="col">Result</th><th scope="col">What the samples prove</th></tr></thead>
<tbody>${objectiveRows(statement).map((row) => html`<tr><th scope="row">${row.objective}</th><td class="n">${row.measured}</td><td class="n">${row.promised}</td><td class="r-${row.result === 'undecided' ? 'open' : row.result}">${row.result}</td><td>${row.proof}</td></tr>`)}</tbody></table>
${dayCharts(statement).map(chart)}
${factList(statementFacts(statement))}
<h3>The arithmetic</h3>
${statement.workings.map(({ objective, steps }) => stepTable(objective, steps))}
${
  audience === 'owner' &&
  html`${stepTable('credit', statement.creditWorking)}
${
  evaluation.deadlines.length > 0 &&
  html`<h3>Deadlines</h3><ul>${evaluation.deadlines.map((one) => html`<li>${deadlineText(one)}</li>`)}</ul>`
}
${
  claim.requiredEvidence.length > 0 &&
  html`<h3>Evidence the contract asks for</h3><ul class="r-checklist">${claim.requiredEvidence.map((one) => html`<li>${one}</li>`)}</ul>`
}`
}
${exclusions(statement)}
${incidents(statement)}
${failures(statement)}
${
  evaluation.flags.length > 0 &&
  html`<h3>To be said</h3><ul>${evaluation.flags.map((flag) => html`<li>${flag}</li>`)}</ul>`
}
</section>`;
}

function stepTable(title: string, steps: readonly Step[]): Html {
  return html`<table class="r-table r-steps"><caption>${title}</caption><tbody>${steps.map(({ label, working, value }) => html`<tr><th scope="row">${label}</th><td>${working}</td><td class="n">${value}</td></tr>`)}</tbody></table>`;
}

function exclusions({ exclusions: rows, maintenance }: ReportStatement): Html {
  return html`<h3>What does not count</h3>
${
  rows.length === 0
    ? html`<p>Nothing was excluded.</p>`
    : html`<table class="r-table"><thead><tr><th scope="col">Reason</th><th scope="col">Requests</th><th scope="col">Minutes</th></tr></thead><tbody>${rows.map(({ reason, requests, minutes }) => html`<tr><td>${reason}</td><td class="n">${number(requests)}</td><td class="n">${number(minutes)}</td></tr>`)}</tbody></table>`
}
${maintenance.length > 0 && html`<p>Planned work the contract sets aside: ${maintenance.map(({ from, to, minutes }) => `${timeText(from)} to ${timeText(to)} (${number(minutes)} min)`).join('; ')}.</p>`}`;
}

const INCIDENTS_SHOWN = 40;

function incidents({ incidents: rows, moreIncidents }: ReportStatement): Html {
  const more = Math.max(0, rows.length - INCIDENTS_SHOWN) + moreIncidents;
  return html`<h3>Incidents</h3>${
    rows.length === 0
      ? html`<p>None.</p>`
      : html`<table class="r-table"><thead><tr><th scope="col">From</th><th scope="col">To</th><th scope="col">Minutes</th><th scope="col">Failures</th><th scope="col">First, and its request id</th><th scope="col">Last</th></tr></thead>
<tbody>${rows.slice(0, INCIDENTS_SHOWN).map((one) => html`<tr><td>${timeText(one.from)}</td><td>${timeText(one.to)}</td><td class="n">${number(one.minutes)}</td><td class="n">${number(one.failures)}</td><td>${failureCell(one.first)}</td><td>${failureCell(one.last)}</td></tr>`)}</tbody></table>`
  }${more > 0 && html`<p>And ${number(more)} more, in the other forms of this report.</p>`}`;
}

function failureCell(failure: Failure | null): Html {
  if (failure === null) return html`${NO_DATA}`;
  return html`${timeText(failure.at)}<br>${failureText(failure)}<br><code>${requestIdText(failure)}</code>`;
}

const FAILURES_SHOWN = 25;

function failures({ failures: rows, moreFailures }: ReportStatement): Html {
  if (rows.length === 0) return html``;
  const more = Math.max(0, rows.length - FAILURES_SHOWN) + moreFailures;
  return html`<h3>Failed requests</h3><table class="r-table"><thead><tr><th scope="col">Time</th><th scope="col">Target</th><th scope="col">What</th><th scope="col">Request id</th></tr></thead>
<tbody>${rows.slice(0, FAILURES_SHOWN).map((one) => html`<tr><td>${timeText(one.at)}</td><td>${one.target}</td><td>${failureText(one)}</td><td><code>${requestIdText(one)}</code></td></tr>`)}</tbody></table>
${more > 0 && html`<p>And ${number(more)} more, in the other forms of this report.</p>`}`;
}

const CHART = { width: 720, height: 120, left: 52, right: 56, top: 8, bottom: 20 } as const;

/** A bar for each day; a missed one is darker and carries a mark on top, a day without data is a dot on the ground. */
export function chart({ title, unit, low, high, target, days }: DayChart): Html {
  const { width, height, left, right, top, bottom } = CHART;
  const innerWidth = width - left - right;
  const innerHeight = height - top - bottom;
  const step = innerWidth / Math.max(1, days.length);
  const y = (share: number): number => Math.round((top + innerHeight * (1 - share)) * 10) / 10;
  const bars = days.map(({ day, height: share, missed, text }, i) => {
    const x = Math.round((left + i * step) * 10) / 10;
    const barWidth = Math.round(Math.max(1, step - 2) * 10) / 10;
    if (share === null) {
      return html`<rect class="c-none" x="${x}" y="${y(0) - 2}" width="${barWidth}" height="2"><title>${day}: ${text}</title></rect>`;
    }
    const barTop = y(share);
    return html`<rect class="${missed ? 'c-missed' : 'c-met'}" x="${x}" y="${barTop}" width="${barWidth}" height="${Math.max(1, Math.round((y(0) - barTop) * 10) / 10)}"><title>${day}: ${text}</title></rect>`;
  });
  const first = days[0]?.day ?? '';
  const last = days.at(-1)?.day ?? '';
  const missed = days.filter((one) => one.missed).length;
  return html`<figure class="r-chart"><figcaption>${title}</figcaption>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}, ${days.length} days, ${missed} of them miss the target">
<text class="c-axis" x="${left - 6}" y="${top + 8}" text-anchor="end">${high} ${unit}</text><text class="c-axis" x="${left - 6}" y="${y(0)}" text-anchor="end">${low} ${unit}</text>
${bars}
${target !== null && html`<line class="c-target" x1="${left}" x2="${width - right}" y1="${y(target.at)}" y2="${y(target.at)}"/><text class="c-axis" x="${width - right + 5}" y="${y(target.at) + 3}">${target.text}</text>`}
<text class="c-axis" x="${left}" y="${height - 4}">${first}</text><text class="c-axis" x="${width - right}" y="${height - 4}" text-anchor="end">${last}</text>
</svg></figure>`;
}

function ledgerSection(ledger: ReportPageFrame['ledger']): Html {
  return html`<section class="report"><h2>Ledger</h2><table class="r-table"><thead><tr><th scope="col">When</th><th scope="col">State</th><th scope="col">Who</th><th scope="col">Note</th></tr></thead><tbody>${ledger.map(({ at, state, who, note }) => html`<tr><td>${timeText(at)}</td><td>${state}</td><td>${who}</td><td>${note}</td></tr>`)}</tbody></table></section>`;
}
