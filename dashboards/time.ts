import type { Times } from './format.ts';
import { type Html, html } from './html.ts';

/** An instant, complete for machines and in the page's zone for people. */
export function time(at: number, times: Times): Html {
  return html`<time datetime="${times.iso(at)}" title="${times.full(at)} ${times.zone(at)}">${times.clock(at)}</time>`;
}

/** The same for a place where "3 s ago" would be wrong: scripts leave it alone. */
export function exactTime(at: number, times: Times): Html {
  return html`<time datetime="${times.iso(at)}" data-exact>${times.clock(at)} ${times.zone(at)}</time>`;
}
