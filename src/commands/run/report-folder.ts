import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Store } from '../../store/store.ts';

/** Where the files of a frozen report are kept, so that nobody who asks for one has to wait while it is drawn. */
export function reportFolder(data: string, period: string, contract: string): string {
  return join(data, 'reports', encodeURIComponent(period), encodeURIComponent(contract));
}

/** Writes the files of every frozen report that has none yet. A folder appears whole or not at all. */
export async function keepReportFiles(
  store: Pick<Store, 'listReports' | 'readReport' | 'readEvidence'>,
  data: string,
  breathe: () => Promise<void>,
): Promise<number> {
  let written = 0;
  for (const { period, contract } of await store.listReports()) {
    const folder = reportFolder(data, period, contract);
    if (existsSync(folder)) continue;
    const frozen = await store.readReport(contract, period);
    if (frozen === null) continue;
    // What draws is large, and needed once a month.
    const { drawReport } = await import('./draw-report.ts');
    await drawReport(store, frozen, folder, breathe);
    written += 1;
    await breathe();
  }
  return written;
}
