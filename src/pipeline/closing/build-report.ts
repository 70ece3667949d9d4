import { scopeCovers } from '../../domain/alert/alert-policy.ts';
import { admitMaintenance } from '../../domain/contract/admitted-maintenance.ts';
import { type WindowResult, windowsLookedBack } from '../../domain/contract/chronic.ts';
import type { Contract } from '../../domain/contract/contract.ts';
import { asPreviousWindow } from '../../domain/contract/evaluation.ts';
import {
  accumulate,
  emptyTally,
  forEachSlice,
  planTally,
  type Tally,
  verdictIn,
} from '../../domain/contract/tally.ts';
import { type DecidingAttempt, lineOfSample } from '../../domain/measure/line-of-sample.ts';
import type { Doubt, NotRunReason } from '../../domain/measure/outcome.ts';
import { assembleStatement, summariseStatements } from '../../domain/report/assemble-report.ts';
import { correctionOf } from '../../domain/report/ledger.ts';
import {
  type Failure,
  type HeadStamp,
  REPORT_FORM,
  type Report,
  type ReportDay,
  type ReportStatement,
} from '../../domain/report/report.ts';
import { type ReportScope, scopesOf } from '../../domain/report/report-scope.ts';
import { nearestRank } from '../../domain/statistics/quantile.ts';
import { covers } from '../../domain/time/interval.ts';
import { daysOf, instantText, type Period, shiftWindow, windowAt } from '../../domain/time/period.ts';
import type { PlannedWork, ScheduleSpan, Store } from '../../store/store.ts';
import { expectedTicks } from '../probing/expected-ticks.ts';

export type ReportReader = Pick<
  Store,
  | 'readTargets'
  | 'readSchedules'
  | 'readDecided'
  | 'readEvidence'
  | 'readPlannedWork'
  | 'readReport'
  | 'readLedger'
  | 'readRegions'
  | 'readSegmentUntil'
  | 'readTimeStamp'
>;

/** A contract as a deployment uses it. */
export type ReportTerms = {
  readonly contract: string;
  readonly versions: readonly Contract[];
  /** `gateway/tier` of every key it was signed for. */
  readonly keys: readonly string[];
  /** For versions of the contract that name none. */
  readonly fee: Contract['fee'] | null;
  readonly practice: boolean;
  /** Whether a time-stamping authority is configured. */
  readonly isStamped: boolean;
};

export type BuildOptions = {
  readonly store: ReportReader;
  readonly terms: ReportTerms;
  /** In force at the start of the period. */
  readonly contract: Contract;
  readonly period: Period;
  readonly state: Report['state'];
  readonly now: number;
  /** Called between pieces of work, so that others get their turn. */
  readonly breathe: (done: number, of: number) => Promise<void>;
  /** Called between smaller pieces, which are not worth a turn of the event loop. Default: nothing. */
  readonly giveWay?: (() => void) | undefined;
};

const DAY_MS = 86_400_000;
/** Attempts: about a tenth of a millisecond. */
const GIVE_WAY_EVERY = 100;
/** Failed requests a statement lists: more where a report has few statements. */
const FAILURES_LISTED = { least: 500, most: 5_000, inAll: 20_000 } as const;

/**
 * Reads a period from the raw rows and makes its report. Statement by statement: memory holds two numbers for each answer of
 * one statement's period and a row for each of its failures, so it grows with what one statement is about.
 */
