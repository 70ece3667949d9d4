import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
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
import type { FrozenReport, Store } from '../../store/store.ts';

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

/**
 * Draws a frozen report into `folder`, which appears whole or not at all. One form after the other goes to the disk and out
 * of memory: with hundreds of statements each takes megabytes.
 */
export async function drawReport(
  store: Pick<Store, 'readEvidence'>,
  frozen: FrozenReport,
  folder: string,
  breathe: () => Promise<void>,
): Promise<void> {
  const document = readDocument(frozen.document);
  const draft = `${folder}.part`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true, mode: 0o700 });
  const written: Pick<ReportFile, 'name' | 'contentType'>[] = [];
  for (const form of REPORT_FORMS) {
    for (const { name, contentType, body } of await renderReport(document, form)) {
      writeFileSync(join(draft, name), body);
      written.push({ name, contentType });
    }
    await breathe();
  }
  const files = written.map((file) => ({ ...file, body: readFileSync(join(draft, file.name)) }));
  const { name, body } = await packOf(store, document, files);
  writeFileSync(join(draft, name), body);
  renameSync(draft, folder);
}
