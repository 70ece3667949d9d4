import type { Store } from '../store/store.ts';

/** Rows younger than this stay as they were written: late samples and the live page want them. */
export const PACK_AFTER_MS = 2 * 3_600_000;

/**
 * Packs every closed hour that is due at `now`, breathing in between. Nothing depends on it: it saves room and time, and
 * may be broken off anywhere.
 */
export async function packHistory(
  store: Pick<Store, 'compact'>,
  now: number,
  breathe: () => Promise<void>,
): Promise<void> {
  while (await store.compact(now - PACK_AFTER_MS)) await breathe();
}
