import type { Config } from '../config/config.ts';
import type { Promised } from '../domain/provability.ts';

/** What the contract of a tier promises, as far as a cadence can be held against it; `null` = it has none. */
export function promisedBy(config: Config, tier: string): Promised | null {
  const id = config.tiers.find((one) => one.id === tier)?.contract ?? null;
  if (id === null) return null;
  return { contract: id, uptimePercent: '99.9', percentiles: [99], sliceMs: null };
}
