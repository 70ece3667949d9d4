import type { Interval } from '../time/interval.ts';
import { type Period, parseInstant, windowAt } from '../time/period.ts';
import type { Contract, Window } from './contract.ts';

/**
 * The version that governs a window: the latest one in force at the window's start. A version that starts inside a window
 * governs only the next. `null`: none was in force yet.
 */
export function contractInForce(versions: readonly Contract[], at: number): Contract | null {
  const startOf = (contract: Contract): number =>
    contract.inForceFrom === null
      ? Number.NEGATIVE_INFINITY
      : (parseInstant(contract.inForceFrom, contract.window.timezone) ?? Number.POSITIVE_INFINITY);
  return versions.reduce<Contract | null>(
    (latest, contract) =>
      startOf(contract) <= at && (latest === null || startOf(contract) >= startOf(latest))
        ? contract
        : latest,
    null,
  );
}

export function isSameWindow(one: Window, other: Window): boolean {
  return one.kind === other.kind && one.timezone === other.timezone && one.anchorDay === other.anchorDay;
}

/** Two calendars may disagree about where a day begins; what windows share beyond that would be owed for twice. */
export const MOST_SHARED_MS = 86_400_000;

/**
 * The stretch between the last window of one version and the first of the next, where the next changes what a window is:
 * no window holds it. `null`: there is none.
 */
export function gapBetween(earlier: Contract, later: Contract): Interval | null {
  const startAt = later.inForceFrom === null ? null : parseInstant(later.inForceFrom, later.window.timezone);
  if (startAt === null || isSameWindow(earlier.window, later.window)) return null;
  const fromAt = windowAt(earlier.window, startAt - 1).toAt;
  const next = windowAt(later.window, fromAt);
  return fromAt - next.fromAt <= MOST_SHARED_MS ? null : { fromAt, toAt: next.toAt };
}

/** Tells which version governs when. Windows take long to work out and last for weeks, so they are kept. */
export type Governing = {
  /** The window of a version that holds an instant. */
  readonly windowOf: (contract: Contract, at: number) => Period;
  /**
   * The version that governs the window an instant lies in, which a version in force since the middle of it does not.
   * Where no version was in force at the window's start, the one in force at the instant; `null`: none is.
   */
  readonly at: (versions: readonly Contract[], at: number) => Contract | null;
};

export function createGoverning(): Governing {
  const known = new Map<Contract, Period>();
  const windowOf: Governing['windowOf'] = (contract, at) => {
    const last = known.get(contract);
    if (last !== undefined && last.fromAt <= at && at < last.toAt) return last;
    const period = windowAt(contract.window, at);
    known.set(contract, period);
    return period;
  };
  return {
    windowOf,
    at: (versions, at) => {
      const now = contractInForce(versions, at);
      if (now === null || versions.length < 2) return now;
      return contractInForce(versions, windowOf(now, at).fromAt) ?? now;
    },
  };
}
