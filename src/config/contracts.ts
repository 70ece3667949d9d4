import type { ContractSettings } from './config.ts';
import type { Reading } from './reading.ts';

export function readContracts(reading: Reading): ContractSettings[] {
  const raw = reading.root.contracts;
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return [];
  return Object.entries(raw).flatMap(([id, terms]) =>
    typeof terms === 'object' && terms !== null && !Array.isArray(terms)
      ? [{ id, terms: terms as Record<string, unknown> }]
      : [],
  );
}
