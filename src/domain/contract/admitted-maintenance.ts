import { clip, coversWhole, type Interval, lengthOf, union } from '../time/interval.ts';
import { instantText, type Period, windowAt } from '../time/period.ts';
import type { Contract } from './contract.ts';
import { marginMs } from './tally.ts';

/** A stretch of planned work, as the provider announced it. */
export type MaintenanceWindow = Interval & {
  /** When it was announced; `null`: nobody can say. */
  readonly announcedAt: number | null;
  readonly reason: string | null;
};

export type AdmittedMaintenance = {
  /** What the contract lets the provider set aside in the period: disjoint, ascending. */
  readonly intervals: readonly Interval[];
  /**
   * The same with what the periods before and after admit of the slices that runs across an edge are followed into. An
   * edge of the period parts a stretch.
   */
  readonly withMargins: readonly Interval[];
  readonly flags: readonly string[];
};

const MINUTE_MS = 60_000;

function withinCap(intervals: readonly Interval[], capMs: number): Interval[] {
  const admitted: Interval[] = [];
  let left = capMs;
  for (const one of intervals) {
    if (left <= 0) break;
    const toAt = Math.min(one.toAt, one.fromAt + left);
    admitted.push({ fromAt: one.fromAt, toAt });
    left -= toAt - one.fromAt;
  }
  return admitted;
}

/** What a contract admits of announced maintenance in a period, and just beside it. */
export function admitMaintenance(
  contract: Contract,
  period: Period,
  windows: readonly MaintenanceWindow[],
): AdmittedMaintenance {
  const { intervals, flags } = admitInPeriod(contract, period, windows);
  const margin = marginMs(contract);
  const before = { fromAt: period.fromAt - margin, toAt: period.fromAt };
  const after = { fromAt: period.toAt, toAt: period.toAt + margin };
  const withMargins = [
    ...maintenanceWithin(contract, windows, before),
    ...intervals,
    ...maintenanceWithin(contract, windows, after),
  ];
  return { intervals, withMargins, flags };
}

/**
 * The part of the announced maintenance that the contract admits in a period: in time for its notice, and earliest first
 * up to its cap. A window whose announcement nobody can date is admitted, and flagged.
 */
function admitInPeriod(
  contract: Contract,
  period: Period,
  windows: readonly MaintenanceWindow[],
): Omit<AdmittedMaintenance, 'withMargins'> {
  const { mode, noticeMs, maxPerWindowMs } = contract.maintenance;
  const inPeriod = windows.filter((one) => one.toAt > period.fromAt && one.fromAt < period.toAt);
  if (inPeriod.length === 0) return { intervals: [], flags: [] };
  if (mode === 'not_excluded') {
    return { intervals: [], flags: ['maintenance: the contract does not set maintenance aside; it counts'] };
  }
  const flags: string[] = [];
  const announced = inPeriod.filter((one) => {
    if (noticeMs === null) return true;
    const from = instantText(one.fromAt);
    if (one.announcedAt === null) {
      flags.push(`ambiguity: maintenance from ${from} has no time of notice; taken as announced in time`);
      return true;
    }
    return one.fromAt - one.announcedAt >= noticeMs;
  });
  const joined = clip(union(announced), period);
  for (const one of inPeriod) {
    // The same work may have been announced twice; what one announcement saves, the other does not lose.
    const inside = { fromAt: Math.max(one.fromAt, period.fromAt), toAt: Math.min(one.toAt, period.toAt) };
    if (announced.includes(one) || coversWhole(joined, inside.fromAt, inside.toAt)) continue;
    flags.push(`maintenance: the window from ${instantText(one.fromAt)} was announced too late; it counts`);
  }
  if (maxPerWindowMs === null || lengthOf(joined) <= maxPerWindowMs) return { intervals: joined, flags };
  const over = Math.ceil((lengthOf(joined) - maxPerWindowMs) / MINUTE_MS);
  flags.push(`maintenance: ${over} min exceed the cap of ${maxPerWindowMs / MINUTE_MS} min; they count`);
  return { intervals: withinCap(joined, maxPerWindowMs), flags };
}

/** What a contract sets aside of a stretch that may lie in several of its periods: disjoint, ascending. */
export function maintenanceWithin(
  contract: Contract,
  windows: readonly MaintenanceWindow[],
  span: Interval,
): readonly Interval[] {
  if (!windows.some(({ fromAt, toAt }) => fromAt < span.toAt && toAt > span.fromAt)) return [];
  const intervals: Interval[] = [];
  for (let at = span.fromAt; at < span.toAt; ) {
    const period = windowAt(contract.window, at);
    intervals.push(...clip(admitInPeriod(contract, period, windows).intervals, span));
    at = period.toAt;
  }
  return intervals;
}
