import { OUTCOMES } from '../../domain/measure/outcome.ts';
import type { Sample } from '../../domain/measure/sample.ts';

/**
 * Honours `Retry-After` (RFC 9110, 10.2.3) without letting it hide an outage: a gateway that is down and asks to be
 * left alone for an hour would otherwise turn its own downtime into a hole in our data.
 */
export type Backoff = {
  /** Learns from an answer that asked us to wait. `seriesId` and `keyId` say who asks again. */
  readonly heed: (sample: Sample, retryAfterMs: number | null, seriesId: string, keyId: string) => void;
  /** Must this series wait now? `burst` = an attempt beside the schedule, which has no outage to prove. */
  readonly holds: (seriesId: string, keyId: string, kind: 'scheduled' | 'burst') => boolean;
};

/** When we are over our own limit, nothing is hidden by waiting, except by a wait without end. */
const LONGEST_OWN_MS = 300_000;

/**
 * When the answer counts against the other side, the schedule is held back for this long at most: the ceiling of
 * the back-off that Google's service level agreements demand before errors count (1 s, doubling, to 32 s).
 * https://cloud.google.com/vertex-ai/generative-ai/sla
 */
const LONGEST_THEIRS_MS = 32_000;

export function createBackoff(monotonicUs: () => number): Backoff {
  /** Until when, by series or key, µs. */
  const schedule = new Map<string, number>();
  const bursts = new Map<string, number>();

  const isHeld = (until: Map<string, number>, id: string): boolean => {
    const held = until.get(id);
    if (held === undefined) return false;
    if (held > monotonicUs()) return true;
    until.delete(id);
    return false;
  };
  const hold = (until: Map<string, number>, id: string, ms: number): void => {
    const at = monotonicUs() + ms * 1000;
    if (at > (until.get(id) ?? 0)) until.set(id, at);
  };

  return {
    heed: (sample, retryAfterMs, seriesId, keyId) => {
      if (retryAfterMs === null || retryAfterMs <= 0) return;
      if (sample.outcome === 'ratelimit.own') {
        hold(schedule, keyId, Math.min(retryAfterMs, LONGEST_OWN_MS));
      } else if (OUTCOMES[sample.outcome].counts === 'bad') {
        hold(schedule, seriesId, Math.min(retryAfterMs, LONGEST_THEIRS_MS));
        hold(bursts, seriesId, Math.min(retryAfterMs, LONGEST_OWN_MS));
      }
    },
    holds: (seriesId, keyId, kind) =>
      isHeld(schedule, keyId) || isHeld(schedule, seriesId) || (kind === 'burst' && isHeld(bursts, seriesId)),
  };
}
