import type { Request, RequestHandler } from 'express';
import { comparePage } from '../../dashboards/compare.page.ts';
import { COMPARE_SPANS, type CompareSpan, isCompareSpan } from '../domain/view/compare-view.ts';
import { AppError } from './app-error.ts';
import type { Comparisons } from './comparisons.ts';
import type { WebContext } from './context.ts';
import { prepare, sendPrepared } from './prepared.ts';
import { textOf } from './query.ts';

/** `GET /compare`: tier against tier, for every model. */
export function compareRoute({ board, assets }: WebContext, comparisons: Comparisons): RequestHandler {
  return async (request, response) => {
    const span = spanOf(request);
    const { view } = await board.read();
    const page = comparePage(await comparisons.read(view, span), assets.names);
    await sendPrepared(request, response, prepare('text/html; charset=utf-8', page));
  };
}

/** `GET /api/v1/compare`: the same for machines. An end of an interval without limit is `null`. */
export function compareApiRoute({ board }: WebContext, comparisons: Comparisons): RequestHandler {
  return async (request, response) => {
    const span = spanOf(request);
    const { view } = await board.read();
    const json = JSON.stringify(await comparisons.read(view, span));
    await sendPrepared(request, response, prepare('application/json; charset=utf-8', json));
  };
}

function spanOf(request: Request): CompareSpan {
  const span = textOf(request, 'span', 10) ?? '24h';
  if (!isCompareSpan(span)) {
    throw new AppError('invalid', `span must be one of ${Object.keys(COMPARE_SPANS).join(', ')}`);
  }
  return span;
}
