import { number, type Step } from '../src/domain/contract/working.ts';
import { reasonText } from '../src/domain/measure/reason-words.ts';
import type { Correction } from '../src/domain/report/ledger.ts';
import type { Failure, Report, ReportStatement, StatementResult } from '../src/domain/report/report.ts';
import {
  type Audience,
  deadlineText,
  type Fact,
  failureText,
  flagTexts,
  headFacts,
  inReadingOrder,
  methodTexts,
  objectiveRows,
  objectiveTitle,
  outcomeTexts,
  RESULT_SENTENCES,
  requestIdText,
  rightTexts,
  stampTexts,
  statementFacts,
  termsFacts,
  timeText,
} from '../src/domain/report/report-text.ts';
import { dayCharts } from '../src/domain/view/day-chart.ts';
import { dayChart } from './day-chart.ts';
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
  /** What somebody said of it afterwards; above everything else. */
  readonly correction: Correction | null;
  /** Where the owner finds the same with money; `null` on that page itself. */
  readonly ownerPath: string | null;
  /** Paths of the other forms; empty where they may not be had. */
  readonly downloads: readonly { readonly name: string; readonly path: string }[];
  /** What became of the claim, oldest first. */
  readonly ledger: readonly {
    readonly at: string;
    readonly state: string;
    readonly who: string;
    readonly note: string;
  }[];
  /** What may become of it next. */
  readonly moves: readonly string[];
};

const VERDICT_RULES: Readonly<Record<StatementResult, string>> = {
  met: 'v-within',
  breached: 'v-missed',
  undecided: 'v-undecided',
  'insufficient evidence': 'v-undecided',
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
    twin: `/api/v1/reports/${encodeURIComponent(period.label)}/${encodeURIComponent(contract.id)}`,
    body: html`<link rel="stylesheet" href="${raw(frame.assets.reportStyle)}">
<div class="verdict ${frame.correction?.kind === 'withdrawn' ? 'v-none' : VERDICT_RULES[report.summary.result]} r-top">
<p class="eyebrow"><a href="${frame.ownerPath === null ? '/owner/reports' : '/reports'}">Reports</a> / ${period.label}</p>
${
  frame.downloads.length > 0 &&
  html`<nav class="r-downloads" aria-label="Downloads"><ul>${frame.downloads.map(({ name, path }) => html`<li><a href="${path}" title="${name}">${downloadName(name)}</a></li>`)}</ul></nav>`
}
${frame.ownerPath !== null && html`<p class="r-downloads"><a href="${frame.ownerPath}">Credit, claim and downloads</a> are for the owner.</p>`}
</div>
${frame.correction !== null && correctionText(frame.correction)}
${[...reportBody(report, frame.audience, frame.seal)]}
${frame.ledger.length > 0 && ledgerSection(report, frame)}`,
  });
}

function correctionText({ kind, at, reason }: Correction): Html {
  const when = timeText(new Date(at).toISOString());
  const what =
    kind === 'withdrawn'
      ? 'It does not hold, and nobody may rely on it. It stays below as it was frozen.'
      : 'What is owed is no longer what it says. It stays below as it was frozen.';
  return html`<section class="panel acknowledge" aria-labelledby="correction"><h2 id="correction">This report was ${kind}</h2><p><strong>${when}:</strong> ${reason}</p><p>${what}</p></section>`;
}

/** `PDF`, `CSV: slices`, `claim pack`: what a file of a report is called. */
function downloadName(file: string): string {
  const extension = file.split('.').at(-1) ?? '';
  const part = /-([a-z]+)\.(csv|zip)$/.exec(file)?.[1] ?? '';
  if (extension === 'zip') return `${part} pack`;
  return extension === 'csv' ? `CSV: ${part}` : extension.toUpperCase();
}

/**
 * The same as one file that needs nothing else: to be kept, printed, or sent; piece by piece, as hundreds of statements take
 * megabytes. `css` is the text of the style sheet.
 */
export function* reportFile(report: Report, css: string, seal: ReportSeal): Generator<string> {
  const { contract, period } = report;
  yield `<!doctype html>\n${html`<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${report.practice && 'Practice · '}${contract.id} ${period.label}</title>
<style>${raw(css)}</style>
</head>
<body class="r-file">
${report.practice && html`<p class="r-practice"><strong>Practice data.</strong> A simulated gateway. Nothing here is about a real service.</p>`}
<main>`.toString()}`;
  for (const piece of reportBody(report, 'owner', seal)) yield piece.toString();
  yield '</main>\n</body>\n</html>\n';
}

