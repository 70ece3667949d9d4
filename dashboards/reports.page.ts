import { exact, fixed, ZERO } from '../src/domain/exact.ts';
import type { ClaimState } from '../src/domain/ledger.ts';
import type { StatementResult } from '../src/domain/report.ts';
import type { Audience } from '../src/domain/report-text.ts';
import { NO_DATA } from './format.ts';
import { type Html, html, raw } from './html.ts';
import { type Assets, layout } from './layout.ts';

export type ReportRow = {
  readonly contract: string;
  readonly title: string;
  readonly period: string;
  readonly year: string;
  readonly practice: boolean;
  readonly result: StatementResult;
  readonly byResult: Readonly<Record<StatementResult, number>>;
  readonly state: ClaimState | null;
  readonly percent: string;
  readonly amount: string | null;
  readonly currency: string | null;
  readonly claimBy: string | null;
};

export type ReportsFrame = {
  readonly site: string;
  readonly locale: string;
  readonly practice: boolean;
  readonly assets: Assets;
  readonly audience: Audience;
};

/** Every frozen report, the latest first; the owner sees what is owed and what became of it. */
export function reportsPage(rows: readonly ReportRow[], frame: ReportsFrame): string {
  const { audience } = frame;
  const isOwner = audience === 'owner';
  const years = Map.groupBy(rows, ({ year }) => year);
  return layout({
    site: frame.site,
    page: 'Reports',
    description: 'The frozen statement of every closed period.',
    path: '/reports',
    practice: frame.practice,
    locale: frame.locale,
    assets: frame.assets,
    twin: null,
    body: html`<link rel="stylesheet" href="${raw(frame.assets.reportStyle)}">
<section class="verdict v-none"><p class="eyebrow">Reports</p><h1>${rows.length === 0 ? 'No period is closed yet' : 'What was promised, and what was kept'}</h1>
<p class="lead">A report is frozen when its period is over and the last answers are in. It is never changed; what arrives later is noted beside it.${!isOwner && html` <a href="/owner/reports">Credits and downloads</a> are for the owner.`}</p></section>
<article class="report">${[...years].map(([year, own]) => yearSection(year, own, isOwner))}</article>`,
  });
}

function yearSection(year: string, rows: readonly ReportRow[], isOwner: boolean): Html {
  return html`<section><h2>${year}</h2><table class="r-table"><thead><tr><th scope="col">Period</th><th scope="col">Contract</th><th scope="col">Result</th>${isOwner && html`<th scope="col">Credit</th><th scope="col">Claim</th><th scope="col">By</th>`}</tr></thead>
<tbody>${rows.map((row) => reportRow(row, isOwner))}</tbody></table>
${isOwner && totals(rows)}</section>`;
}

function reportRow(row: ReportRow, isOwner: boolean): Html {
  const path = `${isOwner ? '/owner' : ''}/reports/${encodeURIComponent(row.period)}/${encodeURIComponent(row.contract)}`;
  const counts = Object.entries(row.byResult)
    .filter(([, count]) => count > 0)
    .map(([result, count]) => `${count} ${result}`)
    .join(', ');
  const credit =
    row.percent === '0'
      ? NO_DATA
      : `${row.percent} %${row.amount === null ? '' : `, ${row.amount} ${row.currency ?? ''}`}`;
  return html`<tr><td><a href="${path}">${row.period}</a></td><td>${row.title}</td><td><span class="r-${row.result === 'met' || row.result === 'breached' ? row.result : 'open'}">${row.result}</span> <small>${counts}</small></td>${isOwner && html`<td class="n">${credit}</td><td>${row.state ?? NO_DATA}</td><td>${row.claimBy ?? NO_DATA}</td>`}</tr>`;
}

/** Per currency and state; amounts are decimals and are added as such. */
function totals(rows: readonly ReportRow[]): Html {
  const sums = new Map<string, { readonly places: number; total: ReturnType<typeof exact> }>();
  for (const { state, amount, currency } of rows) {
    if (state === null || state === 'no claim' || amount === null) continue;
    const key = `${state} ${currency ?? ''}`.trim();
    const known = sums.get(key) ?? { places: amount.split('.')[1]?.length ?? 0, total: ZERO };
    sums.set(key, { places: known.places, total: known.total.add(exact(amount)) });
  }
  if (sums.size === 0) return html``;
  return html`<p>In the year: ${[...sums].map(([key, { places, total }]) => `${key} ${fixed(total, places)}`).join('; ')}.</p>`;
}
