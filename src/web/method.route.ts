import type { RequestHandler } from 'express';
import { methodPage } from '../../dashboards/method.page.ts';
import { answerOf } from './board.ts';
import type { WebContext } from './context.ts';
import { prepare, sendPrepared } from './prepared.ts';

/** `GET /method`: what counts, and how it is measured. */
export function methodRoute({ board, assets }: WebContext): RequestHandler {
  return async (request, response) => {
    const edition = await board.read();
    const page = await answerOf(edition.answers, 'method', () =>
      prepare('text/html; charset=utf-8', methodPage(edition.view, assets.names)),
    );
    await sendPrepared(request, response, page);
  };
}
