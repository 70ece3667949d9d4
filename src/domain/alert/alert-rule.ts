import { OUTCOMES } from '../measure/outcome.ts';
import type { Target } from '../measure/target.ts';
import { clockUtc, counted, duration, percent } from '../wording.ts';
import {
  ALERTS,
  type BudgetLeft,
  type CellEvaluation,
  type CellFacts,
  type JudgedTogether,
  NO_FACTS,
  type Stake,
  type Verdict,
} from './alert.ts';
import type { AlertThresholds, BurnRow } from './alert-policy.ts';
import { type BurnJudgement, type CountWindow, judgeBurn, measureCount } from './burn-rule.ts';
import { type DownJudgement, judgeDown, type Reading } from './down-rule.ts';

/** A live objective of one target, as far as alerts need it. */
export type ObjectiveEvidence = {
  /** Stable, e.g. `pro-channel/availability`. */
  readonly id: string;
  readonly kind: 'availability' | 'latency';
  /** For people: `availability 99.9 %`, `p99 TTFT < 500 ms`. */
  readonly label: string;
  /** Share of bad samples it allows, parts per million. */
  readonly allowedPpm: number;
  readonly count: CountWindow;
  readonly budget: BudgetLeft | null;
  readonly stake: Stake | null;
};

/** What is known about one target at one instant. */
export type TargetEvidence = {
  readonly target: Pick<Target, 'id' | 'gateway' | 'tier'>;
  /** The longest interval among its series. */
  readonly everyMs: number;
  /** Attempts of the last while, in any order. */
  readonly readings: readonly Reading[];
  /** The newest tick with a sample, or one we decided not to run; `null` if there never was one. */
  readonly heardAt: number | null;
  /** Since when ticks are expected without a pause: the start of the series, or of this process. */
  readonly watchedSince: number;
  readonly inMaintenance: boolean;
  /** Ticks expected and valid samples got in the coverage window, up to now. */
  readonly coverage: { readonly expected: number; readonly valid: number };
  readonly objectives: readonly ObjectiveEvidence[];
};

/** Whether a contract's period can still be met. */
export type BreachEvidence = {
  readonly cell: string;
  readonly gateway: string;
  readonly contract: string;
  /** Names the period, e.g. `2026-10`. */
  readonly period: string;
  readonly objective: string;
  /** Set where the contract judges several targets as one: the count, the stake and the budget are theirs. */
  readonly of?: JudgedTogether | null;
  readonly certain: boolean;
  /** What failed so far, and how much of it the whole period allows; `unit` in the singular. */
  readonly count: { readonly bad: number; readonly allowed: number; readonly unit: string } | null;
  readonly stake: Stake | null;
  readonly budget: BudgetLeft | null;
};

/** What a target that is quiet for this many intervals can still prove about being down. */
const STALE_INTERVALS = 3;
/** A tick may still be in flight this long after its time. */
const IN_FLIGHT_MS = 90_000;

/** Every rule about a target. `cells` = targets under watch, for the guard against looking often. */
export function evaluateTarget(
  evidence: TargetEvidence,
  thresholds: AlertThresholds,
  cells: number,
  now: number,
): readonly CellEvaluation[] {
  const { target } = evidence;
  const base = { group: target.gateway, cell: target.id, heardAt: evidence.heardAt };
  const down = judgeDown(
    evidence.readings,
    thresholds.down,
    now,
    STALE_INTERVALS * evidence.everyMs + IN_FLIGHT_MS,
  );
  const evaluations: CellEvaluation[] = [
    {
      ...base,
      kind: 'target_down',
      verdict: down.verdict,
      since: down.since,
      facts: downFacts(down, evidence.objectives, now),
    },
    ...burnEvaluations(evidence, thresholds, cells, now),
    {
      ...base,
      ...noData(evidence, thresholds.noData.intervals, now),
    },
    { ...base, ...coverage(evidence, thresholds.noData, now) },
  ];
  // Planned work proves nothing either way, but what was decided before it stays decided.
  return evidence.inMaintenance
    ? evaluations.map((one) => ({ ...one, verdict: 'undecided' as const }))
    : evaluations;
}

function downFacts(down: DownJudgement, objectives: readonly ObjectiveEvidence[], now: number): CellFacts {
  const availability = objectives.find((one) => one.kind === 'availability');
  const left = { budget: availability?.budget ?? null, stake: availability?.stake ?? null };
  // Once it is over, what it has cost by then and its last failures still matter.
  if (down.verdict === 'good') return { ...NO_FACTS, ...left, failures: down.failures };
  if (down.verdict !== 'bad') return NO_FACTS;
  const newest = down.failures[0];
  const how = newest === undefined ? '' : ` (${OUTCOMES[newest.outcome].means})`;
  const proof = {
    burst: `${down.inARow} probes in a row, those of a burst among them`,
    regions: 'seen from several regions',
    ticks: `${down.inARow} probes in a row`,
    none: 'not confirmed yet',
  }[down.proof ?? 'none'];
  return {
    finding: `requests fail${how}, ${proof}`,
    // A burst asks where it already hurts: its probes are no fair draw, so no chance is computed from them.
    measured: measureCount(down.seen, now - down.seen.fromAt, null),
    ...left,
    failures: down.failures,
  };
}

