import type { DecidedStretch, Store } from '../store/store.ts';
import { type Clock, delay } from './clock.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** So many targets are read before others get the thread. */
const TARGETS_AT_ONCE = 16;

/** A stretch of time, of one target or of all. */
export type Piece = { readonly fromAt: number; readonly toAt: number; readonly target?: string };

/**
 * Cuts `[fromAt, toAt)` into pieces that can each be read in some milliseconds, the way the store keeps them. Those of
 * one target come by ascending time. After each, whatever else waits for the thread should go first.
 */
export function* piecesOf(
  fromAt: number,
  toAt: number,
  packedUntil: number,
  targets: readonly string[],
): Generator<Piece> {
  for (let at = fromAt; at < toAt; ) {
    const hourEnd = (Math.floor(at / HOUR_MS) + 1) * HOUR_MS;
    const endAt = Math.min(toAt, at < packedUntil ? hourEnd : at + MINUTE_MS);
    if (at >= packedUntil) yield { fromAt: at, toAt: endAt };
    else for (const target of targets) yield { fromAt: at, toAt: endAt, target };
    at = endAt;
  }
}

/** Reads what is decided in `[fromAt, toAt)` piece by piece and hands each over, leaving time for others in between. */
export async function eachDecided(
  store: Pick<Store, 'readDecided' | 'readPackedUntil'>,
  clock: Clock,
  span: { readonly fromAt: number; readonly toAt: number },
  targets: readonly string[],
  take: (piece: Piece, decided: DecidedStretch) => void,
): Promise<void> {
  const packedUntil = await store.readPackedUntil();
  let read = 0;
  for (const piece of piecesOf(span.fromAt, span.toAt, packedUntil, targets)) {
    take(piece, await store.readDecided(piece.fromAt, piece.toAt, piece.target));
    read += piece.target === undefined ? TARGETS_AT_ONCE : 1;
    if (read < TARGETS_AT_ONCE) continue;
    read = 0;
    await delay(clock, 0);
  }
}