export async function buildReport(options: BuildOptions): Promise<Report> {
  const { store, terms, period, state, now } = options;
  const contract = withFee(options.contract, terms.fee);
  const { fromAt, toAt } = period;
  const spans = await store.readSchedules(fromAt, toAt);
  const scheduled = new Set(spans.map(({ target }) => target));
  const targets = (await store.readTargets()).filter(
    ({ id, gateway, tier }) => terms.keys.includes(`${gateway}/${tier}`) && scheduled.has(id),
  );
  // What the window before has used up of its cap decides what is set aside at its end, which runs across the edge reach.
  const before = windowAt(contract.window, fromAt - 1);
  const work = await store.readPlannedWork(before.fromAt - DAY_MS, toAt + DAY_MS);
  const previous = await readPrevious(options);
  const scopes = scopesOf(contract, targets);
  const { least, most, inAll } = FAILURES_LISTED;
  const listed = Math.min(most, Math.max(least, Math.floor(inAll / Math.max(1, scopes.length))));
  const statements: ReportStatement[] = [];
  for (const [done, scope] of scopes.entries()) {
    statements.push(
      await buildStatement({ ...options, contract, listed }, scope, spans, work, previous(scope.scope)),
    );
    await options.breathe(done + 1, scopes.length);
  }
  const heads = [];
  for (const region of await store.readRegions()) {
    const segment = await store.readSegmentUntil(region, toAt);
    if (segment === null) continue;
    heads.push({
      region,
      segment: segment.no,
      until: instantText(segment.toAt),
      head: segment.head,
      ...(terms.isStamped ? { timeStamp: await readStamp(store, region, segment.no) } : {}),
    });
  }
  return {
    form: REPORT_FORM,
    state,
    practice: terms.practice,
    contract,
    period: {
      label: period.label,
      from: instantText(fromAt),
      to: instantText(toAt),
      timezone: period.timezone,
      minutes: (toAt - fromAt) / 60_000,
    },
    madeAt: instantText(now),
    statements,
    summary: summariseStatements(statements, contract),
    chain: heads,
  };
}

/** The terms in force with the fee in force; a version that names none takes the one the deployment names later. */
function withFee(contract: Contract, fee: Contract['fee'] | null): Contract {
  return contract.fee !== undefined || fee == null ? contract : { ...contract, fee };
}

/** What earlier frozen reports said of a scope, latest first. */
async function readPrevious({
  store,
  terms,
  contract,
  period,
}: BuildOptions): Promise<(scope: string) => readonly WindowResult[]> {
  const back = period.isWindow
    ? Math.max(windowsLookedBack(contract.chronic), contract.credits.requiresConsecutiveWindows - 1)
    : 0;
  const reports: (Report | null)[] = [];
  for (let i = 1; i <= back; i += 1) {
    const { label } = shiftWindow(period, contract.window, -i);
    const frozen = await store.readReport(terms.contract, label);
    const ledger = await store.readLedger({ contract: terms.contract, period: label });
    const isWithdrawn = correctionOf(ledger)?.kind === 'withdrawn';
    reports.push(
      frozen === null || isWithdrawn ? null : (JSON.parse(frozen.document) as { report: Report }).report,
    );
  }
  return (scope) =>
    reports.map((report, i): WindowResult => {
      const found = report?.statements.find((one) => one.scope === scope);
      const { label } = shiftWindow(period, contract.window, -(i + 1));
      if (found === undefined || found.result === 'insufficient evidence') {
        return { label, percent: null, isBreached: null };
      }
      return asPreviousWindow(found.evaluation);
    });
}

async function readStamp(store: ReportReader, region: string, segment: number): Promise<HeadStamp | null> {
  const stamp = await store.readTimeStamp(region, segment);
  if (stamp === null) return null;
  const { at, authority, token } = stamp;
  return { at: instantText(at), authority, token: Buffer.from(token).toString('base64') };
}

type Bad = Omit<Failure, 'requestIds' | 'at'> & { readonly scheduledAt: number };

/** What is gathered while a statement's rows go by. */
type Gathered = {
  measured: number;
  doubtful: number;
  readonly doubts: Partial<Record<Doubt, number>>;
  readonly notRun: Partial<Record<NotRunReason, number>>;
  readonly bad: Bad[];
  /** Per day of the period, µs. */
  readonly ttft: number[][];
  readonly total: number[][];
};

