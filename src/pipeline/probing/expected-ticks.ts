import { countTicks, firstTickAt, type Schedule } from '../../domain/time/schedule.ts';
import { cronGrid } from './cron-grid.ts';

/** The first tick of a schedule strictly after `at`, epoch ms; `null` if it names none. */
export function tickAfter(schedule: Schedule, at: number): number | null {
  switch (schedule.kind) {
    case 'every':
      // Ticks are whole milliseconds, so "strictly after" is "from the next millisecond on".
      return firstTickAt(schedule.everyMs, schedule.phaseMs, Math.floor(at) + 1);
    case 'cron': {
      const base = cronGrid(schedule.cron, schedule.timezone).after(at - schedule.phaseMs);
      return base === null ? null : base + schedule.phaseMs;
    }
  }
}

/** How many ticks of a schedule lie in `[fromAt, toAt)`, epoch ms. */
export function countExpected(schedule: Schedule, fromAt: number, toAt: number): number {
  if (toAt <= fromAt) return 0;
  switch (schedule.kind) {
    case 'every':
      return countTicks(schedule.everyMs, schedule.phaseMs, fromAt, toAt);
    case 'cron':
      return cronGrid(schedule.cron, schedule.timezone).count(
        fromAt - schedule.phaseMs,
        toAt - schedule.phaseMs,
      );
  }
}

/** A stretch in which a schedule was in force: what the store's schedule history gives. */
export type Span = {
  readonly schedule: Schedule;
  /** Inclusive, epoch ms. */
  readonly fromAt: number;
  /** Exclusive; `null` while in force. */
  readonly toAt: number | null;
};

/**
 * How many ticks were due in `[fromAt, toAt)` by the schedules then in force: what samples and rows of ticks that
 * did not run are compared with. The spans of one series do not overlap.
 */
export function expectedTicks(spans: readonly Span[], fromAt: number, toAt: number): number {
  let total = 0;
  for (const span of spans) {
    total += countExpected(span.schedule, Math.max(fromAt, span.fromAt), Math.min(toAt, span.toAt ?? toAt));
  }
  return total;
}

/** The time from one tick to the next, ms: how long a tick is worth waiting for, and how often one comes. */
export function intervalAfter(schedule: Schedule, tickAt: number): number {
  if (schedule.kind === 'every') return schedule.everyMs;
  const next = tickAfter(schedule, tickAt);
  return next === null ? Number.POSITIVE_INFINITY : next - tickAt;
}
