import type { Clock } from '../../src/pipeline/clock.ts';

/** A clock that stands at one time and waits for nothing. */
export function impatientClock(at: number): Clock {
  return {
    now: () => at,
    monotonicUs: () => at * 1000,
    after: (_ms, then) => {
      const timer = setImmediate(then);
      return () => clearImmediate(timer);
    },
  };
}
