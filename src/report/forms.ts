import { readFileSync } from 'node:fs';
import { reportFile } from '../../dashboards/report.page.ts';
import type { Report } from '../domain/report/report.ts';
import { REPORT_TABLES, reportTables } from './csv.ts';
import { reportPdf } from './pdf.ts';

export const REPORT_FORMS = ['html', 'pdf', 'csv', 'json'] as const;
export type ReportForm = (typeof REPORT_FORMS)[number];

/** A file to be written or sent. */
export type ReportFile = {
  readonly name: string;
  readonly contentType: string;
  readonly body: string | Buffer;
};

/** A signed document as it was frozen: its text is handed out unchanged. */
export type ReportDocument = {
  readonly report: Report;
  readonly keyId: string | null;
  readonly text: string;
};

/** Reads the document a store or a file holds. */
export function readDocument(text: string): ReportDocument {
  const { report, signature } = JSON.parse(text) as {
    readonly report: Report;
    readonly signature?: { readonly publicKey: { readonly id: string } };
  };
  return { report, keyId: signature?.publicKey.id ?? null, text };
}

/** The name all files of a report begin with: safe in any file system and any header. */
export function fileStem({ contract, period, state }: Report): string {
  const safe = (text: string): string => text.replace(/[^A-Za-z0-9._-]+/g, '-').slice(0, 80);
  return `${safe(contract.id)}-${safe(period.label)}${state === 'draft' ? '-draft' : ''}`;
}

/** The files of one form of a report. */
export async function renderReport(
  document: ReportDocument,
  form: ReportForm,
): Promise<readonly ReportFile[]> {
  const { report, keyId, text } = document;
  const stem = fileStem(report);
  const seal = keyId === null ? null : { keyId };
  switch (form) {
    case 'html':
      return [
        {
          name: `${stem}.html`,
          contentType: 'text/html; charset=utf-8',
          body: reportFile(report, styleSheet(), seal),
        },
      ];
    case 'pdf':
      return [{ name: `${stem}.pdf`, contentType: 'application/pdf', body: await reportPdf(report, seal) }];
    case 'csv': {
      const tables = reportTables(report);
      return REPORT_TABLES.map((name) => ({
        name: `${stem}-${name}.csv`,
        contentType: 'text/csv; charset=utf-8; header=present',
        body: tables[name],
      }));
    }
    case 'json':
      return [{ name: `${stem}.json`, contentType: 'application/json', body: text }];
  }
}

let sheet: string | null = null;

function styleSheet(): string {
  sheet ??= readFileSync(new URL('../../dashboards/report.css', import.meta.url), 'utf8');
  return sheet;
}
