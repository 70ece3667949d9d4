import type { Counting } from '../measure/outcome.ts';
import type { Predicate } from './line-predicate.ts';

/** A decimal (`"99.9"`) or a fraction (`"1/365"`) as text: a binary float cannot hold either. */
export type ExactText = string;

export type Provenance = {
  readonly url: string | null;
  /** The date the contract text bears, as printed there. */
  readonly documentDate: string | null;
  readonly retrieved: string | null;
  /** `verified`: read in the contract itself; `secondary`: somebody else's summary; `assumed`: our choice. */
  readonly status: 'verified' | 'secondary' | 'assumed';
  /** What is verified, what is second-hand and what we chose where the text is silent. */
  readonly verified: readonly string[];
  readonly secondary: readonly string[];
  readonly assumed: readonly string[];
};

export const DIMENSIONS = [
  'account',
  'project',
  'region',
  'model',
  'deployment',
  'endpoint',
  'tier',
] as const;
export const FEE_BASES = ['service', 'region', 'resource', 'token_unit', 'invoice'] as const;
export const WINDOW_KINDS = ['calendar_month', 'billing_cycle', 'calendar_quarter'] as const;

export type Window = {
  readonly kind: (typeof WINDOW_KINDS)[number];
  /** IANA name; the window's edges are midnights there. */
  readonly timezone: string;
  /** First day of a billing cycle, 1..28; 1 for the other kinds. */
  readonly anchorDay: number;
};

export type Comparator = '>=' | '>';
export type LatencyComparator = '<' | '<=' | '>' | '>=';
export type Target = { readonly value: ExactText; readonly comparator: Comparator };

export type ClassifyRule = {
  readonly when: Predicate;
  readonly as: Counting;
  /** How the lines are named in the statement; `null`: by their outcome or status. */
  readonly reason: string | null;
  /** Set where the contract's words leave room: raised as a flag as soon as one line is decided by this rule. */
  readonly ambiguous: string | null;
};

export const EMPTY_SLICE = ['good', 'bad', 'exclude'] as const;
export type EmptySlice = (typeof EMPTY_SLICE)[number];

export type SliceBadWhen =
  | { readonly kind: 'error_rate'; readonly comparator: '>' | '>='; readonly rate: ExactText }
  | { readonly kind: 'all_failed' };

/** OpenSLO's three budgeting methods, with what real contracts add to them. */
export type AvailabilityMethod =
  | { readonly kind: 'occurrences' }
  | {
      readonly kind: 'timeslices';
      readonly badWhen: SliceBadWhen;
      /** Runs of bad slices shorter than this are dropped whole. */
      readonly minRunSlices: number;
    }
  | { readonly kind: 'ratio_timeslices' };

export const DENOMINATORS = ['all_slices', 'deployed_slices', 'non_excluded_slices'] as const;

export type AvailabilityTerms = {
  readonly method: AvailabilityMethod;
  /** Slices are aligned to the start of the window. With `occurrences` they only measure coverage. */
  readonly sliceMs: number;
  readonly emptySlice: EmptySlice;
  /** A slice with fewer counted requests is treated as empty. At least 1. */
  readonly minRequestsPerSlice: number;
  readonly denominator: (typeof DENOMINATORS)[number];
  readonly target: Target;
};

export const LATENCY_METRICS = ['ttft_ms', 'e2e_ms', 'tokens_per_s'] as const;
export const SLICE_STATS = ['p50', 'p90', 'p95', 'p99', 'mean'] as const;
export type SliceStat = (typeof SLICE_STATS)[number];

