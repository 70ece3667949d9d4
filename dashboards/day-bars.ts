import type { DayRecord } from '../src/domain/day-record.ts';
import { countOf } from './format.ts';
import { type Html, html, raw } from './html.ts';

const HEIGHT = 16;
const STEP = 4;

/** Form beside colour: a good day is low and even, failures reach higher, an unmeasured day is a dot on the ground. */
const FORMS: Readonly<
  Record<DayRecord['state'], readonly (readonly [part: string, from: number, to: number])[]>
> = {
  good: [['good', 4, HEIGHT]],
  partly: [
    ['bad', 0, 4],
    ['good', 5, HEIGHT],
  ],
  bad: [['bad', 0, HEIGHT]],
  none: [['missing', 13, HEIGHT]],
};

/** Ninety days as a row of bars, oldest left. Stretches to the width it is given. */
export function dayBars(days: readonly DayRecord[]): Html {
  const paths = new Map<string, string>();
  const ends = new Map<string, readonly [x: number, y: number]>();
  days.forEach(({ state }, index) => {
    for (const [part, from, to] of FORMS[state]) {
      const x = index * STEP + STEP / 2;
      const end = ends.get(part);
      const move = end === undefined ? `M${x} ${from}` : `m${x - end[0]} ${from - end[1]}`;
      paths.set(part, `${paths.get(part) ?? ''}${move}v${to - from}`);
      ends.set(part, [x, to]);
    }
  });
  const drawn = [...paths].map(([part, d]) => `<path class="b-${part}" d="${d}"/>`).join('');
  return html`<svg class="strip days" viewBox="0 0 ${days.length * STEP} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${describeDays(days)}"><path class="ground" d="M0 15.5H${days.length * STEP}"/>${raw(drawn)}</svg>`;
}

/** The same in words, for those who cannot see the bars. */
export function describeDays(days: readonly DayRecord[]): string {
  const counts = { good: 0, partly: 0, bad: 0, none: 0 };
  for (const { state } of days) counts[state] += 1;
  const said = [`${countOf(days.length, 'day')}: ${counts.good} without a failure`];
  if (counts.partly > 0) said.push(`${counts.partly} with failures`);
  if (counts.bad > 0) said.push(`${counts.bad} with more than one in ten failed`);
  if (counts.none > 0) said.push(`${counts.none} not measured`);
  return said.join(', ');
}
