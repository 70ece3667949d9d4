import assert from 'node:assert/strict';
import { keepReportFiles } from '../../src/commands/run/report-folder.ts';
import type { Contract } from '../../src/domain/contract/contract.ts';
import type { Report } from '../../src/domain/report/report.ts';
import { sealAll } from '../../src/evidence/seal.ts';
import { signReport } from '../../src/evidence/signature.ts';
import type { SigningKey } from '../../src/evidence/signing-key.ts';
import type { ReportTerms } from '../../src/pipeline/closing/build-report.ts';
import { type CloseNews, type CloseOptions, closePeriods } from '../../src/pipeline/closing/close-period.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { NamedReport, Store } from '../../src/store/store.ts';

export function openStore(path = ':memory:'): Store {
  const opened = openSqliteStore(path);
  assert.ok(opened.kind === 'opened', 'the store opens');
  return opened.store;
}

export function termsFor(versions: readonly Contract[], over: Partial<ReportTerms> = {}): ReportTerms {
  return {
    contract: versions[0]?.id ?? '',
    versions,
    keys: ['acme/pro'],
    fee: null,
    practice: true,
    isStamped: false,
    ...over,
  };
}

export const MAILBOX = { channel: 'email', address: 'owner@example.net' } as const;

export function closingOf(store: Store, terms: ReportTerms, key: SigningKey | null = null): CloseOptions {
  return {
    store,
    terms: [terms],
    routes: [{ id: 'owner', severities: [], scopes: [], to: [MAILBOX], escalateTo: [] }],
    sign: (report) => JSON.stringify(key === null ? { report } : signReport(report, key)),
    breathe: async () => {},
  };
}

/** What was told of one round, in the order in which it was told. */
export type CloseResult = {
  readonly frozen: readonly NamedReport[];
  readonly corrections: number;
  readonly failures: readonly { readonly what: string; readonly error: unknown }[];
};

/** Closes what is due, and keeps what is told of it. */
export async function closeDue(options: CloseOptions, now: number): Promise<CloseResult> {
  const news: CloseNews[] = [];
  await closePeriods(options, now, (one) => news.push(one));
  return {
    frozen: news.flatMap((one) =>
      one.kind === 'closed' ? [{ contract: one.contract, period: one.period }] : [],
    ),
    corrections: news.find((one) => one.kind === 'corrected')?.corrections ?? 0,
    failures: news.flatMap((one) => (one.kind === 'failed' ? [{ what: one.what, error: one.error }] : [])),
  };
}

/** Seals what is due and closes what is due, as the running program does. */
export async function closeAt(
  options: CloseOptions & { readonly store: Store },
  now: number,
): Promise<CloseResult> {
  await sealAll(
    options.store,
    now - 3_600_000,
    () => now,
    async () => {},
  );
  return closeDue(options, now);
}

/** Writes the files of every frozen report; rejects with the first fault. */
export function writeReportFiles(store: Store, data: string): Promise<number> {
  return keepReportFiles(
    store,
    data,
    async () => {},
    (_, error) => {
      throw error;
    },
  );
}

export async function reportOf(store: Store, contract: string, period: string): Promise<Report> {
  const frozen = await store.readReport(contract, period);
  assert.ok(frozen, `${period} of ${contract} is frozen`);
  return JSON.parse(frozen.document).report;
}
