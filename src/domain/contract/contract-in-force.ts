import { type Period, parseInstant, windowAt } from '../time/period.ts';
import type { Contract } from './contract.ts';

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

/**
 * The version that governs the window an instant lies in, which a version in force since the middle of it does not. Where no
 * version was in force at the window's start, the one in force at the instant; `null`: none is.
 *
 * @param windowOf the window of a version that holds an instant, for callers that keep them
 */
export function contractGoverning(
  versions: readonly Contract[],
  at: number,
  windowOf: (contract: Contract, at: number) => Period = ({ window }, instant) => windowAt(window, instant),
): Contract | null {
  const now = contractInForce(versions, at);
  if (now === null || versions.length < 2) return now;
  return contractInForce(versions, windowOf(now, at).fromAt) ?? now;
}
