import type { Store } from '../store/store.ts';
import type { Cancel, Clock } from './clock.ts';

/** Rows younger than this stay as they were written: late samples and the live page want them. */
export const PACK_AFTER_MS = 2 * 3_600_000;
const LOOK_EVERY_MS = 60_000;
/** Between two pieces of work the thread belongs to pages and batches. */
const BREATHE_MS = 250;

/**
 * Keeps closed hours packed, a piece at a time, until it is stopped. A failure is told and tried again: packing saves
 * room and time, and nothing depends on it. `stop` resolves when no piece is under way.
 */
export function packHistory(
  store: Pick<Store, 'compact'>,
  clock: Clock,
  onFailure: (error: unknown) => void,
): { readonly stop: () => Promise<void> } {
  let stopped = false;
  let running: Promise<void> = Promise.resolve();
  let cancel: Cancel = () => {};

  const piece = async (): Promise<void> => {
    let more = false;
    try {
      more = await store.compact(clock.now() - PACK_AFTER_MS);
    } catch (error) {
      onFailure(error);
    }
    if (!stopped) next(more ? BREATHE_MS : LOOK_EVERY_MS);
  };
  const next = (ms: number): void => {
    cancel = clock.after(ms, () => {
      running = piece();
    });
  };
  next(LOOK_EVERY_MS);

  return {
    stop: async () => {
      stopped = true;
      cancel();
      await running;
    },
  };
}
