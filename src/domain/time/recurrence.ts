import { RRuleTemporal } from 'rrule-temporal';
import { Temporal } from 'temporal-polyfill';

/**
 * Recurrence rules of RFC 5545 §3.3.10, in local time. Where a change of clocks skips the local start of an occurrence it
 * begins as much later, where it repeats it the first counts (§3.3.5); work that was announced for a night is not lost
 * because that night has no 02:30.
 */

const PARTS: ReadonlySet<string> = new Set([
  'FREQ',
  'INTERVAL',
  'COUNT',
  'UNTIL',
  'BYMONTH',
  'BYWEEKNO',
  'BYYEARDAY',
  'BYMONTHDAY',
  'BYDAY',
  'BYHOUR',
  'BYMINUTE',
  'BYSETPOS',
  'WKST',
]);
const DAY_MS = 86_400_000;
/** A rule that does not occur in so many years is a mistake: the rarest, 29 February, may take eight. */
const YEARS = 9;

export type Recurrence = {
  /** `FREQ=WEEKLY;BYDAY=SU`. */
  readonly rule: string;
  /** First start, a local time such as `2026-11-01T02:00`. */
  readonly start: string;
  /** IANA name. */
  readonly timezone: string;
  /** Local starts at which the rule does not apply (EXDATE); they still count for COUNT. */
  readonly except?: readonly string[];
};

/** `UNTIL` in the rule's own local time: the library counts in UTC, where no clock ever changes. */
function untilLocal(rule: string, timezone: string): string {
  return rule.replace(/UNTIL=(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})(Z?))?/, (...found) => {
    const [, year, month, day, hour = '23', minute = '59', second = '59', zone] = found as string[];
    const written = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
    const local =
      zone === 'Z'
        ? Temporal.Instant.from(`${written}Z`).toZonedDateTimeISO(timezone).toPlainDateTime()
        : Temporal.PlainDateTime.from(written);
    return `UNTIL=${local.toString({ smallestUnit: 'second' }).replaceAll(/[-:]/g, '')}Z`;
  });
}

function generator({ rule, start, timezone, except = [] }: Recurrence) {
  return new RRuleTemporal({
    rruleString: untilLocal(rule.replace(/^RRULE:/i, '').toUpperCase(), timezone),
    dtstart: Temporal.PlainDateTime.from(start).toZonedDateTime('UTC'),
    exDate: except.map((at) => Temporal.PlainDateTime.from(at).toZonedDateTime('UTC')),
    strict: true,
    temporal: Temporal,
  });
}

/** The starts in `[fromAt, toAt)`, ascending, epoch ms. Throws if the rule is none; ask `recurrenceFault` first. */
export function startsIn(recurrence: Recurrence, fromAt: number, toAt: number): number[] {
  const { timezone } = recurrence;
  // No zone is further than fifteen hours from UTC, and no clock changes by more than a day.
  const found = generator(recurrence).between(
    new Date(fromAt - 2 * DAY_MS),
    new Date(toAt + 2 * DAY_MS),
    true,
  );
  const starts = found.map((one) => one.toPlainDateTime().toZonedDateTime(timezone).epochMilliseconds);
  return [...new Set(starts)].filter((at) => at >= fromAt && at < toAt).sort((a, b) => a - b);
}

/** What is wrong with a rule, in words; `null` if nothing is. */
export function recurrenceFault(recurrence: Recurrence): string | null {
  const parts = recurrence.rule
    .replace(/^RRULE:/i, '')
    .split(';')
    .map((part) => part.split('=')[0] ?? '');
  const unknown = parts.find((part) => !PARTS.has(part.toUpperCase()));
  if (unknown !== undefined)
    return `unknown part ${JSON.stringify(unknown)}; known: ${[...PARTS].join(', ')}`;
  if (!/FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)\b/i.test(recurrence.rule)) {
    return 'expected FREQ=DAILY, WEEKLY, MONTHLY or YEARLY';
  }
  try {
    const first = Temporal.PlainDateTime.from(recurrence.start).toZonedDateTime(recurrence.timezone);
    const within = (years: number): boolean =>
      startsIn(recurrence, first.epochMilliseconds, first.add({ years }).epochMilliseconds).length > 0;
    return within(1) || within(YEARS) ? null : 'never occurs';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Whether a rule has a start at a local time, whatever is excepted; and what it has on that day instead, local times. */
export function startsAt(
  { except: _, ...rule }: Recurrence,
  local: string,
): { readonly isStart: boolean; readonly thatDay: readonly string[] } {
  const wanted = Temporal.PlainDateTime.from(local);
  const day = wanted.toPlainDate().toZonedDateTime('UTC').epochMilliseconds;
  const found = generator(rule).between(new Date(day), new Date(day + DAY_MS - 1), true);
  const starts = found.map((one) => one.toPlainDateTime());
  return {
    isStart: starts.some((one) => one.equals(wanted)),
    thatDay: starts.map((one) => one.toString({ smallestUnit: 'minute' })),
  };
}
