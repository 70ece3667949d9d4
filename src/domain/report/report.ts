import type { Contract } from '../contract/contract.ts';
import type { CreditTotal } from '../contract/credit-total.ts';
import type { Evaluation } from '../contract/evaluation.ts';
import type { ObjectiveCounts } from '../contract/recounted.ts';
import type { Step } from '../contract/working.ts';
import type { Doubt, NotRunReason, Outcome } from '../measure/outcome.ts';

/** The name of the JSON form; a change that an old reader could misread gets a new number. */
export const REPORT_FORM = 'probity.report/1';

/** A failed request that counts against the provider. */
export type Failure = {
  /** RFC 3339, UTC: the tick. */
  readonly at: string;
  readonly target: string;
  readonly probe: string;
  readonly region: string;
  readonly outcome: Outcome;
  readonly status: number | null;
  /** As the answer's headers gave them, by header; empty if it gave none. */
  readonly requestIds: Readonly<Record<string, string>>;
};

export type ReportIncident = {
  readonly from: string;
  readonly to: string;
  readonly minutes: number;
  readonly failures: number;
  readonly first: Failure | null;
  readonly last: Failure | null;
};

/** One day of the contract's calendar. */
export type ReportDay = {
  /** `YYYY-MM-DD` in the contract's zone. */
  readonly day: string;
  readonly good: number;
  readonly bad: number;
  readonly excluded: number;
  /** 99th percentile by nearest rank over answered requests, whole µs; `null`: nothing was timed. */
  readonly ttftP99Us: number | null;
  readonly totalP99Us: number | null;
};

/** Requests or time that do not count, and why. */
export type ReportExclusion = {
  readonly reason: string;
  readonly requests: number;
  /** Length of the slices they fell into; slices may hold counted requests too. */
  readonly minutes: number;
};

export type ReportMaintenance = {
  readonly from: string;
  readonly to: string;
  readonly minutes: number;
};

/** How much of what was due was measured. */
export type ReportCoverage = {
  readonly ticks: {
    readonly expected: number;
    /** With a deciding attempt that may be counted. */
    readonly measured: number;
    readonly doubtful: number;
    readonly doubts: Readonly<Partial<Record<Doubt, number>>>;
    readonly notRun: Readonly<Partial<Record<NotRunReason, number>>>;
    /** Nobody accounts for these. */
    readonly unaccounted: number;
    readonly percent: string | null;
  };
  /** Hours of the period with at least one request that counts. */
  readonly hours: { readonly measured: number; readonly of: number };
  /** `null`: enough. Otherwise why the evidence does not carry a claim. */
  readonly insufficient: readonly string[] | null;
};

export type StatementResult = 'met' | 'breached' | 'undecided' | 'insufficient evidence';

/** What is owed for one statement. */
export type StatementClaim = {
  readonly isDue: boolean;
  /** Percent of the fee, as it would be claimed; `0` where nothing is due. */
  readonly percent: string;
  readonly amount: string | null;
  readonly currency: string | null;
  readonly why: string;
};

/** The result of one contract for one target, or for everything bought under one key. */
export type ReportStatement = {
  /** `gateway/tier` or `gateway/tier/model`. */
  readonly scope: string;
  readonly targets: readonly string[];
  readonly cadence: readonly string[];
  readonly coverage: ReportCoverage;
  readonly result: StatementResult;
  readonly evaluation: Evaluation;
  readonly counts: readonly ObjectiveCounts[];
  /** Admitted by the contract. */
  readonly maintenance: readonly ReportMaintenance[];
  readonly workings: readonly { readonly objective: string; readonly steps: readonly Step[] }[];
  readonly creditWorking: readonly Step[];
  readonly exclusions: readonly ReportExclusion[];
  readonly incidents: readonly ReportIncident[];
  readonly moreIncidents: number;
  readonly failures: readonly Failure[];
  readonly moreFailures: number;
  readonly days: readonly ReportDay[];
  readonly claim: StatementClaim;
};

export type ChainHead = {
  readonly region: string;
  readonly segment: number;
  /** Exclusive end of what it covers, RFC 3339. */
  readonly until: string;
  readonly head: string;
  /**
   * The head as a time-stamping authority (RFC 3161) signed it; `null`: it had not answered by the close; absent: none is
   * configured.
   */
  readonly timeStamp?: HeadStamp | null;
};

export type HeadStamp = {
  /** RFC 3339, by the authority's clock. */
  readonly at: string;
  readonly authority: string;
  /** DER, base64. It stamps the SHA-256 of the head's hex digits. */
  readonly token: string;
};

/** The statement of one contract for one period. Plain JSON: frozen as it is, read back as it was. */
export type Report = {
  readonly form: typeof REPORT_FORM;
  readonly state: 'final' | 'draft';
  /** Simulated: every surface says so. */
  readonly practice: boolean;
  readonly contract: Contract;
  readonly period: {
    readonly label: string;
    readonly from: string;
    readonly to: string;
    readonly timezone: string;
    readonly minutes: number;
  };
  readonly madeAt: string;
  readonly statements: readonly ReportStatement[];
  readonly summary: ReportSummary;
  readonly chain: readonly ChainHead[];
};

export type ReportSummary = CreditTotal & {
  readonly result: StatementResult;
  readonly byResult: Readonly<Record<StatementResult, number>>;
  /** Statements for which something may be claimed. */
  readonly claims: number;
  readonly currency: string | null;
  /** The earliest day or instant by which a claim must be in; `null`: none. */
  readonly claimBy: string | null;
};

const SEVERITY: Readonly<Record<StatementResult, number>> = {
  met: 0,
  undecided: 1,
  'insufficient evidence': 2,
  breached: 3,
};

/** Of several results the one that must not be overlooked. */
export function worstOf(results: readonly StatementResult[]): StatementResult {
  return results.reduce<StatementResult>(
    (worst, one) => (SEVERITY[one] > SEVERITY[worst] ? one : worst),
    results.length === 0 ? 'undecided' : 'met',
  );
}
