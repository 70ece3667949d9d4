import type { Health } from '../src/domain/view/health.ts';
import type { Standing } from '../src/domain/view/status-view.ts';
import { type Html, html, raw } from './html.ts';

/**
 * Each state has its own silhouette, so that it is told apart without colour: disc, wave in a ring, triangle, octagon,
 * broken ring, clock.
 */
const SHAPES: Readonly<Record<Health | Standing | 'mark' | 'search', string>> = {
  up: '<circle cx="8" cy="8" r="7" fill="currentColor"/><path d="M4.6 8.3 7 10.7l4.5-5" class="cut"/>',
  unsteady:
    '<circle cx="8" cy="8" r="6.1" class="line"/><path d="M4.4 8.6c1.2-2.4 2.4-2.4 3.6-.5s2.4 1.9 3.6-.6" class="line"/>',
  failing: '<path d="M8 1.2 15.4 14.4H.6z" fill="currentColor"/><path d="M8 6v4M8 12v.6" class="cut"/>',
  down: '<path d="M5.1 1h5.8L15 5.1v5.8L10.9 15H5.1L1 10.9V5.1z" fill="currentColor"/><path d="m5.4 5.4 5.2 5.2m0-5.2-5.2 5.2" class="cut"/>',
  unmeasured:
    '<circle cx="8" cy="8" r="6.1" class="line" stroke-dasharray="2.4 2.4"/><path d="M5.6 8h4.8" class="line"/>',
  waiting: '<circle cx="8" cy="8" r="6.1" class="line"/><path d="M8 4.6V8l2.3 1.6" class="line"/>',
  within: '<path d="m3 8.6 3.2 3.2L13 4.6" class="line"/>',
  missed: '<path d="m4 4 8 8m0-8-8 8" class="line"/>',
  undecided: '<path d="M5.4 6c0-1.6 1.1-2.6 2.6-2.6s2.6 1 2.6 2.4c0 2-2.6 2-2.6 4M8 12.2v.6" class="line"/>',
  none: '<path d="M4 8h8" class="line"/>',
  mark: '<path d="M3 1.7h10M8 1.7v6.6" class="line"/><path d="m8 7.6 3 3.1-3 4.5-3-4.5z" fill="currentColor"/>',
  search: '<circle cx="7" cy="7" r="4.6" class="line"/><path d="m10.6 10.6 3.6 3.6" class="line"/>',
};

/** All shapes once per page; `icon` refers to them. */
export function iconSheet(): Html {
  const symbols = Object.entries(SHAPES)
    .map(([name, shape]) => `<symbol id="i-${name}" viewBox="0 0 16 16">${shape}</symbol>`)
    .join('');
  return raw(`<svg width="0" height="0" class="sheet" aria-hidden="true">${symbols}</svg>`);
}

/** Always beside its word, so hidden from assistive technology. */
export function icon(name: keyof typeof SHAPES): Html {
  return html`<svg class="icon" aria-hidden="true"><use href="#i-${name}"/></svg>`;
}
