import { clopperPearson } from '../statistics/binomial.ts';
import type { Interval } from '../time/interval.ts';
import { instantText } from '../time/period.ts';
import { counted } from '../wording.ts';
import { type Availability, availabilityOf, type Coverage } from './availability.ts';
import { type ChronicRight, chronicRights, type WindowResult } from './chronic.ts';
import { type ClaimAnchors, claimDeadlines, type Deadline } from './claim-deadline.ts';
import type { Comparator, Contract, LatencyComparator } from './contract.ts';
import { type Credit, type CreditClaim, creditOf, type Fee } from './credit.ts';
import {
  type Exact,
  exact,
  exactText,
  fixed,
  HUNDRED,
  minExact,
  ONE,
  ratio,
  roundExact,
  ZERO,
} from './exact.ts';
import { type LatencyFigures, latencyFigures } from './latency-objective.ts';
import { type Counts, countingFlags, plannedIndex, totalCounts } from './slice-counts.ts';
import { binomialVerdict, correlationOf, type Statement } from './statement.ts';
import type { Tally, TallyPlan } from './tally.ts';

/** A percentage twice: to six decimals for people, and exactly. */
export type Percentage = { readonly percent: string; readonly exact: string };

export type ObjectiveValue = {
  readonly percent?: string;
  readonly ms?: number;
  readonly tokensPerSecond?: number;
  readonly exact: string;
};

/** One objective of a contract over one period. */
export type ObjectiveResult = {
  readonly id: string;
  readonly kind: 'availability' | 'window_attainment' | 'whole_window_percentile';
  readonly metric: 'availability' | 'ttft_ms' | 'e2e_ms' | 'tokens_per_s';
  /** `null`: no data, or the percentile is a failed request. */
  readonly value: ObjectiveValue | null;
  /** Percentiles only: the same over answered requests. */
  readonly successesOnly: ObjectiveValue | null;
  readonly target: string;
  readonly comparator: Comparator | LatencyComparator;
  /** By the contract's own arithmetic. */
  readonly result: 'met' | 'breached' | 'undecided';
  /** What the samples prove, which is a different question. */
  readonly statement: Statement;
  readonly flags: readonly string[];
};

/** Everything the engine says about one contract and one period. */
export type Evaluation = {
  readonly contract: string;
  readonly version: string;
  readonly period: {
    readonly label: string;
    readonly from: string;
    readonly to: string;
    readonly timezone: string;
    readonly minutes: number;
  };
  readonly counts: Omit<Counts, 'raw'>;
  /** Slices with counted requests, of all slices that were not set aside for maintenance. */
  readonly coverage: (Percentage & { readonly withData: number; readonly slices: number }) | null;
  readonly uptime: {
    /** By the contract's rules, after its rounding. */
    readonly contract: Percentage | null;
    /** Good of good and bad requests by each outcome's default; no slices, no contract rules. */
    readonly raw: Percentage | null;
  };
  readonly objectives: readonly ObjectiveResult[];
  readonly credit: Credit;
  readonly deadlines: readonly Deadline[];
  readonly chronic: readonly ChronicRight[];
  readonly incidents: readonly { readonly from: string; readonly to: string; readonly minutes: number }[];
  /** Everything that has to be said aloud, those of the objectives and of the credit included. */
  readonly flags: readonly string[];
};

export type EvaluationContext = {
  readonly fee: Fee | null;
  /** The windows before this one, latest first; fewer than the contract asks for are taken as unknown. */
  readonly previous: readonly WindowResult[];
  /** What admitting the maintenance had to say. */
  readonly maintenanceFlags: readonly string[];
};

const PLACES = 6;
const NEARLY_ALL = exact('99.999999');
const MINUTE_MS = 60_000;

/** Rounded half up, but never to a hundred what is less: one failure of a thousand million is no perfect month. */
function percentage(share: Exact): Percentage {
  const percent = share.mul(HUNDRED);
  const shown = share.lt(ONE) ? minExact(percent, NEARLY_ALL) : percent;
  return { percent: fixed(shown, PLACES), exact: exactText(share) };
}

/** The final percentage as the contract rounds it. */
function finalPercent(contract: Contract, share: Exact): Exact {
  return roundExact(share.mul(HUNDRED), contract.rounding.decimals, contract.rounding.mode);
}

function reaches(percent: Exact, target: { value: string; comparator: Comparator }): boolean {
  const wanted = exact(target.value);
  return target.comparator === '>' ? percent.gt(wanted) : percent.gte(wanted);
}

