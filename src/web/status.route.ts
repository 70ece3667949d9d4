import type { Request, RequestHandler } from 'express';
import { drawCells } from '../../dashboards/drawn-cells.ts';
import { statusPage } from '../../dashboards/status.page.ts';
import { isHealth, isSort, isWhole, type StatusQuery } from '../domain/view/status-query.ts';
import { AppError } from './app-error.ts';
import { answerOf } from './board.ts';
import { breathe, inPieces } from './breathe.ts';
import type { WebContext } from './context.ts';
import { type Prepared, prepare, sendPrepared } from './prepared.ts';
import { textOf } from './query.ts';

/** So many cells are drawn before others get the thread: about a millisecond. */
const CELLS_AT_ONCE = 16;
/** The same while the hour is being read: at a start others keep the thread for long, and somebody is waiting. */
const CELLS_AT_START = 256;

/** `GET /`: the matrix, or the part of it that the query string asks for. */
export function statusRoute({ board, line, assets }: WebContext): RequestHandler {
  return async (request, response) => {
    const query = statusQueryOf(request);
    const edition = await board.read();
    const draw = async (): Promise<Prepared> => {
      const { isHourRead } = edition.view;
      await inPieces(drawCells(edition.view), isHourRead ? CELLS_AT_ONCE : CELLS_AT_START);
      const page = statusPage(edition.view, query, assets.names);
      await breathe();
      return prepare('text/html; charset=utf-8', page);
    };
    const page = isWhole(query)
      ? await answerOf(edition.answers, 'page', draw)
      : await answerOf(edition.asked, `page ${JSON.stringify(query)}`, () => line.inTurn('own page', draw));
    await sendPrepared(request, response, page);
  };
}

/** The part of the matrix that a query string asks for. */
export function statusQueryOf(request: Request): StatusQuery {
  const state = textOf(request, 'state', 40);
  const sort = textOf(request, 'sort', 40);
  if (state !== null && !isHealth(state))
    throw new AppError('invalid', 'state is not one of the known states');
  if (sort !== null && !isSort(sort)) throw new AppError('invalid', 'sort is not one of the known orders');
  const words = (textOf(request, 'q', 200) ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  return { words, tier: textOf(request, 'tier', 200), health: state, sort: sort ?? 'name' };
}
