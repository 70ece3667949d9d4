import { nearestRank } from '../statistics/quantile.ts';
import type { LatencyComparator, LatencyForm, SliceStat } from './contract.ts';
import { exact } from './exact.ts';
import { isUpperLimit } from './latency-question.ts';

type Statistic = { readonly form: Extract<LatencyForm, { kind: 'window_attainment' }> };

const US_PER_MS = 1000n;
const RANK: Readonly<Record<Exclude<SliceStat, 'mean'>, string>> = {
  p50: '50',
  p90: '90',
  p95: '95',
  p99: '99',
};

/** What a slice adds up to for a latency objective. */
export type SliceSums = {
  readonly timed: number;
  readonly passed: number;
  readonly failed: number;
  readonly sum: number;
};

/** Whether a nearest-rank percentile holds, from how many of `n` satisfy the comparison. */
export function rankPasses(rank: number, comparator: LatencyComparator, n: number, passed: number): boolean {
  // Ascending, failures at the slow end: highest for a latency, lowest for a speed.
  return isUpperLimit(comparator) ? passed >= rank : n - passed < rank;
}

function meanPasses({ form }: Statistic): (sums: SliceSums) => boolean {
  const limit = exact(form.value);
  const wanted = limit.s * limit.n * US_PER_MS;
  return ({ timed, sum }) => {
    if (timed === 0) return false;
    const taken = BigInt(sum) * limit.d;
    const allowed = BigInt(timed) * wanted;
    switch (form.comparator) {
      case '<':
        return taken < allowed;
      case '<=':
        return taken <= allowed;
      case '>':
        return taken > allowed;
      case '>=':
        return taken >= allowed;
    }
  };
}

/** Whether a slice's statistic holds; to be asked of many slices. */
export function sliceTest(terms: Statistic): (sums: SliceSums) => boolean {
  const { stat, comparator } = terms.form;
  if (stat === 'mean') return meanPasses(terms);
  // Slices are of few sizes.
  const ranks = new Map<number, number>();
  return ({ timed, failed, passed }) => {
    const n = timed + failed;
    let rank = ranks.get(n);
    if (rank === undefined) {
      rank = nearestRank(RANK[stat], n);
      ranks.set(n, rank);
    }
    return rankPasses(rank, comparator, n, passed);
  };
}
