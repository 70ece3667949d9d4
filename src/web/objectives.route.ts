import type { RequestHandler } from 'express';
import type { LiveReport } from '../domain/live/live-report.ts';
import { objectivesJson } from '../domain/live/objective-json.ts';
import { AppError } from './app-error.ts';
import type { WebContext } from './context.ts';
import { type Prepared, prepare, sendPrepared } from './prepared.ts';
import { textOf } from './query.ts';

/**
 * `GET /api/v1/objectives`: every objective of every target over every window, or of one `target` with what its samples
 * prove. Nothing is counted for the answer: it is the latest evaluation.
 */
export function objectivesRoute(
  { store }: WebContext,
  live: () => LiveReport | null,
  preparingPpm: () => number | null,
): RequestHandler {
  /** The long answer, made once per evaluation. */
  let made: { readonly report: LiveReport; readonly ppm: number | null; readonly answer: Prepared } | null =
    null;
  return async (request, response) => {
    const asked = textOf(request, 'target');
    const found =
      asked === null
        ? null
        : (await store.readTargets()).find((one) => one.id === asked || one.formerIds.includes(asked));
    if (found === undefined) throw new AppError('not_found', 'no target has that id');
    const report = live();
    if (report === null) {
      response
        .set('Retry-After', '5')
        .status(503)
        .json({
          error: { code: 'unavailable', message: 'the first evaluation is not done yet' },
        });
      return;
    }
    const ppm = preparingPpm();
    if (found !== null || made?.report !== report || made.ppm !== ppm) {
      const json = JSON.stringify(objectivesJson(report, found?.id ?? null, ppm));
      const answer = prepare('application/json; charset=utf-8', json);
      if (found === null) made = { report, ppm, answer };
      else return sendPrepared(request, response, answer);
    }
    await sendPrepared(request, response, made.answer);
  };
}
