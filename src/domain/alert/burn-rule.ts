import { atLeast, clopperPearson } from '../statistics/binomial.ts';
import type { Measured, Verdict } from './alert.ts';
import type { AlertThresholds, BurnRow } from './alert-policy.ts';

/** Valid and bad samples of one cell in a window that ends now. */
export type WindowCount = { readonly n: number; readonly k: number };

/** Counts over the last `windowMs`. Windows begin no earlier than the end of the last outage that was announced. */
export type CountWindow = (windowMs: number) => WindowCount;

export type BurnJudgement = {
  readonly verdict: Extract<Verdict, 'bad' | 'good' | 'undecided'>;
  /** The row that fired, or the first one. */
  readonly row: BurnRow;
  /** Counts of that row's long window; `null` unless it fired: intervals are costly, and nobody reads them. */
  readonly measured: Measured | null;
};

const PPM = 1_000_000;
const THIRTY_DAYS_MS = 30 * 86_400_000;

export type BurnGuards = Pick<
  AlertThresholds['burn'],
  'minBad' | 'maxPValue' | 'falsePages' | 'falseTickets'
>;

/**
 * How many alarms like this one all cells together would raise in 30 days by luck alone, at exactly the objective. An
 * alarm can only begin with a bad sample, so it is at most the expected number of bad samples times the chance that the
 * window before such a sample holds the other k - 1: a bound that holds however often one looks and however much the
 * windows overlap.
 */
export function falseAlarmsPer30Days(
  row: BurnRow,
  { n, k }: WindowCount,
  allowedPpm: number,
  cells: number,
): number {
  const allowed = allowedPpm / PPM;
  const samples = Math.max(1, cells) * n * (THIRTY_DAYS_MS / row.longMs);
  return samples * allowed * atLeast(k - 1, n - 1, allowed);
}

/**
 * Multi-window burn rate with the guards a small sample needs. A row fires when both windows burn faster than its factor,
 * the long one holds at least `minBad` bad samples, and luck alone does not explain them, neither once nor over a month of
 * looking at every cell. With one sample a minute a
 * single failure is a 16.7-fold burn of a 99.9 % objective, so the ratio alone would page once a day for nothing.
 *
 * `good` asks that every short window burns below 1. In between the verdict is `undecided`: the state stays.
 * https://sre.google/workbook/alerting-on-slos/
 */
export function judgeBurn(
  rows: readonly [BurnRow, ...BurnRow[]],
  count: CountWindow,
  allowedPpm: number,
  cells: number,
  guards: BurnGuards,
): BurnJudgement {
  const fired = rows.find((row) => fires(row, count, allowedPpm, cells, guards));
  if (fired !== undefined) return { verdict: 'bad', row: fired, measured: measure(fired, count, allowedPpm) };
  const quiet = rows.every((row) => {
    const short = count(row.shortMs);
    return short.n > 0 && burnRate(short, allowedPpm) < 1;
  });
  return { verdict: quiet ? 'good' : 'undecided', row: rows[0], measured: null };
}

function fires(
  row: BurnRow,
  count: CountWindow,
  allowedPpm: number,
  cells: number,
  guards: BurnGuards,
): boolean {
  const long = count(row.longMs);
  if (long.k < guards.minBad || burnRate(long, allowedPpm) <= row.factor) return false;
  if (burnRate(count(row.shortMs), allowedPpm) <= row.factor) return false;
  if (atLeast(long.k, long.n, allowedPpm / PPM) > guards.maxPValue) return false;
  const tolerated = row.severity === 'page' ? guards.falsePages : guards.falseTickets;
  return falseAlarmsPer30Days(row, long, allowedPpm, cells) <= tolerated;
}

/** Share of bad samples over the share allowed; 0 without samples. An objective of 100 % burns infinitely fast. */
export function burnRate({ n, k }: WindowCount, allowedPpm: number): number {
  if (n === 0 || k === 0) return 0;
  // One rounding only: k / n and allowedPpm / PPM rounded apart can put a rate of exactly 1 on the wrong side.
  return (k * PPM) / (n * allowedPpm);
}

function measure(row: BurnRow, count: CountWindow, allowedPpm: number): Measured {
  return measureCount(count(row.longMs), row.longMs, allowedPpm);
}

/** Counts with everything that says how sure they make us; without an objective there is no probability to tell. */
export function measureCount({ n, k }: WindowCount, windowMs: number, allowedPpm: number | null): Measured {
  if (n === 0) {
    return { windowMs, n, k, allowedPpm, burnRate: null, pValue: null, intervalPpm: null };
  }
  const { low, high } = clopperPearson(k, n);
  return {
    windowMs,
    n,
    k,
    allowedPpm,
    burnRate: allowedPpm === null ? null : burnRate({ n, k }, allowedPpm),
    pValue: allowedPpm === null ? null : atLeast(k, n, allowedPpm / PPM),
    intervalPpm: [Math.floor(low * PPM), Math.ceil(high * PPM)],
  };
}
