/** How late attempts left since the last reading: exact, over one heartbeat's worth of them. */
export type LagRecord = {
  readonly add: (lagUs: number) => void;
  /** Gives nearest-rank percentiles in whole µs, or `null` if nothing left, and starts anew. */
  readonly take: () => { readonly p50Us: number; readonly p99Us: number; readonly maxUs: number } | null;
};

export function createLagRecord(): LagRecord {
  let lags: number[] = [];
  return {
    add: (lagUs) => {
      lags.push(lagUs);
    },
    take: () => {
      if (lags.length === 0) return null;
      const sorted = Float64Array.from(lags).sort();
      lags = [];
      const rank = (percent: number): number => sorted[Math.ceil((percent * sorted.length) / 100) - 1] ?? 0;
      return { p50Us: rank(50), p99Us: rank(99), maxUs: rank(100) };
    },
  };
}
