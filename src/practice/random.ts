/**
 * Chance without state: every number follows from a key and the position of the draw, so the same question is answered
 * alike by a running server, by a simulation that starts in the middle, and by a test.
 */

/** The finaliser `lowbias32`: https://nullprogram.com/blog/2018/07/31/ */
function mix(value: number): number {
  let x = value;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return x ^ (x >>> 16);
}

/** A 32-bit key for what one target does at one instant (epoch ms, whole). */
export function keyOf(seed: number, targetHash: number, at: number): number {
  const low = at | 0;
  const high = Math.floor(at / 0x1_0000_0000) | 0;
  return mix(mix(mix(seed ^ 0x9e3779b9) ^ targetHash) ^ mix(low ^ mix(high)));
}

/**
 * The draw number `draw` (from 0) of the sequence mulberry32 makes from `key`, strictly between 0 and 1.
 * https://gist.github.com/tommyettinger/46a874533244883189143505d203312c
 */
export function uniform(key: number, draw: number): number {
  const state = (key + Math.imul(draw + 1, 0x6d2b79f5)) | 0;
  let x = Math.imul(state ^ (state >>> 15), state | 1);
  x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
  return (((x ^ (x >>> 14)) >>> 0) + 0.5) / 0x1_0000_0000;
}
