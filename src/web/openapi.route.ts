import type { RequestHandler } from 'express';
import type { WebContext } from './context.ts';
import { openApi } from './openapi.ts';
import { prepare, sendPrepared } from './prepared.ts';

/** `GET /api/v1/openapi.json`: the API described, for machines and for those who write them. */
export function openApiRoute({ settings }: WebContext): RequestHandler {
  const document = prepare('application/json; charset=utf-8', JSON.stringify(openApi(settings.practice)));
  return (request, response) => sendPrepared(request, response, document);
}
