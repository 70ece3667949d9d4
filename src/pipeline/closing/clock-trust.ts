import type { Clock } from '../clock.ts';

/** A clock that leaps is right or wrong; what cannot be taken back waits until somebody could have mended it. */
export type ClockTrust = {
  /** May something be done now that cannot be undone? To be asked at least every few minutes. */
  readonly isTrusted: () => boolean;
};

/** A time server mends a clock within minutes, a person within the hour. */
export const HOLD_MS = 3_600_000;
/** Being off for longer than this cannot be told from a clock that is wrong: a year ahead looks like a year off. */
export const LEAP_AT_START_MS = 36 * 3_600_000;
/** More than time servers and leap seconds move a clock that was right. */
export const LEAP_MS = 5 * 60_000;

/**
 * Reports are frozen for ever and rows are pruned for ever, both by the wall clock. One that is a year ahead, as after an
 * empty battery, would freeze the month that is still running and prune what is kept for a year.
 *
 * @param lastSeenAt when Probity was last known to run, epoch ms; `null` = never
 * @param onLeap told of each leap once, with its size
 */
export function trustClock(
  clock: Pick<Clock, 'now' | 'monotonicUs'>,
  lastSeenAt: number | null,
  onLeap: (byMs: number) => void,
): ClockTrust {
  const monotonicMs = (): number => clock.monotonicUs() / 1000;
  const offset = (): number => clock.now() - monotonicMs();
  let known = offset();
  let holdUntilMs = Number.NEGATIVE_INFINITY;
  const leapt = (byMs: number): void => {
    holdUntilMs = monotonicMs() + HOLD_MS;
    onLeap(byMs);
  };
  const offMs = lastSeenAt === null ? 0 : clock.now() - lastSeenAt;
  if (offMs > LEAP_AT_START_MS) leapt(offMs);
  return {
    isTrusted: () => {
      const now = offset();
      const byMs = now - known;
      known = now;
      if (Math.abs(byMs) > LEAP_MS) leapt(byMs);
      return monotonicMs() >= holdUntilMs;
    },
  };
}