function burnEvaluations(
  evidence: TargetEvidence,
  thresholds: AlertThresholds,
  cells: number,
  now: number,
): CellEvaluation[] {
  const { burn, latency } = thresholds;
  const found: CellEvaluation[] = [];
  for (const objective of evidence.objectives) {
    const latencyRow: BurnRow = {
      severity: 'ticket',
      longMs: latency.longMs,
      shortMs: latency.shortMs,
      factor: 1,
    };
    const plans =
      objective.kind === 'availability'
        ? ([
            ['burn_fast', burn.rows.filter((row) => row.severity === 'page'), burn],
            ['burn_slow', burn.rows.filter((row) => row.severity === 'ticket'), burn],
          ] as const)
        : ([['latency_at_risk', [latencyRow], latency]] as const);
    for (const [kind, rows, { minBad, maxPValue }] of plans) {
      const [first, ...rest] = rows;
      if (first === undefined) continue;
      const judged = judgeBurn([first, ...rest], objective.count, objective.allowedPpm, cells, {
        ...burn,
        minBad,
        maxPValue,
      });
      found.push({
        kind,
        group: evidence.target.gateway,
        // Two objectives of one target are two cells: one may recover while the other does not.
        cell: evidence.target.id,
        verdict: judged.verdict,
        since:
          judged.verdict !== 'bad'
            ? null
            : ALERTS[kind].begins === 'seen'
              ? firstFailureAt(evidence.readings, now - judged.row.shortMs)
              : now,
        heardAt: evidence.heardAt,
        facts: burnFacts(objective, judged, evidence.readings),
      });
    }
  }
  return worstPerCell(found);
}

/** Several objectives of one kind on one cell speak with one voice: the worst, and `good` only if all are good. */
function worstPerCell(evaluations: readonly CellEvaluation[]): CellEvaluation[] {
  const order: readonly Verdict[] = ['bad', 'suspect', 'undecided', 'good', 'gone'];
  const worst = new Map<string, CellEvaluation>();
  for (const one of evaluations) {
    const key = `${one.kind}\n${one.cell}`;
    const before = worst.get(key);
    if (before === undefined || order.indexOf(one.verdict) < order.indexOf(before.verdict))
      worst.set(key, one);
  }
  return [...worst.values()];
}

function burnFacts(
  objective: ObjectiveEvidence,
  { row, measured }: BurnJudgement,
  readings: readonly Reading[],
): CellFacts {
  if (measured === null) return NO_FACTS;
  const what = objective.kind === 'latency' ? 'over the target' : 'failed';
  const rate = measured.burnRate === null ? '—' : measured.burnRate.toFixed(1);
  const { n: shortN, k: shortK } = objective.count(row.shortMs);
  return {
    finding:
      `${measured.k} of ${measured.n} samples ${what} in ${duration(row.longMs)}, ${shortK} of ${shortN} in the last ` +
      `${duration(row.shortMs)}; ${objective.label} allows ${percent(objective.allowedPpm)}: ${rate} times too fast`,
    measured,
    budget: objective.budget,
    stake: objective.stake,
    failures: newestFailures(readings),
  };
}

/** The oldest failure that is still remembered one by one; windows alone do not say when it began. */
function firstFailureAt(readings: readonly Reading[], otherwise: number): number {
  const failures = readings.filter((one) => one.valid && OUTCOMES[one.outcome].counts === 'bad');
  return failures.length === 0 ? otherwise : Math.min(...failures.map(({ at }) => at));
}

function newestFailures(readings: readonly Reading[]): CellFacts['failures'] {
  return readings
    .filter((one) => one.valid && OUTCOMES[one.outcome].counts === 'bad')
    .sort((a, b) => b.at - a.at)
    .slice(0, 5)
    .map(({ at, outcome, status, requestId, region }) => ({ at, outcome, status, requestId, region }));
}

type Judged = Pick<CellEvaluation, 'kind' | 'verdict' | 'since' | 'facts'>;

function noData(evidence: TargetEvidence, intervals: number, now: number): Judged {
  const from = Math.max(evidence.heardAt ?? evidence.watchedSince, evidence.watchedSince);
  const silentMs = now - from;
  const bad = silentMs > intervals * evidence.everyMs + IN_FLIGHT_MS;
  const heardLately = evidence.heardAt !== null && now - evidence.heardAt <= evidence.everyMs + IN_FLIGHT_MS;
  return {
    kind: 'no_data',
    verdict: bad ? 'bad' : heardLately ? 'good' : 'undecided',
    since: bad ? from : null,
    facts: { ...NO_FACTS, finding: `no sample since ${clockUtc(from)}; silence is not health` },
  };
}