export type LatencyForm =
  | {
      readonly kind: 'window_attainment';
      readonly sliceMs: number;
      readonly stat: SliceStat;
      readonly comparator: LatencyComparator;
      /** The floor or ceiling of the slice's statistic, in the metric's unit. */
      readonly value: ExactText;
      readonly emptySlice: EmptySlice;
      readonly minRequestsPerSlice: number;
      /** Share of slices that must hold, in percent. */
      readonly target: Target;
    }
  | {
      readonly kind: 'whole_window_percentile';
      /** In percent, between 0 and 100, e.g. `99` or `99.9`. */
      readonly percentile: ExactText;
      readonly comparator: LatencyComparator;
      readonly value: ExactText;
      readonly method: 'nearest_rank' | 'linear';
      readonly minSamples: number;
    };

export type LatencyTerms = {
  readonly id: string;
  readonly metric: (typeof LATENCY_METRICS)[number];
  /** For `tokens_per_s`: all tokens over the total time, or those after the first over the time after it. */
  readonly tpsBasis: 'total' | 'after_first_token';
  readonly form: LatencyForm;
  readonly eligible: Predicate;
  /** `miss`: a request that failed is slower than any threshold. `exclude`: only answered requests are timed. */
  readonly failures: 'miss' | 'exclude';
  /** What missing this objective earns; `null`: nothing of its own. */
  readonly credits: CreditShape | null;
};

export type MaintenanceTerms = {
  readonly mode: 'remove_from_denominator' | 'count_as_good' | 'not_excluded';
  /** How long before its start a window must have been announced; `null`: no notice is asked for. */
  readonly noticeMs: number | null;
  /** Most time one contract window may lose to maintenance; `null`: no limit. */
  readonly maxPerWindowMs: number | null;
};

/**
 * One row. With `below` alone rows nest and the deepest match wins. As soon as one row of a ladder names a lower end,
 * all of them are read as printed: a value between two rows belongs to none.
 */
export type LadderRow = {
  /** Exclusive upper end, or `null` with `atMost`. */
  readonly below: ExactText | null;
  /** Inclusive upper end. */
  readonly atMost: ExactText | null;
  /** Inclusive lower end; `null`: open. */
  readonly atLeast: ExactText | null;
  readonly percent: ExactText;
};

export type CreditShape =
  | { readonly kind: 'ladder'; readonly rows: readonly LadderRow[] }
  | {
      readonly kind: 'linear';
      /** Percent of the fee for each percentage point below the target. */
      readonly percentPerPoint: ExactText;
      /** `null`: the contract does not say whether parts of a point count. */
      readonly wholePoints: boolean | null;
    }
  | {
      readonly kind: 'per_step';
      /** Width of a step in percentage points below the target. */
      readonly step: ExactText;
      readonly percentPerStep: ExactText;
      /** Whether a started step counts as a whole one; `null`: the contract does not say. */
      readonly orPortion: boolean | null;
    }
  | {
      readonly kind: 'per_downtime_unit';
      readonly unitMs: number;
      readonly percentPerUnit: ExactText;
      /** Downtime up to this share of the window (percent) is free. */
      readonly afterPercent: ExactText;
      readonly orPortion: boolean | null;
    }
  | { readonly kind: 'downtime_multiplier'; readonly multiplier: ExactText }
  | { readonly kind: 'flat'; readonly percent: ExactText }
  | { readonly kind: 'service_days'; readonly rows: readonly ServiceDaysRow[] }
  | { readonly kind: 'none' };

export type ServiceDaysRow = { readonly below: ExactText; readonly days: number };

export const OVERLAPS = ['max', 'choose_one', 'sum'] as const;
export const ACROSS_SCOPES = ['max', 'sum'] as const;

export type CreditTerms = {
  /** What a missed availability objective earns. */
  readonly shape: CreditShape;
  /** Which fee the percentages are taken of. */
  readonly of: 'period_fee' | 'annual_fee';
  readonly capPercent: ExactText | null;
  /** `strict`: the credit must be greater than the amount, not merely equal. */
  readonly minCredit: { readonly amount: ExactText; readonly strict: boolean } | null;
  readonly moneyRounding: { readonly mode: 'floor' | 'half_up'; readonly places: number };
  readonly overlap: (typeof OVERLAPS)[number];
  /** How credits of several scopes behind one fee are joined; `null`: the contract does not say. */
  readonly acrossScopes: (typeof ACROSS_SCOPES)[number] | null;
  /** A credit is due only from the n-th breached window in a row on. */
  readonly requiresConsecutiveWindows: number;
  /** `assumed`: the percentages are placeholders that the signed contract must replace. */
  readonly status: Provenance['status'];
};

