import type { RequestHandler } from 'express';
import { badge } from '../../dashboards/badge.ts';
import { feed } from '../../dashboards/feed.ts';
import { answerOf } from './board.ts';
import type { WebContext } from './context.ts';
import { prepare, sendPrepared } from './prepared.ts';
import { findTarget, idOf } from './target.route.ts';

/** `GET /feed.xml`: what is in trouble now, as Atom. */
export function feedRoute({ board, origin }: WebContext): RequestHandler {
  return async (request, response) => {
    const edition = await board.read();
    const xml = await answerOf(edition.answers, 'feed', () =>
      prepare('application/atom+xml; charset=utf-8', feed(edition.view, origin ?? '')),
    );
    await sendPrepared(request, response, xml);
  };
}

/** `GET /badge/<id>.svg`: a small picture of one target, for pages elsewhere. */
export function badgeRoute(context: WebContext): RequestHandler {
  return async (request, response) => {
    const edition = await context.board.read();
    const { target } = await findTarget(context, edition, idOf(request).replace(/\.svg$/, ''));
    const svg = await answerOf(edition.answers, `badge ${target.id}`, () =>
      prepare('image/svg+xml; charset=utf-8', badge(target, edition.view.practice)),
    );
    response.set('Cross-Origin-Resource-Policy', 'cross-origin');
    await sendPrepared(request, response, svg, 'public, max-age=60');
  };
}