function coverage(evidence: TargetEvidence, thresholds: AlertThresholds['noData'], now: number): Judged {
  const { expected, valid } = evidence.coverage;
  const enough = expected >= thresholds.coverageMinTicks;
  const below = valid * 1_000_000 < expected * thresholds.coverageFloorPpm;
  const verdict = !enough ? 'undecided' : below ? 'bad' : 'good';
  return {
    kind: 'coverage_low',
    verdict,
    since: verdict === 'bad' ? now : null,
    facts: {
      ...NO_FACTS,
      finding:
        `${valid} valid samples of ${counted(expected, 'expected tick')} in ` +
        `${duration(thresholds.coverageWindowMs)}; the floor is ${percent(thresholds.coverageFloorPpm)}`,
    },
  };
}

/** Ticks of one key in a window: those that were due, and those that were not run for want of quota. */
export type QuotaUse = { readonly windowMs: number; readonly expected: number; readonly overQuota: number };

/** Fewer ticks than this lost to a quota are an accident of a burst or a restart. */
const LEAST_OVER_QUOTA = 5;
/** Of so many ticks, one that is lost to a quota is worth a word. */
const OVER_QUOTA_OF = 20;

/** Faults of ours that show in a key's answers, or in its quota being too small. Cells are keys, `gateway/tier`. */
export function evaluateKey(
  key: { readonly id: string; readonly gateway: string },
  readings: readonly Reading[],
  quota: QuotaUse,
  inARow: number,
  now: number,
): CellEvaluation {
  const answered = evaluateAnswers(key, readings, inARow);
  const { windowMs, expected, overQuota } = quota;
  const lacks = overQuota >= LEAST_OVER_QUOTA && overQuota * OVER_QUOTA_OF >= expected;
  if (answered.verdict === 'bad' || overQuota === 0) return answered;
  if (!lacks) return { ...answered, verdict: answered.verdict === 'good' ? 'undecided' : answered.verdict };
  return {
    ...answered,
    verdict: 'bad',
    since: now,
    facts: {
      ...NO_FACTS,
      finding:
        `${overQuota} of ${counted(expected, 'tick')} in ${duration(windowMs)} were not run, for the quota of this key ` +
        'was used up; they count as not measured',
    },
  };
}

function evaluateAnswers(
  key: { readonly id: string; readonly gateway: string },
  readings: readonly Reading[],
  inARow: number,
): CellEvaluation {
  const newestFirst = [...readings].sort((a, b) => b.at - a.at);
  const firstOther = newestFirst.findIndex((one) => !isOwnFault(one));
  const run = firstOther === -1 ? newestFirst : newestFirst.slice(0, firstOther);
  const newest = run[0];
  const well = firstOther === 0 && newestFirst.slice(0, inARow).every((one) => !isOwnFault(one));
  const finding =
    newest === undefined
      ? 'the key is accepted'
      : `${counted(run.length, 'request')} in a row: ${OUTCOMES[newest.outcome].means}. These samples are excluded`;
  return {
    kind: 'own_fault',
    group: key.gateway,
    cell: key.id,
    verdict: run.length >= inARow ? 'bad' : well ? 'good' : 'undecided',
    since: run.at(-1)?.at ?? null,
    heardAt: newestFirst[0]?.at ?? null,
    facts: {
      ...NO_FACTS,
      finding,
      failures: run.slice(0, 5).map(({ at, outcome, status, requestId, region }) => ({
        at,
        outcome,
        status,
        requestId,
        region,
      })),
    },
  };
}

function isOwnFault(reading: Reading): boolean {
  return reading.outcome.startsWith('config.') || reading.outcome === 'ratelimit.own';
}

/** ` of all 3 targets of acme/pro`; nothing where a target is judged alone. */
export function ofAll(pool: JudgedTogether | null | undefined): string {
  return pool == null ? '' : ` of all ${counted(pool.targets, 'target')} of ${pool.scope}`;
}

/** A period that can no longer be met. Never `good`: what is lost stays lost until the period is over. */
export function evaluateBreach(evidence: BreachEvidence, now: number): CellEvaluation {
  return {
    kind: 'breach_certain',
    // Each objective is lost by itself: the second one is news again.
    group: [evidence.gateway, evidence.contract, evidence.period, evidence.objective].join('\n'),
    cell: evidence.cell,
    verdict: evidence.certain ? 'bad' : 'undecided',
    since: evidence.certain ? now : null,
    heardAt: null,
    facts: {
      ...NO_FACTS,
      finding:
        `${evidence.objective} can no longer be met in ${evidence.period}, even if every probe still to come is good` +
        (evidence.count === null
          ? ''
          : `: ${counted(evidence.count.bad, evidence.count.unit)}${ofAll(evidence.of)} failed, and the whole period ` +
            `allows ${evidence.count.allowed}`),
      stake: evidence.stake,
      budget: evidence.budget,
    },
  };
}
