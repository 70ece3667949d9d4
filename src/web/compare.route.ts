import type { Request, RequestHandler } from 'express';
import { comparePage } from '../../dashboards/compare.page.ts';
import {
  COMPARE_SPANS,
  type CompareSpan,
  type CompareView,
  isCompareSpan,
} from '../domain/view/compare-view.ts';
import { AppError } from './app-error.ts';
import { answerOf } from './board.ts';
import type { Comparisons } from './comparisons.ts';
import type { WebContext } from './context.ts';
import { type Prepared, prepare, sendPrepared } from './prepared.ts';
import { textOf } from './query.ts';

/** `GET /compare`: tier against tier, for every model. */
export function compareRoute(context: WebContext, comparisons: Comparisons): RequestHandler {
  return answerFor(context, comparisons, 'compare', (view) =>
    prepare('text/html; charset=utf-8', comparePage(view, context.assets.names)),
  );
}

/** `GET /api/v1/compare`: the same for machines. An end of an interval without limit is `null`. */
export function compareApiRoute(context: WebContext, comparisons: Comparisons): RequestHandler {
  return answerFor(context, comparisons, 'compare.json', (view) =>
    prepare('application/json; charset=utf-8', JSON.stringify(view)),
  );
}

function answerFor(
  { board }: WebContext,
  comparisons: Comparisons,
  kind: string,
  make: (view: CompareView) => Prepared,
): RequestHandler {
  return async (request, response) => {
    const span = spanOf(request);
    const edition = await board.read();
    const view = await comparisons.read(edition.view, span);
    const name = `${kind} ${span} ${stateOf(view)}`;
    await sendPrepared(request, response, await answerOf(edition.answers, name, () => make(view)));
  };
}

const states = new WeakMap<CompareView['pairs'], number>();
let statesSeen = 0;

/** A number for each state of a comparison: while it is being made, there is more of it each time, and later another. */
function stateOf({ pairs }: CompareView): number {
  const known = states.get(pairs) ?? ++statesSeen;
  states.set(pairs, known);
  return known;
}

function spanOf(request: Request): CompareSpan {
  const span = textOf(request, 'span', 10) ?? '24h';
  if (!isCompareSpan(span)) {
    throw new AppError('invalid', `span must be one of ${Object.keys(COMPARE_SPANS).join(', ')}`);
  }
  return span;
}
