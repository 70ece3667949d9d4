import type { Doubt } from './outcome.ts';
import type { SpendCap } from './probe.ts';
import type { Target } from './target.ts';

/** Doubts about ourselves: a sample with one of them says nothing at all. The others spoil its latency only. */
const ABOUT_OURSELVES: ReadonlySet<Doubt> = new Set<Doubt>([
  'event_loop_delay',
  'clock_step',
  'suspended',
  'late_start',
  'own_network',
]);

/** What became of the attempts of a window: which can be used, and why the others cannot. */
export type Counted = {
  readonly valid: number;
  /** The answer's own doing: its latency does not count. */
  readonly excluded: Readonly<Partial<Record<Doubt, number>>>;
  /** Our own doing: the attempt does not count. */
  readonly suspect: Readonly<Partial<Record<Doubt, number>>>;
};

/** @param attempts all of them, doubtful ones included */
export function countedOf(attempts: number, byDoubt: Readonly<Partial<Record<Doubt, number>>>): Counted {
  const excluded: Partial<Record<Doubt, number>> = {};
  const suspect: Partial<Record<Doubt, number>> = {};
  let doubtful = 0;
  for (const [doubt, count] of Object.entries(byDoubt) as [Doubt, number][]) {
    (ABOUT_OURSELVES.has(doubt) ? suspect : excluded)[doubt] = count;
    doubtful += count;
  }
  return { valid: attempts - doubtful, excluded, suspect };
}

/** What probing costs, per currency, 10^-9 of it. */
export type Spending = {
  readonly currency: string;
  /** Since midnight UTC. */
  readonly todayNanos: number;
  /** At the end of the day, if it goes on as in the last hour. Never more than the cap. */
  readonly projectedDayNanos: number;
  readonly byTier: Readonly<Record<string, number>>;
  readonly byTarget: Readonly<Record<string, number>>;
  readonly cap: SpendCap | null;
};

export type SpendingFacts = {
  readonly now: number;
  /** Cost since midnight UTC by target id, 10^-9. */
  readonly today: ReadonlyMap<string, number>;
  /** Cost of the last hour by target id, 10^-9. */
  readonly lastHour: ReadonlyMap<string, number>;
  readonly currencyOf: (target: Target) => string | null;
  readonly cap: SpendCap | null;
};

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** One entry per currency in which something has a price, by name. */
export function spendingOf(targets: readonly Target[], facts: SpendingFacts): Spending[] {
  const leftHours = (DAY_MS - (facts.now % DAY_MS)) / HOUR_MS;
  const priced = Map.groupBy(targets, facts.currencyOf);
  return [...priced.entries()]
    .flatMap(([currency, ofCurrency]) => {
      if (currency === null) return [];
      const byTier: Record<string, number> = {};
      const byTarget: Record<string, number> = {};
      let todayNanos = 0;
      let hourNanos = 0;
      for (const target of ofCurrency) {
        const nanos = facts.today.get(target.id) ?? 0;
        byTarget[target.id] = nanos;
        byTier[target.tier] = (byTier[target.tier] ?? 0) + nanos;
        todayNanos += nanos;
        hourNanos += facts.lastHour.get(target.id) ?? 0;
      }
      const cap = facts.cap?.currency === currency ? facts.cap : null;
      const onward = Math.round(todayNanos + hourNanos * leftHours);
      const projectedDayNanos =
        cap === null ? onward : Math.min(onward, Math.max(todayNanos, cap.perDayNanos));
      return [{ currency, todayNanos, projectedDayNanos, byTier, byTarget, cap }];
    })
    .sort((a, b) => (a.currency < b.currency ? -1 : 1));
}
