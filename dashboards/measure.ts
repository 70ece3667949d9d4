import type { Limit } from '../src/domain/contract/commitment.ts';
import type { Spread } from '../src/domain/time/spread.ts';
import type { HistoryColumn } from '../src/domain/view/history.ts';
import type { TargetView } from '../src/domain/view/status-view.ts';
import { formatSpeed, formatUs } from './format.ts';

/** Three lines of a chart at one stretch, from the middle to the slow end. */
export type Curve = { readonly n: number; readonly mid: number; readonly near: number; readonly far: number };

/** One thing that is measured over time: what is drawn, in which words, against which target. */
export type Measure = {
  readonly key: 'ttft' | 'total' | 'speed';
  readonly name: string;
  /** What the three lines are called. */
  readonly lines: readonly [mid: string, near: string, far: string];
  /** `us` or 0.001 tokens/s. */
  readonly unit: 'us' | 'speed';
  readonly of: (column: HistoryColumn) => Curve | null;
  /** In the unit; `null`: nothing was promised. */
  readonly goal: number | null;
  readonly format: (value: number | null) => string;
};

/** TTFT, total time and speed of a target, with what its contract asks of each. */
export function measuresOf({ commitment, live }: TargetView): readonly Measure[] {
  const time = (
    key: 'ttft' | 'total',
    name: string,
    limit: Limit | null,
    of: (column: HistoryColumn) => Spread | null,
  ): Measure => ({
    key,
    name,
    lines: ['p50', 'p90', 'p99'],
    unit: 'us',
    of: (column) => {
      const spread = of(column);
      return spread === null
        ? null
        : { n: spread.n, mid: spread.p50Us, near: spread.p90Us, far: spread.p99Us };
    },
    goal: limit?.statedUs ?? null,
    format: formatUs,
  });
  const floor = live?.objectives.find(
    ({ kind, metric, percentile, goal }) =>
      kind === 'percentile' &&
      metric === 'tokens_per_s' &&
      Number(percentile) === 99 &&
      goal?.comparator.startsWith('>') === true,
  );
  return [
    time('ttft', 'Time to first token', commitment?.ttftP99 ?? null, ({ ttft }) => ttft),
    time('total', 'Total time', commitment?.totalP99 ?? null, ({ total }) => total),
    {
      key: 'speed',
      name: 'Output tokens per second',
      lines: ['p50', 'p10', 'p1'],
      unit: 'speed',
      of: ({ speed }) =>
        speed === null ? null : { n: speed.n, mid: speed.p50, near: speed.p10, far: speed.p1 },
      goal: floor?.goal == null ? null : Number(floor.goal.value) * 1000,
      format: formatSpeed,
    },
  ];
}

/** Below a hundred answers the far line is not a percentile but the slowest answer itself. */
export function farWord({ lines: [, , far] }: Measure, n: number): string {
  return n < 100 ? 'slowest' : far;
}
