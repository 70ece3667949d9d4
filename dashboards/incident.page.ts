import { stakeWords } from '../src/domain/alert/message.ts';
import { NO_LONGER_WATCHED } from '../src/domain/alert/transition.ts';
import { OUTCOMES } from '../src/domain/measure/outcome.ts';
import type { IncidentDetail, IncidentPageView } from '../src/domain/view/incident-view.ts';
import { duration } from '../src/domain/wording.ts';
import { capitalised, countOf, NO_DATA, shorten, type Times, timesIn } from './format.ts';
import { type Html, html } from './html.ts';
import { PHASE_WORDS } from './incidents.page.ts';
import { type Assets, layout } from './layout.ts';
import { targetPath } from './link.ts';

/** What the reader of a mail is asked to confirm; `null` on the plain page. */
export type Confirmation = { readonly who: string; readonly token: string };

const EVENT_WORDS: Readonly<Record<IncidentDetail['timeline'][number]['kind'], string>> = {
  opened: 'Confirmed',
  joined: 'More cells joined',
  eased: 'Some cells are good again',
  announced: 'Told',
  grew: 'Told that it grew',
  reminded: 'Reminded',
  escalated: 'Told to the second list',
  recovering: 'Good again; must stay so for a while',
  relapsed: 'Bad again before it was over',
  closed: 'Over',
  reopened: 'Back after its end',
  acknowledged: 'Acknowledged',
  silenced: 'Silenced',
};

/** One incident: its timeline, its evidence, who was told, and who looks after it. */
export function incidentPage(
  view: IncidentPageView,
  assets: Assets,
  confirmation: Confirmation | null,
): string {
  const { incident } = view;
  const times = timesIn(view.timezone);
  const over = incident.phase === 'closed';
  return layout({
    site: view.site,
    page: `${incident.label}: ${incident.place}`,
    description: `Incident ${incident.id}: its timeline and its evidence.`,
    path: `/incidents/${incident.id}`,
    practice: view.practice,
    locale: view.locale,
    assets,
    twin: `/api/v1/incidents/${incident.id}`,
    body: html`<article class="incident">
<section class="verdict ${over ? 'v-within' : 'v-missed'}" aria-labelledby="verdict"><p class="eyebrow"><a href="/incidents">Incidents</a> / <code>${incident.id}</code></p>
<h1 id="verdict">${incident.label}: ${incident.place}</h1>
<p class="lead">${over ? 'Over; it lasted' : html`<strong>${capitalised(PHASE_WORDS[incident.phase])}</strong> for`} <strong>${duration((incident.closedAt ?? view.now) - incident.startedAt)}</strong>. ${caretaker(incident, times)}${incident.about === 'ours' && ' This is about us, not about the gateway.'}</p>
${hidesStake(incident) && html`<p class="lead">A credit is at stake: <a href="/owner/incidents/${incident.id}">what, for the owner</a>.</p>`}
<div class="facts"><dl><div><dt>Since</dt><dd>${instant(incident.startedAt, times)}</dd></div>${incident.closedAt !== null && html`<div><dt>Until</dt><dd>${instant(incident.closedAt, times)}</dd></div>`}<div><dt>Severity</dt><dd>${incident.severity}</dd></div><div><dt>Cells</dt><dd>${incident.cells}</dd></div>${incident.reopenings > 0 && html`<div><dt>Came back</dt><dd>${countOf(incident.reopenings, 'time')}</dd></div>`}</dl></div>
</section>
${confirmation !== null && confirm(incident, confirmation)}
<div class="columns wide-left">
${findings(incident, times)}
<div>${timeline(incident, times)}${messages(incident, times)}</div>
</div>
${failures(incident, times)}
<footer class="foot"><p>All times ${view.timezone === 'UTC' ? 'UTC' : html`of ${view.timezone}`}; yours at the pointer. ${NO_DATA} means no data, never zero.</p><p><a href="/api/v1/incidents/${incident.id}">JSON</a> <a href="/method">Method</a></p></footer>
</article>`,
  });
}

function instant(at: number, times: Times): Html {
  return html`<time datetime="${times.iso(at)}" data-exact>${times.full(at)} ${times.zone(at)}</time>`;
}

function minuteOf(at: number, times: Times): string {
  return `${times.full(at).slice(0, 16)} ${times.zone(at)}`;
}

function hidesStake({ hasStake, findings: cells }: IncidentDetail): boolean {
  return hasStake && cells.every(({ facts }) => facts.stake === null);
}

function caretaker({ acknowledgement, silence, phase, id }: IncidentDetail, times: Times): Html {
  const until = (at: number | null): string => (at === null ? '' : ` until ${minuteOf(at, times)}`);
  const nobody =
    phase === 'closed'
      ? 'Nobody has acknowledged it.'
      : html`Nobody has acknowledged it. The link in its mail does, or <code>probity ack ${id}</code>.`;
  return html`${
    acknowledgement === null
      ? nobody
      : html`<strong>${acknowledgement.who}</strong> looks after it${until(acknowledgement.untilAt)}${acknowledgement.why !== '' && html`: ${acknowledgement.why}`}.`
  }${silence !== null && html` Silenced by ${silence.who}${until(silence.untilAt)}.`}`;
}

