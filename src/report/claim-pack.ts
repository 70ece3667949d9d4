import { Readable } from 'node:stream';
import yazl from 'yazl';
import type { Evidence } from '../domain/measure/sample.ts';
import { claimNote, claimText } from '../domain/report/claim-text.ts';
import type { Failure } from '../domain/report/report.ts';
import { methodTexts } from '../domain/report/report-text.ts';
import { fileStem, type ReportDocument, type ReportFile } from './forms.ts';

export type ClaimPackParts = {
  readonly document: Pick<ReportDocument, 'report'>;
  /** Every form of the report. */
  readonly files: readonly ReportFile[];
  readonly failures: () => AsyncIterable<{ readonly failure: Failure; readonly evidence: Evidence | null }>;
  /** What openssl needs; `null` if the report is not signed. */
  readonly proof: {
    readonly publicKeyPem: string;
    readonly signed: () => Iterable<string>;
    readonly signature: Buffer;
  } | null;
};

/**
 * Everything a claim needs in one zip; without a claim the evidence alone, and no letter. The same report and evidence give the
 * same bytes.
 */
export function claimPack(parts: ClaimPackParts): ReportFile {
  const { report } = parts.document;
  const kind = claimText(report) === null ? 'evidence' : 'claim';
  return { name: `${fileStem(report)}-${kind}.zip`, pieces: () => zipOf(parts) };
}

/** One file after the other is opened when its turn comes, and read as fast as the zip is. */
function zipOf({ document, files, failures, proof }: ClaimPackParts): Readable {
  const { report } = document;
  const stem = fileStem(report);
  const zip = new yazl.ZipFile();
  // Its type says less than it is.
  const out = zip.outputStream as Readable;
  const options = { mtime: new Date(report.madeAt), mode: 0o100644, forceDosTimestamp: true };
  const add = (name: string, body: string | Buffer): void =>
    zip.addBuffer(typeof body === 'string' ? Buffer.from(body) : body, `${stem}/${name}`, options);
  const addPieces = (name: string, pieces: ReportFile['pieces']): void =>
    zip.addReadStreamLazy(`${stem}/${name}`, options, (opened) => {
      const source = Readable.from(pieces());
      source.on('error', (error) => out.destroy(error));
      opened(null, source);
    });
  const letter = claimText(report);
  add('read-me-first.txt', claimNote(report));
  if (letter !== null) add('claim.txt', letter);
  for (const { name, pieces } of files) addPieces(name, pieces);
  addPieces('failed-requests.ndjson', async function* () {
    for await (const one of failures()) yield `${JSON.stringify(logLine(one))}\n`;
  });
  add('contract.json', `${JSON.stringify(report.contract, null, 2)}\n`);
  add('method.txt', `${methodTexts(report).join('\n\n')}\n`);
  add('verify.txt', verifyText(stem));
  if (proof !== null) {
    add('signature/public-key.pem', proof.publicKeyPem);
    addPieces('signature/signed.json', proof.signed);
    add('signature/signature.bin', proof.signature);
  }
  zip.end();
  return out;
}

/** One failed request as a log line: redacted when it was recorded, so nothing secret is left to hide. */
function logLine({
  failure,
  evidence,
}: {
  readonly failure: Failure;
  readonly evidence: Evidence | null;
}): object {
  if (evidence === null) return { ...failure, kept: false };
  return {
    ...failure,
    requestIds: evidence.requestIds,
    ending: evidence.ending,
    headers: evidence.headers,
    remoteAddress: evidence.connection.remoteAddress,
    error: evidence.errorBody,
    bodySha256: evidence.bodySha256,
    bodyHead: evidence.head,
  };
}

function verifyText(stem: string): string {
  return `How to check this pack

1. Signature and figures, offline, with Probity:
     probity verify ${stem}.json
   Compare the id of the key with the one at /.well-known/probity.json of whoever made the report.

2. The signature without Probity, with OpenSSL 3 or later:
     cd signature
     openssl pkeyutl -verify -rawin -pubin -inkey public-key.pem -in signed.json -sigfile signature.bin
   signed.json is {"report": ...} of ${stem}.json in canonical form (RFC 8785), the signature is Ed25519 (RFC 8032).

3. The arithmetic with a pencil: the statement shows its steps. With a spreadsheet: ${stem}-slices.csv holds the counts of all
   slices. A line of kind "good" stands for neighbouring slices without a failed or excluded request, one of kind "same" for
   neighbouring slices with the same numbers; its numbers are the sums over its slices.

4. The rows behind the counts: whoever holds the data folder runs
     probity verify --data DIR
   which recomputes the hash chain up to the heads named in the report.
`;
}
