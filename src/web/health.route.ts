import type { RequestHandler } from 'express';
import type { WebContext } from './context.ts';

/** `GET /healthz`: this process answers. */
export function healthRoute(): RequestHandler {
  return (_request, response) => {
    response.set('Cache-Control', 'no-store').json({ status: 'ok' });
  };
}

/** `GET /readyz`: somebody is measuring, and it can be stored and read; otherwise 503 and the reason. */
export function readyRoute({ board, log }: WebContext, storeTrouble: () => string | null): RequestHandler {
  return async (request, response) => {
    response.set('Cache-Control', 'no-store');
    const refuse = (reason: string): void => {
      response.status(503).json({ status: 'not ready', reason });
    };
    const trouble = storeTrouble();
    if (trouble !== null) {
      refuse(trouble);
      return;
    }
    try {
      const { view } = await board.read();
      if (view.prober.kind === 'silent') {
        refuse(`the prober has been silent since ${new Date(view.prober.lastSignAt).toISOString()}`);
      } else if (view.prober.kind === 'never' && view.targets.length > 0) {
        refuse('nothing has been measured yet');
      } else {
        response.json({ status: 'ready' });
      }
    } catch (error) {
      log.error({ err: error, path: request.path }, 'the store cannot be read');
      refuse('the store cannot be read');
    }
  };
}
