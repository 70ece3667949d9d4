import type { Counted, Spending } from '../src/domain/measure/account.ts';
import { DOUBT_WORDS, NOT_RUN_WORDS } from '../src/domain/measure/reason-words.ts';
import type { StatusView } from '../src/domain/view/status-view.ts';
import { countOf, formatCount, formatMoney, NO_DATA, shorten } from './format.ts';
import { type Html, html } from './html.ts';
import { hourName } from './verdict.ts';

/** What was counted in the window and why the rest was not, and what probing costs. */
export function accountSection(view: StatusView): Html {
  return html`<div class="columns account">
<section class="panel" aria-labelledby="counted"><h2 id="counted">What was counted <small>${hourName(view)}</small></h2>${countedTable(view)}</section>
${view.spending.length > 0 && html`<section class="panel" aria-labelledby="spending"><h2 id="spending">What probing costs <small>today, UTC${view.practice && ', in invented practice money'}</small></h2>${view.spending.map((one) => spendingTable(one, view.tiers))}</section>`}
</div>`;
}

type Line = readonly [what: string, count: number, why: string];

function countedTable({ counted, coverage }: StatusView): Html {
  const lines: Line[] = [
    ['valid', counted.valid, 'counts for uptime and latency'],
    ...linesOf('excluded', counted.excluded, DOUBT_WORDS),
    ...linesOf('suspect', counted.suspect, DOUBT_WORDS),
    ...linesOf('not run', coverage.notRun, NOT_RUN_WORDS),
  ];
  if (coverage.missing !== null && coverage.missing > 0) {
    lines.push(['missing', coverage.missing, 'nobody was measuring']);
  }
  return html`<table class="plain"><thead><tr><th scope="col">Attempts and ticks</th><th scope="col" class="num">Number</th><th scope="col">Why</th></tr></thead>
<tbody>${lines.map(([what, count, why]) => html`<tr><th scope="row">${what}</th><td class="num">${formatCount(count)}</td><td>${why}</td></tr>`)}</tbody></table>
<p class="soft">Suspect attempts count for nothing; excluded ones not for latency. Ticks not run and missing lower the coverage, never the uptime.</p>`;
}

function linesOf<K extends string>(
  what: string,
  counts: Counted['excluded'] | Readonly<Partial<Record<K, number>>>,
  words: Readonly<Record<K, string>>,
): Line[] {
  return (Object.entries(counts) as [K, number][])
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([reason, count]) => [what, count, words[reason]]);
}

function spendingTable(spending: Spending, tiers: readonly string[]): Html {
  const { currency, cap } = spending;
  const amount = (nanos: number): string => formatMoney(nanos, currency);
  return html`<table class="plain"><thead><tr><th scope="col">Tier</th><th scope="col" class="num">Spent today</th></tr></thead>
<tbody>${tiers
    .filter((tier) => Object.hasOwn(spending.byTier, tier))
    .map(
      (tier) =>
        html`<tr><th scope="row">${shorten(tier, 32)}</th><td class="num">${amount(spending.byTier[tier] ?? 0)}</td></tr>`,
    )}</tbody>
<tfoot><tr><th scope="row">${countOf(Object.keys(spending.byTarget).length, 'target')}</th><td class="num">${amount(spending.todayNanos)}</td></tr>
<tr><th scope="row">By midnight, at this pace</th><td class="num">${amount(spending.projectedDayNanos)}</td></tr>
<tr><th scope="row">Cap a day</th><td class="num">${cap === null ? NO_DATA : amount(cap.perDayNanos)}</td></tr></tfoot></table>
<p class="soft">${cap === null ? 'No cap is configured.' : cap.onReach === 'stop' ? 'When the cap is reached, probing stops until midnight UTC, and coverage shows it.' : 'So that the cap lasts until midnight UTC, probing slows down, and coverage shows it.'}</p>`;
}
