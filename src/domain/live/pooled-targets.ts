import { type Exact, ratio } from '../contract/exact.ts';
import { parseTargetId } from '../measure/target.ts';
import { badFractions, burnOf, type LiveObjective, type Pool } from './live-objective.ts';
import type { LiveTarget } from './live-report.ts';
import { type LiveWindow, type RollingName, resultOf } from './live-window.ts';
import { exhaustedAt, heldAgainst, type PeriodBudget, periodBudget } from './period-budget.ts';

/** The part of an objective that a contract decides, and what follows from it. */
export type Decided = {
  readonly period: LiveWindow;
  readonly budget: PeriodBudget | null;
  readonly burn: LiveObjective['burn'] | null;
  readonly exhaustedAt: number | null;
};

/** What was decided slice by slice, by `scopeKey`. */
export type BySlice = ReadonlyMap<string, Decided>;

/** @param scope what the contract judges as one: a target, or a key as `gateway/tier` */
export function scopeKey(scope: string, objective: string, periodFrom: number): string {
  return `${scope}\n${objective}\n${periodFrom}`;
}

/**
 * The same targets, where a contract judges all behind a key as one with how they stand together: period, budget, burn and
 * outlook of such an objective are those of all, and its `pool` says so. Rolling windows stay each target's own.
 *
 * @param targets everything of the same instant, by id
 * @param retired those that are counted with others and not shown any more
 * @param bySlice where slices of all of them are known
 */
export function withPools(
  targets: ReadonlyMap<string, LiveTarget>,
  retired: ReadonlySet<string> = new Set(),
  bySlice: BySlice = new Map(),
): ReadonlyMap<string, LiveTarget> {
  const promised = [...targets.values()].flatMap(({ target, objectives }) =>
    objectives.flatMap((one) => {
      const named = parseTargetId(target);
      if (named === null || one.goal === null) return [];
      const { judged } = one.goal;
      const scope = judged === 'alone' ? target : `${named.gateway}/${named.tier}`;
      const key = scopeKey(scope, one.id, one.period.fromAt);
      return judged === 'alone' && !bySlice.has(key) ? [] : [{ key, scope, judged, one }];
    }),
  );
  if (promised.length === 0) return targets;
  const found = new Map<LiveObjective, LiveObjective>();
  for (const [key, group] of Map.groupBy(promised, (one) => one.key)) {
    const [first] = group;
    if (first === undefined) continue;
    const { scope, judged } = first;
    const sliced = bySlice.get(key) ?? null;
    // A key with one target is that target.
    if (judged === 'alone' || group.length === 1) {
      if (sliced !== null) found.set(first.one, together(first.one, null, sliced));
      continue;
    }
    const each = group.map(({ one }) => one);
    const pool: Pool = { scope, targets: group.length, judged: sliced === null ? judged : 'by slice' };
    const decided = sliced ?? (judged === 'summed' ? summed(each) : null);
    for (const own of each) found.set(own, together(own, pool, decided ?? atClose(own, pool, each)));
  }
  const shown = [...targets].filter(([id]) => !retired.has(id));
  return new Map(
    shown.map(([id, live]) => [
      id,
      live.objectives.some((one) => found.has(one))
        ? { ...live, objectives: live.objectives.map((one) => found.get(one) ?? one) }
        : live,
    ]),
  );
}

function together(
  own: LiveObjective,
  pool: Pool | null,
  { period, budget, burn, exhaustedAt: gone }: Decided,
) {
  const windows = { ...own.windows, period };
  return { ...own, pool, windows, budget, burn: burn ?? own.burn, exhaustedAt: gone };
}

/** Requests add up. */
function summed(each: readonly LiveObjective[]): Decided | null {
  const [first] = each;
  if (first?.goal == null) return null;
  const { allowance, minSamples } = first.goal;
  const over = (name: RollingName | 'period') => {
    const windows = each.map((one) => one.windows[name]);
    return { n: sum(windows.map(({ n }) => n)), bad: sum(windows.map(({ bad }) => bad)) };
  };
  const { n, bad } = over('period');
  const own = first.windows.period;
  const isShare = first.kind === 'availability';
  const period: LiveWindow = {
    ...own,
    n,
    bad,
    good: isShare && n > 0 ? n - bad : null,
    counted: isShare && n > 0 ? n : null,
    // A percentile of several targets is not made of theirs; how many were too slow is.
    latency: null,
    coverage: null,
    result: resultOf(first.goal, n >= minSamples, n - bad, n),
  };
  const leftMs = Math.max(0, first.period.toAt - own.toAt);
  const remaining = sum(each.map(({ budget }) => budget?.remaining ?? 0));
  const trialMs = remaining === 0 ? 0 : leftMs / remaining;
  const budget = periodBudget({ allowance, n, bad, remaining, unit: 'requests', trialMs, probesPerTrial: 1 });
  const burn = (name: RollingName): number | null => burnOf(over(name), allowance);
  return {
    period,
    budget,
    burn: { '1h': burn('1h'), '6h': burn('6h'), '24h': burn('24h') },
    exhaustedAt: exhaustedAt(budget, over('24h'), own.toAt, first.period.toAt),
  };
}

/**
 * Slices do not add up, and here they are not known one by one: of the running period nothing is said but that it is kept so far, where it is even if every bad
 * slice of every target were one of all.
 */
function atClose(own: LiveObjective, { judged }: Pool, each: readonly LiveObjective[]): Decided {
  const isKept = judged === 'bounded' && isKeptAtWorst(each);
  return {
    period: { ...own.windows.period, result: isKept ? 'met' : 'undecided' },
    budget: null,
    burn: null,
    exhaustedAt: null,
  };
}

function isKeptAtWorst(each: readonly LiveObjective[]): boolean {
  const allowance = each[0]?.goal?.allowance;
  const windows = each.map((one) => one.windows.period).filter(({ counted }) => counted !== null);
  if (allowance === undefined || windows.length === 0) return false;
  const badFractionsInAll = windows.reduce<Exact>((total, one) => total.add(badIn(one)), ratio(0, 1));
  // All of them together have at least as many slices as any one of them.
  const n = Math.max(...windows.map(({ counted }) => counted ?? 0));
  return !heldAgainst({ allowance, n, bad: 0, badFractions: badFractionsInAll, remaining: 0 }).isOver;
}

function badIn(window: LiveWindow): Exact {
  return badFractions(window) ?? ratio((window.counted ?? 0) - (window.good ?? 0), 1);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
