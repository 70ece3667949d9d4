import cdf from '@stdlib/stats-base-dists-normal-cdf';

/** The probability that a standard normal variable is above `z`. */
export function normalAbove(z: number): number {
  return cdf(-z, 0, 1);
}
