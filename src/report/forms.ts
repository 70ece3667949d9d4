import { readFileSync } from 'node:fs';
import { reportFile } from '../../dashboards/report.page.ts';
import type { Report } from '../domain/report/report.ts';
import { REPORT_TABLES, reportTable } from './csv.ts';
import { reportPdf } from './pdf.ts';

export const REPORT_FORMS = ['html', 'pdf', 'csv', 'json'] as const;
export type ReportForm = (typeof REPORT_FORMS)[number];

/** A file to be written. */
export type ReportFile = {
  readonly name: string;
  /** Its content from the beginning each time it is asked for, made while it is read: no file is ever whole in memory. */
  readonly pieces: () => Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;
};

/** A signed document as it was frozen: its text is handed out unchanged. */
export type ReportDocument = {
  readonly report: Report;
  readonly signature: {
    readonly publicKey: { readonly id: string; readonly x: string };
    readonly value: string;
  } | null;
  readonly text: string;
};

/** Reads the document a store or a file holds. */
export function readDocument(text: string): ReportDocument {
  const { report, signature = null } = JSON.parse(text) as Partial<ReportDocument> &
    Pick<ReportDocument, 'report'>;
  return { report, signature, text };
}

/** The name all files of a report begin with: safe in any file system and any header. */
export function fileStem({ contract, period, state }: Report): string {
  const safe = (text: string): string => text.replace(/[^A-Za-z0-9._-]+/g, '-').slice(0, 80);
  return `${safe(contract.id)}-${safe(period.label)}${state === 'draft' ? '-draft' : ''}`;
}

/** The files of one form of a report, each drawn when it is read; `giveWay` is called between small pieces of drawing. */
export function reportFiles(
  document: ReportDocument,
  form: ReportForm,
  giveWay: () => void = () => {},
): readonly ReportFile[] {
  const { report, signature, text } = document;
  const stem = fileStem(report);
  const seal = signature === null ? null : { keyId: signature.publicKey.id };
  switch (form) {
    case 'html':
      return [{ name: `${stem}.html`, pieces: () => reportFile(report, styleSheet(), seal) }];
    case 'pdf':
      return [{ name: `${stem}.pdf`, pieces: () => reportPdf(report, seal, giveWay) }];
    case 'csv':
      return REPORT_TABLES.map((table) => ({
        name: `${stem}-${table}.csv`,
        pieces: () => reportTable(report, table),
      }));
    case 'json':
      return [{ name: `${stem}.json`, pieces: () => textPieces(text) }];
  }
}

/** Characters. */
const TEXT_PIECE = 1 << 18;

/** A piece never ends within a character: half of a pair of surrogates would be written as a mark of damage. */
function* textPieces(text: string): Generator<string> {
  for (let from = 0; from < text.length; ) {
    let to = from + TEXT_PIECE;
    if (/[\uD800-\uDBFF]/.test(text.charAt(to - 1))) to += 1;
    yield text.slice(from, to);
    from = to;
  }
}

let sheet: string | null = null;

function styleSheet(): string {
  sheet ??= readFileSync(new URL('../../dashboards/report.css', import.meta.url), 'utf8');
  return sheet;
}
