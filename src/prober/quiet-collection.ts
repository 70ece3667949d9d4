import { getHeapSpaceStatistics } from 'node:v8';

/**
 * Of the room for short-lived objects. V8 collects by itself at four fifths; what is left between the two is more than
 * some probes need to begin. A lower share collected more often, without a better p99.
 */
const FULL = 0.6;

/**
 * Collects what died young, if the room for it is mostly used. Call it when a probe has ended, and nothing is being timed that
 * would not wait as long for any other probe. V8's own collection comes in the first turn of the event loop after the room
 * is nearly full. Sending a request takes such a turn, between `t0` and the first byte sent; so it fell into the beginning of
 * one probe in a hundred, one or two milliseconds long.
 *
 * Does nothing in a process that was started without `--expose-gc`.
 */
export function collectIfFull(): void {
  if (globalThis.gc === undefined) return;
  const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
  if (young === undefined) return;
  const { space_used_size: used, space_available_size: free } = young;
  if (used > FULL * (used + free)) globalThis.gc({ type: 'minor' });
}
