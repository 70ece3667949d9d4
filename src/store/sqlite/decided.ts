import { type DecidingAttempt, gaveUpMs, isOwnDeadline } from '../../domain/measure/line-of-sample.ts';
import type { DecidedStretch, StoredAttempt } from '../store.ts';
import type { AllSamples } from './all-samples.ts';
import { outcomeOf, validityOf } from './closed-lists.ts';
import type { NotRunTable } from './not-run.ts';
import { PURPOSE_NO, type StoredRow } from './samples.ts';
import type { SeriesEntry, SeriesRegistry } from './series.ts';
import type { ServedByTable } from './served-by.ts';
import { purposeOf } from './stored-sample.ts';

const DECIDING = [PURPOSE_NO.scheduled, PURPOSE_NO.reprobe];

/** The body of `Store.readDecided`; the caller holds the transaction. */
export function readDecided(
  registry: SeriesRegistry,
  samples: AllSamples,
  notRun: NotRunTable,
  servedBy: ServedByTable,
  fromAt: number,
  toAt: number,
  target?: string,
): DecidedStretch {
  const chosen = target === undefined ? null : registry.select(target);
  const byTarget = new Map<string, DecidingAttempt[]>();
  const filter = { fromAt, toAt, series: chosen, purposes: DECIDING, outcomes: null, limit: -1 };
  const rows = samples.select({ ...filter, order: 'oldest-first' }, needsDetail);
  // Millions of rows: what is the same as for the row before is not looked up again.
  let entry: SeriesEntry | null = null;
  let seriesNo = -1;
  let attempts: DecidingAttempt[] = [];
  for (let index = 0; index < rows.length; index += 1) {
    const row = rows[index];
    if (row === undefined || isReplaced(row, rows[index + 1]) || isNeedless(row, rows[index - 1])) continue;
    if (entry === null || row.seriesNo !== seriesNo) {
      seriesNo = row.seriesNo;
      entry = registry.entry(seriesNo);
      attempts = byTarget.get(entry.target) ?? [];
      byTarget.set(entry.target, attempts);
    }
    attempts.push(attemptOf(row, entry, servedBy));
  }
  return {
    byTarget,
    notRun: notRun
      .counts(fromAt, toAt)
      .filter(({ seriesNo }) => chosen === null || chosen.includes(seriesNo))
      .map(({ seriesNo, reason, ticks }) => ({
        target: registry.entry(seriesNo).target,
        reason,
        ticks,
      })),
  };
}

/** The body of `Store.readAttempts`; the caller holds the transaction. */
export function readAttempts(
  registry: SeriesRegistry,
  samples: AllSamples,
  servedBy: ServedByTable,
  fromAt: number,
  toAt: number,
  target?: string,
): StoredAttempt[] {
  const series = target === undefined ? null : registry.select(target);
  const filter = { fromAt, toAt, series, purposes: null, outcomes: null, limit: -1 };
  return samples
    .select({ ...filter, order: 'oldest-first' }, needsDetail)
    .map((row) => storedAttemptOf(row, registry, servedBy));
}

export function storedAttemptOf(
  row: StoredRow,
  registry: SeriesRegistry,
  servedBy: ServedByTable,
): StoredAttempt {
  return { ...attemptOf(row, registry.entry(row.seriesNo), servedBy), purpose: purposeOf(row.purposeNo) };
}

function attemptOf(
  row: StoredRow,
  { probe, target, region }: SeriesEntry,
  servedBy: ServedByTable,
): DecidingAttempt {
  const { status, promptTokens } = row.readFacts();
  const outcome = outcomeOf(row.outcome);
  return {
    probe,
    target,
    region,
    scheduledAt: row.scheduledAt,
    outcome,
    validity: validityOf(row.doubt),
    status,
    ttftUs: row.ttftUs,
    totalUs: row.totalUs,
    promptTokens,
    completionTokens: row.completionTokens,
    gaveUpMs: gaveUpMs(outcome, () => row.readDetail().phases),
    servedBy: servedBy.value(row.servedByNo),
  };
}

/** A period is judged without the details of ten million rows; only when we gave up is written there alone. */
function needsDetail({ outcome }: StoredRow): boolean {
  return isOwnDeadline(outcomeOf(outcome));
}

/** Rows come by tick, series and purpose: a re-probe follows the attempt it replaces. */
function isReplaced(row: StoredRow, next: StoredRow | undefined): boolean {
  return (
    row.purposeNo === PURPOSE_NO.scheduled &&
    row.outcome === 'client.stale_socket' &&
    next !== undefined &&
    isOfSameTick(row, next)
  );
}

/** A re-probe beside a scheduled attempt that was not spoilt decides nothing. */
function isNeedless(row: StoredRow, before: StoredRow | undefined): boolean {
  return (
    row.purposeNo === PURPOSE_NO.reprobe &&
    before !== undefined &&
    isOfSameTick(row, before) &&
    before.outcome !== 'client.stale_socket'
  );
}

function isOfSameTick(one: StoredRow, other: StoredRow): boolean {
  return one.scheduledAt === other.scheduledAt && one.seriesNo === other.seriesNo;
}
