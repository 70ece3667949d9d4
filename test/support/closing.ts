import assert from 'node:assert/strict';
import type { Contract } from '../../src/domain/contract/contract.ts';
import type { Report } from '../../src/domain/report/report.ts';
import { sealAll } from '../../src/evidence/seal.ts';
import { signReport } from '../../src/evidence/signature.ts';
import type { SigningKey } from '../../src/evidence/signing-key.ts';
import type { ReportTerms } from '../../src/pipeline/closing/build-report.ts';
import {
  type CloseOptions,
  type CloseResult,
  closePeriods,
} from '../../src/pipeline/closing/close-period.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { Store } from '../../src/store/store.ts';

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
  return closePeriods(options, now);
}

export async function reportOf(store: Store, contract: string, period: string): Promise<Report> {
  const frozen = await store.readReport(contract, period);
  assert.ok(frozen, `${period} of ${contract} is frozen`);
  return JSON.parse(frozen.document).report;
}
