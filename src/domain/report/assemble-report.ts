import type { AdmittedMaintenance } from '../contract/admitted-maintenance.ts';
import type { WindowResult } from '../contract/chronic.ts';
import type { AvailabilityMethod, Contract } from '../contract/contract.ts';
import { feeFor, totalCredit } from '../contract/credit-total.ts';
import { type Evaluation, evaluate } from '../contract/evaluation.ts';
import { exact, fixed, HUNDRED, ratio, ZERO } from '../contract/exact.ts';
import { objectiveCounts } from '../contract/objective-counts.ts';
import { recount } from '../contract/recount.ts';
import type { Recount } from '../contract/recounted.ts';
import { plannedIndex } from '../contract/slice-counts.ts';
import { forEachSlice, type Tally } from '../contract/tally.ts';
import { number, type Step } from '../contract/working.ts';
import { instantText, type Period } from '../time/period.ts';
import { claimReadings } from './claim-readings.ts';
import type {
  Failure,
  ReportCoverage,
  ReportDay,
  ReportExclusion,
  ReportIncident,
  ReportStatement,
  ReportSummary,
  StatementClaim,
  StatementResult,
} from './report.ts';
import { worstOf } from './report.ts';

/** Below this share of what was due, measured slices and ticks do not carry a claim. */
export const COVERAGE_FLOOR_PERCENT = '90';
const INCIDENTS_LISTED = 200;
const MINUTE_MS = 60_000;

export type StatementFacts = {
  readonly scope: string;
  readonly targets: readonly string[];
  readonly cadence: readonly string[];
  readonly contract: Contract;
  readonly tally: Tally;
  readonly previous: readonly WindowResult[];
  readonly maintenance: AdmittedMaintenance;
  readonly ticks: Omit<ReportCoverage['ticks'], 'percent' | 'unaccounted'>;
  readonly failures: readonly Failure[];
  /** Failures in all, listed or not. */
  readonly failuresTotal: number;
  /** The first and the last failure of each of the evaluation's incidents, and how many there were. */
  readonly incidentFailures: (
    fromAt: number,
    toAt: number,
  ) => { readonly failures: number; readonly first: Failure | null; readonly last: Failure | null };
  readonly days: readonly ReportDay[];
};

/**
 * One statement: the engine's verdicts, the same figures added up again from the counts that are kept, and what follows
 * from both. Throws if the two disagree: a statement that contradicts itself is a fault of this program.
 */
export function assembleStatement(facts: StatementFacts): ReportStatement {
  const { contract, tally, previous, maintenance } = facts;
  const fee = feeFor(contract.fee, facts.scope);
  const evaluation = evaluate(tally, contract, {
    fee,
    previous,
    maintenanceFlags: maintenance.flags,
  });
  const counts = objectiveCounts(tally, contract);
  const setting = { contract, period: tally.plan.period, maintenance: maintenance.intervals };
  const recounts = counts.map((one) => recount(one, setting));
  const disagreement = recounts.map((one) => disagrees(one, evaluation)).find((one) => one !== null);
  if (disagreement !== undefined && disagreement !== null) throw new Error(disagreement);
  const coverage = coverageOf(
    facts.ticks,
    evaluation,
    contract.availability?.method,
    hoursOf(tally, contract),
  );
  const result = resultOf(evaluation, coverage);
  const claim = claimOf(evaluation, result, tally.plan.period, contract);
  const incidents = evaluation.incidents
    .slice(0, INCIDENTS_LISTED)
    .map(({ from, to, minutes }): ReportIncident => {
      const found = facts.incidentFailures(Date.parse(from), Date.parse(to));
      return { from, to, minutes, ...found };
    });
  return {
    scope: facts.scope,
    targets: facts.targets,
    cadence: facts.cadence,
    coverage,
    result,
    evaluation,
    counts,
    maintenance: maintenance.intervals.map(({ fromAt, toAt }) => ({
      from: instantText(fromAt),
      to: instantText(toAt),
      minutes: (toAt - fromAt) / MINUTE_MS,
    })),
    workings: recounts.map(({ id, steps }) => ({ objective: id, steps })),
    creditWorking:
      result === 'insufficient evidence' || result === 'undecided'
        ? [claimStep(claim, evaluation)]
        : creditSteps(contract, facts.scope, evaluation, claim),
    exclusions: exclusionsOf(tally, contract),
    incidents,
    moreIncidents: Math.max(0, evaluation.incidents.length - INCIDENTS_LISTED),
    failures: facts.failures,
    moreFailures: facts.failuresTotal - facts.failures.length,
    days: facts.days,
    claim,
  };
}

