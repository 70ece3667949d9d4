import type { Spread } from '../src/domain/time/spread.ts';
import { type Html, html } from './html.ts';

const WIDTH = 120;
/** The target stands at the same place in every gauge, so that a column of them can be read at a glance. */
const GOAL = 80;

/** From the median to the 99th percentile, against the target: what reaches past the mark is too slow. */
export function gauge(spread: Spread, goalUs: number): Html {
  const x = (us: number): number => Math.round(Math.min(WIDTH, (us / goalUs) * GOAL) * 10) / 10;
  const from = x(spread.p50Us);
  const to = Math.max(from + 1.5, x(spread.p99Us));
  return html`<svg class="gauge" viewBox="0 0 ${WIDTH} 10" preserveAspectRatio="none" aria-hidden="true"><path class="g-track" d="M0 5H${WIDTH}"/><path class="g-range" d="M${from} 5H${Math.min(to, GOAL)}"/>${to > GOAL && html`<path class="g-over" d="M${Math.max(from, GOAL)} 5H${to}"/>`}<path class="g-goal" d="M${GOAL} 0V10"/></svg>`;
}
