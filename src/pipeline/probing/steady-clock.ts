import type { Clock } from '../clock.ts';

/** The wall clock moved against the monotonic clock: it was set, or the machine slept. */
export type ClockStep = {
  /** Positive: the wall clock jumped forwards, or the machine was suspended. */
  readonly byMs: number;
  /** The monotonic instant at which it was noticed, and the last one at which all was well. µs. */
  readonly seenUs: number;
  readonly sinceUs: number;
};

/**
 * The wall clock, read through the monotonic one: it runs smoothly between steps (the platform's wall clock shows
 * whole milliseconds only), it gives any wall-clock instant a monotonic one, and it notices steps.
 */
export type SteadyClock = {
  /** Compares both clocks. Call it at every wake-up, and before relying on a stretch of time without a step. */
  readonly check: () => void;
  /** Wall clock, epoch ms with a fraction. */
  readonly now: () => number;
  /** The monotonic instant, µs, at which the wall clock shows or showed `at`, as far as is known now. */
  readonly monotonicUsAt: (at: number) => number;
};

/** A difference that no slewing produces between two checks: NTP daemons step above 128 ms and slew below. */
const STEP_MS = 250;

/** The share of a small difference that is taken over at each check; averages out the wall clock's 1 ms grain. */
const FOLLOW = 0.05;

/** @param onStep told of each step once, from within `check` */
export function createSteadyClock(clock: Clock, onStep: (step: ClockStep) => void): SteadyClock {
  const readOffset = (): number => clock.now() - clock.monotonicUs() / 1000;
  let offsetMs = readOffset();
  let checkedUs = clock.monotonicUs();
  return {
    check: () => {
      const seenUs = clock.monotonicUs();
      const sinceUs = checkedUs;
      checkedUs = seenUs;
      const difference = readOffset() - offsetMs;
      if (Math.abs(difference) < STEP_MS) {
        offsetMs += difference * FOLLOW;
        return;
      }
      offsetMs += difference;
      onStep({ byMs: Math.round(difference), seenUs, sinceUs });
    },
    now: () => offsetMs + clock.monotonicUs() / 1000,
    monotonicUsAt: (at) => (at - offsetMs) * 1000,
  };
}