async function buildStatement(
  options: BuildOptions & { readonly listed: number },
  { scope, targets }: ReportScope,
  spans: readonly ScheduleSpan[],
  work: readonly PlannedWork[],
  previous: readonly WindowResult[],
): Promise<ReportStatement> {
  const { contract, period, store, giveWay = () => {} } = options;
  const windows = work.filter((one) => scopeCovers(one.scope, scope));
  const maintenance = admitMaintenance(contract, period, windows);
  const tally = emptyTally(planTally(period, [{ contract, maintenance: maintenance.withMargins }]));
  const days = daysOf(period);
  const gathered: Gathered = {
    measured: 0,
    doubtful: 0,
    doubts: {},
    notRun: {},
    bad: [],
    ttft: days.map(() => []),
    total: days.map(() => []),
  };
  for (const target of targets) await readTarget(options, target, tally, days, gathered);
  gathered.bad.sort((a, b) => a.scheduledAt - b.scheduledAt || (a.target < b.target ? -1 : 1));
  const own = spans.filter(({ target }) => targets.includes(target));
  const statement = assembleStatement({
    scope,
    targets,
    cadence: cadenceOf(own),
    contract,
    tally,
    previous,
    maintenance,
    ticks: {
      expected: expectedTicks(own, period.fromAt, period.toAt),
      measured: gathered.measured,
      doubtful: gathered.doubtful,
      doubts: gathered.doubts,
      notRun: gathered.notRun,
    },
    failures: gathered.bad.slice(0, options.listed).map(failureOf),
    failuresTotal: gathered.bad.length,
    incidentFailures: (fromAt, toAt) => {
      const within = gathered.bad.filter((one) => one.scheduledAt >= fromAt && one.scheduledAt < toAt);
      const [first, last] = [within[0], within.at(-1)];
      return {
        failures: within.length,
        first: first === undefined ? null : failureOf(first),
        last: last === undefined ? null : failureOf(last),
      };
    },
    days: dayRows(tally, days, gathered, giveWay),
  });
  return withRequestIds(statement, store);
}

async function readTarget(
  { store, period, contract, giveWay = () => {} }: BuildOptions,
  target: string,
  tally: Tally,
  days: readonly { readonly fromAt: number; readonly toAt: number }[],
  gathered: Gathered,
): Promise<void> {
  const [planned] = tally.plan.contracts;
  if (planned === undefined) throw new Error('a tally without a contract');
  // Where a rule calls answers bad by something else than how they ended, every answer has to be looked at.
  const looksAtAnswers = contract.classify.some(
    ({ as, when }) => as === 'bad' && when.outcome === undefined && when.status === undefined,
  );
  const marginMs = tally.plan.margin * tally.plan.sliceMs;
  let day = 0;
  const take = (attempt: DecidingAttempt): void => {
    const line = lineOfSample(attempt);
    accumulate(tally, line);
    const at = attempt.scheduledAt;
    if (at < period.fromAt || at >= period.toAt) return;
    if (line.doubt === null) gathered.measured += 1;
    else {
      gathered.doubtful += 1;
      gathered.doubts[line.doubt] = (gathered.doubts[line.doubt] ?? 0) + 1;
    }
    while (at >= (days[day]?.toAt ?? Number.POSITIVE_INFINITY)) day += 1;
    if (attempt.outcome === 'ok') {
      if (line.ttftUs !== null) gathered.ttft[day]?.push(line.ttftUs);
      if (line.totalUs !== null) gathered.total[day]?.push(line.totalUs);
      if (!looksAtAnswers) return;
    }
    if (verdictIn(planned, line, covers(planned.maintenance, at)).counting !== 'bad') return;
    const { probe, region, outcome, status } = attempt;
    gathered.bad.push({ scheduledAt: at, target, probe, region, outcome, status });
  };
  const endAt = period.toAt + marginMs;
  for (let fromAt = period.fromAt - marginMs; fromAt < endAt; ) {
    // Cut at the period's edges, so that ticks that did not run are counted within it alone.
    const edge = [period.fromAt, period.toAt, endAt].find((one) => one > fromAt) ?? endAt;
    const toAt = Math.min(fromAt + DAY_MS, edge);
    const stretch = await store.readDecided(fromAt, toAt, target);
    for (const [i, attempt] of (stretch.byTarget.get(target) ?? []).entries()) {
      if (i % GIVE_WAY_EVERY === 0) giveWay();
      take(attempt);
    }
    if (fromAt >= period.fromAt && toAt <= period.toAt) {
      for (const { reason, ticks } of stretch.notRun) {
        gathered.notRun[reason] = (gathered.notRun[reason] ?? 0) + ticks;
      }
    }
    fromAt = toAt;
  }
}

