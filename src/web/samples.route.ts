import type { RequestHandler } from 'express';
import type { Interval } from '../domain/time/interval.ts';
import { AppError } from './app-error.ts';
import type { WebContext } from './context.ts';
import { prepare, sendPrepared } from './prepared.ts';
import { instantOf, textOf, wholeNumberOf } from './query.ts';

const DEFAULT_SPAN_MS = 3_600_000;
const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 10_000;

/**
 * `GET /api/v1/samples`: attempts of any purpose by tick, newest first, in `[from, to)`. To go on, ask again with `to`
 * set to the last tick received. Attempts of one tick are never parted, or that step would leave some out: the last tick
 * that does not fit waits for the next answer, and only where one tick alone has more than `limit` are there more.
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
    const read = (range: Interval, most?: number) =>
      store.readSamples({
        ...(target === null ? {} : { target }),
        ...range,
        order: 'newest-first',
        ...(most === undefined ? {} : { limit: most }),
      });
    let samples = await read({ fromAt, toAt }, limit + 1);
    const cutAt = samples[limit]?.scheduledAt ?? null;
    let more = cutAt !== null;
    if (cutAt !== null) {
      const whole = samples.filter(({ scheduledAt }) => scheduledAt > cutAt);
      samples = whole.length > 0 ? whole : await read({ fromAt: cutAt, toAt: cutAt + 1 });
      if (whole.length === 0) more = cutAt > fromAt && (await read({ fromAt, toAt: cutAt }, 1)).length > 0;
    }
    const answer = { target, fromAt, toAt, limit, more, samples };
    await sendPrepared(request, response, prepare('application/json; charset=utf-8', JSON.stringify(answer)));
  };
}