function* reportBody(report: Report, audience: Audience, seal: ReportSeal): Generator<Html> {
  const { summary, statements, contract } = report;
  const terms = termsFacts(contract);
  const shown = inReadingOrder(statements);
  yield html`<article class="report r-one">
<header class="r-head"><p class="eyebrow">${report.state === 'final' ? 'Statement' : 'Draft'} · ${report.period.label}</p>
<h1 class="${resultClass(summary.result)}">${RESULT_SENTENCES[summary.result]}</h1>
${factList(headFacts(report, audience))}</header>
${shown.length > 1 && overview(shown, audience)}
${
  audience === 'owner' &&
  summary.working.length > 0 &&
  html`<section><h2>Credit in all</h2>${stepTable('How the credits join', summary.working)}${list(summary.flags)}</section>`
}
${terms.length > 0 && html`<section><h2>Where the terms come from</h2>${factList(terms)}</section>`}
${shown.length === 0 && html`<p>Nothing was due to be measured in this period.</p>`}
`;
  for (const statement of shown) yield statementSection(report, statement, audience);
  yield html`
<section><h2>Method</h2>${methodTexts(report).map((text) => html`<p>${text}</p>`)}</section>
<section><h2>Evidence</h2>
<p>Every row of the period is sealed in a chain of SHA-256 hashes. <code>probity verify --data DIR</code> recomputes it and names any row that was changed, removed or put in.</p>
${
  report.chain.length === 0
    ? html`<p>No chain covers this period yet.</p>`
    : table(
        'Heads of the hash chain',
        ['Region', '>Segment', 'Covers until', 'Head'],
        report.chain.map(({ region, segment, until, head }) => [
          region,
          number(segment),
          timeText(until),
          html`<code>${head}</code>`,
        ]),
      )
}
${stampTexts(report).map((text) => html`<p>${text}</p>`)}
<p>${seal === null ? 'This report is not signed.' : html`The JSON form is signed with Ed25519, key <code>${seal.keyId}</code>, published at <code>/.well-known/probity.json</code>; <code>probity verify FILE</code> checks the signature and adds every figure up again.`}</p></section>
</article>`;
}

/** How a result is coloured. */
export function resultClass(result: StatementResult): string {
  return `r-${result === 'met' || result === 'breached' ? result : 'open'}`;
}

function factList(facts: readonly Fact[]): Html {
  return html`<dl class="r-facts">${facts.map(({ label, text }) => html`<div><dt>${label}</dt><dd>${text}</dd></div>`)}</dl>`;
}

function list(items: readonly string[]): Html {
  return html`${items.length > 0 && html`<ul>${items.map((item) => html`<li>${item}</li>`)}</ul>`}`;
}

type Cell = string | Html;

/** A column whose name begins with `>` holds numbers. On a narrow screen the table scrolls, not the page. */
function table(name: string, head: readonly string[], rows: readonly (readonly Cell[])[]): Html {
  const numeric = head.map((one) => one.startsWith('>'));
  return html`<div class="r-scroll" tabindex="0" role="region" aria-label="${name}"><table class="r-table"><thead><tr>${head.map((one, i) => html`<th scope="col"${numeric[i] === true && html` class="n"`}>${one.replace(/^>/, '')}</th>`)}</tr></thead>
<tbody>${rows.map((cells) => html`<tr>${cells.map((cell, i) => html`<td${numeric[i] === true && html` class="n"`}>${cell}</td>`)}</tr>`)}</tbody></table></div>`;
}

function overview(statements: readonly ReportStatement[], audience: Audience): Html {
  const objectives = statements[0]?.evaluation.objectives.map(({ id }) => id) ?? [];
  return html`<section><h2>All statements</h2>${table(
    'All statements',
    ['Scope', 'Result', ...objectives.map((id) => `>${id}`), ...(audience === 'owner' ? ['>Credit'] : [])],
    statements.map((statement) => {
      const { scope, result, claim } = statement;
      const measured = objectiveRows(statement);
      return [
        html`<a href="#${anchorOf(scope)}">${scope}</a>`,
        html`<span class="${resultClass(result)}">${result}</span>`,
        ...objectives.map((id) => measured.find(({ objective }) => objective === id)?.measured ?? NO_DATA),
        ...(audience === 'owner' ? [claim.isDue ? `${claim.percent} %` : 'none'] : []),
      ];
    }),
  )}</section>`;
}

/** Letters and digits only: it stands in an address. */
function anchorOf(scope: string): string {
  return `s-${scope.replace(/[^A-Za-z0-9]+/g, '-')}`;
}

function statementSection(report: Report, statement: ReportStatement, audience: Audience): Html {
  const { coverage } = statement;
  const { contract } = report;
  const flags = flagTexts(statement, audience);
  return html`<section class="r-statement" id="${anchorOf(statement.scope)}">
<h2>${statement.scope} <small class="${resultClass(statement.result)}">${statement.result}</small></h2>
${coverage.insufficient !== null && html`<p class="r-note"><strong>Insufficient evidence:</strong> ${coverage.insufficient.join('; ')}. Nothing is claimed.</p>`}
${table(
  `Objectives of ${statement.scope}`,
  ['Objective', '>Measured', '>Promised', 'Result', 'What the samples prove'],
  objectiveRows(statement).map((row) => [
    objectiveTitle(contract, row.objective),
    row.measured,
    row.promised,
    html`<span class="${resultClass(row.result)}">${row.result}</span>`,
    row.proof,
  ]),
)}
${dayCharts(statement, contract).map(dayChart)}
${factList(statementFacts(statement))}
<h3>The arithmetic</h3>
${statement.workings.map(({ objective, steps }) => stepTable(objectiveTitle(contract, objective), steps))}
${audience === 'owner' && claimPart(report, statement)}
${exclusions(statement)}
${incidents(statement)}
${failures(statement)}
${flags.length > 0 && html`<h3>Open questions and remarks</h3>${list(flags)}`}
</section>`;
}

