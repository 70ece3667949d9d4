import { parseInstant } from '../time/period.ts';
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
