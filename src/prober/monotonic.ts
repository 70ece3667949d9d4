import { performance } from 'node:perf_hooks';

/**
 * Milliseconds on the monotonic clock, with a fraction of nanosecond grain. `performance.now()` reads the same clock
 * as `process.hrtime`, without allocating a BigInt.
 */
export function monotonicMs(): number {
  return performance.now();
}

/** Whole µs from `startMs` to now, both on the monotonic clock. */
export function microsSince(startMs: number): number {
  return Math.round((performance.now() - startMs) * 1000);
}
