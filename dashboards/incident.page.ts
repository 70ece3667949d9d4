import type { IncidentDetail, IncidentPageView } from '../src/domain/incident-view.ts';
import { stakeWords } from '../src/domain/message.ts';
import { OUTCOMES } from '../src/domain/outcome.ts';
import { duration, instantUtc, minuteUtc } from '../src/domain/wording.ts';
import { countOf, NO_DATA } from './format.ts';
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
    body: html`<article class="prose">
<section class="verdict ${over ? 'v-within' : 'v-missed'}"><p class="eyebrow">Incident ${incident.id}, ${PHASE_WORDS[incident.phase]}, ${incident.severity}</p>
<h1>${incident.label}: ${incident.place}</h1>
<p class="lead">Since <time datetime="${new Date(incident.startedAt).toISOString()}">${instantUtc(incident.startedAt)}</time>, ${over ? 'lasted' : 'for'} ${duration((incident.closedAt ?? view.now) - incident.startedAt)}. ${incident.about === 'ours' ? 'This is about us, not about the gateway.' : ''}</p>
${caretaker(incident)}
${hidesStake(incident) && html`<p>A credit is at stake: <a href="/owner/incidents/${incident.id}">what, for the owner</a>.</p>`}</section>
${confirmation !== null && confirm(incident, confirmation)}
${findings(incident)}
${failures(incident)}
${timeline(incident)}
${messages(incident)}
</article>`,
  });
}

function hidesStake({ hasStake, findings: cells }: IncidentDetail): boolean {
  return hasStake && cells.every(({ facts }) => facts.stake === null);
}

function caretaker({ acknowledgement, silence }: IncidentDetail): Html {
  const until = (at: number | null): string => (at === null ? '' : ` until ${minuteUtc(at)}`);
  return html`<p class="lead">${
    acknowledgement === null
      ? 'Nobody has acknowledged it.'
      : html`<strong>${acknowledgement.who}</strong> looks after it${until(acknowledgement.untilAt)}${acknowledgement.why !== '' && html`: ${acknowledgement.why}`}.`
  }${silence !== null && html` Silenced by ${silence.who}${until(silence.untilAt)}.`}</p>`;
}

function confirm({ id, phase }: IncidentDetail, { who, token }: Confirmation): Html {
  if (phase === 'closed') return html`<p>It is over; there is nothing left to acknowledge.</p>`;
  return html`<section aria-labelledby="acknowledge"><h2 id="acknowledge">Acknowledge as ${who}?</h2>
<p>No more reminders, and no escalation, until it is over. This link works once.</p>
<form method="post" action="/incidents/${id}/acknowledge"><input type="hidden" name="token" value="${token}">
<p><label>A word to the others (optional) <input name="why" maxlength="300" autocomplete="off"></label></p>
<p><button type="submit">I look after it</button></p></form></section>`;
}

function findings({ findings: cells }: IncidentDetail): Html {
  return html`<section aria-labelledby="cells"><h2 id="cells">${countOf(cells.length, 'cell')}</h2>
<div class="scroll" tabindex="0" role="region" aria-label="Cells"><table class="plain">
<thead><tr><th scope="col">Cell</th><th scope="col">Since</th><th scope="col">Good again</th><th scope="col">Found</th></tr></thead>
<tbody>${cells.map(
    ({ cell, since, recoveredAt, facts, certainty }) => html`<tr>
<th scope="row">${cell.split('/').length > 2 ? html`<a href="${targetPath(cell)}">${cell}</a>` : cell}</th>
<td>${minuteUtc(since)}</td><td>${recoveredAt === null ? NO_DATA : minuteUtc(recoveredAt)}</td>
<td>${facts.finding}${certainty !== null && html`<br>${certainty}`}${facts.stake !== null && html`<br>At stake: ${stakeWords(facts.stake)}`}</td></tr>`,
  )}</tbody></table></div></section>`;
}

function failures({ findings: cells }: IncidentDetail): Html | false {
  const all = cells
    .flatMap(({ cell, facts }) => facts.failures.map((failure) => ({ cell, failure })))
    .sort((a, b) => b.failure.at - a.failure.at)
    .slice(0, 50);
  if (all.length === 0) return false;
  return html`<section aria-labelledby="evidence"><h2 id="evidence">Evidence</h2>
<p>Failed requests, as they stood when the incident last changed.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Evidence"><table class="plain">
<thead><tr><th scope="col">Time</th><th scope="col">Cell</th><th scope="col">What happened</th><th scope="col">Request id</th></tr></thead>
<tbody>${all.map(
    ({ cell, failure }) => html`<tr><td>${instantUtc(failure.at)}</td><td>${cell}</td>
<td>${OUTCOMES[failure.outcome].means} (${failure.outcome}${failure.status !== null && html`, HTTP ${failure.status}`}, from ${failure.region})</td>
<td><code>${failure.requestId ?? NO_DATA}</code></td></tr>`,
  )}</tbody></table></div></section>`;
}

function timeline({ timeline: events }: IncidentDetail): Html {
  return html`<section aria-labelledby="timeline"><h2 id="timeline">Timeline</h2><dl class="terms">${events.map(
    ({
      at,
      kind,
      cells,
      who,
      note,
    }) => html`<div><dt><time datetime="${new Date(at).toISOString()}">${instantUtc(at)}</time></dt>
<dd>${EVENT_WORDS[kind]}${who !== null && html` by ${who}`}${note !== '' && html`: ${note}`}${cells.length > 0 && html` (${cells.slice(0, 5).join(', ')}${cells.length > 5 && `, and ${cells.length - 5} more`})`}</dd></div>`,
  )}</dl></section>`;
}

function messages({ messages: sent }: IncidentDetail): Html {
  if (sent.length === 0) return html`<p>Nobody has been told.</p>`;
  return html`<section aria-labelledby="messages"><h2 id="messages">Messages</h2><dl class="terms">${sent.map(
    (one) =>
      html`<div><dt>${instantUtc(one.at)}</dt><dd>${one.topic}: ${one.sent} delivered${one.waiting > 0 && html`, ${one.waiting} on the way`}${one.dead > 0 && html`, <strong>${one.dead} given up</strong>`}</dd></div>`,
  )}</dl></section>`;
}