export const DEADLINE_TYPES = ['report', 'notify', 'submit'] as const;
export const DEADLINE_UNITS = ['hours', 'days', 'business_days', 'months', 'billing_cycles'] as const;
export const DEADLINE_ANCHORS = [
  'incident_start',
  'incident_end',
  'awareness',
  'window_end',
  'eligibility',
  'incident_month_end',
  'billing_cycle_end',
] as const;

export type DeadlineTerms = {
  readonly type: (typeof DEADLINE_TYPES)[number];
  readonly offset: number;
  readonly unit: (typeof DEADLINE_UNITS)[number];
  readonly anchor: (typeof DEADLINE_ANCHORS)[number];
  readonly snap: 'none' | 'end_of_month';
};

export type ClaimTerms = {
  readonly deadlines: readonly DeadlineTerms[];
  readonly channel: string | null;
  readonly requiredEvidence: readonly string[];
  readonly forfeitsIfMissing: boolean;
  /** Dates (`YYYY-MM-DD`) that are not business days, besides Saturdays and Sundays. */
  readonly holidays: readonly string[];
};

export type ChronicTerms = {
  readonly when:
    | { readonly kind: 'consecutive'; readonly windows: number }
    | { readonly kind: 'k_of_m'; readonly k: number; readonly m: number }
    | { readonly kind: 'single_window_below'; readonly percent: ExactText };
  /** A window counts if its availability is under this; `null`: if it misses the target. */
  readonly below: ExactText | null;
  readonly right: 'terminate' | 'refund';
};

/**
 * The terms of one service level agreement, as data. Plain values only, so that the terms in force can be frozen into
 * a report and read back years later.
 */
export type Contract = {
  readonly id: string;
  readonly version: string;
  readonly title: string;
  /** First instant (date in the window's zone, or RFC 3339) this version governs; `null`: always has. */
  readonly inForceFrom: string | null;
  readonly parties: { readonly provider: string; readonly customer: string } | null;
  readonly currency: string | null;
  readonly provenance: Provenance;
  readonly scope: {
    readonly dimensions: readonly (typeof DIMENSIONS)[number][];
    readonly feeBase: (typeof FEE_BASES)[number] | null;
  };
  readonly window: Window;
  /** Requests outside of this leave numerator and denominator. */
  readonly eligible: Predicate;
  readonly classify: readonly ClassifyRule[];
  /** For lines no rule matches; `by_outcome` is the default counting of each outcome. */
  readonly otherwise: Counting | 'by_outcome';
  readonly availability: AvailabilityTerms | null;
  readonly latency: readonly LatencyTerms[];
  /** Applied once to a final percentage, before it meets its target or a ladder. */
  readonly rounding: { readonly decimals: number; readonly mode: 'none' | 'floor' | 'half_up' };
  readonly maintenance: MaintenanceTerms;
  readonly credits: CreditTerms;
  readonly claim: ClaimTerms;
  readonly chronic: readonly ChronicTerms[];
  /** What the customer pays per window (or year, where credits are of the annual fee); absent: no money is named. */
  readonly fee?: {
    readonly amount: ExactText;
    readonly base: (typeof FEE_BASES)[number] | null;
    /** Fees of their own, by scope (`gateway`, `gateway/tier` or `gateway/tier/model`). */
    readonly scopes?: Readonly<Record<string, ExactText>>;
  };
  readonly authority: 'provider_logs' | 'customer_logs' | 'third_party_probe' | 'status_page' | null;
};