function confirm({ id, phase }: IncidentDetail, { who, token }: Confirmation): Html {
  if (phase === 'closed') return html`<p class="panel">It is over; there is nothing left to acknowledge.</p>`;
  return html`<section class="panel acknowledge" aria-labelledby="acknowledge"><h2 id="acknowledge">Acknowledge as ${who}?</h2>
<p>No more reminders, and no escalation, until it is over. This link works once.</p>
<form method="post" action="/incidents/${id}/acknowledge"><input type="hidden" name="token" value="${token}">
<label>A word to the others (optional) <input name="why" maxlength="300" autocomplete="off"></label>
<button type="submit">I look after it</button></form></section>`;
}

function findings({ findings: cells, timeline }: IncidentDetail, times: Times): Html {
  const end = timeline.at(-1)?.note === NO_LONGER_WATCHED ? NO_LONGER_WATCHED : 'good again';
  return html`<section class="panel" aria-labelledby="cells"><h2 id="cells">What was found <small>${countOf(cells.length, 'cell')}</small></h2>
<ul class="found">${cells.map(
    ({ cell, since, recoveredAt, facts, certainty }) => html`<li>
<h3>${cell.split('/').length > 2 ? html`<a href="${targetPath(cell)}">${shorten(cell, 120)}</a>` : shorten(cell, 120)}</h3>
<p>${shorten(facts.finding, 600)}</p>
${certainty !== null && html`<p class="soft">${certainty}</p>`}
${facts.stake !== null && html`<p>At stake: <strong>${stakeWords(facts.stake)}</strong></p>`}
<p class="soft">Since ${minuteOf(since, times)}${recoveredAt === null ? ', not yet good again' : html`, ${end} at ${minuteOf(recoveredAt, times)}`}.</p></li>`,
  )}</ul></section>`;
}

function failures({ findings: cells }: IncidentDetail, times: Times): Html | false {
  const all = cells
    .flatMap(({ cell, facts }) => facts.failures.map((failure) => ({ cell, failure })))
    .sort((a, b) => b.failure.at - a.failure.at)
    .slice(0, 50);
  if (all.length === 0) return false;
  const hasCells = new Set(all.map(({ cell }) => cell)).size > 1;
  return html`<section class="panel" aria-labelledby="evidence"><h2 id="evidence">Evidence <small>failed requests, as they stood when the incident last changed</small></h2>
<div class="scroll" tabindex="0" role="region" aria-label="Failed requests"><table class="plain evidence-table">
<thead><tr><th scope="col">Time, ${times.zone(all[0]?.failure.at ?? 0)}</th>${hasCells && html`<th scope="col">Cell</th>`}<th scope="col">Outcome</th><th scope="col">What happened</th><th scope="col" class="num">HTTP</th><th scope="col">From</th><th scope="col">Request id</th></tr></thead>
<tbody>${all.map(
    ({
      cell,
      failure,
    }) => html`<tr><td class="once">${times.full(failure.at)}</td>${hasCells && html`<td>${shorten(cell, 80)}</td>`}
<td class="once"><code class="o-other">${failure.outcome}</code></td><td>${OUTCOMES[failure.outcome].means}</td><td class="num">${failure.status ?? NO_DATA}</td><td>${shorten(failure.region, 40)}</td>
<td class="once">${failure.requestId === null ? NO_DATA : html`<code>${shorten(failure.requestId, 80)}</code>`}</td></tr>`,
  )}</tbody></table></div></section>`;
}

/** Each step with the time since the first sign. */
function timeline({ timeline: events, startedAt }: IncidentDetail, times: Times): Html {
  return html`<section class="panel" aria-labelledby="timeline"><h2 id="timeline">Timeline</h2><ol class="timeline">
<li><time datetime="${new Date(startedAt).toISOString()}" data-exact>${times.clock(startedAt)}</time><span>First sign <small>${times.full(startedAt).slice(0, 10)}</small></span></li>${events.map(
    ({ at, kind, cells, who, note }) =>
      html`<li class="e-${kind}"><time datetime="${new Date(at).toISOString()}" title="${times.full(at)} ${times.zone(at)}" data-exact>${times.clock(at)}</time><span><strong>${EVENT_WORDS[kind]}</strong>${who !== null && html` by ${who}`}${note !== '' && html`: ${shorten(note, 400)}`} <small>after ${duration(at - startedAt)}${cells.length > 0 && html`; ${cells.slice(0, 5).map((cell, index) => html`${index > 0 && ', '}${shorten(cell, 80)}`)}${cells.length > 5 && `, and ${cells.length - 5} more`}`}</small></span></li>`,
  )}</ol></section>`;
}

function messages({ messages: sent }: IncidentDetail, times: Times): Html {
  if (sent.length === 0)
    return html`<section class="panel" aria-labelledby="messages"><h2 id="messages">Messages</h2><p>Nobody has been told.</p></section>`;
  return html`<section class="panel" aria-labelledby="messages"><h2 id="messages">Messages</h2><ol class="timeline">${sent.map(
    (one) =>
      html`<li><time datetime="${new Date(one.at).toISOString()}" title="${times.full(one.at)} ${times.zone(one.at)}" data-exact>${times.clock(one.at)}</time><span>${one.topic}: ${one.sent} delivered${one.waiting > 0 && html`, ${one.waiting} on the way`}${one.dead > 0 && html`, <strong>${one.dead} given up</strong>`}</span></li>`,
  )}</ol></section>`;
}
