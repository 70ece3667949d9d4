import { HEALTHS } from '../src/domain/view/health.ts';
import type { TargetView } from '../src/domain/view/status-view.ts';
import { formatShare, shorten } from './format.ts';
import { html } from './html.ts';

const COLOURS = {
  up: '#14755f',
  unsteady: '#805400',
  failing: '#b3321a',
  down: '#b3321a',
  unmeasured: '#5d5a52',
  waiting: '#5d5a52',
} as const;

/** Digits and letters are about this wide at 11 px; `textLength` makes the text fit what we reserve for it. */
const CHARACTER = 6.4;
const PADDING = 7;

/** A small picture for a README: model and tier, state, uptime of the last hour. */
export function badge(target: TargetView, practice: boolean): string {
  const lead = target.series[0];
  const n = (lead?.good ?? 0) + (lead?.bad ?? 0);
  const name = shorten(
    `${practice ? 'practice: ' : ''}${target.model.split('/').at(-1) ?? ''} ${target.tier}`,
    40,
  );
  const state = `${HEALTHS[target.health].word.toLowerCase()}${n === 0 ? '' : ` ${formatShare(lead?.good ?? 0, n)}`}`;
  const left = Math.round(name.length * CHARACTER) + 2 * PADDING;
  const right = Math.round(state.length * CHARACTER) + 2 * PADDING;
  const text = (value: string, x: number, width: number) =>
    html`<text x="${x + PADDING}" y="14" textLength="${width - 2 * PADDING}" lengthAdjust="spacingAndGlyphs">${value}</text>`;
  return html`<svg xmlns="http://www.w3.org/2000/svg" width="${left + right}" height="20" role="img" aria-label="${name}: ${state}"><title>${name}: ${state}, last hour</title><clipPath id="r"><rect width="${left + right}" height="20" rx="4"/></clipPath><g clip-path="url(#r)"><rect width="${left}" height="20" fill="#33322e"/><rect x="${left}" width="${right}" height="20" fill="${COLOURS[target.health]}"/></g><g fill="#fff" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11">${text(name, 0, left)}${text(state, left, right)}</g></svg>
`.toString();
}
