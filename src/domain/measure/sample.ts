import type { Connection, Ending, ErrorBody, Phases, Usage } from './observation.ts';
import type { NotRunReason, Outcome, Remark, Validity } from './outcome.ts';

/**
 * Why an attempt was made. Contract arithmetic uses `scheduled`, and `reprobe` where a stale connection of ours
 * spoilt the scheduled one; `confirmation` sharpens incidents, `canary` watches a paused series.
 */
export const PURPOSES = ['scheduled', 'reprobe', 'confirmation', 'canary'] as const;
export type Purpose = (typeof PURPOSES)[number];

/** What identifies an attempt everywhere and for ever: delivering the same one twice changes nothing. */
export type SampleIdentity = {
  readonly probe: string;
  readonly target: string;
  readonly region: string;
  /** The tick, epoch ms. For a confirmation, the instant it was meant for. */
  readonly scheduledAt: number;
  readonly purpose: Purpose;
};

/** What the answer disclosed about its origin; few distinct values exist, so the store keeps each once. */
export type ServedBy = {
  readonly model: string | null;
  readonly provider: string | null;
  readonly region: string | null;
  readonly serviceTier: string | null;
  readonly systemFingerprint: string | null;
  readonly route: 'verified' | 'mismatch' | 'unverified';
};

/** What is kept of a failed, doubtful or slow attempt, so that it can be shown to the other side. */
export type Evidence = {
  readonly ending: Ending;
  readonly headers: Readonly<Record<string, string>>;
  readonly requestIds: Readonly<Record<string, string>>;
  readonly connection: Connection;
  readonly contentType: string | null;
  readonly bodyBytes: number;
  readonly bodySha256: string | null;
  readonly head: string;
  readonly tail: string;
  readonly answer: string;
  readonly errorBody: ErrorBody | null;
  readonly finishReason: string | null;
  readonly retryAfterMs: number | null;
};

/** One judged attempt. Never changed after it is stored. */
export type Sample = SampleIdentity & {
  /**
   * How late the attempt left, from the instant it was due to just before dispatch, on the monotonic clock. Whole
   * µs. A re-probe is due when the attempt it replaces has ended.
   */
  readonly lagUs: number;
  readonly outcome: Outcome;
  readonly validity: Validity;
  readonly remarks: readonly Remark[];
  readonly status: number | null;
  readonly phases: Phases;
  /** Time to the first token of any kind; `null` if none came or the operation does not stream. */
  readonly ttftUs: number | null;
  /** Time to `[DONE]`, else to the end of the body; `null` for anything but a finished exchange. */
  readonly totalUs: number | null;
  readonly longestStallUs: number | null;
  readonly chunks: number;
  readonly tokenChunks: number;
  readonly usage: Usage | null;
  readonly reused: boolean;
  readonly retries: number | null;
  readonly servedBy: ServedBy;
  readonly loopDelayUs: number;
  readonly clockStepMs: number;
  /** What the attempt cost, in 10^-9 of the price's currency; `null` without a price or without usage. */
  readonly costNanos: number | null;
  readonly evidence: Evidence | null;
};

/** A tick that has no sample, and why. */
export type NotRun = {
  readonly probe: string;
  readonly target: string;
  readonly region: string;
  readonly scheduledAt: number;
  readonly reason: NotRunReason;
};
