import { performance } from 'node:perf_hooks';
import type { Clock } from '../../pipeline/clock.ts';

/** The clocks and timers of this machine. */
export const systemClock: Clock = {
  now: Date.now,
  monotonicUs: () => performance.now() * 1000,
  after: (ms, then) => {
    const timer = setTimeout(then, ms);
    return () => clearTimeout(timer);
  },
};