function resultOf(isMet: boolean | null): ObjectiveResult['result'] {
  return isMet === null ? 'undecided' : isMet ? 'met' : 'breached';
}

type Judged = {
  readonly result: ObjectiveResult;
  readonly claim: CreditClaim;
  readonly anchors: readonly Interval[];
  readonly coverage: Coverage;
};

function availabilityStatement(found: Availability, allowed: number): Statement {
  const { n, bad, unit } = found.trials;
  const low = Number(bad.floor().valueOf());
  const high = Number(bad.ceil().valueOf());
  const { verdict, p } = binomialVerdict(n, low, allowed, high);
  const bounds =
    n === 0 ? null : { low: clopperPearson(n - high, n).low, high: clopperPearson(n - low, n).high };
  return {
    verdict,
    n,
    k: high,
    p,
    interval:
      bounds === null
        ? null
        : {
            level: 0.95,
            method: 'clopper-pearson',
            low: bounds.low * 100,
            high: bounds.high * 100,
            unit: 'percent',
          },
    unit,
    correlation: correlationOf(found.sequence, n, high, allowed),
  };
}

function clusterFlags({ correlation, verdict }: Statement): string[] {
  if (correlation === null || verdict === 'not proven' || correlation.verdict === verdict) return [];
  const worth = Math.floor(correlation.nEffective);
  return [
    `note: bad slices cluster (lag-1 correlation ${correlation.rho.toFixed(2)}, worth ${worth} independent trials); allowing for that the statement would read "${correlation.verdict}"`,
  ];
}

function judgeAvailability(tally: Tally, index: number, contract: Contract, counts: Counts) {
  const terms = contract.availability;
  if (terms === null) return null;
  const found = availabilityOf(tally, index, terms);
  // Empty slices may be good by contract, but a month without a single request is no uptime: nobody looked.
  const hasData = counts.good + counts.bad > 0;
  const percent = found.share === null || !hasData ? null : finalPercent(contract, found.share);
  const isMet = percent === null ? null : reaches(percent, terms.target);
  const allowed = ONE.sub(exact(terms.target.value).div(HUNDRED)).valueOf();
  const statement = availabilityStatement(found, allowed);
  const rounded = percent !== null && found.share !== null && !percent.equals(found.share.mul(HUNDRED));
  const result: ObjectiveResult = {
    id: 'availability',
    kind: 'availability',
    metric: 'availability',
    value: percent === null ? null : percentage(percent.div(HUNDRED)),
    successesOnly: null,
    target: terms.target.value,
    comparator: terms.target.comparator,
    result: resultOf(isMet),
    statement,
    flags: [
      ...found.flags,
      ...clusterFlags(statement),
      ...(hasData ? [] : ['coverage: no counted request in the period; nothing is decided']),
      ...(rounded && found.share !== null
        ? [`note: ${fixed(found.share.mul(HUNDRED), PLACES)} % before the contract's rounding`]
        : []),
    ],
  };
  const claim: CreditClaim = {
    basis: {
      objective: 'availability',
      percent,
      target: exact(terms.target.value),
      isBreached: isMet === false,
      downtimeMs: found.downtimeMs,
      windowMs: tally.plan.period.toAt - tally.plan.period.fromAt,
    },
    shape: contract.credits.shape,
  };
  return {
    found,
    percent,
    judged: { result, claim, anchors: anchorsFrom(found), coverage: found.coverage } satisfies Judged,
  };
}

/** The incidents, the first from when it truly began: a deadline counted from there is the earlier one. */
function anchorsFrom({ incidents, firstBeganAt }: Availability): readonly Interval[] {
  const [first, ...others] = incidents;
  return first === undefined || firstBeganAt === null ? [] : [{ ...first, fromAt: firstBeganAt }, ...others];
}

function latencyStatement(figures: LatencyFigures): Statement {
  const { n, bad, unit } = figures.trials;
  const { verdict, p } = binomialVerdict(n, bad, figures.allowed);
  const common = {
    verdict,
    n,
    k: bad,
    p,
    unit,
    correlation: correlationOf(figures.sequence, n, bad, figures.allowed),
  };
  if (figures.unit !== 'percent') {
    const interval = figures.interval && {
      level: 0.95 as const,
      method: 'order-statistics' as const,
      ...figures.interval,
      unit: figures.unit,
    };
    return { ...common, interval };
  }
  if (n === 0) return { ...common, interval: null };
  const bounds = clopperPearson(n - bad, n);
  return {
    ...common,
    interval: {
      level: 0.95,
      method: 'clopper-pearson',
      low: bounds.low * 100,
      high: bounds.high * 100,
      unit: 'percent',
    },
  };
}