function claimPart({ contract: { claim } }: Report, statement: ReportStatement): Html {
  const { deadlines } = statement.evaluation;
  const rights = rightTexts(statement);
  return html`${stepTable('Credit', statement.creditWorking)}
${deadlines.length > 0 && html`<h3>Deadlines</h3>${list(deadlines.map(deadlineText))}`}
${rights.length > 0 && html`<h3>Rights from repeated failure</h3>${list(rights)}`}
${
  claim.requiredEvidence.length > 0 &&
  html`<h3>Evidence the contract asks for</h3><ul class="r-checklist">${claim.requiredEvidence.map((one) => html`<li>${one}</li>`)}</ul>`
}`;
}

function stepTable(title: string, steps: readonly Step[]): Html {
  return html`<table class="r-table r-steps"><caption>${title}</caption><tbody>${steps.map(({ label, working, value }) => html`<tr><th scope="row">${label}</th><td>${working}</td><td class="n">${value}</td></tr>`)}</tbody></table>`;
}

function exclusions({ scope, exclusions: rows, maintenance }: ReportStatement): Html {
  return html`<h3>What does not count</h3>
${
  rows.length === 0
    ? html`<p>Nothing was excluded.</p>`
    : table(
        `What does not count, ${scope}`,
        ['Reason', '>Requests', '>Minutes'],
        rows.map(({ reason, requests, minutes }) => [reasonText(reason), number(requests), number(minutes)]),
      )
}
${maintenance.length > 0 && html`<p>Planned work the contract sets aside: ${maintenance.map(({ from, to, minutes }) => `${timeText(from)} to ${timeText(to)} (${number(minutes)} min)`).join('; ')}.</p>`}`;
}

const INCIDENTS_SHOWN = 40;

function incidents({ scope, incidents: rows, moreIncidents }: ReportStatement): Html {
  if (rows.length === 0) return html`<h3>Incidents</h3><p>No stretch of time counts as down.</p>`;
  return html`<h3>Incidents</h3>${table(
    `Incidents, ${scope}`,
    ['From', 'To', '>Minutes', '>Failures', 'First failed request', 'Last'],
    rows
      .slice(0, INCIDENTS_SHOWN)
      .map((one) => [
        timeText(one.from),
        timeText(one.to),
        number(one.minutes),
        number(one.failures),
        failureCell(one.first),
        one.last?.at === one.first?.at ? 'the same' : failureCell(one.last),
      ]),
  )}${more(rows.length - INCIDENTS_SHOWN, 'incidents', moreIncidents)}`;
}

function failureCell(failure: Failure | null): Html {
  if (failure === null) return html`${NO_DATA}`;
  return html`${timeText(failure.at)}<br>${failureText(failure)}<br><code>${requestIdText(failure)}</code>`;
}

const FAILURES_SHOWN = 25;

function failures(statement: ReportStatement): Html {
  const { scope, failures: rows, moreFailures, targets } = statement;
  if (rows.length === 0) return html``;
  const isOne = targets.length === 1;
  return html`<h3>Failed requests</h3>${table(
    `Failed requests, ${scope}`,
    ['Time', ...(isOne ? [] : ['Target']), 'What', 'Request id'],
    rows
      .slice(0, FAILURES_SHOWN)
      .map((one) => [
        timeText(one.at),
        ...(isOne ? [] : [one.target]),
        failureText(one),
        html`<code>${requestIdText(one)}</code>`,
      ]),
  )}
${more(rows.length - FAILURES_SHOWN, 'failed requests', moreFailures)}${list(outcomeTexts(statement))}`;
}

/** `hidden`: in the other forms of the report; `unlisted`: counted, but in none. */
function more(hidden: number, what: string, unlisted: number): Html {
  return html`${hidden > 0 && html`<p>${number(hidden)} more ${what} are in the CSV and JSON forms.</p>`}${unlisted > 0 && html`<p>${number(unlisted)} more ${what} are counted, and kept with the raw rows.</p>`}`;
}

function ledgerSection({ contract, period }: Report, { ledger, moves }: ReportPageFrame): Html {
  const command = `probity ledger ${period.label} ${contract.id} --mark`;
  return html`<section class="report r-one"><h2>Ledger</h2>${table(
    'Ledger',
    ['When', 'State', 'Who', 'Note'],
    ledger.map(({ at, state, who, note }) => [timeText(at), state, who, note]),
  )}
${
  moves.length > 0 &&
  html`<p>On the machine that runs Probity the claim moves on by ${moves.map((move, i) => html`${i > 0 && ' or '}<code>${command} ${move.includes(' ') ? `"${move}"` : move}</code>`)}, with <code>--amount</code> and <code>--note</code>.</p>`
}</section>`;
}
