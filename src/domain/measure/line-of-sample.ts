import type { Line } from '../contract/tally.ts';
import type { Phases } from './observation.ts';
import { countsForLatency, type Outcome } from './outcome.ts';
import type { Sample } from './sample.ts';

/** What counting needs of an attempt that decides its tick. */
export type DecidingAttempt = Pick<
  Sample,
  'probe' | 'target' | 'region' | 'scheduledAt' | 'outcome' | 'validity' | 'status' | 'ttftUs' | 'totalUs'
> & {
  readonly promptTokens: number | null;
  readonly completionTokens: number | null;
  /** See `gaveUpMs`. */
  readonly gaveUpMs: number | null;
  readonly servedBy: Pick<Sample['servedBy'], 'model' | 'region' | 'serviceTier'>;
};

const NO_TAGS: readonly string[] = [];

/** Outcomes that are a deadline of ours. */
const OUR_DEADLINES: ReadonlySet<Outcome> = new Set<Outcome>([
  'timeout.headers',
  'timeout.first_token',
  'timeout.stall',
  'timeout.total',
]);

/** Whether it was we who gave up. */
export function isOwnDeadline(outcome: Outcome): boolean {
  return OUR_DEADLINES.has(outcome);
}

/**
 * When one of our own deadlines ended an attempt, whole ms since it was sent; `null` = none did. Rounded to the nearest:
 * a deadline may be met half a millisecond early, and 60 s are 60 s.
 */
export function gaveUpMs(outcome: Outcome, readPhases: () => Pick<Phases, 'endUs'>): number | null {
  if (!isOwnDeadline(outcome)) return null;
  const { endUs } = readPhases();
  return endUs === null ? null : Math.round(endUs / 1000);
}

/**
 * An attempt of ours as a contract reads it. Where we doubt ourselves it counts for nothing; where the answer was made in
 * a way that spoils its latency (a cache, a lower tier) it is answered but not timed.
 */
export function lineOfSample(attempt: DecidingAttempt): Line {
  const { validity, servedBy } = attempt;
  const isTimed = countsForLatency(validity);
  return {
    at: attempt.scheduledAt,
    count: 1,
    doubt: validity.kind === 'suspect' ? validity.reason : null,
    status: attempt.status,
    outcome: attempt.outcome,
    code: null,
    tags: NO_TAGS,
    serviceTier: servedBy.serviceTier,
    model: servedBy.model,
    endpoint: null,
    region: servedBy.region,
    stream: null,
    clientTimeoutMs: attempt.gaveUpMs,
    promptTokens: attempt.promptTokens,
    outputTokens: attempt.completionTokens,
    ttftUs: isTimed ? attempt.ttftUs : null,
    totalUs: isTimed ? attempt.totalUs : null,
  };
}
