import type { Temporal } from 'temporal-polyfill';
import { dateIn, firstDayOfWindow, instantText } from '../time/period.ts';
import type { ClaimTerms, DeadlineTerms, Window } from './contract.ts';

/** When something must have been done, by the earliest reading of the contract. */
export type Deadline = {
  readonly type: DeadlineTerms['type'];
  /** Last day (`YYYY-MM-DD`, in the contract's zone, inclusive) or last instant (RFC 3339) to act. */
  readonly by: string;
  /** The reading it follows from, e.g. `incident_start 2026-03-20`. */
  readonly anchor: string;
  /** Every reading, earliest first; more than one where the contract leaves the anchor open. */
  readonly readings: readonly { readonly by: string; readonly anchor: string }[];
};

/** The instants deadlines are counted from. The incident is the first one of the window. */
export type ClaimAnchors = {
  readonly incident: {
    readonly fromAt: number;
    readonly toAt: number;
    /** Where its part in the window begins, if it began before. */
    readonly inWindowAt?: number;
  } | null;
  /** Exclusive end of the window. */
  readonly windowToAt: number;
};

/** `at` lies on the anchor's day, which for an end is its last instant; `hoursFrom` is what hours are counted from. */
type Reading = { readonly name: string; readonly at: number; readonly hoursFrom: number };

function startAt(at: number): Reading {
  return { name: 'incident_start', at, hoursFrom: at };
}

function endAt(name: string, at: number): Reading {
  return { name, at: at - 1, hoursFrom: at };
}

/** What an anchor may mean. */
function readingsOf(anchor: DeadlineTerms['anchor'], anchors: ClaimAnchors): Reading[] {
  const { incident } = anchors;
  const windowEnd = endAt('window_end', anchors.windowToAt);
  if (incident === null) return [windowEnd];
  const began = startAt(incident.fromAt);
  const inWindow = startAt(incident.inWindowAt ?? incident.fromAt);
  const starts = inWindow.at === began.at ? [began] : [began, inWindow];
  switch (anchor) {
    case 'incident_start':
      return starts;
    case 'incident_end':
      return [endAt('incident_end', incident.toAt)];
    case 'awareness':
      // Nobody can prove when they learnt of it; the incident's own start is the earliest they could have.
      return starts;
    case 'window_end':
      return [windowEnd];
    case 'eligibility':
      return [...starts, windowEnd];
    case 'incident_month_end':
    case 'billing_cycle_end':
      return starts;
  }
}

function endOfMonth(date: Temporal.PlainDate): Temporal.PlainDate {
  return date.with({ day: date.daysInMonth });
}

/** Billing cycles follow the contract's own anchor day; other windows are taken as calendar months. */
function cycleOf(window: Window): Window {
  return window.kind === 'billing_cycle' ? window : { ...window, kind: 'calendar_month', anchorDay: 1 };
}

function endOfCycle(date: Temporal.PlainDate, window: Window, after: number): Temporal.PlainDate {
  const first = firstDayOfWindow(date, cycleOf(window));
  return first.add({ months: after + 1 }).subtract({ days: 1 });
}

function addBusinessDays(
  date: Temporal.PlainDate,
  count: number,
  holidays: readonly string[],
): Temporal.PlainDate {
  let day = date;
  let left = count;
  while (left > 0) {
    day = day.add({ days: 1 });
    if (day.dayOfWeek <= 5 && !holidays.includes(day.toString())) left -= 1;
  }
  return day;
}

function anchorDate(terms: DeadlineTerms, at: number, window: Window): Temporal.PlainDate {
  const date = dateIn(window.timezone, at);
  if (terms.anchor === 'incident_month_end') return endOfMonth(date);
  if (terms.anchor === 'billing_cycle_end') return endOfCycle(date, window, 0);
  return date;
}

function lastDay(
  terms: DeadlineTerms,
  date: Temporal.PlainDate,
  claim: ClaimTerms,
  window: Window,
): Temporal.PlainDate {
  switch (terms.unit) {
    case 'hours':
      throw new Error('hours are counted on instants, not dates');
    case 'days':
      return date.add({ days: terms.offset });
    case 'business_days':
      return addBusinessDays(date, terms.offset, claim.holidays);
    case 'months':
      return date.add({ months: terms.offset });
    case 'billing_cycles':
      return endOfCycle(date, window, terms.offset);
  }
}

const HOUR_MS = 3_600_000;

function deadlineFrom(terms: DeadlineTerms, reading: Reading, claim: ClaimTerms, window: Window) {
  const date = anchorDate(terms, reading.at, window);
  const usesMonthEnd = terms.anchor === 'incident_month_end' || terms.anchor === 'billing_cycle_end';
  const anchor = `${usesMonthEnd ? terms.anchor : reading.name} ${date.toString()}`;
  if (terms.unit === 'hours') {
    const start = usesMonthEnd
      ? date.add({ days: 1 }).toZonedDateTime(window.timezone).epochMilliseconds
      : reading.hoursFrom;
    return { by: instantText(start + terms.offset * HOUR_MS), anchor };
  }
  const day = lastDay(terms, date, claim, window);
  return { by: (terms.snap === 'end_of_month' ? endOfMonth(day) : day).toString(), anchor };
}

/**
 * The deadlines of a claim. Days are calendar days in the contract's zone; the last day is included. Where an anchor can
 * be read in several ways, the earliest result is the deadline: late is lost, early costs nothing.
 */
export function claimDeadlines(claim: ClaimTerms, window: Window, anchors: ClaimAnchors): Deadline[] {
  return claim.deadlines.map((terms) => {
    const readings = readingsOf(terms.anchor, anchors)
      .map((reading) => deadlineFrom(terms, reading, claim, window))
      .sort((a, b) => (a.by < b.by ? -1 : a.by > b.by ? 1 : 0));
    const [first] = readings;
    if (first === undefined) throw new Error('an anchor without a reading');
    return { type: terms.type, by: first.by, anchor: first.anchor, readings };
  });
}
