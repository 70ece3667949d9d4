import type { RequestHandler } from 'express';
import { targetPath } from '../../dashboards/link.ts';
import { answerOf } from './board.ts';
import type { WebContext } from './context.ts';
import { prepare, sendPrepared } from './prepared.ts';

/** `GET /api/v1/targets`: what there is, in brief. */
export function targetsApiRoute({ board }: WebContext): RequestHandler {
  return async (request, response) => {
    const edition = await board.read();
    const json = await answerOf(edition.answers, 'targets.json', () => {
      const targets = edition.view.targets.map(({ id, gateway, tier, model, health, standings }) => ({
        id,
        gateway,
        tier,
        model,
        health,
        standing: standings.overall,
        page: String(targetPath(id)),
      }));
      return prepare('application/json; charset=utf-8', JSON.stringify({ at: edition.view.at, targets }));
    });
    await sendPrepared(request, response, json);
  };
}
