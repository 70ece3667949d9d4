import type { RequestHandler } from 'express';
import { embedPage } from '../../dashboards/embed.page.ts';
import { answerOf } from './board.ts';
import type { WebContext } from './context.ts';
import { prepare, sendPrepared } from './prepared.ts';
import { statusQueryOf } from './status.route.ts';

/** `GET /embed`: the overview in brief, to be framed by pages elsewhere. Takes the overview's query string. */
export function embedRoute({ board, assets, origin }: WebContext): RequestHandler {
  return async (request, response) => {
    const query = statusQueryOf(request);
    const edition = await board.read();
    const page = await answerOf(edition, `embed ${JSON.stringify(query)}`, () =>
      prepare('text/html; charset=utf-8', embedPage(edition.view, query, assets.names, origin)),
    );
    await sendPrepared(request, response, page);
  };
}
