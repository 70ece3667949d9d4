import type { LedgerEntry } from '../domain/ledger.ts';
import type { AddressedMessage } from './alerting-store.ts';

/** A report as it was frozen. */
export type FrozenReport = {
  readonly contract: string;
  /** As people name it, e.g. `2026-10`. */
  readonly period: string;
  /** Inclusive, epoch ms. */
  readonly fromAt: number;
  /** Exclusive. */
  readonly toAt: number;
  readonly frozenAt: number;
  /** The signed document, JSON, exactly as it is handed out. */
  readonly document: string;
};

export type ReportStore = {
  /**
   * Freezes a report with its first ledger entry and its messages, all or nothing. `exists`: it was frozen before, and
   * nothing was done.
   */
  readonly freezeReport: (
    report: FrozenReport,
    entry: Omit<LedgerEntry, 'no'>,
    messages: readonly AddressedMessage[],
  ) => Promise<'frozen' | 'exists'>;
  readonly readReport: (contract: string, period: string) => Promise<FrozenReport | null>;
  /** Which reports there are, the latest period first, without their documents. */
  readonly listReports: () => Promise<readonly Omit<FrozenReport, 'document'>[]>;
  /**
   * Adds an entry after entry `afterNo`, the last one of its report. `false`: somebody added one meanwhile, or an entry
   * of the same key is there; nothing was done.
   */
  readonly addLedgerEntry: (entry: Omit<LedgerEntry, 'no'>, afterNo: number) => Promise<boolean>;
  /** Oldest first. */
  readonly readLedger: (query: {
    readonly contract?: string;
    readonly period?: string;
  }) => Promise<readonly LedgerEntry[]>;
  /** Rows of `[fromAt, toAt)` that arrived after segment `afterNo` of the region was sealed. */
  readonly countLate: (query: {
    readonly region: string;
    readonly fromAt: number;
    readonly toAt: number;
    readonly afterNo: number;
  }) => Promise<number>;
  /** Writes a whole and consistent copy of everything to a new file while others go on reading and writing. */
  readonly backUp: (path: string, onProgress: (share: number) => void) => Promise<void>;
};
