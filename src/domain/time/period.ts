import { Temporal } from 'temporal-polyfill';
import type { Window } from '../contract/contract.ts';

/** One calendar window of a contract. */
export type Period = {
  /** `2026-10`, `2026-Q4`, or `from/to` for a span that is no window of the contract. */
  readonly label: string;
  /** Inclusive, epoch ms. */
  readonly fromAt: number;
  /** Exclusive, epoch ms. */
  readonly toAt: number;
  readonly timezone: string;
  /** `false` for a free span: its figures are not those of a contract window. */
  readonly isWindow: boolean;
};

/** A text that is no period, with what was expected instead. */
export type PeriodError = { readonly found: string; readonly expected: string };

/** Whether the IANA time zone is known here. Fixed offsets such as `+02:00` are not names. */
export function isTimezone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function startOfDay(date: Temporal.PlainDate, timezone: string): number {
  return date.toZonedDateTime({ timeZone: timezone }).epochMilliseconds;
}

/** The calendar date of an instant in a zone. */
export function dateIn(timezone: string, at: number): Temporal.PlainDate {
  return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timezone).toPlainDate();
}

const LENGTH = {
  calendar_month: { months: 1 },
  billing_cycle: { months: 1 },
  calendar_quarter: { months: 3 },
} as const;

function windowFrom(first: Temporal.PlainDate, window: Window): Period {
  const label =
    window.kind === 'calendar_quarter'
      ? `${first.year}-Q${Math.ceil(first.month / 3)}`
      : first.toString().slice(0, 7);
  return {
    label,
    fromAt: startOfDay(first, window.timezone),
    toAt: startOfDay(first.add(LENGTH[window.kind]), window.timezone),
    timezone: window.timezone,
    isWindow: true,
  };
}

/** First day of the window that holds the given date. */
export function firstDayOfWindow(date: Temporal.PlainDate, window: Window): Temporal.PlainDate {
  switch (window.kind) {
    case 'calendar_month':
      return date.with({ day: 1 });
    case 'calendar_quarter':
      return date.with({ month: Math.floor((date.month - 1) / 3) * 3 + 1, day: 1 });
    case 'billing_cycle': {
      const thisMonth = date.with({ day: window.anchorDay });
      return Temporal.PlainDate.compare(thisMonth, date) <= 0 ? thisMonth : thisMonth.subtract({ months: 1 });
    }
  }
}

/** The window an instant lies in. */
export function windowAt(window: Window, at: number): Period {
  return windowFrom(firstDayOfWindow(dateIn(window.timezone, at), window), window);
}

/** The window `count` windows before (negative) or after `period`. A free span has no neighbours: it is returned. */
export function shiftWindow(period: Period, window: Window, count: number): Period {
  if (!period.isWindow) return period;
  const first = dateIn(window.timezone, period.fromAt);
  const { months } = LENGTH[window.kind];
  return windowFrom(first.add({ months: months * count }), window);
}

const EXPECTED = {
  calendar_month: 'a month such as 2026-10',
  billing_cycle: 'the month a billing cycle starts in, such as 2026-10',
  calendar_quarter: 'a quarter such as 2026-Q4',
} as const;

/**
 * An instant: a date (midnight in the zone), a local time (in the zone) or an RFC 3339 time. Local times that a change of
 * clocks skips or repeats are read the way RFC 5545 does: the later of a gap, the earlier of a repetition.
 */
export function parseInstant(text: string, timezone: string): number | null {
  try {
    if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return startOfDay(Temporal.PlainDate.from(text), timezone);
    if (/([zZ]|[+-]\d{2}:?\d{2})$/.test(text)) return Temporal.Instant.from(text).epochMilliseconds;
    if (!/^\d{4}-\d{2}-\d{2}[Tt ]/.test(text)) return null;
    return Temporal.PlainDateTime.from(text).toZonedDateTime(timezone).epochMilliseconds;
  } catch {
    return null;
  }
}

/**
 * The period a text names for a contract's window: `2026-10` (the calendar month; the billing cycle that starts in it),
 * `2026-Q4`, or `FROM/TO` for any span (dates, local or RFC 3339 times; `FROM` inclusive, `TO` exclusive).
 */
export function parsePeriod(text: string, window: Window): Period | PeriodError {
  const failed = { found: text, expected: `${EXPECTED[window.kind]}, or FROM/TO` };
  const span = /^([^/]+)\/([^/]+)$/.exec(text);
  if (span !== null) {
    const fromAt = parseInstant(span[1] ?? '', window.timezone);
    const toAt = parseInstant(span[2] ?? '', window.timezone);
    if (fromAt === null || toAt === null || toAt <= fromAt) return failed;
    return { label: text, fromAt, toAt, timezone: window.timezone, isWindow: false };
  }
  const month = /^(\d{4})-(\d{2})$/.exec(text);
  if (month !== null && window.kind !== 'calendar_quarter') {
    const number = Number(month[2]);
    if (number < 1 || number > 12) return failed;
    const first = new Temporal.PlainDate(Number(month[1]), number, window.anchorDay);
    return windowFrom(first, window);
  }
  const quarter = /^(\d{4})-[Qq]([1-4])$/.exec(text);
  if (quarter !== null && window.kind === 'calendar_quarter') {
    return windowFrom(new Temporal.PlainDate(Number(quarter[1]), Number(quarter[2]) * 3 - 2, 1), window);
  }
  return failed;
}

/** `2026-10-01T00:00:00Z`. */
export function instantText(at: number): string {
  return Temporal.Instant.fromEpochMilliseconds(at).toString();
}

/** The days of a period in its zone, the first and the last cut to it. A day of a clock change has 23 or 25 hours. */
export function daysOf(
  period: Period,
): { readonly day: string; readonly fromAt: number; readonly toAt: number }[] {
  const days: { day: string; fromAt: number; toAt: number }[] = [];
  let date = dateIn(period.timezone, period.fromAt);
  for (let fromAt = period.fromAt; fromAt < period.toAt; ) {
    const next = date.add({ days: 1 });
    const toAt = Math.min(startOfDay(next, period.timezone), period.toAt);
    days.push({ day: date.toString(), fromAt, toAt });
    date = next;
    fromAt = toAt;
  }
  return days;
}

/** The first instant after a deadline: a day in the zone, which is included, or an instant. */
export function deadlineEnd(by: string, timezone: string): number {
  if (/^\d{4}-\d{2}-\d{2}$/.test(by)) {
    return startOfDay(Temporal.PlainDate.from(by).add({ days: 1 }), timezone);
  }
  return Temporal.Instant.from(by).epochMilliseconds;
}