/** `null` if the second count says what the engine says. */
export function disagrees(again: Recount, evaluation: Evaluation): string | null {
  const told = evaluation.objectives.find(({ id }) => id === again.id);
  if (told === undefined) return `the engine knows no objective ${again.id}`;
  if (told.result !== again.result) {
    return `${again.id}: the engine says ${told.result}, its counts say ${again.result}`;
  }
  const value =
    told.value === null
      ? null
      : told.value.percent === undefined
        ? told.value.exact
        : exact(told.value.exact).mul(HUNDRED).toFraction();
  if (value === again.exact) return null;
  return `${again.id}: the engine says ${value ?? 'no value'}, its counts say ${again.exact ?? 'no value'}`;
}

function coverageOf(
  facts: StatementFacts['ticks'],
  evaluation: Evaluation,
  method: AvailabilityMethod | undefined,
  hours: ReportCoverage['hours'],
): ReportCoverage {
  const notRun = Object.values(facts.notRun).reduce((sum, count) => sum + count, 0);
  const unaccounted = Math.max(0, facts.expected - facts.measured - facts.doubtful - notRun);
  // Ticks of a cadence that changed within the period can be more than were due by a count of ours.
  const share = facts.expected === 0 ? null : ratio(Math.min(facts.measured, facts.expected), facts.expected);
  const floor = exact(COVERAGE_FLOOR_PERCENT);
  const reasons: string[] = [];
  if (share === null) reasons.push('nothing was due to be measured');
  else if (share.mul(HUNDRED).lt(floor)) {
    reasons.push(
      `${number(facts.measured)} of ${number(facts.expected)} probes that were due can be counted (${fixed(share.mul(HUNDRED), 2)} %); at least ${COVERAGE_FLOOR_PERCENT} % are needed`,
    );
  }
  // Probes are due only from the day they were set up: a month of which nine days were watched is not a month.
  const hoursShare = ratio(hours.measured, hours.of).mul(HUNDRED);
  if (hoursShare.lt(floor)) {
    reasons.push(
      `in ${number(hours.measured)} of ${number(hours.of)} hours of the period something was measured (${fixed(hoursShare, 2)} %); at least ${COVERAGE_FLOOR_PERCENT} % are needed`,
    );
  }
  const { coverage } = evaluation;
  // Where requests are counted one by one, slices say nothing that the probes themselves do not.
  const countsSlices = method !== undefined && method.kind !== 'occurrences';
  if (countsSlices && coverage !== null && exact(coverage.percent).lt(floor)) {
    reasons.push(
      `${number(coverage.withData)} of ${number(coverage.slices)} slices of the period were measured (${coverage.percent} %); at least ${COVERAGE_FLOOR_PERCENT} % are needed`,
    );
  }
  return {
    hours,
    ticks: { ...facts, unaccounted, percent: share === null ? null : fixed(share.mul(HUNDRED), 6) },
    insufficient: reasons.length === 0 ? null : reasons,
  };
}

const HOUR_MS = 3_600_000;

/** Hours of the period in which at least one request counts, and those in planned work that the contract sets aside. */
function hoursOf(tally: Tally, contract: Contract): ReportCoverage['hours'] {
  const { plan } = tally;
  const index = plannedIndex(tally, contract);
  const { fromAt, toAt } = plan.period;
  const measured = new Set<number>();
  for (const kind of tally.kinds.values()) {
    const isCounted =
      kind.verdicts[index]?.counting !== 'excluded' || kind.verdicts[index]?.reason === 'maintenance';
    if (!isCounted) continue;
    forEachSlice(plan, kind, (slice) => {
      if (slice >= 0 && slice < plan.slices) measured.add(Math.floor((slice * plan.sliceMs) / HOUR_MS));
    });
  }
  return { measured: measured.size, of: Math.ceil((toAt - fromAt) / HOUR_MS) };
}

function resultOf(evaluation: Evaluation, { insufficient }: ReportCoverage): StatementResult {
  if (insufficient !== null) return 'insufficient evidence';
  const results = evaluation.objectives.map(({ result }) => result);
  if (results.includes('breached')) return 'breached';
  return results.includes('undecided') || results.length === 0 ? 'undecided' : 'met';
}

function claimOf(
  { credit }: Evaluation,
  result: StatementResult,
  period: Period,
  contract: Contract,
): StatementClaim {
  const nothing = (why: string): StatementClaim => ({
    isDue: false,
    percent: '0',
    amount: null,
    currency: credit.currency,
    why,
  });
  if (!period.isWindow) return nothing('the period is still open');
  if (result === 'insufficient evidence') return nothing('the evidence does not carry a claim');
  if (result === 'undecided') return nothing('an objective could not be decided');
  const hasCredit = exact(credit.percent).gt(ZERO) || credit.serviceDays > 0;
  if (!hasCredit) {
    if (result === 'met') return nothing('every objective was met');
    // Rows were hit and nothing is due: the windows before this one decide.
    const { requiresConsecutiveWindows: needed } = contract.credits;
    if (credit.rows.length > 0) return nothing(`a credit needs ${needed} breached windows in a row`);
    return nothing('the contract names no credit for this');
  }
  if (credit.belowMinimum) return nothing('the credit is below the minimum that is paid');
  const days = credit.serviceDays > 0 ? `, ${credit.serviceDays} service days` : '';
  return {
    isDue: true,
    percent: credit.percent,
    amount: credit.amount,
    currency: credit.currency,
    why: `${credit.rows.map(({ objective, rule }) => `${objective}: ${rule}`).join('; ')}${days}`,
  };
}

