import yazl from 'yazl';
import { claimText } from '../domain/claim-text.ts';
import type { Failure } from '../domain/report.ts';
import { methodTexts } from '../domain/report-text.ts';
import type { Evidence } from '../domain/sample.ts';
import { fileStem, REPORT_FORMS, type ReportDocument, type ReportFile, renderReport } from './forms.ts';

/** Everything a claim needs in one zip. The same report and evidence give the same bytes. */
export async function claimPack(
  document: ReportDocument,
  failures: readonly { readonly failure: Failure; readonly evidence: Evidence | null }[],
): Promise<ReportFile> {
  const { report } = document;
  const stem = fileStem(report);
  const zip = new yazl.ZipFile();
  const mtime = new Date(report.madeAt);
  const add = (name: string, body: string | Buffer): void =>
    zip.addBuffer(typeof body === 'string' ? Buffer.from(body) : body, `${stem}/${name}`, {
      mtime,
      mode: 0o100644,
      forceDosTimestamp: true,
    });
  add('claim.txt', claimText(report));
  for (const form of REPORT_FORMS)
    for (const { name, body } of await renderReport(document, form)) add(name, body);
  add('failed-requests.ndjson', failures.map((one) => `${JSON.stringify(logLine(one))}\n`).join(''));
  add('contract.json', `${JSON.stringify(report.contract, null, 2)}\n`);
  add('method.txt', `${methodTexts(report).join('\n\n')}\n`);
  add('verify.txt', VERIFY);
  zip.end();
  const chunks: Buffer[] = [];
  for await (const chunk of zip.outputStream) chunks.push(Buffer.from(chunk as Uint8Array));
  return { name: `${stem}-claim.zip`, contentType: 'application/zip', body: Buffer.concat(chunks) };
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

const VERIFY = `How to check this pack

1. The signature and the figures, offline, with Probity:
     probity verify THE-REPORT.json
   Compare the key's id with the one published at /.well-known/probity.json of whoever made the report.

2. Without Probity: the signed bytes are the UTF-8 text of {"report": ...} in canonical JSON (RFC 8785), the signature is
   Ed25519 (RFC 8032) over them, the public key is the base64url text signature.publicKey.x, 32 bytes.
     openssl pkeyutl -verify -rawin -pubin -inkey key.pem -in canonical.json -sigfile signature.bin

3. The arithmetic: every objective shows its steps, and counts[] in the JSON holds the numbers of every slice.

4. The rows behind the counts: whoever holds the data folder runs
     probity verify --data DIR
   which recomputes the hash chain up to the heads named in the report.
`;
