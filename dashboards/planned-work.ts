import type { PlannedWorkView, StatusView } from '../src/domain/view/status-view.ts';
import { shorten, type Times } from './format.ts';
import { type Html, html } from './html.ts';

const MOST = 3;

function minute(at: number, times: Times): string {
  return times.full(at).slice(0, 16);
}

function instant(at: number, text: string, times: Times): Html {
  return html`<time datetime="${times.iso(at)}" data-exact>${text}</time>`;
}

function stretch({ fromAt, toAt, scope, reason }: PlannedWorkView, now: number, times: Times): Html {
  const [from, to] = [minute(fromAt, times), minute(toAt, times)];
  const ends = from.slice(0, 10) === to.slice(0, 10) ? to.slice(11) : to;
  const when =
    fromAt <= now
      ? html`now, until ${instant(toAt, to, times)}`
      : html`${instant(fromAt, from, times)} to ${instant(toAt, ends, times)}`;
  return html`<strong>${shorten(scope, 60)}</strong> ${when} ${times.zone(toAt)}${reason !== '' && html`, ${shorten(reason, 80)}`}`;
}

/** What is being worked on, and what begins within days; nothing where nothing is planned. */
export function plannedWorkLine({ plannedWork, at }: StatusView, times: Times): Html | null {
  if (plannedWork.length === 0) return null;
  const shown = plannedWork.slice(0, MOST).map((one, i) => html`${i > 0 && '; '}${stretch(one, at, times)}`);
  const more = plannedWork.length - MOST;
  return html`<p class="lead">Planned work: ${shown}${more > 0 && html`; and ${more} more`}.</p>`;
}
