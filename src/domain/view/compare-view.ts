import type { DecidingAttempt } from '../measure/line-of-sample.ts';
import { countsForAvailability, countsForLatency, OUTCOMES } from '../measure/outcome.ts';
import type { TierComparison, TierSample } from '../statistics/tier-comparison.ts';
import type { StatusView } from './status-view.ts';

/**
 * What the samples prove of the dearer tier against the cheaper one. `mixed`: better in one respect, worse in another.
 * `no data`: too little for any claim.
 */
export type TierVerdict = 'worse' | 'not proven' | 'mixed' | 'better' | 'no data';

/** Where the dearer tier earns its price least comes first; what cannot be said comes last. */
export const VERDICT_ORDER: readonly TierVerdict[] = ['worse', 'not proven', 'mixed', 'better', 'no data'];

/** How far back tiers are compared. A day attempt by attempt; longer from what is stored of hours and days. */
export const COMPARE_SPANS = {
  '24h': { name: '24 hours', days: 1 },
  '7d': { name: '7 days', days: 7 },
  '30d': { name: '30 days', days: 30 },
} as const;
export type CompareSpan = keyof typeof COMPARE_SPANS;

export function isCompareSpan(text: string): text is CompareSpan {
  return Object.hasOwn(COMPARE_SPANS, text);
}

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
  readonly span: CompareSpan;
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

/** Least earned first; among equals the one whose p99 gains least for its price, then by name. */
export function byLeastEarned(a: ComparedPair, b: ComparedPair): number {
  const verdict = VERDICT_ORDER.indexOf(a.verdict) - VERDICT_ORDER.indexOf(b.verdict);
  if (verdict !== 0) return verdict;
  const earned = earnedBy(a) - earnedBy(b);
  return earned !== 0 && !Number.isNaN(earned)
    ? earned
    : a.model.localeCompare(b.model, 'en', { numeric: true });
}

/** How much lower the dearer tier's p99 is, as a share of the cheaper one's; `null` unless both are answers. */
export function gainOf({ comparison: { tiers } }: Pick<ComparedPair, 'comparison'>): number | null {
  const [dearer, cheaper] = tiers;
  if (typeof dearer.p99 !== 'number' || typeof cheaper.p99 !== 'number' || cheaper.p99 === 0) return null;
  return (cheaper.p99 - dearer.p99) / cheaper.p99;
}

/** The gain for each time the price is paid; a loss weighs more the more it costs. */
function earnedBy(pair: ComparedPair): number {
  const gain = gainOf(pair) ?? 0;
  const ratio = pair.comparison.priceRatio ?? 1;
  return gain < 0 ? gain * ratio : gain / ratio;
}
