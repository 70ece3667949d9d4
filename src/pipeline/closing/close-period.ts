import type { Route } from '../../domain/alert/alert-policy.ts';
import { periodNotices } from '../../domain/alert/notices.ts';
import { contractInForce, isSameWindow, MOST_SHARED_MS } from '../../domain/contract/contract-in-force.ts';
import { type LedgerEntry, standingOf } from '../../domain/report/ledger.ts';
import type { Report } from '../../domain/report/report.ts';
import { instantText, type Period, windowAt } from '../../domain/time/period.ts';
import type { LateRows, NamedReport, Store } from '../../store/store.ts';
import { buildReport, type ReportReader, type ReportTerms } from './build-report.ts';
import { closedPeriod, recipients, reportIn, statementText, summaryText } from './closed-period.ts';
import { tellCorrections } from './tell-corrections.ts';

/** How long after a period's end the last answers, and what a distant prober still holds, are waited for. */
export const CLOSE_GRACE_MS = 2 * 3_600_000;

export type CloseStore = ReportReader &
  Pick<
    Store,
    | 'freezeReport'
    | 'listReports'
    | 'readLedger'
    | 'addLedgerEntry'
    | 'readLate'
    | 'readClaimsDue'
    | 'saveDecision'
  >;

export type CloseOptions = {
  readonly store: CloseStore;
  readonly terms: readonly ReportTerms[];
  readonly routes: readonly Route[];
  /** Makes the signed document of a report, JSON. */
  readonly sign: (report: Report) => string;
  readonly breathe: () => Promise<void>;
  /** See `BuildOptions`. */
  readonly giveWay?: (() => void) | undefined;
};

/** What came of a round, told as it comes: a close of hundreds of targets takes minutes, and may be broken off. */
export type CloseNews =
  | ({ readonly kind: 'closed' } & NamedReport)
  /** How many frozen reports samples came too late for. */
  | { readonly kind: 'corrected'; readonly corrections: number }
  /** What could not be done this time, in words, with what was thrown. */
  | { readonly kind: 'failed'; readonly what: string; readonly error: unknown };

/**
 * Freezes every report that is due and not there yet, notes what arrived after a close, and reminds of deadlines. Safe to
 * run twice at once and to break off anywhere: each report, entry and message is committed once, and told once it is. What
 * fails for one contract holds up no other; rejects only if it is broken off (`AbortError`) or the store cannot be read at all.
 */
export async function closePeriods(
  options: CloseOptions,
  now: number,
  tell: (news: CloseNews) => void,
): Promise<void> {
  const attempt: Attempt = async (what, body) => {
    try {
      await body();
    } catch (error) {
      if (error instanceof Error && error.name === 'AbortError') throw error;
      tell({ kind: 'failed', what, error });
    }
  };
  const known = new Set(
    (await options.store.listReports()).map(({ contract, period }) => `${contract}\n${period}`),
  );
  for (const terms of options.terms) {
    const { contract } = terms;
    // A later period looks back on the earlier ones: where one of them fails, those after it wait.
    await attempt(`closing ${contract}`, async () => {
      for (const period of await periodsOf(options.store, terms, now)) {
        if (known.has(`${contract}\n${period.label}`)) continue;
        if (await freezePeriod(options, terms, period, now)) {
          tell({ kind: 'closed', contract, period: period.label });
        }
      }
    });
  }
  const corrections = await noteCorrections(options, attempt, now);
  if (corrections > 0) tell({ kind: 'corrected', corrections });
  await tellCorrections(options, attempt, now);
  await remind(options, attempt, now);
}

/** Runs one piece of a round; what it throws is told, and the round goes on. */
export type Attempt = (what: string, body: () => Promise<void>) => Promise<void>;

/**
 * The windows of a contract from the first that was measured to the last that is over and settled. Where a version changes
 * what a window is, one that holds days of the last window before is nobody's: nothing may be owed for twice.
 */
async function periodsOf(store: CloseStore, terms: ReportTerms, now: number): Promise<Period[]> {
  const own = (await store.readTargets()).filter(({ gateway, tier }) =>
    terms.keys.includes(`${gateway}/${tier}`),
  );
  const ids = new Set(own.map(({ id }) => id));
  const spans = (await store.readSchedules(0, now)).filter(({ target }) => ids.has(target));
  const firstAt = spans.reduce((first, { fromAt }) => Math.min(first, fromAt), Number.POSITIVE_INFINITY);
  const periods: Period[] = [];
  for (let at = firstAt; Number.isFinite(at) && at < now; ) {
    const contract = contractInForce(terms.versions, at) ?? terms.versions[0];
    if (contract === undefined) break;
    const period = windowAt(contract.window, at);
    if (period.toAt + CLOSE_GRACE_MS > now) break;
    const governing = contractInForce(terms.versions, period.fromAt);
    const isOwn = governing !== null && isSameWindow(governing.window, contract.window);
    if (isOwn && (at === firstAt || at - period.fromAt <= MOST_SHARED_MS)) periods.push(period);
    at = period.toAt;
  }
  return periods;
}

