import type { LatencyComparator, LatencyTerms } from './contract.ts';
import { ceilExact, exact, floorExact, ratio } from './exact.ts';

/** The measured times of one request, µs: whole as we measure them, finer where a file says so; `null`: not measured. */
export type Timing = {
  readonly ttftUs: number | null;
  readonly totalUs: number | null;
  readonly outputTokens: number | null;
};

/** A latency objective's comparison, prepared so that each request is judged exactly and quickly. */
export type LatencyQuestion = {
  readonly metric: LatencyTerms['metric'];
  readonly tpsBasis: LatencyTerms['tpsBasis'];
  readonly comparator: LatencyComparator;
  /** Whole numbers: a value passes `<`/`<=` if it is at most `bound`, `>`/`>=` if it is at least `bound`. µs. */
  readonly bound: number;
  /** Greatest whole value that is not over the threshold, µs. */
  readonly under: number;
  /** The threshold, µs: what values finer than a microsecond are held against. */
  readonly thresholdUs: number;
  /** The threshold as a fraction, tokens/s. */
  readonly numerator: bigint;
  readonly denominator: bigint;
};

/**
 * One request's answer: its value (whole µs, finer ones rounded away from the threshold; or 0.001 tokens/s rounded down) and
 * whether the comparison holds.
 */
export type Timed = { readonly value: number; readonly passes: boolean; readonly under: boolean };

const US_PER_MS = 1000n;
const NS_PER_US = 1000;
const NS_PER_S = 1_000_000_000n;
const MILLI_TOKENS = 1_000_000_000;

export function isUpperLimit(comparator: LatencyComparator): boolean {
  return comparator === '<' || comparator === '<=';
}

export function latencyQuestion({ metric, tpsBasis, form }: LatencyTerms): LatencyQuestion {
  const threshold = exact(form.value);
  const inUs = threshold.mul(ratio(US_PER_MS, 1n));
  const bounds: Record<LatencyComparator, bigint> = {
    '<': ceilExact(inUs) - 1n,
    '<=': floorExact(inUs),
    '>': floorExact(inUs) + 1n,
    '>=': ceilExact(inUs),
  };
  return {
    metric,
    tpsBasis,
    comparator: form.comparator,
    bound: Number(bounds[form.comparator]),
    under: Number(floorExact(inUs)),
    thresholdUs: inUs.valueOf(),
    numerator: threshold.n,
    denominator: threshold.d,
  };
}

/** Tokens that took no time at all have no speed: counted as a great one, answers that come in one piece would keep any promise. */
function speedOf(question: LatencyQuestion, tokens: number, durationUs: number): Timed | null {
  if (durationUs === 0) return null;
  const value = Math.min(Math.floor((tokens * MILLI_TOKENS) / durationUs), Number.MAX_SAFE_INTEGER);
  // Only measured: every speed is at least nothing.
  if (question.numerator === 0n && question.comparator === '>=')
    return { value, passes: true, under: tokens === 0 };
  const speed = BigInt(tokens) * NS_PER_S * question.denominator;
  const wanted = question.numerator * BigInt(Math.round(durationUs * NS_PER_US));
  const passes = {
    '<': speed < wanted,
    '<=': speed <= wanted,
    '>': speed > wanted,
    '>=': speed >= wanted,
  }[question.comparator];
  return { value, passes, under: speed <= wanted };
}

function speed(question: LatencyQuestion, { ttftUs, totalUs, outputTokens }: Timing): Timed | null {
  if (totalUs === null || outputTokens === null) return null;
  if (question.tpsBasis === 'total') return speedOf(question, outputTokens, totalUs);
  // The first token arrives at the time to first token; the speed is that of those that follow.
  if (ttftUs === null || outputTokens < 2 || totalUs < ttftUs) return null;
  return speedOf(question, outputTokens - 1, totalUs - ttftUs);
}

/** The answer for one request; `null` if the line does not carry what the metric needs. */
export function timeOf(question: LatencyQuestion, timing: Timing): Timed | null {
  if (question.metric === 'tokens_per_s') return speed(question, timing);
  const value = question.metric === 'ttft_ms' ? timing.ttftUs : timing.totalUs;
  if (value === null) return null;
  if (!Number.isInteger(value)) return fineTime(question, value);
  const passes = isUpperLimit(question.comparator) ? value <= question.bound : value >= question.bound;
  return { value, passes, under: value <= question.under };
}

/** 799.9996 ms is under 800 ms, and 800.0004 ms is not at most that: rounded to whole µs both would be 800 ms. */
function fineTime({ comparator, thresholdUs }: LatencyQuestion, value: number): Timed {
  const under = value <= thresholdUs;
  const passes = {
    '<': value < thresholdUs,
    '<=': under,
    '>': !under,
    '>=': value >= thresholdUs,
  }[comparator];
  return { value: under ? Math.floor(value) : Math.ceil(value), passes, under };
}
