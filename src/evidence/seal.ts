import type { Store } from '../store/store.ts';
import { NO_HEAD, sealRows } from './segment.ts';

export type SealStore = Pick<
  Store,
  'readRegions' | 'readNextHour' | 'readLastSegment' | 'readSegmentRows' | 'addSegment'
>;

const HOUR_MS = 3_600_000;

/**
 * Seals the next piece of one region: an hour with rows, or a whole stretch without any. Resolves to whether there was
 * one that ends at or before `beforeAt`; call it again until there is none. Safe to run twice at once and to break off
 * anywhere: a segment is added whole, once, and only if nothing arrived while its rows were hashed.
 */
export async function sealNext(
  store: SealStore,
  region: string,
  beforeAt: number,
  now: number,
): Promise<boolean> {
  const last = await store.readLastSegment(region);
  const fromAt = last?.toAt ?? (await store.readNextHour(Number.MIN_SAFE_INTEGER));
  if (fromAt === null) return false;
  const limit = Math.floor(beforeAt / HOUR_MS) * HOUR_MS;
  if (fromAt >= limit) return false;
  const next = await store.readNextHour(fromAt);
  const emptyUntil = Math.min(next ?? limit, limit);
  const toAt = emptyUntil > fromAt ? emptyUntil : fromAt + HOUR_MS;
  const rows = await store.readSegmentRows({ region, no: null, fromAt, toAt });
  if (rows.unreadable.length > 0) {
    const [{ series, hourAt, message }] = rows.unreadable as [(typeof rows.unreadable)[number]];
    throw new Error(
      `samples of ${series.probe} ${series.target} from ${new Date(hourAt).toISOString()} cannot be read, so their hour is not sealed: ${message}`,
    );
  }
  const place = {
    region,
    no: (last?.no ?? -1) + 1,
    fromAt,
    toAt,
    previous: last?.head ?? NO_HEAD,
    sealedAt: now,
  };
  await store.addSegment(sealRows(place, rows), rows.stamp);
  return true;
}

/** Seals everything of every region that is due, breathing in between. Resolves to the segments looked at. */
export async function sealAll(
  store: SealStore,
  beforeAt: number,
  now: () => number,
  breathe: () => Promise<void>,
): Promise<number> {
  let pieces = 0;
  for (const region of await store.readRegions()) {
    while (await sealNext(store, region, beforeAt, now())) {
      pieces += 1;
      await breathe();
    }
  }
  return pieces;
}
