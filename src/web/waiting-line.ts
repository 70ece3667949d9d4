import type { RequestHandler } from 'express';
import { AppError } from './app-error.ts';
import { breathe } from './breathe.ts';

/** Who goes first: pages that many look at, pages of a reader's own making, answers for machines. */
export const RANKS = ['page', 'own page', 'machine'] as const;
export type Rank = (typeof RANKS)[number];

export type LineBounds = {
  /** Answers being prepared at once. */
  readonly atOnce: number;
  /** Answers of one rank that wait; whoever comes when that many do is asked to come again. */
  readonly mostWaiting: number;
};

export type WaitingLine = {
  /**
   * Does the work when its turn comes, and settles as it does. Rejects with `unavailable` (503, Retry-After) where too
   * many of its rank wait already.
   */
  readonly inTurn: <T>(rank: Rank, work: () => T | Promise<T>) => Promise<T>;
};

/** Preparing an answer takes up to some tens of milliseconds of the thread that also stores. */
const DEFAULTS: LineBounds = { atOnce: 2, mostWaiting: 24 };
/** Every so many turns it is the turn of whoever has waited longest, or the last rank might wait for ever. */
const FAIR_TURN = 4;
const COME_AGAIN_S = 2;

/** A route whose answers are dear to prepare, and different for every reader or address. */
export function inTurn(line: WaitingLine, rank: Rank, route: RequestHandler): RequestHandler {
  return (request, response, next) => line.inTurn(rank, () => route(request, response, next));
}

type Waiting = { readonly no: number; readonly start: () => void };

/** Lets few answers be prepared at once, however many are asked for, and everything else between one and the next. */
export function createWaitingLine({ atOnce, mostWaiting }: LineBounds = DEFAULTS): WaitingLine {
  const waiting: Readonly<Record<Rank, Waiting[]>> = { page: [], 'own page': [], machine: [] };
  let underWay = 0;
  let turns = 0;
  let arrived = 0;

  const next = (): Waiting | undefined => {
    turns += 1;
    const lines = RANKS.map((rank) => waiting[rank]).filter((line) => line.length > 0);
    if (turns % FAIR_TURN === 0) lines.sort(([a], [b]) => (a?.no ?? 0) - (b?.no ?? 0));
    return lines[0]?.shift();
  };

  const leave = async (): Promise<void> => {
    await breathe();
    underWay -= 1;
    next()?.start();
  };

  const enter = (rank: Rank): Promise<void> | null => {
    if (underWay < atOnce) {
      underWay += 1;
      return null;
    }
    const line = waiting[rank];
    if (line.length >= mostWaiting) {
      throw new AppError(
        'unavailable',
        'too many answers are being prepared just now; ask again',
        COME_AGAIN_S,
      );
    }
    return new Promise((resolve) => {
      arrived += 1;
      line.push({
        no: arrived,
        start: () => {
          underWay += 1;
          resolve();
        },
      });
    });
  };

  return {
    inTurn: async (rank, work) => {
      await enter(rank);
      try {
        return await work();
      } finally {
        void leave();
      }
    },
  };
}
