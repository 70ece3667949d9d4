import { exact, floorExact, ratio } from '../contract/exact.ts';
import type { DayRecord } from './day-record.ts';
import type { LiveObjective } from './live-objective.ts';
import type { LiveWindow } from './live-window.ts';

/** Everything a page, an API or a rule may ask about one target now. */
export type LiveTarget = {
  readonly target: string;
  readonly objectives: readonly LiveObjective[];
  /** The last ninety days of UTC, oldest first, today included. */
  readonly days: readonly DayRecord[];
};

export type LiveReport = {
  readonly at: number;
  /** Everything before this instant is counted. */
  readonly toAt: number;
  readonly targets: ReadonlyMap<string, LiveTarget>;
  /** Hours of the last ninety days that still have to be counted; above zero the long windows are incomplete. */
  readonly pendingHours: number;
};

/**
 * How a target stands in its contract's running period. `behind`: it would be missed if the period ended now, and can
 * still be met. `breached`: it is missed whatever comes.
 */
export const PERIOD_STANDINGS = ['on track', 'behind', 'breached', 'undecided', 'none'] as const;
export type PeriodStanding = (typeof PERIOD_STANDINGS)[number];

export function periodStandingOf({ objectives }: Pick<LiveTarget, 'objectives'>): PeriodStanding {
  const promised = objectives.filter(({ goal }) => goal !== null);
  if (promised.length === 0) return 'none';
  if (promised.some(({ budget }) => budget?.isBreachCertain === true)) return 'breached';
  const results = promised.map(({ windows }) => windows.period.result);
  if (results.includes('breached')) return 'behind';
  return results.includes('met') ? 'on track' : 'undecided';
}

const PARTS = 100_000_000;

/** The share of a window as a part of a whole, never rounded up; `null` without data. */
export function shareOf(window: LiveWindow): { readonly part: number; readonly whole: number } | null {
  if (window.exactShare !== null)
    return { part: Number(floorExact(exact(window.exactShare).mul(ratio(PARTS, 1)))), whole: PARTS };
  if (window.good === null || window.counted === null || window.counted === 0) return null;
  return { part: window.good, whole: window.counted };
}

/** The objective people mean by uptime. */
export function uptimeOf({ objectives }: Pick<LiveTarget, 'objectives'>): LiveObjective | null {
  return objectives.find(({ kind }) => kind === 'availability') ?? null;
}

/** The 99th percentile of a metric, promised or only measured. */
export function p99Of(
  { objectives }: Pick<LiveTarget, 'objectives'>,
  metric: 'ttft_ms' | 'e2e_ms',
): LiveObjective | null {
  return (
    objectives.find(
      (one) => one.kind === 'percentile' && one.metric === metric && Number(one.percentile) === 99,
    ) ?? null
  );
}
