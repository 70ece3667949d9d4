import type { RequestHandler } from 'express';
import type { WebContext } from './context.ts';
import { sendPrepared } from './prepared.ts';

/** `GET /favicon.svg`: always under this name, so kept for a day only. */
export function iconRoute({ assets }: WebContext): RequestHandler {
  return (request, response) => sendPrepared(request, response, assets.icon, 'public, max-age=86400');
}

/** `GET /assets/*`: a name never changes its content, so it may be kept for a year. */
export function assetsRoute({ assets }: WebContext): RequestHandler {
  return async (request, response, next) => {
    const file = assets.files.get(request.path);
    if (file === undefined) next();
    else await sendPrepared(request, response, file, 'public, max-age=31536000, immutable');
  };
}
