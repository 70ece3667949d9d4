import type { DecidingAttempt } from './line-of-sample.ts';
import { countsForAvailability, countsForLatency, OUTCOMES } from './outcome.ts';
import type { StatusView } from './status-view.ts';
import type { TierComparison, TierSample } from './tier-comparison.ts';

/**
 * What the samples prove of the dearer tier against the cheaper one. `mixed`: better in one respect, worse in another.
 * `no data`: too little for any claim.
 */
export type TierVerdict = 'worse' | 'not proven' | 'mixed' | 'better' | 'no data';

/** Where the dearer tier earns its price least comes first; what cannot be said comes last. */
export const VERDICT_ORDER: readonly TierVerdict[] = ['worse', 'not proven', 'mixed', 'better', 'no data'];

export type LatencyMetric = 'ttft' | 'total';

/** One model at one gateway: a tier held against the first one of the configuration. */
export type ComparedPair = {
  readonly gateway: string;
  readonly model: string;
  /** Ids of the targets: the dearer tier's and the one it is held against. */
  readonly targets: readonly [dearer: string, cheaper: string];
  readonly metric: LatencyMetric;
  readonly verdict: TierVerdict;
  readonly comparison: TierComparison;
};

export type CompareView = {
  readonly status: Omit<StatusView, 'targets'>;
  /** Inclusive. */
  readonly fromAt: number;
  /** Exclusive. */
  readonly toAt: number;
  /** Pairs there are; while the comparison is under way there are fewer in `pairs`. */
  readonly expected: number;
  readonly pairs: readonly ComparedPair[];
};

/** What an attempt says in a comparison; `null`: nothing, since we doubt it or it does not count. */
export function tierSampleOf(attempt: DecidingAttempt, metric: LatencyMetric): TierSample | null {
  const { counts } = OUTCOMES[attempt.outcome];
  if (!countsForAvailability(attempt.validity) || counts === 'excluded') return null;
  if (counts === 'bad') return { at: attempt.scheduledAt, ms: null };
  const us = metric === 'ttft' ? attempt.ttftUs : attempt.totalUs;
  return us === null || !countsForLatency(attempt.validity)
    ? null
    : { at: attempt.scheduledAt, ms: us / 1000 };
}

/** The verdict on the first of the two tiers compared. */
export function verdictOn({ difference, failures }: TierComparison): TierVerdict {
  if (difference === null) return 'no data';
  const findings = [difference.better, failures.better];
  const gains = findings.includes('first');
  const loses = findings.includes('second');
  if (gains) return loses ? 'mixed' : 'better';
  return loses ? 'worse' : 'not proven';
}

/** Least earned first; among equals the one whose p99 gains least, then by name. */
export function byLeastEarned(a: ComparedPair, b: ComparedPair): number {
  const verdict = VERDICT_ORDER.indexOf(a.verdict) - VERDICT_ORDER.indexOf(b.verdict);
  if (verdict !== 0) return verdict;
  const gain = gainOf(a) - gainOf(b);
  return gain !== 0 && !Number.isNaN(gain) ? gain : a.model.localeCompare(b.model, 'en', { numeric: true });
}

/** How much lower the dearer tier's p99 is, as a share of the cheaper one's. */
function gainOf({ comparison: { tiers } }: ComparedPair): number {
  const [dearer, cheaper] = tiers;
  if (typeof dearer.p99 !== 'number' || typeof cheaper.p99 !== 'number' || cheaper.p99 === 0) return 0;
  return (cheaper.p99 - dearer.p99) / cheaper.p99;
}
