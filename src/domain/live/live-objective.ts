import { type Exact, exact, ONE, ratio } from '../contract/exact.ts';
import type { Period } from '../time/period.ts';
import type { LiveQuestion } from './live-plan.ts';
import type { LiveWindow, RollingName, WindowName } from './live-window.ts';
import type { Goal, Judged, ObjectiveShape } from './objective-shape.ts';
import { type Allowance, exhaustedAt, type PeriodBudget, periodBudget } from './period-budget.ts';

/** The targets that are judged as one with a target, itself included. */
export type Pool = {
  /** `gateway/tier`. */
  readonly scope: string;
  readonly targets: number;
  /** `by slice`: how the period stands is known from the slices of all of them; else see `Judged`. */
  readonly judged: Exclude<Judged, 'alone'> | 'by slice';
};

/** One objective of one target, at one instant. */
export type LiveObjective = {
  readonly target: string;
  /** Stable, e.g. `pro-channel/availability`; `none/…` where nothing was promised. */
  readonly id: string;
  readonly kind: LiveQuestion['kind'];
  readonly metric: ObjectiveShape['metric'];
  /** The percentile, e.g. `99`; `null` for others. */
  readonly percentile: string | null;
  /** `null`: nothing was promised. */
  readonly goal: Goal | null;
  /** Set where the contract judges several targets as one: budget, burn, outlook and the period are then theirs. */
  readonly pool: Pool | null;
  readonly windows: Readonly<Record<WindowName, LiveWindow>>;
  readonly period: Period;
  /** Of the period; `null` if nothing was promised. */
  readonly budget: PeriodBudget | null;
  /** Bad share of the window over the share allowed; `null` without samples or promise. */
  readonly burn: {
    readonly '1h': number | null;
    readonly '6h': number | null;
    readonly '24h': number | null;
  };
  /** When the budget is gone at the pace of the last day; `null`: not before the period ends. */
  readonly exhaustedAt: number | null;
};

/** What is known about what is to come in the period. */
export type Outlook = {
  readonly period: Period;
  /** Ticks of all series of the target from the window's end to the period's. */
  readonly remainingTicks: number;
};

/** Puts windows, budget and outlook together. */
export function liveObjective(
  target: string,
  shape: ObjectiveShape,
  windows: Readonly<Record<WindowName, LiveWindow>>,
  { period, remainingTicks }: Outlook,
): LiveObjective {
  const { id, metric, percentile, goal, question } = shape;
  const { period: soFar } = windows;
  const base = { target, id, kind: question.kind, metric, percentile, goal, pool: null, windows, period };
  if (goal === null) {
    return { ...base, budget: null, burn: { '1h': null, '6h': null, '24h': null }, exhaustedAt: null };
  }
  const leftMs = Math.max(0, period.toAt - soFar.toAt);
  const sliceMs = sliceOf(question);
  const remaining =
    soFar.unit === 'slices' && sliceMs !== null ? Math.floor(leftMs / sliceMs) : remainingTicks;
  const tickMs = remainingTicks === 0 ? 0 : leftMs / remainingTicks;
  const trialMs = soFar.unit === 'slices' && sliceMs !== null ? sliceMs : tickMs;
  const budget = periodBudget({
    allowance: goal.allowance,
    n: soFar.counted ?? soFar.n,
    bad: badOf(soFar),
    badFractions: badFractions(soFar),
    assumedBad: countsEmptyBad(question) ? Math.max(0, (soFar.counted ?? soFar.n) - soFar.n) : 0,
    remaining,
    unit: soFar.unit,
    trialMs,
    probesPerTrial: soFar.unit === 'slices' && tickMs > 0 ? trialMs / tickMs : 1,
  });
  const burn = (name: RollingName): number | null => burnOf(windows[name], goal.allowance);
  return {
    ...base,
    budget,
    burn: { '1h': burn('1h'), '6h': burn('6h'), '24h': burn('24h') },
    exhaustedAt: exhaustedAt(budget, windows['24h'], soFar.toAt, period.toAt),
  };
}

/** Bad trials by the contract's own ratio, assumed slices included. */
function badOf(window: LiveWindow): number {
  const fractions = badFractions(window);
  if (fractions !== null) return fractions.valueOf();
  return window.good === null || window.counted === null ? window.bad : window.counted - window.good;
}

/** The same where a slice may be bad in part; `null` where trials are bad as a whole. */
export function badFractions({ exactShare, counted }: LiveWindow): Exact | null {
  return exactShare === null || counted === null ? null : ONE.sub(exact(exactShare)).mul(ratio(counted, 1));
}

function countsEmptyBad(question: LiveQuestion): boolean {
  if (question.kind === 'availability') return question.terms.emptySlice === 'bad';
  return question.kind === 'attainment' && question.terms.form.emptySlice === 'bad';
}

export function burnOf(
  window: Pick<LiveWindow, 'n' | 'bad'>,
  { numerator, denominator }: Allowance,
): number | null {
  if (window.n === 0) return null;
  if (window.bad === 0) return 0;
  return (window.bad * denominator) / (window.n * numerator);
}

function sliceOf(question: LiveQuestion): number | null {
  if (question.kind === 'availability') return question.terms.sliceMs;
  return question.kind === 'attainment' ? question.terms.form.sliceMs : null;
}
