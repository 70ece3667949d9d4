import quantile from '@stdlib/stats-base-dists-normal-quantile';

/** The value below which a standard normal variable stays with probability `p`, `0 < p < 1`. */
export function normalQuantile(p: number): number {
  return quantile(p, 0, 1);
}
