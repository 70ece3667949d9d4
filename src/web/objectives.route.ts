import type { RequestHandler } from 'express';
import type { LiveReport } from '../domain/live/live-report.ts';
import { objectivesJson } from '../domain/live/objective-json.ts';
import { AppError } from './app-error.ts';
import { answerOf, type Edition } from './board.ts';
import type { WebContext } from './context.ts';
import { prepare, sendPrepared } from './prepared.ts';
import { textOf } from './query.ts';

/** What was made of one evaluation, each answer once. */
type Made = Pick<Edition, 'answers' | 'asked'> & {
  readonly report: LiveReport;
  readonly ppm: number | null;
};

/**
 * `GET /api/v1/objectives`: every objective of every target over every window, or of one `target` with what its samples
 * prove. Nothing is counted for the answer: it is the latest evaluation.
 */
export function objectivesRoute(
  { store, line }: WebContext,
  live: () => LiveReport | null,
  preparingPpm: () => number | null,
): RequestHandler {
  let made: Made | null = null;
  return async (request, response) => {
    const asked = textOf(request, 'target');
    const found =
      asked === null
        ? null
        : (await store.readTargets()).find((one) => one.id === asked || one.formerIds.includes(asked));
    if (found === undefined) throw new AppError('not_found', 'no target has that id');
    const report = live();
    if (report === null) throw new AppError('unavailable', 'the first evaluation is not done yet', 5);
    const ppm = preparingPpm();
    if (made?.report !== report || made.ppm !== ppm) {
      made = { report, ppm, answers: new Map(), asked: new Map() };
    }
    const target = found?.id ?? null;
    const make = () =>
      prepare('application/json; charset=utf-8', JSON.stringify(objectivesJson(report, target, ppm)));
    const answer =
      target === null
        ? await answerOf(made.answers, 'all', make)
        : await answerOf(made.asked, target, () => line.inTurn('machine', make));
    await sendPrepared(request, response, answer);
  };
}
