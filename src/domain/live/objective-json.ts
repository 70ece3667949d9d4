import { exact, exactText, fixed, HUNDRED, ratio } from '../contract/exact.ts';
import { binomialVerdict, type StatementVerdict } from '../contract/statement.ts';
import { clopperPearson } from '../statistics/binomial.ts';
import type { LiveObjective } from './live-objective.ts';
import type { LiveReport, LiveTarget } from './live-report.ts';
import { periodStandingOf } from './live-report.ts';
import type { LiveWindow, WindowName } from './live-window.ts';
import { projectedShare } from './period-budget.ts';

const PLACES = 6;

/** What the trials of a window prove; probabilities as in the statement about a closed period. */
export type LiveStatement = {
  readonly verdict: StatementVerdict;
  readonly p: number | null;
  /** 95 % interval of the share of good trials, percent (Clopper and Pearson). */
  readonly interval: { readonly lowPercent: number; readonly highPercent: number } | null;
};

export function statementOf(objective: LiveObjective, { n, bad }: LiveWindow): LiveStatement | null {
  if (objective.goal === null) return null;
  const { numerator, denominator } = objective.goal.allowance;
  const { verdict, p } = binomialVerdict(n, bad, numerator / denominator);
  if (n === 0) return { verdict, p, interval: null };
  const { low, high } = clopperPearson(n - bad, n);
  return { verdict, p, interval: { lowPercent: low * 100, highPercent: high * 100 } };
}

/** A window for machines: the same numbers, with the exact value in words. */
function windowJson(objective: LiveObjective, name: WindowName, withStatement: boolean) {
  const window = objective.windows[name];
  const { fromAt, toAt, n, bad, unit, result, coverage, latency } = window;
  const share =
    window.exactShare !== null
      ? exact(window.exactShare)
      : window.good === null || window.counted === null
        ? null
        : ratio(window.good, window.counted);
  return {
    fromAt,
    toAt,
    n,
    bad,
    unit,
    value:
      objective.kind === 'percentile'
        ? latency === null
          ? null
          : objective.metric === 'tokens_per_s'
            ? { tokensPerSecond: latency / 1000 }
            : { ms: latency / 1000 }
        : share === null
          ? null
          : { percent: fixed(share.mul(HUNDRED), PLACES), exact: exactText(share) },
    result,
    coverage,
    ...(withStatement ? { statement: statementOf(objective, window) } : {}),
  };
}

/** One objective for machines. Statements cost most of the work, so a list of many targets leaves them out. */
export function objectiveJson(objective: LiveObjective, withStatements: boolean) {
  const { windows, goal, budget, period } = objective;
  const soFar = windows.period;
  const projected =
    budget === null || !withStatements
      ? null
      : projectedShare(
          { n: soFar.counted ?? soFar.n, bad: budget.used, remaining: budget.remaining },
          windows['24h'],
        );
  return {
    target: objective.target,
    id: objective.id,
    kind: objective.kind,
    metric: objective.metric,
    percentile: objective.percentile,
    goal: goal === null ? null : { contract: goal.contract, value: goal.value, comparator: goal.comparator },
    pool: objective.pool,
    period: { label: period.label, fromAt: period.fromAt, toAt: period.toAt, timezone: period.timezone },
    windows: Object.fromEntries(
      (Object.keys(windows) as WindowName[]).map((name) => [
        name,
        windowJson(objective, name, withStatements),
      ]),
    ),
    budget,
    burn: objective.burn,
    exhaustedAt: objective.exhaustedAt,
    projected:
      projected === null ? null : { lowPercent: projected.low * 100, highPercent: projected.high * 100 },
  };
}

/** What one target came to, for machines. */
export function liveTargetJson(live: LiveTarget, withStatements: boolean) {
  return {
    standing: periodStandingOf(live),
    objectives: live.objectives.map((objective) => objectiveJson(objective, withStatements)),
    days: live.days,
  };
}

/** Every objective of every target, or of one. `preparingPpm`: how much of a simulated past is written, if one is being. */
export function objectivesJson(report: LiveReport, target: string | null, preparingPpm: number | null) {
  return {
    at: report.at,
    toAt: report.toAt,
    pendingHours: report.pendingHours,
    preparingPpm,
    objectives: [...report.targets.values()]
      .filter((one) => target === null || one.target === target)
      .flatMap(({ objectives }) => objectives.map((objective) => objectiveJson(objective, target !== null))),
  };
}
