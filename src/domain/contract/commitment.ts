import type { Contract, LatencyTerms } from './contract.ts';
import { ceilExact, exact, floorExact } from './exact.ts';

/** A limit on a latency. `mostUs` is the largest whole number of µs that keeps it; `statedUs` is what was written. */
export type Limit = { readonly mostUs: number; readonly statedUs: number; readonly strict: boolean };

/** What a contract asks for, in the numbers a page can hold against an hour. `null` = nothing asked of that kind. */
export type Commitment = {
  readonly contract: string;
  readonly uptimePpm: number | null;
  readonly ttftP99: Limit | null;
  readonly totalP99: Limit | null;
};

/**
 * Reads from a contract what a live page can show beside its measurements: the uptime target and the limits on the
 * 99th percentile. Terms of another form (shares of slices, floors of tokens per second) need the whole period, and
 * are judged there alone.
 */
export function commitmentOf(contract: Contract): Commitment {
  const p99 = (metric: LatencyTerms['metric']): Limit | null =>
    contract.latency
      .map((terms) => (terms.metric === metric ? limitOf(terms) : null))
      .find((limit) => limit !== null) ?? null;
  return {
    contract: contract.title,
    uptimePpm: contract.availability === null ? null : ppmOf(contract.availability.target.value),
    ttftP99: p99('ttft_ms'),
    totalP99: p99('e2e_ms'),
  };
}

export function isSameCommitment(one: Commitment | null, other: Commitment | null): boolean {
  if (one === null || other === null || one === other) return one === other;
  return (
    one.contract === other.contract &&
    one.uptimePpm === other.uptimePpm &&
    isSameLimit(one.ttftP99, other.ttftP99) &&
    isSameLimit(one.totalP99, other.totalP99)
  );
}

function isSameLimit(one: Limit | null, other: Limit | null): boolean {
  if (one === null || other === null) return one === other;
  return one.mostUs === other.mostUs && one.statedUs === other.statedUs && one.strict === other.strict;
}

function limitOf({ form }: LatencyTerms): Limit | null {
  if (form.kind !== 'whole_window_percentile' || !exact(form.percentile).equals(99)) return null;
  const us = exact(form.value).mul(1000);
  const statedUs = Number(ceilExact(us));
  switch (form.comparator) {
    case '<=':
      return { mostUs: Number(floorExact(us)), statedUs, strict: false };
    case '<':
      return { mostUs: Number(ceilExact(us)) - 1, statedUs, strict: true };
    case '>':
    case '>=':
      return null;
  }
}

/** A target finer than a millionth is rounded up: never in the provider's favour. */
function ppmOf(percent: string): number {
  return Number(ceilExact(exact(percent).mul(10_000)));
}
