import type { LiveObjective } from '../src/domain/live/live-objective.ts';

const METRICS = { availability: 'uptime', ttft_ms: 'TTFT', e2e_ms: 'total', tokens_per_s: 'speed' } as const;

/** How people call an objective: `uptime`, `TTFT p99`, `share of TTFT windows`. */
export function objectiveName({ kind, metric, percentile }: LiveObjective): string {
  switch (kind) {
    case 'availability':
      return METRICS[metric];
    case 'percentile':
      return `${METRICS[metric]} p${percentile}`;
    case 'attainment':
      return `share of ${METRICS[metric]} windows`;
  }
}
