import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { signatureProof } from '../../evidence/signature.ts';
import { evidenceOf } from '../../pipeline/closing/claim-evidence.ts';
import { claimPack } from '../../report/claim-pack.ts';
import {
  REPORT_FORMS,
  type ReportDocument,
  type ReportFile,
  readDocument,
  renderReport,
} from '../../report/forms.ts';
import type { Store } from '../../store/store.ts';

/** Where the files of a frozen report are kept, so that nobody who asks for one has to wait while it is drawn. */
export function reportFolder(data: string, period: string, contract: string): string {
  return join(data, 'reports', encodeURIComponent(period), encodeURIComponent(contract));
}

/** The claim pack of a report whose forms are rendered. */
export async function packOf(
  store: Pick<Store, 'readEvidence'>,
  document: ReportDocument,
  files: readonly ReportFile[],
): Promise<ReportFile> {
  return claimPack({
    document,
    files,
    failures: await evidenceOf(store, document.report),
    proof: signatureProof(document.text),
  });
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
    const document = readDocument(frozen.document);
    const draft = `${folder}.part`;
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { recursive: true, mode: 0o700 });
    const files: ReportFile[] = [];
    for (const form of REPORT_FORMS) {
      files.push(...(await renderReport(document, form)));
      await breathe();
    }
    files.push(await packOf(store, document, files));
    for (const { name, body } of files) writeFileSync(join(draft, name), body);
    renameSync(draft, folder);
    written += 1;
    await breathe();
  }
  return written;
}
