import { parseDecimal } from '../contract/decimal.ts';
import { fewestToProveMet } from './binomial.ts';

/** The confidence at which a statement about a contract is called proven. */
const ALPHA = 0.05;
const DAYS_PER_MONTH = 30;
const DAY_MS = 86_400_000;

/**
 * The samples without a single one over the limit that it takes to claim "p99 is under it" at 95 %: the smallest n with
 * 0.99^n <= 0.05, which is 299. Percentile in percent, above 0 and below 100.
 */
export function samplesForPercentile(percentile: number): number {
  return fewestToProveMet(0, 1 - percentile / 100, ALPHA);
}

/**
 * The failed probes a month of 30 days may have when each is one sample and the availability has to reach `percent`:
 * floor(n × (100 − percent) / 100), exactly. `null` if `percent` is no decimal of at most 100.
 */
export function allowedFailures(percent: string, perDay: number): number | null {
  const goal = parseDecimal(percent);
  if (goal === null) return null;
  const scale = 10n ** BigInt(goal.places);
  const missing = 100n * scale - goal.digits;
  const samples = BigInt(Math.floor(perDay * DAYS_PER_MONTH + 1e-9));
  return missing < 0n ? null : Number((samples * missing) / (100n * scale));
}

/** Time for so many samples, whole ms. */
export function timeForSamples(samples: number, perDay: number): number {
  return Math.ceil((samples * DAY_MS) / perDay);
}

/** What one contract promises, as far as a plan can be held against it. */
export type Promised = {
  readonly contract: string;
  /** Percent as a decimal; `null` = nothing about availability. */
  readonly uptimePercent: string | null;
  /** Percent, e.g. 99, each once. */
  readonly percentiles: readonly number[];
  /** The slice the contract counts by; `null` = single requests. */
  readonly sliceMs: number | null;
};

/** What probing at one cadence can and cannot prove of one contract, for one target. */
export type Provability = {
  readonly contract: string;
  readonly perDay: number;
  readonly uptime: { readonly percent: string; readonly allowedFailures: number } | null;
  readonly percentiles: readonly {
    readonly percentile: number;
    readonly samples: number;
    readonly timeMs: number;
  }[];
  /** Slices of the contract for each probe, if there are more slices than probes: the rest has no data. */
  readonly slicesPerProbe: number | null;
};

export function provabilityOf(promised: Promised, perDay: number): Provability {
  const failures = promised.uptimePercent === null ? null : allowedFailures(promised.uptimePercent, perDay);
  const slicesPerDay = promised.sliceMs === null ? 0 : DAY_MS / promised.sliceMs;
  return {
    contract: promised.contract,
    perDay,
    uptime:
      promised.uptimePercent === null || failures === null
        ? null
        : { percent: promised.uptimePercent, allowedFailures: failures },
    percentiles: promised.percentiles.map((percentile) => {
      const samples = samplesForPercentile(percentile);
      return { percentile, samples, timeMs: timeForSamples(samples, perDay) };
    }),
    slicesPerProbe: slicesPerDay > perDay + 1e-9 ? slicesPerDay / perDay : null,
  };
}
