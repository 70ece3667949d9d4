import { OUTCOMES, type Outcome } from '../measure/outcome.ts';
import type { Purpose } from '../measure/sample.ts';
import type { Failure, Verdict } from './alert.ts';
import type { AlertThresholds } from './alert-policy.ts';

/** One valid or excluded attempt at a cell, in the few words the rules need. */
export type Reading = {
  /** The tick, epoch ms. */
  readonly at: number;
  readonly probe: string;
  readonly region: string;
  readonly purpose: Purpose;
  readonly outcome: Outcome;
  /** Whether the sample may be used at all; doubt about ourselves proves nothing about them. */
  readonly valid: boolean;
  readonly status: number | null;
  readonly requestId: string | null;
};

export type DownJudgement = {
  readonly verdict: Extract<Verdict, 'bad' | 'suspect' | 'good' | 'undecided'>;
  /** The first failed tick of the run that ends now. */
  readonly since: number | null;
  /** Regions that see it. */
  readonly regions: readonly string[];
  /** Why the verdict is `bad`. */
  readonly proof: 'burst' | 'regions' | 'ticks' | null;
  /** Failed attempts in a row of the series that has most of them, bursts included. */
  readonly inARow: number;
  /** Newest first. */
  readonly failures: readonly Failure[];
  /** All attempts that were looked at, bursts included; `fromAt` is the oldest one's tick. */
  readonly seen: { readonly n: number; readonly k: number; readonly fromAt: number };
};

type SeriesJudgement = {
  readonly region: string;
  readonly verdict: DownJudgement['verdict'];
  readonly since: number | null;
  readonly proof: 'burst' | 'ticks' | null;
  readonly inARow: number;
};

const NEWEST_FAILURES = 5;

/**
 * Whether a cell is down, from its recent attempts in any order. One failed tick is suspicion only; the proof is a burst
 * of failed confirmations, a failed tick in a second region, or several failed ticks in a row. Any series of the cell
 * (a probe in a region) may prove it, and all must be well for `good`. Attempts older than `staleMs` decide nothing.
 */
export function judgeDown(
  readings: readonly Reading[],
  thresholds: AlertThresholds['down'],
  now: number,
  staleMs: number,
): DownJudgement {
  const usable = readings
    .filter((one) => one.valid && OUTCOMES[one.outcome].counts !== 'excluded')
    .sort((a, b) => a.at - b.at);
  const series = Map.groupBy(usable, (one) => `${one.probe}\n${one.region}`);
  const judged = [...series.values()].map((run) => judgeSeries(run, thresholds, now, staleMs));
  const failing = judged.filter((one) => one.verdict === 'bad' || one.verdict === 'suspect');
  const regions = [...new Set(failing.map((one) => one.region))].sort();
  const proven = judged.find((one) => one.verdict === 'bad');
  const proof = proven?.proof ?? (regions.length >= 2 ? 'regions' : null);
  return {
    verdict: verdictOf(judged, proof !== null),
    since: failing.reduce<number | null>((first, { since }) => earlier(first, since), null),
    regions,
    proof,
    inARow: Math.max(0, ...judged.map(({ inARow }) => inARow)),
    seen: { n: usable.length, k: usable.filter(isBad).length, fromAt: usable[0]?.at ?? now },
    failures: usable
      .filter(isBad)
      .reverse()
      .slice(0, NEWEST_FAILURES)
      .map(({ at, outcome, status, requestId, region }) => ({ at, outcome, status, requestId, region })),
  };
}

function verdictOf(judged: readonly SeriesJudgement[], proven: boolean): DownJudgement['verdict'] {
  if (proven) return 'bad';
  if (judged.some((one) => one.verdict === 'suspect')) return 'suspect';
  const speaking = judged.filter((one) => one.verdict !== 'undecided');
  return speaking.length > 0 && speaking.length === judged.length ? 'good' : 'undecided';
}

function judgeSeries(
  run: readonly Reading[],
  thresholds: AlertThresholds['down'],
  now: number,
  staleMs: number,
): SeriesJudgement {
  const newest = run.at(-1);
  const region = newest?.region ?? '';
  if (newest === undefined || now - newest.at > staleMs) {
    return { region, verdict: 'undecided', since: null, proof: null, inARow: 0 };
  }
  const lastGood = run.findLastIndex((one) => !isBad(one));
  const failed = run.slice(lastGood + 1);
  if (failed.length === 0) {
    const good = run.slice(run.findLastIndex(isBad) + 1).filter(isTick);
    const enough = good.length >= Math.min(thresholds.goodTicks, run.filter(isTick).length);
    return { region, verdict: enough ? 'good' : 'undecided', since: null, proof: null, inARow: 0 };
  }
  const since = failed[0]?.at ?? null;
  const ticks = failed.filter(isTick).length;
  const confirmations = failed.length - ticks;
  if (ticks >= 1 && confirmations >= thresholds.confirmations) {
    return { region, verdict: 'bad', since, proof: 'burst', inARow: failed.length };
  }
  if (ticks >= thresholds.ticksInARow)
    return { region, verdict: 'bad', since, proof: 'ticks', inARow: failed.length };
  return { region, verdict: 'suspect', since, proof: null, inARow: failed.length };
}

function isBad(reading: Reading): boolean {
  return OUTCOMES[reading.outcome].counts === 'bad';
}

/** Confirmations sharpen the start of an outage; they are no ticks of the schedule. */
function isTick(reading: Reading): boolean {
  return reading.purpose !== 'confirmation';
}

function earlier(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}
