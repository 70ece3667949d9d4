import type { RequestHandler } from 'express';
import { statusJson } from '../domain/view/status-json.ts';
import { answerOf } from './board.ts';
import type { WebContext } from './context.ts';
import { prepare, sendPrepared } from './prepared.ts';

/** `GET /api/v1/status`: the value the front page prints. */
export function statusApiRoute({ board }: WebContext): RequestHandler {
  return async (request, response) => {
    const edition = await board.read();
    const json = await answerOf(edition.answers, 'status.json', () =>
      prepare('application/json; charset=utf-8', JSON.stringify(statusJson(edition.view))),
    );
    await sendPrepared(request, response, json);
  };
}
