import { scopeCovers } from '../alert/alert-policy.ts';
import type { QuietWindow } from '../measure/probe.ts';
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
  /** Local starts at which the rule does not apply. To name one calls off that time, and announces nothing anew. */
  readonly except: readonly string[];
  /** When the provider announced it, if the configuration says so; else it counts from when we first saw it. */
  readonly announced: string | null;
  readonly reason: string;
  /** Whether we go on probing meanwhile. To change it announces nothing anew. */
  readonly probing: 'continue' | 'pause';
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
  const { rrule, start, timezone, durationMs, except } = work;
  const first = parseInstant(start, timezone);
  if (first === null) throw new Error(`${start} is no time`);
  const starts =
    rrule === null ? [first] : startsIn({ rule: rrule, start, timezone, except }, fromAt - durationMs, toAt);
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
  const current = new Map<string, ReadonlySet<number | null>>();
  const isDeclared = ({ source, fromAt }: RememberedWork): boolean =>
    source !== null && current.get(source)?.has(fromAt) === false;
  for (const work of declared) {
    const source = sourceOf(work);
    if (current.has(source)) continue;
    const own = bySource.get(source) ?? [];
    const calledOff = new Set(work.except.map((at) => parseInstant(at, work.timezone)));
    current.set(source, calledOff);
    // One time that was called off leaves the announcement of the others as old as it is.
    const seenAt = seenSince(
      own.filter(({ fromAt }) => !calledOff.has(fromAt)),
      now,
    );
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
    .filter((one) => one.source !== null && !isDeclared(one))
    .filter((one) => one.cancelledAt === null && one.toAt > now)
    .map((one) => one.no);
  return { add, withdraw };
}

/**
 * When no probes are sent, for work that says so: for each entry and stretch the targets it covers.
 *
 * @param targets ids of everything that is probed
 */
export function pausesIn(
  declared: readonly DeclaredWork[],
  targets: readonly string[],
  fromAt: number,
  toAt: number,
): QuietWindow[] {
  return declared
    .filter(({ probing }) => probing === 'pause')
    .flatMap((work) => {
      const covered = targets.filter((id) => scopeCovers(work.scope, id));
      return covered.length === 0
        ? []
        : windowsOf(work, fromAt, toAt).map((window) => ({ targets: covered, ...window }));
    });
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
          probing: work.probing,
        })),
    )
    .sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0));
}
