import type { Line } from '../contract/tally.ts';
import { countsForLatency } from './outcome.ts';
import type { Sample } from './sample.ts';

/** What counting needs of an attempt that decides its tick. */
export type DecidingAttempt = Pick<
  Sample,
  'probe' | 'target' | 'region' | 'scheduledAt' | 'outcome' | 'validity' | 'status' | 'ttftUs' | 'totalUs'
> & {
  readonly promptTokens: number | null;
  readonly completionTokens: number | null;
  readonly servedBy: Pick<Sample['servedBy'], 'model' | 'region' | 'serviceTier'>;
};

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
    tags: [],
    serviceTier: servedBy.serviceTier,
    model: servedBy.model,
    endpoint: null,
    region: servedBy.region,
    stream: null,
    clientTimeoutMs: null,
    promptTokens: attempt.promptTokens,
    outputTokens: attempt.completionTokens,
    ttftUs: isTimed ? attempt.ttftUs : null,
    totalUs: isTimed ? attempt.totalUs : null,
  };
}
