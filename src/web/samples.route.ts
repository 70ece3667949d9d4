import type { RequestHandler } from 'express';
import { AppError } from './app-error.ts';
import type { WebContext } from './context.ts';
import { prepare, sendPrepared } from './prepared.ts';
import { instantOf, textOf, wholeNumberOf } from './query.ts';

const DEFAULT_SPAN_MS = 3_600_000;
const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 10_000;

/**
 * `GET /api/v1/samples`: attempts of any purpose by tick, newest first, in `[from, to)`. To go on, ask again with
 * `to` set to the last tick received; several attempts may share a tick, so expect that one again.
 */
export function samplesRoute({ store, clock }: WebContext): RequestHandler {
  return async (request, response) => {
    const target = textOf(request, 'target');
    const toAt = instantOf(request, 'to') ?? clock() + 1;
    const fromAt = instantOf(request, 'from') ?? toAt - DEFAULT_SPAN_MS;
    const limit = wholeNumberOf(request, 'limit', 1, MAX_LIMIT) ?? DEFAULT_LIMIT;
    if (fromAt >= toAt) throw new AppError('invalid', 'from must be before to');
    if (target !== null) {
      const known = (await store.readTargets()).some(
        (one) => one.id === target || one.formerIds.includes(target),
      );
      if (!known) throw new AppError('not_found', 'no target has that id');
    }
    const found = await store.readSamples({
      ...(target === null ? {} : { target }),
      fromAt,
      toAt,
      order: 'newest-first',
      limit: limit + 1,
    });
    const answer = {
      target,
      fromAt,
      toAt,
      limit,
      more: found.length > limit,
      samples: found.slice(0, limit),
    };
    await sendPrepared(request, response, prepare('application/json; charset=utf-8', JSON.stringify(answer)));
  };
}
