import type { Slot } from '../src/domain/view/status-view.ts';
import { countOf } from './format.ts';
import { type Html, html, raw } from './html.ts';

/**
 * What a minute's bar says. Each kind has its own form as well as its colour: answered bars stand at three quarters,
 * failures reach the top, excluded ones stay low, and an unmeasured minute is a dot on the ground.
 */
export type Bar = 'good' | 'mixed' | 'bad' | 'excluded' | 'skipped' | 'missing' | 'empty';

function barOf(slot: Slot): Bar {
  if (slot.bad > 0) return slot.good > 0 ? 'mixed' : 'bad';
  if (slot.good > 0) return 'good';
  if (slot.excluded > 0) return 'excluded';
  if (slot.notRun > 0) return 'skipped';
  return slot.missing !== null && slot.missing > 0 ? 'missing' : 'empty';
}

const HEIGHT = 20;
const STEP = 4;

/** From and to, counted from the top, in units of the view box. */
const FORMS: Readonly<Record<Bar, readonly (readonly [part: string, from: number, to: number])[]>> = {
  good: [['good', 5, HEIGHT]],
  mixed: [
    ['bad', 0, 10],
    ['good', 11, HEIGHT],
  ],
  bad: [['bad', 0, HEIGHT]],
  excluded: [['excluded', 12, HEIGHT]],
  skipped: [['skipped', 17, HEIGHT]],
  missing: [['missing', 17, HEIGHT]],
  empty: [],
};

/** The window as a row of bars, oldest left. Stretches to the width it is given. */
export function strip(slots: readonly Slot[]): Html {
  const paths = new Map<string, string>();
  const ends = new Map<string, readonly [x: number, y: number]>();
  slots.forEach((slot, index) => {
    for (const [part, from, to] of FORMS[barOf(slot)]) {
      const x = index * STEP + STEP / 2;
      const end = ends.get(part);
      // Relative moves repeat from bar to bar, which is what makes hundreds of strips compress to little.
      const move = end === undefined ? `M${x} ${from}` : `m${x - end[0]} ${from - end[1]}`;
      paths.set(part, `${paths.get(part) ?? ''}${move}v${to - from}`);
      ends.set(part, [x, to]);
    }
  });
  const drawn = [...paths].map(([part, d]) => `<path class="b-${part}" d="${d}"/>`).join('');
  return html`<svg class="strip" viewBox="0 0 ${slots.length * STEP} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${describe(slots)}"><path class="ground" d="M0 19.5H${slots.length * STEP}"/>${raw(drawn)}</svg>`;
}

/** The same in words, for those who cannot see the bars. */
export function describe(slots: readonly Slot[]): string {
  const counts = { good: 0, mixed: 0, bad: 0, excluded: 0, skipped: 0, missing: 0, empty: 0 };
  for (const slot of slots) counts[barOf(slot)] += 1;
  const failed = counts.mixed + counts.bad;
  const unmeasured = counts.excluded + counts.skipped + counts.missing;
  const said = [`${countOf(slots.length, 'minute')}: ${counts.good} answered`, `${failed} with failures`];
  if (unmeasured > 0) said.push(`${unmeasured} not measured`);
  if (counts.empty > 0) said.push(`${counts.empty} without a probe`);
  return said.join(', ');
}
