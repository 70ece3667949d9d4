import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { correctionBy, correctionOf, type LedgerEntry } from '../../domain/report/ledger.ts';
import { type CorrectionNote, correctionNote, NOTE_NAMES } from '../../report/correction-note.ts';
import type { NamedReport, Store } from '../../store/store.ts';

/** Where the files of a frozen report are kept, so that nobody who asks for one has to wait while it is drawn. */
export function reportFolder(data: string, period: string, contract: string): string {
  return join(data, 'reports', encodeURIComponent(period), encodeURIComponent(contract));
}

/**
 * Writes the files of every frozen report that has none yet, and a note beside those of one that was withdrawn or corrected. A
 * folder appears whole or not at all. What fails for one report is told at once and holds up no other; rejects only if it is
 * broken off (`AbortError`) or the store cannot be read at all. `giveWay` is called between smaller pieces than `breathe`.
 */
export async function keepReportFiles(
  store: Pick<Store, 'listReports' | 'readReport' | 'readEvidence' | 'readLedger'>,
  data: string,
  breathe: () => Promise<void>,
  tellFailure: (what: string, error: unknown) => void,
  giveWay: () => void = () => {},
): Promise<number> {
  let written = 0;
  const ledger = Map.groupBy(await store.readLedger({}), (entry) => `${entry.contract}\n${entry.period}`);
  for (const { period, contract } of await store.listReports()) {
    const folder = reportFolder(data, period, contract);
    try {
      const note = noteOn(contract, period, ledger.get(`${contract}\n${period}`) ?? []);
      if (await keepFiles(store, { period, contract }, folder, breathe, giveWay)) written += 1;
      if (existsSync(folder)) keepNote(folder, note);
    } catch (error) {
      if (error instanceof Error && error.name === 'AbortError') throw error;
      tellFailure(`writing the files of ${contract} ${period}`, error);
    }
  }
  return written;
}

/** Whether the files of a report were written just now. */
async function keepFiles(
  store: Pick<Store, 'readReport' | 'readEvidence'>,
  { period, contract }: NamedReport,
  folder: string,
  breathe: () => Promise<void>,
  giveWay: () => void,
): Promise<boolean> {
  if (existsSync(folder)) return false;
  const frozen = await store.readReport(contract, period);
  if (frozen === null) return false;
  // What draws is large, and needed once a month.
  const { drawReport } = await import('./draw-report.ts');
  await drawReport(store, frozen, folder, breathe, giveWay);
  await breathe();
  return true;
}

/** What was said of a report afterwards, as a file to lie beside its own; `null`: it stands as it was frozen. */
export function noteOn(
  contract: string,
  period: string,
  entries: readonly LedgerEntry[],
): CorrectionNote | null {
  const correction = correctionOf(entries);
  if (correction === null) return null;
  const owed = entries.findLast((entry) => correctionBy(entry)?.kind === 'corrected');
  return correctionNote(contract, period, correction, `${owed?.amount ?? ''} ${owed?.currency ?? ''}`.trim());
}

/** The note as it is now, and no other. */
function keepNote(folder: string, note: CorrectionNote | null): void {
  for (const name of NOTE_NAMES) {
    const path = join(folder, name);
    if (note?.name !== name) rmSync(path, { force: true });
    else if (!existsSync(path) || readFileSync(path, 'utf8') !== note.text) {
      writeFileSync(`${path}.part`, note.text);
      renameSync(`${path}.part`, path);
    }
  }
}
