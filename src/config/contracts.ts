import type { ContractSettings } from './config.ts';
import { parseContracts } from './parse-contract.ts';
import type { Reading } from './reading.ts';

/** The contracts of a deployment with all their versions; templates are filled in, problems reported. */
export function readContracts(reading: Reading): ContractSettings[] {
  const raw = reading.root.contracts;
  if (raw === undefined || raw === null) return [];
  const { contracts, problems } = parseContracts(raw, ['contracts']);
  for (const problem of problems)
    reading.problems[problem.severity](problem.path, problem.message, problem.of);
  return [...contracts].map(([id, versions]) => ({ id, versions }));
}
