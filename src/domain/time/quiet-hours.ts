import { Temporal } from 'temporal-polyfill';
import type { DigestPolicy, QuietHours } from '../alert/alert-policy.ts';

/**
 * When the quiet hours that `now` lies in are over, epoch ms; `null` outside of them. They follow the wall clock of their
 * zone, so a night with a change of clocks is an hour shorter or longer. `fromMinute = toMinute` is no quiet hours.
 */
export function quietUntil(quiet: QuietHours, now: number): number | null {
  const local = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(quiet.timezone);
  const minute = local.hour * 60 + local.minute;
  const { fromMinute, toMinute } = quiet;
  const overnight = fromMinute > toMinute;
  const isQuiet = overnight
    ? minute >= fromMinute || minute < toMinute
    : minute >= fromMinute && minute < toMinute;
  if (!isQuiet) return null;
  const day = overnight && minute >= fromMinute ? local.add({ days: 1 }) : local;
  return atMinute(day, toMinute).epochMilliseconds;
}

/** The last moment at or before `now` at which the digest was due, epoch ms. */
export function digestDueAt(digest: DigestPolicy, now: number): number {
  const local = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(digest.timezone);
  const back = (local.dayOfWeek - digest.weekday + 7) % 7;
  const due = atMinute(local.subtract({ days: back }), digest.minuteOfDay);
  const last = due.epochMilliseconds <= now ? due : atMinute(due.subtract({ days: 7 }), digest.minuteOfDay);
  return last.epochMilliseconds;
}

function atMinute(day: Temporal.ZonedDateTime, minuteOfDay: number): Temporal.ZonedDateTime {
  return day.withPlainTime({ hour: Math.floor(minuteOfDay / 60), minute: minuteOfDay % 60 });
}
