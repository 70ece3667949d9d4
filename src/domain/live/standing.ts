import type { Commitment, Limit } from '../contract/commitment.ts';
import type { Spread } from '../time/spread.ts';
import type { Standing, Standings } from '../view/status-view.ts';

/** Below this many answers the 99th percentile is the slowest one. */
export const P99_NEEDS = 100;

/** Good ÷ (good + bad) against a target, compared exactly in whole numbers. */
export function uptimeStanding(good: number, bad: number, targetPpm: number | null): Standing {
  if (targetPpm === null) return 'none';
  if (good + bad === 0) return 'undecided';
  return good * 1_000_000 >= (good + bad) * targetPpm ? 'within' : 'missed';
}

/**
 * The 99th percentile against a limit. With fewer than 100 answers that percentile is a
 * single answer, which is enough to show that all kept the target but not that the percentile missed it.
 */
export function latencyStanding(spread: Spread | null, limit: Limit | null): Standing {
  if (limit === null) return 'none';
  if (spread === null) return 'undecided';
  if (spread.p99Us <= limit.mostUs) return 'within';
  return spread.n < P99_NEEDS && spread.p90Us <= limit.mostUs ? 'undecided' : 'missed';
}

/** The worst of several: one missed number misses all; what has no target says nothing. */
export function worstStanding(standings: readonly Standing[]): Standing {
  for (const worse of ['missed', 'undecided', 'within'] as const) {
    if (standings.includes(worse)) return worse;
  }
  return 'none';
}

export function standingsOf(
  measured: {
    readonly good: number;
    readonly bad: number;
    readonly ttft: Spread | null;
    readonly total: Spread | null;
  },
  commitment: Commitment | null,
): Standings {
  const uptime = uptimeStanding(measured.good, measured.bad, commitment?.uptimePpm ?? null);
  const ttft = latencyStanding(measured.ttft, commitment?.ttftP99 ?? null);
  const total = latencyStanding(measured.total, commitment?.totalP99 ?? null);
  return { uptime, ttft, total, overall: worstStanding([uptime, ttft, total]) };
}
