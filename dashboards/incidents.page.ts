import type { IncidentLine, IncidentsPageView } from '../src/domain/view/incident-view.ts';
import { duration } from '../src/domain/wording.ts';
import { countOf, NO_DATA, shorten, type Times, timesIn } from './format.ts';
import { type Html, html } from './html.ts';
import { type Assets, layout } from './layout.ts';

export const PHASE_WORDS = {
  gathering: 'just begun',
  open: 'open',
  recovering: 'recovering',
  closed: 'over',
} as const;

/** What is going on, what was, and whether everybody could be told. */
export function incidentsPage(view: IncidentsPageView, assets: Assets): string {
  const open = view.incidents.filter(({ phase }) => phase !== 'closed');
  const times = timesIn(view.timezone);
  const over = view.incidents.filter(({ phase }) => phase === 'closed');
  return layout({
    site: view.site,
    page: 'Incidents',
    description: 'Incidents now and in the last 90 days.',
    path: '/incidents',
    practice: view.practice,
    locale: view.locale,
    assets,
    twin: '/api/v1/incidents',
    body: html`<article class="incident">
<section class="verdict ${open.length === 0 ? 'v-within' : 'v-missed'}"><p class="eyebrow">Incidents</p>
<h1>${open.length === 0 ? 'No open incidents' : countOf(open.length, 'open incident')}</h1>
${undelivered(view)}</section>
${open.length > 0 && table('Open', open, view.now, times)}
${over.length > 0 ? table('Over, last 90 days', over, view.now, times) : html`<p class="empty">No incident ended in the last 90 days.</p>`}
</article>`,
  });
}

function undelivered({ dead, waiting }: IncidentsPageView): Html | false {
  if (dead === 0 && waiting === 0) return false;
  const parts = [
    dead > 0 &&
      html`<strong>${countOf(dead, 'message')} could not be delivered</strong> and ${dead === 1 ? 'was' : 'were'} given up. `,
    waiting > 0 && html`${countOf(waiting, 'message')} ${waiting === 1 ? 'is' : 'are'} on the way.`,
  ];
  return html`<p class="lead">${parts}</p>`;
}

function table(title: string, lines: readonly IncidentLine[], now: number, times: Times): Html {
  const id = title.toLowerCase().replace(/\W+/g, '-');
  return html`<section class="panel" aria-labelledby="${id}"><h2 id="${id}">${title}</h2>
<div class="scroll" tabindex="0" role="region" aria-label="${title}: list"><table class="plain">
<thead><tr><th scope="col">What</th><th scope="col">Since</th><th scope="col">Lasted</th><th scope="col">State</th><th scope="col">Who</th></tr></thead>
<tbody>${lines.map(
    (line) => html`<tr>
<th scope="row"><a href="/incidents/${line.id}">${line.label}: ${shorten(line.place, 120)}</a></th>
<td class="once"><time datetime="${times.iso(line.startedAt)}" data-exact>${times.full(line.startedAt).slice(0, 16)} ${times.zone(line.startedAt)}</time></td>
<td class="once">${duration((line.closedAt ?? now) - line.startedAt)}</td>
<td>${PHASE_WORDS[line.phase]} (${line.severity})</td>
<td>${line.acknowledgement?.who ?? NO_DATA}</td></tr>`,
  )}</tbody></table></div></section>`;
}