function latencyValue(figures: LatencyFigures, percent: Exact | null): ObjectiveValue | null {
  if (figures.unit === 'percent') return percent === null ? null : percentage(percent.div(HUNDRED));
  return measuredValue(figures.unit, figures.measured);
}

function measuredValue(
  unit: LatencyFigures['unit'],
  measured: LatencyFigures['measured'],
): ObjectiveValue | null {
  if (measured === null) return null;
  const text = exactText(measured.exact);
  return unit === 'ms'
    ? { ms: measured.value, exact: text }
    : { tokensPerSecond: measured.value, exact: text };
}

function judgeLatency(tally: Tally, position: number, contract: Contract): Judged {
  const plan = tally.plan.series[position];
  if (plan === undefined) throw new Error('no such series in the plan');
  const { terms } = plan;
  const figures = latencyFigures(tally, position);
  const percent = figures.share === null ? null : finalPercent(contract, figures.share);
  const { form } = terms;
  const isAttainment = form.kind === 'window_attainment';
  const isMet = isAttainment ? (percent === null ? null : reaches(percent, form.target)) : figures.isMet;
  const statement = latencyStatement(figures);
  const windowMs = tally.plan.period.toAt - tally.plan.period.fromAt;
  return {
    result: {
      id: terms.id,
      kind: form.kind,
      metric: terms.metric,
      value: latencyValue(figures, percent),
      successesOnly: isAttainment ? null : measuredValue(figures.unit, figures.successesOnly),
      target: isAttainment ? form.target.value : form.value,
      comparator: isAttainment ? form.target.comparator : form.comparator,
      result: resultOf(isMet),
      statement,
      flags: [...figures.flags, ...clusterFlags(statement)],
    },
    claim: {
      basis: {
        objective: terms.id,
        percent,
        target: isAttainment ? exact(form.target.value) : null,
        isBreached: isMet === false,
        downtimeMs: figures.share === null ? ZERO : ONE.sub(figures.share).mul(ratio(windowMs, 1)),
        windowMs,
      },
      shape: terms.credits ?? { kind: 'none' },
    },
    anchors: figures.misses,
    coverage: figures.coverage,
  };
}

function dueByHistory(contract: Contract, isBreached: boolean, previous: readonly WindowResult[]) {
  const needed = contract.credits.requiresConsecutiveWindows;
  if (needed <= 1) return { isDue: true, flags: [] };
  // A ladder may pay above the target; a window that kept it is still no breached one.
  if (!isBreached) return { isDue: false, flags: [] };
  const earlier = Array.from({ length: needed - 1 }, (_, i) => previous[i]?.isBreached ?? null);
  if (earlier.includes(false)) {
    return { isDue: false, flags: [`note: a credit needs ${needed} breached windows in a row`] };
  }
  if (earlier.includes(null)) {
    return {
      isDue: false,
      flags: [`coverage: a credit needs ${needed} breached windows in a row; an earlier one is unknown`],
    };
  }
  return { isDue: true, flags: [] };
}

/** The incident deadlines are counted from: the earliest among the objectives that were missed, else the earliest. */
function anchorsOf(judged: readonly Judged[], period: Interval): ClaimAnchors {
  const missed = judged.filter((one) => one.result.result === 'breached');
  const from = missed.length > 0 ? missed : judged.filter((one) => one.result.kind === 'availability');
  const first = from
    .flatMap((one) => one.anchors)
    .reduce<Interval | null>(
      (early, one) => (early === null || one.fromAt < early.fromAt ? one : early),
      null,
    );
  if (first === null || first.fromAt >= period.fromAt) return { incident: first, windowToAt: period.toAt };
  return { incident: { ...first, inWindowAt: period.fromAt }, windowToAt: period.toAt };
}

const FROM_THE_START: ReadonlySet<string> = new Set([
  'incident_start',
  'awareness',
  'eligibility',
  'incident_month_end',
  'billing_cycle_end',
]);

/** Where the first incident is as old as anything that is looked at, nobody here knows when it began. */
function startFlags(contract: Contract, { incident }: ClaimAnchors, { period, margin, sliceMs }: TallyPlan) {
  const isCounted = contract.claim.deadlines.some(({ anchor }) => FROM_THE_START.has(anchor));
  return isCounted && incident !== null && incident.fromAt <= period.fromAt - margin * sliceMs
    ? [
        'ambiguity: the first incident may have begun before the period; deadlines from its start are then earlier',
      ]
    : [];
}

