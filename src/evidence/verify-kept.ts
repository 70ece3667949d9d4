import type { Store } from '../store/store.ts';
import type { KnownHead } from './verify-chain.ts';
import { checkReport } from './verify-report.ts';

export type KeptReports = {
  /** Heads that frozen reports hold: the chain must lead to them. */
  readonly known: readonly KnownHead[];
  readonly reports: number;
  /** What does not hold in a frozen report, one line each that names it. */
  readonly problems: readonly string[];
};

/** Checks every frozen report that is kept as `checkReport` does, and collects the heads they hold. `keyId`: who signs here; `null`: not known. */
export async function verifyKeptReports(
  store: Pick<Store, 'listReports' | 'readReport'>,
  keyId: string | null,
): Promise<KeptReports> {
  const known: KnownHead[] = [];
  const problems: string[] = [];
  const list = await store.listReports();
  for (const { contract, period } of list) {
    const frozen = await store.readReport(contract, period);
    if (frozen === null) continue;
    const name = `the report ${period} of ${contract}`;
    const check = checkReport(frozen.document);
    problems.push(...check.problems.map((problem) => `${name}: ${problem}`));
    if (keyId !== null && check.keyId !== keyId) {
      problems.push(
        `${name}: it is signed with key ${check.keyId ?? 'none'}, not with this folder's ${keyId}`,
      );
    }
    for (const { region, segment, head } of check.report?.chain ?? []) {
      known.push({ region, no: segment, head, from: name });
    }
  }
  return { known, reports: list.length, problems };
}
