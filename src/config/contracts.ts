import type { ContractSettings } from './config.ts';
import { parseContracts } from './parse-contract.ts';
import type { Reading } from './reading.ts';
import { scopeFault } from './scope.ts';
import type { Path } from './yaml-source.ts';

/** The contracts of a deployment with all their versions; templates are filled in, problems reported. */
export function readContracts(reading: Reading): ContractSettings[] {
  const raw = reading.root.contracts;
  if (raw === undefined || raw === null) return [];
  const { contracts, problems } = parseContracts(raw, ['contracts']);
  for (const problem of problems)
    reading.problems[problem.severity](problem.path, problem.message, problem.of);
  for (const [id, entry] of Object.entries(raw)) {
    const versions: readonly unknown[] = Array.isArray(entry) ? entry : [entry];
    for (const [i, terms] of versions.entries()) {
      const place = Array.isArray(entry) ? ['contracts', id, i] : ['contracts', id];
      refuseStrayFees(reading, terms, [...place, 'fee', 'scopes']);
    }
  }
  return [...contracts].map(([id, versions]) => ({ id, versions }));
}

/** A fee of its own for a scope nobody has would silently leave the greater fee in force. Models may be discovered later. */
function refuseStrayFees(reading: Reading, terms: unknown, path: Path): void {
  const scopes = mapAt(mapAt(terms, 'fee'), 'scopes');
  for (const scope of Object.keys(scopes ?? {})) {
    const wrong = scopeFault(reading, scope);
    if (wrong !== null) reading.problems.error([...path, scope], wrong, 'key');
  }
}

function mapAt(value: unknown, key: string): object | undefined {
  const found: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
  return typeof found === 'object' && found !== null ? found : undefined;
}
