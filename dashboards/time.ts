import type { Times } from './format.ts';
import { type Html, html } from './html.ts';

/** An instant, complete for machines and in the page's zone for people. */
export function time(at: number, times: Times): Html {
  return html`<time datetime="${times.iso(at)}" title="${times.full(at)} ${times.zone(at)}">${times.clock(at)}</time>`;
}

/** An instant that may be long ago: with its day, unless that is the day of `now`. */
export function dayTime(at: number, now: number, times: Times): Html {
  const day = times.day(at) === times.day(now) && now - at < 86_400_000 ? '' : `${times.day(at)} `;
  return html`<time datetime="${times.iso(at)}" title="${times.full(at)} ${times.zone(at)}">${day}${times.clock(at)}</time>`;
}

/** The same for a place where "3 s ago" would be wrong: scripts leave it alone. */
export function exactTime(at: number, times: Times): Html {
  return html`<time datetime="${times.iso(at)}" data-exact>${times.clock(at)} ${times.zone(at)}</time>`;
}

/** With its day and its zone, as of something long ago. */
export function exactDay(at: number, times: Times): Html {
  return html`<time datetime="${times.iso(at)}" data-exact>${times.full(at).slice(0, 16)} ${times.zone(at)}</time>`;
}