async function freezePeriod(
  { store, routes, sign, breathe, giveWay }: CloseOptions,
  terms: ReportTerms,
  period: Period,
  now: number,
): Promise<boolean> {
  const contract = contractInForce(terms.versions, period.fromAt);
  if (contract === null) return false;
  for (const region of await store.readRegions()) {
    // What is not sealed yet could still be touched unseen: the report waits for its evidence.
    if ((await store.readSegmentUntil(region, period.toAt)) === null) return false;
  }
  const common = { store, terms, contract, period, now, breathe, giveWay };
  const report = await buildReport({ ...common, state: 'final' });
  const { summary } = report;
  const entry: Omit<LedgerEntry, 'no'> = {
    contract: terms.contract,
    period: period.label,
    kind: 'frozen',
    state: summary.claims > 0 ? 'ready' : 'no claim',
    amount: summary.claims > 0 ? summary.amount : null,
    currency: summary.currency,
    at: now,
    who: null,
    note: summaryText(report),
    key: `frozen:${terms.contract}:${period.label}`,
  };
  const closed = closedPeriod(terms.contract, report, entry.state, now);
  const messages = periodNotices(closed, Math.max(now, closed.endedAt)).map((message) => ({
    message: { ...message, at: now },
    recipients: recipients(routes, message.severity, report),
  }));
  const result = await store.freezeReport(
    {
      contract: terms.contract,
      period: period.label,
      fromAt: period.fromAt,
      toAt: period.toAt,
      frozenAt: now,
      document: sign(report),
    },
    entry,
    messages,
  );
  return result === 'frozen';
}

/** Samples that came after the close change nothing that was frozen: what they would have changed is noted. */
async function noteCorrections(options: CloseOptions, attempt: Attempt, now: number): Promise<number> {
  let noted = 0;
  for (const late of await options.store.readLate()) {
    await attempt(`noting what came late for ${late.contract} ${late.period}`, async () => {
      if (await noteCorrection(options, late, now)) noted += 1;
    });
  }
  return noted;
}

async function noteCorrection(
  { store, terms: all, breathe, giveWay }: CloseOptions,
  { contract: id, period: label, rows: late }: LateRows,
  now: number,
): Promise<boolean> {
  const terms = all.find(({ contract }) => contract === id);
  const frozen = await store.readReport(id, label);
  const standing = standingOf(await store.readLedger({ contract: id, period: label }));
  if (terms === undefined || frozen === null || standing === null) return false;
  const before = reportIn(frozen);
  const period: Period = {
    label,
    fromAt: frozen.fromAt,
    toAt: frozen.toAt,
    timezone: before.period.timezone,
    isWindow: true,
  };
  const after = await buildReport({
    store,
    terms,
    contract: before.contract,
    period,
    state: 'draft',
    now,
    breathe,
    giveWay,
  });
  return store.addLedgerEntry(
    {
      contract: id,
      period: label,
      kind: 'correction',
      state: standing.state,
      amount: after.summary.claims > 0 ? after.summary.amount : null,
      currency: after.summary.currency,
      at: now,
      who: null,
      note: `${late} rows arrived after the close; with them ${differences(before, after)}. The frozen report stands.`,
      key: `correction:${id}:${label}:${late}`,
    },
    standing.last.no,
  );
}

function differences(before: Report, after: Report): string {
  const changes = after.statements.flatMap((statement) => {
    const earlier = before.statements.find(({ scope }) => scope === statement.scope);
    const [was, is] = [
      earlier === undefined ? 'not there' : statementText(earlier),
      statementText(statement),
    ];
    return was === is ? [] : [`${statement.scope} would read "${is}" instead of "${was}"`];
  });
  return changes.length === 0 ? 'every figure would read the same' : changes.join('; ');
}

/** Days are of the contract's zone, which may be a day ahead of ours or behind. */
const REMIND_WITHIN_DAYS = 16;

async function remind(options: CloseOptions, attempt: Attempt, now: number): Promise<void> {
  const dayAfter = (days: number): string => new Date(now + days * 86_400_000).toISOString().slice(0, 10);
  for (const due of await options.store.readClaimsDue(dayAfter(-1), dayAfter(REMIND_WITHIN_DAYS))) {
    await attempt(`reminding of ${due.contract} ${due.period}`, () => remindOf(options, due, now));
  }
}

async function remindOf(
  { store, routes }: CloseOptions,
  { contract, period }: NamedReport,
  now: number,
): Promise<void> {
  const standing = standingOf(await store.readLedger({ contract, period }));
  if (standing?.state !== 'ready') return;
  const frozen = await store.readReport(contract, period);
  if (frozen === null) return;
  const report = reportIn(frozen);
  const messages = periodNotices(
    closedPeriod(contract, report, standing.state, now, standing.amount ?? report.summary.amount),
    now,
  )
    .filter(({ topic }) => topic === 'claim_deadline')
    .map((message) => ({ message, recipients: recipients(routes, message.severity, report) }));
  if (messages.length === 0) return;
  await store.saveDecision({ incidents: [], events: [], messages, spendsLink: null, at: now });
}

/** The report of a period that is still open, as it would read now; no claim follows from it. */
export async function draftReport(
  store: ReportReader,
  terms: ReportTerms,
  period: Period,
  now: number,
  breathe: (done: number, of: number) => Promise<void>,
): Promise<Report | null> {
  const contract = contractInForce(terms.versions, period.fromAt);
  if (contract === null || now <= period.fromAt) return null;
  const toAt = Math.min(now, period.toAt);
  const isOver = toAt === period.toAt;
  return buildReport({
    store,
    terms,
    contract,
    period: {
      ...period,
      toAt,
      label: isOver ? period.label : `${period.label} until ${instantText(toAt)}`,
      isWindow: isOver && period.isWindow,
    },
    state: 'draft',
    now,
    breathe,
  });
}