/** The rows that were hit, how they join, the cap, the minimum and the money: in this order, each with its result. */
function creditSteps(
  contract: Contract,
  scope: string,
  evaluation: Evaluation,
  claim: StatementClaim,
): Step[] {
  const { credit } = evaluation;
  const { capPercent, minCredit } = contract.credits;
  const fee = feeFor(contract.fee, scope);
  const money = (amount: string): string => `${amount} ${credit.currency ?? ''}`.trim();
  const steps = credit.rows.map(
    ({ objective, rule, percent }): Step => ({ label: objective, working: rule, value: `${percent} %` }),
  );
  const isEarned = steps.length > 0;
  if (credit.rows.length > 1) {
    const words =
      credit.overlap === 'sum' ? 'added up, as the contract says' : 'the greater one counts, not their sum';
    steps.push({ label: 'Together', working: words, value: credit.capped ? '' : `${credit.percent} %` });
  }
  if (isEarned && capPercent !== null) {
    steps.push({
      label: 'Cap',
      working: `at most ${capPercent} % of the fee`,
      value: credit.capped ? `${credit.percent} %` : 'not reached',
    });
  }
  if (fee !== null && credit.amount !== null && isEarned) {
    steps.push({
      label: 'Money',
      working: `${money(fee.amount)}${credit.of === 'annual_fee' ? ' a year' : ''} × ${credit.percent} %`,
      value: credit.belowMinimum ? 'below the minimum' : money(credit.amount),
    });
  }
  if (isEarned && minCredit !== null) {
    steps.push({
      label: 'Minimum',
      working: `a credit is paid if it is ${minCredit.strict ? 'more than' : 'at least'} ${money(minCredit.amount)}`,
      value: fee === null ? 'needs a fee' : credit.belowMinimum ? 'not reached' : 'reached',
    });
  }
  return [...steps, claimStep(claim, evaluation)];
}

function claimStep(claim: StatementClaim, { credit: { serviceDays } }: Evaluation): Step {
  const label = 'To be claimed';
  if (!claim.isDue) return { label, working: claim.why, value: 'nothing' };
  const percent = serviceDays > 0 ? `${serviceDays} service days` : `${claim.percent} %`;
  return {
    label,
    working: 'what follows from the lines above',
    value: claim.amount === null ? percent : `${claim.amount} ${claim.currency ?? ''}`.trim(),
  };
}

function exclusionsOf(tally: Tally, contract: Contract): ReportExclusion[] {
  const index = plannedIndex(tally, contract);
  const byReason = new Map<string, { requests: number; readonly slices: Set<number> }>();
  for (const kind of tally.kinds.values()) {
    const verdict = kind.verdicts[index];
    if (verdict?.counting !== 'excluded' || kind.inPeriod === 0) continue;
    const found = byReason.get(verdict.reason) ?? { requests: 0, slices: new Set<number>() };
    byReason.set(verdict.reason, found);
    found.requests += kind.inPeriod;
    forEachSlice(tally.plan, kind, (slice) => {
      if (slice >= 0 && slice < tally.plan.slices) found.slices.add(slice);
    });
  }
  return [...byReason]
    .map(([reason, { requests, slices }]) => ({
      reason,
      requests,
      minutes: (slices.size * tally.plan.sliceMs) / MINUTE_MS,
    }))
    .sort((a, b) => b.requests - a.requests || (a.reason < b.reason ? -1 : 1));
}

/** What all statements of a report come to together. */
export function summariseStatements(
  statements: readonly ReportStatement[],
  contract: Contract,
): ReportSummary {
  const byResult = { met: 0, breached: 0, undecided: 0, 'insufficient evidence': 0 };
  for (const { result } of statements) byResult[result] += 1;
  const due = statements.filter(({ claim }) => claim.isDue);
  const [earliest] = claimReadings(statements, contract.window.timezone);
  return {
    result: worstOf(statements.map(({ result }) => result)),
    byResult,
    claims: due.length,
    ...totalCredit(
      contract,
      due.map(({ scope, claim: { percent, amount } }) => ({ scope, percent, amount })),
    ),
    currency: due.length === 0 ? null : contract.currency,
    claimBy: earliest?.by ?? null,
  };
}