function dayRows(
  tally: Tally,
  days: readonly { readonly day: string; readonly fromAt: number; readonly toAt: number }[],
  { ttft, total }: Gathered,
  giveWay: () => void,
): ReportDay[] {
  const { plan } = tally;
  const counts = days.map(() => ({ good: 0, bad: 0, excluded: 0 }));
  const dayOfSlice = new Uint32Array(plan.slices);
  let day = 0;
  for (let slice = 0; slice < plan.slices; slice += 1) {
    const at = plan.period.fromAt + slice * plan.sliceMs;
    while (at >= (days[day]?.toAt ?? Number.POSITIVE_INFINITY)) day += 1;
    dayOfSlice[slice] = day;
  }
  for (const kind of tally.kinds.values()) {
    const counting = kind.verdicts[0]?.counting;
    if (counting === undefined) continue;
    forEachSlice(plan, kind, (slice, count) => {
      const own = counts[dayOfSlice[slice] ?? -1];
      if (slice >= 0 && slice < plan.slices && own !== undefined) own[counting] += count;
    });
  }
  return days.map(({ day: name }, i) => {
    giveWay();
    return {
      day: name,
      ...(counts[i] ?? { good: 0, bad: 0, excluded: 0 }),
      ttftP99Us: p99(ttft[i] ?? []),
      totalP99Us: p99(total[i] ?? []),
    };
  });
}

function p99(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const ascending = new Float64Array(values).sort();
  return ascending[nearestRank('99', values.length) - 1] ?? null;
}

function failureOf({ scheduledAt, ...rest }: Bad): Failure {
  return { at: instantText(scheduledAt), ...rest, requestIds: {} };
}

async function withRequestIds(
  statement: ReportStatement,
  store: Pick<Store, 'readEvidence'>,
): Promise<ReportStatement> {
  const complete = async (failure: Failure): Promise<Failure> => {
    const { target, probe, region, at } = failure;
    for (const purpose of ['scheduled', 'reprobe'] as const) {
      const evidence = await store.readEvidence({
        target,
        probe,
        region,
        scheduledAt: Date.parse(at),
        purpose,
      });
      if (evidence !== null) return { ...failure, requestIds: evidence.requestIds };
    }
    return failure;
  };
  const failures: Failure[] = [];
  for (const failure of statement.failures) failures.push(await complete(failure));
  const incidents = [];
  for (const incident of statement.incidents) {
    incidents.push({
      ...incident,
      first: incident.first === null ? null : await complete(incident.first),
      last: incident.last === null ? null : await complete(incident.last),
    });
  }
  return { ...statement, failures, incidents };
}

function cadenceOf(spans: readonly ScheduleSpan[]): string[] {
  const words = spans.map(({ probe, region, schedule }) => {
    const every =
      schedule.kind === 'every'
        ? `every ${schedule.everyMs / 1000} s`
        : `${schedule.cron} (${schedule.timezone})`;
    return `${probe} from ${region}, ${every}`;
  });
  return [...new Set(words)].sort();
}
