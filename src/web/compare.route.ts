import type { RequestHandler } from 'express';
import { comparePage } from '../../dashboards/compare.page.ts';
import type { Comparisons } from './comparisons.ts';
import type { WebContext } from './context.ts';
import { prepare, sendPrepared } from './prepared.ts';

/** `GET /compare`: tier against tier, for every model. */
export function compareRoute({ board, assets }: WebContext, comparisons: Comparisons): RequestHandler {
  return async (request, response) => {
    const { view } = await board.read();
    const page = comparePage(await comparisons.read(view), assets.names);
    await sendPrepared(request, response, prepare('text/html; charset=utf-8', page));
  };
}

/** `GET /api/v1/compare`: the same for machines. An end of an interval without limit is `null`. */
export function compareApiRoute({ board }: WebContext, comparisons: Comparisons): RequestHandler {
  return async (request, response) => {
    const { view } = await board.read();
    const json = JSON.stringify(await comparisons.read(view));
    await sendPrepared(request, response, prepare('application/json; charset=utf-8', json));
  };
}
