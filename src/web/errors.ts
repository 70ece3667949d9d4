import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import { errorPage } from '../../dashboards/error.page.ts';
import { AppError, STATUS_OF } from './app-error.ts';
import type { WebContext } from './context.ts';

const TITLES: Readonly<Record<number, string>> = {
  400: 'That question cannot be answered',
  404: 'There is no such page',
  405: 'Pages can only be read',
  503: 'That cannot be answered just now',
};

export const notFound: RequestHandler = () => {
  throw new AppError('not_found', 'there is nothing at this address');
};

export const onlyRead: RequestHandler = (_request, response) => {
  response.set('Allow', 'GET, HEAD');
  throw new AppError('method_not_allowed', 'only GET and HEAD are allowed');
};

/** Turns whatever went wrong into an answer: the caller's mistake in words, a fault of ours without any detail. */
export function answerErrors(context: WebContext): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    const known = toAppError(error);
    if (known === null) context.log.error({ err: error, path: request.path }, 'a request failed');
    if (response.headersSent) {
      next(error);
      return;
    }
    const status = known === null ? 500 : STATUS_OF[known.code];
    if (known?.comeAgainAfterS != null) response.set('Retry-After', String(known.comeAgainAfterS));
    const message = known?.message ?? 'something went wrong on our side; it is in the log';
    response.status(status).set('Cache-Control', 'no-store');
    if (wantsPage(request)) sendPage(context, response, status, message);
    else response.json({ error: { code: known?.code ?? 'internal', message } });
  };
}

/** What express itself refuses (a path that cannot be decoded) is the caller's mistake too. */
function toAppError(error: unknown): AppError | null {
  if (error instanceof AppError) return error;
  if (isFormError(error)) return new AppError('invalid', 'the form cannot be read');
  if (error instanceof URIError) return new AppError('invalid', 'the address cannot be decoded');
  return null;
}

/** What the form reader refuses: too large, too many fields, not a form. */
function isFormError(error: unknown): boolean {
  if (!(error instanceof Error && 'status' in error && 'type' in error)) return false;
  const status = Number(error.status);
  return status >= 400 && status < 500;
}

function wantsPage(request: Request): boolean {
  return !request.path.startsWith('/api/') && request.accepts(['html', 'json']) === 'html';
}

function sendPage(
  { settings, assets }: WebContext,
  response: Response,
  status: number,
  message: string,
): void {
  const { title: site, practice, locale } = settings;
  const page = errorPage(
    { site, practice, locale, assets: assets.names },
    TITLES[status] ?? 'Something went wrong',
    `${message.charAt(0).toUpperCase()}${message.slice(1)}.`,
  );
  response.type('html').send(page);
}