function periodOf(tally: Tally): Evaluation['period'] {
  const { label, fromAt, toAt, timezone } = tally.plan.period;
  return {
    label,
    from: instantText(fromAt),
    to: instantText(toAt),
    timezone,
    minutes: (toAt - fromAt) / MINUTE_MS,
  };
}

function rawUptime({ raw }: Counts): Percentage | null {
  return raw.good + raw.bad === 0 ? null : percentage(ratio(raw.good, raw.good + raw.bad));
}

function evaluationFlags(tally: Tally, index: number, context: EvaluationContext): string[] {
  const { period } = tally.plan;
  return [
    ...context.maintenanceFlags,
    ...countingFlags(tally, index),
    ...(period.isWindow ? [] : ['note: the period is no window of the contract; no claim follows from it']),
    ...(tally.outside > 0
      ? [`note: ${counted(tally.outside, 'request lies', 'requests lie')} outside of the period`]
      : []),
  ];
}

/**
 * Evaluates one planned contract over the tally's period. Pure: the same tally, contract and context give the same
 * evaluation, in whatever order the lines were accumulated.
 */
export function evaluate(tally: Tally, contract: Contract, context: EvaluationContext): Evaluation {
  const index = plannedIndex(tally, contract);
  const counts = totalCounts(tally, index);
  const availability = judgeAvailability(tally, index, contract, counts);
  const latency = tally.plan.series.flatMap((series, position) =>
    series.contract === index ? [judgeLatency(tally, position, contract)] : [],
  );
  const judged = [...(availability === null ? [] : [availability.judged]), ...latency];
  const isBreached = judged.some((one) => one.result.result === 'breached');
  const credit = creditOf(
    contract,
    judged.map((one) => one.claim),
    context.fee,
    dueByHistory(contract, isBreached, context.previous),
  );
  const anchors = anchorsOf(judged, tally.plan.period);
  const hasClaim = isBreached || anchors.incident !== null;
  const deadlines = hasClaim ? claimDeadlines(contract.claim, contract.window, anchors) : [];
  const { raw: _raw, ...shown } = counts;
  // A contract about latency alone is covered as far as its first objective is.
  const coverage = judged[0]?.coverage ?? null;
  const flags = [
    ...evaluationFlags(tally, index, context),
    ...judged.flatMap((one) => one.result.flags),
    ...credit.flags,
    ...startFlags(contract, anchors, tally.plan),
  ];
  return {
    contract: contract.id,
    version: contract.version,
    period: periodOf(tally),
    counts: shown,
    coverage:
      coverage === null || coverage.slices === 0
        ? null
        : { ...percentage(ratio(coverage.withData, coverage.slices)), ...coverage },
    uptime: {
      contract: availability?.percent == null ? null : percentage(availability.percent.div(HUNDRED)),
      raw: rawUptime(counts),
    },
    objectives: judged.map((one) => one.result),
    credit,
    deadlines,
    chronic: chronicRights(contract.chronic, [
      windowResult(tally, availability?.percent ?? null, judged),
      ...context.previous,
    ]),
    incidents: (availability?.found.incidents ?? []).map(({ fromAt, toAt }) => ({
      from: instantText(fromAt),
      to: instantText(toAt),
      minutes: (toAt - fromAt) / MINUTE_MS,
    })),
    flags: [...new Set(flags)],
  };
}

function windowResult(tally: Tally, percent: Exact | null, judged: readonly Judged[]): WindowResult {
  const isBreached = anyBreached(judged.map((one) => one.result.result));
  return { label: tally.plan.period.label, percent, isBreached };
}

/** Whether a window was breached; `null`: an objective that nobody could decide may have been. */
function anyBreached(results: readonly ObjectiveResult['result'][]): boolean | null {
  if (results.includes('breached')) return true;
  return results.length === 0 || results.includes('undecided') ? null : false;
}

/** What a later window needs to know of this one. */
export function asPreviousWindow(
  evaluation: Pick<Evaluation, 'period' | 'uptime' | 'objectives'>,
): WindowResult {
  const { contract } = evaluation.uptime;
  return {
    label: evaluation.period.label,
    percent: contract === null ? null : exact(contract.exact).mul(HUNDRED),
    isBreached: anyBreached(evaluation.objectives.map((one) => one.result)),
  };
}
