import type { RequestHandler } from 'express';
import { embedPage } from '../../dashboards/embed.page.ts';
import { isWhole } from '../domain/view/status-query.ts';
import { answerOf } from './board.ts';
import type { WebContext } from './context.ts';
import { type Prepared, prepare, sendPrepared } from './prepared.ts';
import { statusQueryOf } from './status.route.ts';

/** `GET /embed`: the overview in brief, to be framed by pages elsewhere. Takes the overview's query string. */
export function embedRoute({ board, line, assets, origin }: WebContext): RequestHandler {
  return async (request, response) => {
    const query = statusQueryOf(request);
    const edition = await board.read();
    const draw = (): Prepared =>
      prepare('text/html; charset=utf-8', embedPage(edition.view, query, assets.names, origin));
    const page = isWhole(query)
      ? await answerOf(edition.answers, 'embed', draw)
      : await answerOf(edition.asked, `embed ${JSON.stringify(query)}`, () => line.inTurn('own page', draw));
    await sendPrepared(request, response, page);
  };
}
