import type { RequestHandler } from 'express';
import type { Interval } from '../domain/time/interval.ts';
import type { SampleQuery, Store, StoredSample } from '../store/store.ts';
import { AppError } from './app-error.ts';
import { breathe } from './breathe.ts';
import type { WebContext } from './context.ts';
import { prepare, sendPrepared } from './prepared.ts';
import { instantOf, textOf, wholeNumberOf } from './query.ts';

const DEFAULT_SPAN_MS = 3_600_000;
const DEFAULT_LIMIT = 100;
/** About a megabyte of JSON. */
const MAX_LIMIT = 1_000;
/** Read and written in one go; the thread that stores also answers. */
const PIECE = 100;
/** Anybody may ask; those beyond are asked to come again. */
const MAX_UNDER_WAY = 8;

/**
 * `GET /api/v1/samples`: attempts of any purpose by tick, newest first, in `[from, to)`. To go on, ask again with `to`
 * set to the last tick received. Attempts of one tick are never parted, or that step would leave some out: the last tick
 * that does not fit waits for the next answer, and only where one tick alone has more than `limit` are there more.
 * Packed hours are read target by target, for one hour of all targets takes the thread too long.
 */
export function samplesRoute({ store, clock }: WebContext): RequestHandler {
  let underWay = 0;
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
    const packedUntil = target === null ? await store.readPackedUntil() : Number.NEGATIVE_INFINITY;
    if (toAt <= packedUntil) {
      const edge = new Date(packedUntil).toISOString();
      throw new AppError('invalid', `name a target: before ${edge} attempts are read target by target`);
    }
    if (underWay >= MAX_UNDER_WAY) {
      throw new AppError('unavailable', 'too many are reading samples just now', 1);
    }
    underWay += 1;
    try {
      const asked = { ...(target === null ? {} : { target }), fromAt: Math.max(fromAt, packedUntil), toAt };
      const found = await readWholeTicks(store, asked, limit);
      const more = found.more || fromAt < packedUntil;
      const head = JSON.stringify({ target, fromAt, toAt, limit, more });
      const json = `${head.slice(0, -1)},"samples":[${found.pieces.join(',')}]}`;
      await sendPrepared(request, response, prepare('application/json; charset=utf-8', json));
    } finally {
      underWay -= 1;
    }
  };
}

type Read = { readonly pieces: readonly string[]; readonly more: boolean };

/** The newest attempts as JSON without brackets, in pieces with room for others in between. */
async function readWholeTicks(
  store: Pick<Store, 'readSamples'>,
  asked: Pick<SampleQuery, 'target'> & Interval,
  limit: number,
): Promise<Read> {
  const read = (range: Interval, most?: number): Promise<readonly StoredSample[]> =>
    store.readSamples({
      ...asked,
      ...range,
      order: 'newest-first',
      ...(most === undefined ? {} : { limit: most }),
    });
  const pieces: string[] = [];
  const { fromAt } = asked;
  let { toAt } = asked;
  let left = limit;
  for (;;) {
    const most = Math.min(PIECE, left);
    let samples = await read({ fromAt, toAt }, most + 1);
    const cutAt = samples[most]?.scheduledAt;
    if (cutAt !== undefined) {
      const whole = samples.filter(({ scheduledAt }) => scheduledAt > cutAt);
      samples = whole.length > 0 ? whole : await read({ fromAt: cutAt, toAt: cutAt + 1 });
      // A tick that does not fit comes whole only where nothing came before it.
      if (samples.length > left && pieces.length > 0) return { pieces, more: true };
    }
    const last = samples.at(-1);
    if (last === undefined) return { pieces, more: false };
    pieces.push(JSON.stringify(samples).slice(1, -1));
    left -= samples.length;
    toAt = last.scheduledAt;
    if (cutAt === undefined || toAt <= fromAt) return { pieces, more: false };
    if (left <= 0) return { pieces, more: (await read({ fromAt, toAt }, 1)).length > 0 };
    await breathe();
  }
}
