import type { Request, RequestHandler } from 'express';
import { targetPage } from '../../dashboards/target.page.ts';
import { liveTargetJson } from '../domain/live/objective-json.ts';
import type { Interval } from '../domain/time/interval.ts';
import { seriesJson } from '../domain/view/status-json.ts';
import type { TargetView } from '../domain/view/status-view.ts';
import { isSpanName, SPANS, type SpanName, type TargetPageView } from '../domain/view/target-view.ts';
import { AppError } from './app-error.ts';
import { answerOf, type Edition } from './board.ts';
import { breathe } from './breathe.ts';
import type { WebContext } from './context.ts';
import { type Prepared, prepare, sendPrepared } from './prepared.ts';
import { instantOf, textOf } from './query.ts';
import { readTargetView } from './read-target-view.ts';
import { readRetired } from './retired-target.ts';

/** `GET /targets/<id>`: one target. The id's own slashes are part of the path. */
export function targetRoute(context: WebContext): RequestHandler {
  return answerFor(context, 'page', (view) =>
    prepare('text/html; charset=utf-8', targetPage(view, context.assets.names)),
  );
}

/** `GET /api/v1/targets/<id>`: what the page prints, for machines. */
export function targetApiRoute(context: WebContext): RequestHandler {
  return answerFor(context, 'json', (view) =>
    prepare(
      'application/json; charset=utf-8',
      JSON.stringify({
        ...view,
        target: {
          ...view.target,
          live: view.target.live === null ? null : liveTargetJson(view.target.live, true),
          series: view.target.series.map(seriesJson),
        },
      }),
    ),
  );
}

function answerFor(
  context: WebContext,
  kind: 'page' | 'json',
  make: (view: TargetPageView) => Prepared,
): RequestHandler {
  const { board, countingOf, line } = context;
  return async (request, response) => {
    const asked = rangeAsked(request);
    const edition = await board.read();
    const found = await findTarget(context, edition, idOf(request));
    const { target } = found;
    const prepareAnswer = async (): Promise<Prepared> => {
      const view = await readTargetView(context, countingOf(target), edition.view, found, asked);
      await breathe();
      return make(view);
    };
    // Spans are looked at by everybody; a range of the reader's own is one of endlessly many.
    const isSpan = typeof asked === 'string';
    const rank = kind === 'json' ? 'machine' : isSpan ? 'page' : 'own page';
    const name = `${kind} ${isSpan ? asked : `${asked.fromAt}-${asked.toAt}`} ${target.id}`;
    const answer = await answerOf(isSpan ? edition.answers : edition.asked, name, () =>
      line.inTurn(rank, prepareAnswer),
    );
    await sendPrepared(request, response, answer);
  };
}

export function idOf(request: Request): string {
  const parts: unknown = request.params.id;
  return Array.isArray(parts) ? parts.join('/') : String(parts);
}

/** By today's id, or by a former one; also a target that is not probed any more, for its past remains. */
export async function findTarget(
  { store }: Pick<WebContext, 'board' | 'store'>,
  { view }: Edition,
  id: string,
): Promise<{ readonly target: TargetView; readonly retiredAt: number | null }> {
  const found = view.targets.find((target) => target.id === id);
  if (found !== undefined) return { target: found, retiredAt: null };
  const known = (await store.readTargets()).find((one) => one.id === id || one.formerIds.includes(id));
  const target = view.targets.find((one) => one.id === known?.id);
  if (target !== undefined) return { target, retiredAt: null };
  const retired = known === undefined ? null : await readRetired(store, known, view.at);
  if (retired === null) throw new AppError('not_found', 'no target has that id');
  return retired;
}

const MOST_MS = 100 * 86_400_000;

/** A named span, or a range from one instant to another. */
function rangeAsked(request: Request): SpanName | Interval {
  const fromAt = instantOf(request, 'from');
  const toAt = instantOf(request, 'to');
  const span = textOf(request, 'span', 10);
  if (fromAt === null && toAt === null) {
    if (span === null) return '1h';
    if (!isSpanName(span)) {
      throw new AppError('invalid', `span must be one of ${Object.keys(SPANS).join(', ')}`);
    }
    return span;
  }
  if (span !== null) throw new AppError('invalid', 'ask for a span, or for from and to, not for both');
  if (fromAt === null || toAt === null) throw new AppError('invalid', 'from and to must be given together');
  if (fromAt >= toAt) throw new AppError('invalid', 'from must be before to');
  if (toAt - fromAt > MOST_MS) throw new AppError('invalid', 'from and to may be at most 100 days apart');
  return { fromAt, toAt };
}
