import { DAY_LEVELS, type DayLevel, levelOf } from '../src/domain/live/day-record.ts';
import { type LiveTarget, uptimeOf } from '../src/domain/live/live-report.ts';
import { countOf } from './format.ts';
import { type Html, html, raw } from './html.ts';

const HEIGHT = 16;
const STEP = 4;

/**
 * Form beside colour, so that days are told apart without it: a good day is low and even, a failure within the budget a
 * nick above it, a day over the budget a block above a stump, a bad day one full bar, an unmeasured day a dot.
 */
const FORMS: Readonly<Record<DayLevel, readonly (readonly [part: string, from: number, to: number])[]>> = {
  good: [['good', 5, HEIGHT]],
  some: [
    ['some', 2, 4],
    ['good', 5, HEIGHT],
  ],
  over: [
    ['over', 0, 9],
    ['good', 10, HEIGHT],
  ],
  bad: [['bad', 0, HEIGHT]],
  none: [['missing', 13, HEIGHT]],
};

const LEVEL_WORDS: Readonly<Record<DayLevel, string>> = {
  good: 'no failure',
  some: 'failures within the budget',
  over: 'over the budget',
  bad: 'ten times over',
  none: 'not measured',
};

/** Ninety days as a row of bars, oldest left. Stretches to the width it is given. */
export function dayBars(live: Pick<LiveTarget, 'days' | 'objectives'>): Html {
  const levels = levelsOf(live);
  const paths = new Map<string, string>();
  const ends = new Map<string, readonly [x: number, y: number]>();
  levels.forEach((level, index) => {
    for (const [part, from, to] of FORMS[level]) {
      const x = index * STEP + STEP / 2;
      const end = ends.get(part);
      const move = end === undefined ? `M${x} ${from}` : `m${x - end[0]} ${from - end[1]}`;
      paths.set(part, `${paths.get(part) ?? ''}${move}v${to - from}`);
      ends.set(part, [x, to]);
    }
  });
  const drawn = [...paths].map(([part, d]) => `<path class="b-${part}" d="${d}"/>`).join('');
  return html`<svg class="strip days" viewBox="0 0 ${levels.length * STEP} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${describeDays(levels)}"><path class="ground" d="M0 15.5H${levels.length * STEP}"/>${raw(drawn)}</svg>`;
}

function levelsOf(live: Pick<LiveTarget, 'days' | 'objectives'>): readonly DayLevel[] {
  const goal = uptimeOf(live)?.goal ?? null;
  return live.days.map((day) => levelOf(day, goal));
}

/** The same in words, for those who cannot see the bars. */
function describeDays(levels: readonly DayLevel[]): string {
  const said = DAY_LEVELS.flatMap((level) => {
    const count = levels.filter((one) => one === level).length;
    return count === 0 ? [] : [`${count} ${LEVEL_WORDS[level]}`];
  });
  return `${countOf(levels.length, 'day')}: ${said.join(', ')}`;
}

/** What the forms of a row of days say. */
export function dayLegend(): Html {
  return html`<ul class="legend" aria-label="What a day's bar says">${DAY_LEVELS.map(
    (level) =>
      html`<li><svg class="swatch" viewBox="0 0 4 ${HEIGHT}" aria-hidden="true">${FORMS[level].map(([part, from, to]) => html`<path class="b-${part}" d="M2 ${from}V${to}"/>`)}</svg>${LEVEL_WORDS[level]}</li>`,
  )}</ul>`;
}
