import { createReadStream, createWriteStream, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { signatureProof } from '../../evidence/signature.ts';
import { evidenceOf } from '../../pipeline/closing/claim-evidence.ts';
import { claimPack } from '../../report/claim-pack.ts';
import {
  REPORT_FORMS,
  type ReportDocument,
  type ReportFile,
  readDocument,
  reportFiles,
} from '../../report/forms.ts';
import type { FrozenReport, Store } from '../../store/store.ts';
import { giveBack } from './give-back.ts';

/** The claim pack of a report; the files of its forms are read one after the other. */
export function packOf(
  store: Pick<Store, 'readEvidence'>,
  document: ReportDocument,
  files: readonly ReportFile[],
): ReportFile {
  return claimPack({
    document,
    files,
    failures: () => evidenceOf(store, document.report),
    proof: signatureProof(document),
  });
}

/**
 * Draws a frozen report into `folder`, which appears whole or not at all. Everything goes to the disk piece by piece: with
 * hundreds of statements each form takes megabytes. `giveWay` is called between smaller pieces than `breathe`.
 */
export async function drawReport(
  store: Pick<Store, 'readEvidence'>,
  frozen: FrozenReport,
  folder: string,
  breathe: () => Promise<void>,
  giveWay: () => void,
): Promise<void> {
  // What freezing a month or drawing another report left free would count on top.
  giveBack();
  const document = readDocument(frozen.document);
  const draft = `${folder}.part`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true, mode: 0o700 });
  try {
    await writeFiles(store, document, draft, breathe, giveWay);
    renameSync(draft, folder);
  } finally {
    // On a disk that is full, the parts of many reports would stand in the way of the next samples.
    rmSync(draft, { recursive: true, force: true });
  }
  // And what drawing left would count on top of what comes next.
  giveBack();
}

async function writeFiles(
  store: Pick<Store, 'readEvidence'>,
  document: ReportDocument,
  draft: string,
  breathe: () => Promise<void>,
  giveWay: () => void,
): Promise<void> {
  async function* inTurns(pieces: ReportFile['pieces']): AsyncGenerator<string | Uint8Array> {
    for await (const piece of pieces()) {
      giveWay();
      yield piece;
    }
  }
  const write = ({ name, pieces }: ReportFile): Promise<void> =>
    pipeline(inTurns(pieces), createWriteStream(join(draft, name)));
  const files = REPORT_FORMS.flatMap((form) => reportFiles(document, form, giveWay));
  for (const file of files) {
    await write(file);
    await breathe();
  }
  const written = files.map(({ name }) => ({ name, pieces: () => createReadStream(join(draft, name)) }));
  await write(packOf(store, document, written));
}
