import type { Clock } from '../../src/pipeline/clock.ts';

/**
 * Time that passes only when told to. Timers run in order of their instant, and everything that their promises set
 * off runs before the next one.
 */
export type VirtualClock = Clock & {
  /** Lets time pass, running every timer on its instant. */
  readonly advance: (ms: number) => Promise<void>;
  /** Both clocks move on while nothing runs: a blocked event loop or a stopped process. */
  readonly block: (ms: number) => void;
  /** Sets the wall clock; the monotonic one does not notice. Forwards it is also what a suspended machine sees. */
  readonly step: (ms: number) => void;
};

type Timer = { readonly atUs: number; readonly then: () => void };

/** @param startAt what the wall clock shows first, epoch ms */
export function createVirtualClock(startAt: number): VirtualClock {
  let wallAt = startAt;
  let nowUs = 5_000_000;
  /** Ascending by instant. */
  const timers: Timer[] = [];

  const pass = (us: number): void => {
    nowUs += us;
    wallAt += us / 1000;
  };

  return {
    now: () => wallAt,
    monotonicUs: () => nowUs,
    after: (ms, then) => {
      const timer = { atUs: nowUs + Math.max(0, ms) * 1000, then };
      let low = 0;
      let high = timers.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((timers[middle]?.atUs ?? 0) <= timer.atUs) low = middle + 1;
        else high = middle;
      }
      timers.splice(low, 0, timer);
      return () => {
        const at = timers.indexOf(timer);
        if (at >= 0) timers.splice(at, 1);
      };
    },
    advance: async (ms) => {
      const untilUs = nowUs + ms * 1000;
      await settle();
      for (let next = timers[0]; next !== undefined && next.atUs <= untilUs; next = timers[0]) {
        timers.shift();
        pass(Math.max(0, next.atUs - nowUs));
        next.then();
        await settle();
      }
      pass(untilUs - nowUs);
    },
    block: (ms) => pass(ms * 1000),
    step: (ms) => {
      wallAt += ms;
    },
  };
}

/** Everything that promises have set off runs before the next turn of the event loop. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
