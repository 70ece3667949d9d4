import { deadlineEnd } from '../time/period.ts';
import type { Report, ReportStatement } from './report.ts';

/** One way to read one deadline of a claim. */
export type ClaimReading = {
  readonly type: string;
  /** Last day or instant to act, as the report says it. */
  readonly by: string;
  readonly anchor: string;
  /** Exclusive end of it, epoch ms. */
  readonly endsAt: number;
};

/**
 * Every reading of every deadline of what may be claimed, the earliest first. A day lasts until midnight in the zone, so an
 * instant within it is earlier.
 */
export function claimReadings(
  statements: readonly ReportStatement[],
  timezone: string,
): readonly ClaimReading[] {
  const found = new Map<string, ClaimReading>();
  for (const { claim, evaluation } of statements) {
    if (!claim.isDue) continue;
    for (const { type, readings } of evaluation.deadlines) {
      for (const { by, anchor } of readings) {
        const endsAt = deadlineEnd(by, timezone);
        found.set(`${type}\n${by}`, found.get(`${type}\n${by}`) ?? { type, by, anchor, endsAt });
      }
    }
  }
  return [...found.values()].sort((a, b) => a.endsAt - b.endsAt);
}

/**
 * The earliest reading that can still be kept at an instant; `null` if all are past. Some contracts count from the first miss,
 * so that the earliest reading is over before the period itself is: then the next one is what is left to act by.
 */
export function openReading(report: Report, now: number): ClaimReading | null {
  return claimReadings(report.statements, report.period.timezone).find(({ endsAt }) => endsAt > now) ?? null;
}
