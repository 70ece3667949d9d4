import type { Store } from '../store/store.ts';
import { createSegmentHasher, NO_HEAD, type SegmentHasher, sealSegment } from './segment.ts';

export type SealStore = Pick<
  Store,
  'readRegions' | 'readNextHour' | 'readLastSegment' | 'readSegmentRows' | 'addSegment'
>;

const HOUR_MS = 3_600_000;

/**
 * Seals the next piece of one region: an hour with rows, or a whole stretch without any. Resolves to whether there was
 * one that ends at or before `beforeAt`; call it again until there is none. Safe to run twice at once and to break off
 * anywhere: a segment is added whole, once, and only if nothing arrived while its rows were hashed. Stored
 * samples that cannot be read hold nothing up: the segment names them as a gap.
 */
export async function sealNext(
  store: SealStore,
  region: string,
  beforeAt: number,
  now: number,
  hasher: SegmentHasher = createSegmentHasher(),
): Promise<boolean> {
  const last = await store.readLastSegment(region);
  const fromAt = last?.toAt ?? (await store.readNextHour(Number.MIN_SAFE_INTEGER));
  if (fromAt === null) return false;
  const limit = Math.floor(beforeAt / HOUR_MS) * HOUR_MS;
  if (fromAt >= limit) return false;
  const next = await store.readNextHour(fromAt);
  const emptyUntil = Math.min(next ?? limit, limit);
  const toAt = emptyUntil > fromAt ? emptyUntil : fromAt + HOUR_MS;
  hasher.clear();
  const read = await store.readSegmentRows({ region, no: null, fromAt, toAt }, hasher.visitor);
  const place = {
    region,
    no: (last?.no ?? -1) + 1,
    fromAt,
    toAt,
    previous: last?.head ?? NO_HEAD,
    sealedAt: now,
  };
  await store.addSegment(sealSegment(place, hasher.hashed(), read.unreadable), read);
  return true;
}

/** Seals everything of every region that is due, breathing in between. Resolves to the segments looked at. */
export async function sealAll(
  store: SealStore,
  beforeAt: number,
  now: () => number,
  breathe: () => Promise<void>,
): Promise<number> {
  const hasher = createSegmentHasher();
  let pieces = 0;
  for (const region of await store.readRegions()) {
    while (await sealNext(store, region, beforeAt, now(), hasher)) {
      pieces += 1;
      await breathe();
    }
  }
  return pieces;
}
