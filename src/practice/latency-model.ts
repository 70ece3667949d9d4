import { normalQuantile } from '../domain/statistics/normal-quantile.ts';
import { uniform } from './random.ts';

/**
 * How fast one model answers at one tier. Time to first token is lognormal up to the share `tailFrom`, and from there a
 * Pareto tail that begins where the body ends, so each quantile is a closed formula. Latency of queued services has
 * this shape: a mean that says little and a last percent that is many times the median.
 */
export type LatencyProfile = {
  readonly medianTtftMs: number;
  /** Standard deviation of the logarithm of the body. */
  readonly sigma: number;
  /** The share of answers that belong to the body, `0 < tailFrom < 1`. */
  readonly tailFrom: number;
  /** The Pareto exponent; smaller is heavier. */
  readonly tailShape: number;
  /** No first token later than this. */
  readonly capMs: number;
  /** Median time between two tokens of one answer. */
  readonly interTokenMs: number;
};

/** The times one answer will take. Whole µs. */
export type Latency = {
  /** From the request's arrival to the first token. */
  readonly ttftUs: number;
  /** The usual gap between two tokens; each gap varies around it. */
  readonly interTokenUs: number;
};

/** Positions of the draws of one answer; gaps take all from `GAPS` on. */
const DRAW = { ttft: 0, interToken: 1, GAPS: 64 } as const;

const INTER_TOKEN_SIGMA = 0.18;

/** The time to first token, ms, that a share `p` of the answers does not exceed; `0 < p < 1`. */
export function ttftQuantileMs(profile: LatencyProfile, p: number): number {
  const { medianTtftMs, sigma, tailFrom, tailShape, capMs } = profile;
  if (p <= tailFrom) return Math.min(capMs, medianTtftMs * Math.exp(sigma * normalQuantile(p)));
  const tailStart = medianTtftMs * Math.exp(sigma * normalQuantile(tailFrom));
  return Math.min(capMs, tailStart * ((1 - tailFrom) / (1 - p)) ** (1 / tailShape));
}

/** The times of the answer with this key. */
export function latencyOf(profile: LatencyProfile, key: number): Latency {
  const spread = Math.exp(INTER_TOKEN_SIGMA * normalQuantile(uniform(key, DRAW.interToken)));
  return {
    ttftUs: Math.round(1000 * ttftQuantileMs(profile, uniform(key, DRAW.ttft))),
    interTokenUs: Math.round(1000 * profile.interTokenMs * spread),
  };
}

/** The gap before token `index` (1 = the second token): within 40 % of the answer's usual gap. Whole µs. */
export function tokenGapUs(latency: Latency, key: number, index: number): number {
  return Math.round(latency.interTokenUs * (0.6 + 0.8 * uniform(key, DRAW.GAPS + index)));
}
