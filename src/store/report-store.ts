import type { LedgerEntry } from '../domain/report/ledger.ts';
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

export type NamedReport = Pick<FrozenReport, 'contract' | 'period'>;

export type LateRows = NamedReport & { readonly rows: number };

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
  /**
   * Reports with rows of their period that arrived after the segments they rest on, where the ledger has no entry of
   * the key `correction:CONTRACT:PERIOD:ROWS` yet.
   */
  readonly readLate: () => Promise<readonly LateRows[]>;
  /** Reports whose claim must be in, by any reading, on one of these days, both inclusive, `YYYY-MM-DD` in the contract's zone. */
  readonly readClaimsDue: (fromDay: string, toDay: string) => Promise<readonly NamedReport[]>;
  /**
   * Writes a whole and consistent copy of everything, as it is now, to a new file while others go on reading and writing.
   * Nothing else may be asked of this store meanwhile.
   */
  readonly backUp: (path: string, onProgress: (share: number) => void) => Promise<void>;
};
