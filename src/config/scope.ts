import { idsIn, namesIn, type Reading } from './reading.ts';
import { unknownName } from './tiers.ts';

/**
 * What is wrong with a scope (`gateway`, `gateway/tier` or `gateway/tier/model`) in words; `null`: nothing that can be known
 * here, for models may be discovered later.
 */
export function scopeFault(reading: Reading, scope: string): string | null {
  const [gateway = '', tier] = scope.split('/');
  const gateways = idsIn(reading, 'gateway');
  if (!gateways.includes(gateway)) return unknownName('gateway', gateway, gateways);
  const tiers = namesIn(reading, 'tiers');
  return tier === undefined || tiers.includes(tier) ? null : unknownName('tier', tier, tiers);
}
