import type { LiveTarget } from '../src/domain/live/live-report.ts';
import { isCounting, type StatusView, type TargetView } from '../src/domain/view/status-view.ts';
import { cell, compactCell } from './cell.ts';
import { timesIn } from './format.ts';
import { type Html, raw } from './html.ts';

/** From this many rows on a cell is one line. */
const COMPACT_FROM = 13;

/** How all cells of a page are drawn. */
export type CellForm = {
  readonly compact: boolean;
  /** The month is still being counted, so that only the last hour has figures. */
  readonly counting: boolean;
  readonly timezone: string;
};

type Drawn = CellForm & Pick<TargetView, 'id' | 'health'> & { readonly markup: Html };

/** What was drawn from a value is drawn from it again: such values are never changed. */
const drawn = new WeakMap<TargetView | LiveTarget, Drawn>();

export function cellFormOf(view: StatusView): CellForm {
  const models = new Set(view.targets.map(({ gateway, model }) => `${gateway}\n${model}`)).size;
  return { compact: models >= COMPACT_FROM, counting: isCounting(view), timezone: view.timezone };
}

/** A target's cell; one that was drawn before is not drawn again. */
export function drawnCell(target: TargetView, form: CellForm): Html {
  const known = drawn.get(basisOf(target, form));
  if (known !== undefined && isAsAsked(known, target, form)) return known.markup;
  const { compact, counting, timezone } = form;
  const { id, health } = target;
  const fresh = compact ? compactCell(target, counting) : cell(target, counting, timesIn(timezone));
  // Well-formed it is already; what comes back is one piece of text instead of a hundred to be put together for every page.
  const markup = raw(fresh.toString().toWellFormed());
  drawn.set(basisOf(target, form), { compact, counting, timezone, id, health, markup });
  return markup;
}

/** Draws the cells that were not drawn yet, and stops after each, for a thread that has other things to do. */
export function* drawCells(view: StatusView): Generator<void, void> {
  const form = cellFormOf(view);
  for (const target of view.targets) {
    const known = drawn.get(basisOf(target, form));
    if (known !== undefined && isAsAsked(known, target, form)) continue;
    drawnCell(target, form);
    yield;
  }
}

/** One line of the month shows nothing of the last hour but the health: an answer more leaves it as it is. */
function basisOf(target: TargetView, { compact, counting }: CellForm): TargetView | LiveTarget {
  return compact && !counting && target.live !== null ? target.live : target;
}

function isAsAsked(
  known: Drawn,
  { id, health }: TargetView,
  { compact, counting, timezone }: CellForm,
): boolean {
  return (
    known.id === id &&
    known.health === health &&
    known.compact === compact &&
    known.counting === counting &&
    known.timezone === timezone
  );
}
