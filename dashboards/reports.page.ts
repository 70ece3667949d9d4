import { exact, fixed, ZERO } from '../src/domain/contract/exact.ts';
import type { ClaimReading } from '../src/domain/report/claim-readings.ts';
import type { ClaimState, Correction } from '../src/domain/report/ledger.ts';
import type { StatementResult } from '../src/domain/report/report.ts';
import type { Audience } from '../src/domain/report/report-text.ts';
import { NO_DATA } from './format.ts';
import { type Html, html, raw } from './html.ts';
import { type Assets, layout } from './layout.ts';
import { resultClass } from './report.page.ts';

export type ReportRow = {
  readonly contract: string;
  readonly title: string;
  readonly period: string;
  readonly year: string;
  readonly practice: boolean;
  readonly result: StatementResult;
  readonly byResult: Readonly<Record<StatementResult, number>>;
  /** What somebody said of it afterwards. */
  readonly correction: Correction['kind'] | null;
  readonly state: ClaimState | null;
  readonly percent: string;
  readonly amount: string | null;
  readonly currency: string | null;
  /** The earliest reading that can still be kept, of a claim that is ready; `past`: none can. */
  readonly claimBy: ClaimReading | 'past' | null;
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
    twin: '/api/v1/reports',
    body: html`<link rel="stylesheet" href="${raw(frame.assets.reportStyle)}">
<section class="verdict v-none"><p class="eyebrow">Reports</p><h1>${rows.length === 0 ? 'No period is closed yet' : 'What was promised, and what was kept'}</h1>
<p class="lead">A report is frozen when its period is over and the last answers are in. It is never changed; what arrives later is noted beside it.${!isOwner && html` <a href="/owner/reports">Credits and downloads</a> are for the owner.`}</p></section>
<article class="report">${[...years].map(([year, own]) => yearSection(year, own, isOwner))}</article>`,
  });
}

function yearSection(year: string, rows: readonly ReportRow[], isOwner: boolean): Html {
  return html`<section aria-labelledby="y-${year}"><h2 id="y-${year}">${year}</h2>
${isOwner && totals(year, rows)}
<div class="r-scroll" tabindex="0" role="region" aria-label="Reports of ${year}"><table class="r-table r-list" role="table"><thead role="rowgroup"><tr role="row">${['Period', 'Result', 'Contract'].map((name) => columnHeader(name))}${isOwner && html`${columnHeader('Credit', 'n')}${columnHeader('Claim')}${columnHeader('Claim by')}`}</tr></thead>
<tbody role="rowgroup">${rows.map((row) => reportRow(row, isOwner))}</tbody></table></div></section>`;
}

/** Roles are said: on a phone rows are laid out in other ways than a table's, and whoever listens must hear one all the same. */
function columnHeader(name: string, kind = ''): Html {
  return html`<th scope="col" role="columnheader" class="${kind}">${name}</th>`;
}

function reportRow(row: ReportRow, isOwner: boolean): Html {
  const path = `${isOwner ? '/owner' : ''}/reports/${encodeURIComponent(row.period)}/${encodeURIComponent(row.contract)}`;
  const counts = Object.entries(row.byResult)
    .filter(([, count]) => count > 0)
    .map(([result, count]) => `${count} ${result}`)
    .join(', ');
  const credit =
    (row.correction === 'withdrawn' && row.state !== 'credited') ||
    (row.percent === '0' && row.correction === null)
      ? NO_DATA
      : row.amount === null
        ? `${row.percent} %`
        : `${row.amount} ${row.currency ?? ''}`.trim();
  const claimBy = row.claimBy === null ? NO_DATA : row.claimBy === 'past' ? 'past' : row.claimBy.by;
  return html`<tr role="row"><td role="cell" class="keep"><a href="${path}" aria-label="${row.period}, ${row.contract}">${row.period}</a></td><td role="cell">${row.correction === 'withdrawn' ? html`<strong>withdrawn</strong> <small>said: ${counts}</small>` : html`<span class="${resultClass(row.result)}">${row.result}</span> <small>${counts}${row.correction !== null && `, ${row.correction} since`}</small>`}</td><td role="cell">${row.title}</td>${isOwner && html`<td role="cell" class="n">${credit}</td><td role="cell" class="keep"${row.state !== 'no claim' && raw(' data-name="Claim"')}>${row.state ?? NO_DATA}${row.correction === 'withdrawn' && row.state === 'credited' && html` <small>before it was withdrawn</small>`}</td><td role="cell" class="keep" data-name="Claim by">${claimBy}</td>`}</tr>`;
}

/** What became of the year's claims, per state and currency; amounts are decimals and are added as such. */
function totals(year: string, rows: readonly ReportRow[]): Html {
  const sums = new Map<string, { reports: number; places: number; total: ReturnType<typeof exact> | null }>();
  for (const { state, amount, currency } of rows) {
    if (state === null || state === 'no claim') continue;
    const key = `${state}\n${amount === null ? '' : (currency ?? '')}\n${amount === null ? 'none' : ''}`;
    const known = sums.get(key) ?? { reports: 0, places: 0, total: amount === null ? null : ZERO };
    sums.set(key, {
      reports: known.reports + 1,
      places: Math.max(known.places, amount?.split('.')[1]?.length ?? 0),
      total: amount === null || known.total === null ? null : known.total.add(exact(amount)),
    });
  }
  if (sums.size === 0) return html`<p>Nothing was claimed, and nothing is to be claimed.</p>`;
  return html`<table class="r-table r-totals"><caption>Claims of ${year}</caption><thead><tr><th scope="col">Claim</th><th scope="col" class="n">Reports</th><th scope="col" class="n">Together</th></tr></thead>
<tbody>${[...sums].map(([key, { reports, places, total }]) => {
    const [state = '', currency = ''] = key.split('\n');
    return html`<tr><th scope="row">${STATE_WORDS[state as ClaimState]}</th><td class="n">${reports}</td><td class="n">${total === null ? 'without a fee' : `${fixed(total, places)} ${currency}`.trim()}</td></tr>`;
  })}</tbody></table>`;
}

const STATE_WORDS: Readonly<Record<ClaimState, string>> = {
  'no claim': 'no claim',
  ready: 'ready, not claimed yet',
  claimed: 'claimed, not answered yet',
  credited: 'credited',
  denied: 'denied',
};
