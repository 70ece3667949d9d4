import { instantText, parseInstant } from '../time/period.ts';
import { startsIn } from '../time/recurrence.ts';

/** Planned work as the configuration declares it, for one scope. */
export type DeclaredWork = {
  /** `gateway`, `gateway/tier` or `gateway/tier/model`. */
  readonly scope: string;
  /** Local time in `timezone`, or an RFC 3339 time for work that does not recur. */
  readonly start: string;
  readonly timezone: string;
  readonly durationMs: number;
  /** RFC 5545; `null`: once. */
  readonly rrule: string | null;
  /** When the provider announced it, if the configuration says so; else it counts from when we first saw it. */
  readonly announced: string | null;
  readonly reason: string;
};

/** One stretch of planned work that is remembered. */
export type RememberedWork = {
  readonly no: number;
  readonly source: string | null;
  /** Inclusive. */
  readonly fromAt: number;
  /** Exclusive. */
  readonly toAt: number;
  readonly enteredAt: number;
  readonly cancelledAt: number | null;
  /** Whether it was cancelled because the configuration no longer declares it, not by a person. */
  readonly withdrawn: boolean;
};

/** A stretch to be remembered. */
export type NewWork = {
  readonly source: string;
  readonly scope: string;
  readonly fromAt: number;
  readonly toAt: number;
  readonly announcedAt: number;
  readonly reason: string;
};

export type WorkChanges = { readonly add: readonly NewWork[]; readonly withdraw: readonly number[] };

const DAY_MS = 86_400_000;
/** So far ahead occurrences are remembered: further than any notice a contract asks for. */
export const HORIZON_MS = 62 * DAY_MS;

/** Names what was announced: any other time, length, scope or rule is another announcement. */
export function sourceOf(work: DeclaredWork): string {
  const { scope, start, timezone, durationMs, rrule, announced } = work;
  return JSON.stringify([scope, start, timezone, durationMs, rrule, announced]);
}

/** Starts and ends in time order: those that end after `fromAt` and begin before `toAt`. Work that is over lasts, once. */
export function windowsOf(
  work: DeclaredWork,
  fromAt: number,
  toAt: number,
): { readonly fromAt: number; readonly toAt: number }[] {
  const { rrule, start, timezone, durationMs } = work;
  const first = parseInstant(start, timezone);
  if (first === null) throw new Error(`${start} is no time`);
  const starts =
    rrule === null ? [first] : startsIn({ rule: rrule, start, timezone }, fromAt - durationMs, toAt);
  return starts
    .map((at) => ({ fromAt: at, toAt: at + durationMs }))
    .filter((one) => one.toAt > fromAt && one.fromAt < toAt);
}

/** Since when this very announcement has stood in the configuration; `now` if it is new or came back. */
function seenSince(known: readonly RememberedWork[], now: number): number {
  const withdrawnAt = known.reduce(
    (latest, one) => (one.withdrawn ? Math.max(latest, one.cancelledAt ?? 0) : latest),
    Number.NEGATIVE_INFINITY,
  );
  return known.reduce(
    (first, one) => (one.enteredAt > withdrawnAt ? Math.min(first, one.enteredAt) : first),
    now,
  );
}

/**
 * What has to be remembered, and withdrawn, so that the store says what the configuration declares now. Nothing that was
 * remembered is changed: an edit withdraws what lies ahead and announces anew. What a person cancelled stays cancelled.
 */
export function workChanges(
  declared: readonly DeclaredWork[],
  known: readonly RememberedWork[],
  now: number,
): WorkChanges {
  const bySource = Map.groupBy(known, (one) => one.source);
  const add: NewWork[] = [];
  const current = new Set<string>();
  for (const work of declared) {
    const source = sourceOf(work);
    if (current.has(source)) continue;
    current.add(source);
    const own = bySource.get(source) ?? [];
    const seenAt = seenSince(own, now);
    const announcedAt =
      work.announced === null ? seenAt : (parseInstant(work.announced, work.timezone) ?? seenAt);
    const taken = new Set(own.filter((one) => !one.withdrawn).map((one) => one.fromAt));
    // Work that happened once may be declared late; a rule says nothing about the time before it was known.
    const since = work.rrule === null ? Number.NEGATIVE_INFINITY : seenAt;
    for (const { fromAt, toAt } of windowsOf(work, since, now + HORIZON_MS)) {
      if (!taken.has(fromAt)) {
        add.push({ source, scope: work.scope, fromAt, toAt, announcedAt, reason: work.reason });
      }
    }
  }
  const withdraw = known
    .filter((one) => one.source !== null && !current.has(one.source))
    .filter((one) => one.cancelledAt === null && one.toAt > now)
    .map((one) => one.no);
  return { add, withdraw };
}

/** The next stretches of declared work, at most `most` of each declaration, for people. */
export function nextWindows(declared: readonly DeclaredWork[], now: number, most: number) {
  return declared
    .flatMap((work) =>
      windowsOf(work, now, now + 400 * DAY_MS)
        .slice(0, most)
        .map(({ fromAt, toAt }) => ({
          scope: work.scope,
          from: instantText(fromAt),
          to: instantText(toAt),
          timezone: work.timezone,
          reason: work.reason,
        })),
    )
    .sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0));
}
