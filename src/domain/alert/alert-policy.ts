import type { AlertKind, Severity } from './alert.ts';

/** One row of a multi-window, multi-burn-rate alert. https://sre.google/workbook/alerting-on-slos/ */
export type BurnRow = {
  readonly severity: 'page' | 'ticket';
  readonly longMs: number;
  readonly shortMs: number;
  readonly factor: number;
};

/** When each condition holds. Every default is meant to be right without a line of configuration. */
export type AlertThresholds = {
  readonly down: {
    /** Failed confirmations of one failed tick that prove it. */
    readonly confirmations: number;
    /** Failed ticks in a row that prove it where no burst ran, e.g. for want of quota. */
    readonly ticksInARow: number;
    /** Good ticks in a row before a target may be called recovering. */
    readonly goodTicks: number;
  };
  readonly burn: {
    readonly rows: readonly BurnRow[];
    /** Bad samples in the long window below which nothing is said, whatever the ratio. */
    readonly minBad: number;
    /** No alert unless chance alone, at exactly the objective, would do this with at most this probability. */
    readonly maxPValue: number;
    /**
     * False alarms the whole deployment may expect in 30 days at exactly the objective: at 368 targets, one chance in a
     * thousand per look is a page per day.
     */
    readonly falsePages: number;
    readonly falseTickets: number;
  };
  readonly latency: {
    readonly longMs: number;
    readonly shortMs: number;
    readonly minBad: number;
    /** As of `burn`: how surely chance alone must be ruled out before a p99 is called at risk. */
    readonly maxPValue: number;
  };
  readonly noData: {
    /** Intervals of a series without any sample. */
    readonly intervals: number;
    readonly coverageWindowMs: number;
    /** Valid samples over expected ticks, parts per million. */
    readonly coverageFloorPpm: number;
    /** Expected ticks below which coverage says nothing. */
    readonly coverageMinTicks: number;
    readonly proberSilentMs: number;
  };
  readonly ownFault: { readonly inARow: number };
  readonly disk: { readonly freeFloorPpm: number };
};

/** How incidents open, gather, remind and close. */
export type IncidentPolicy = {
  /** How long a new incident may wait for its neighbours to be heard, so that one outage is one message. */
  readonly gatherMs: number;
  /** Cells of one gateway that began to fail within this time of one another are one incident. */
  readonly togetherMs: number;
  /** Least time between two messages about an incident that grows. */
  readonly updateEveryMs: number;
  /** Waits before the first, second, … reminder; the last one repeats. */
  readonly remindAfterMs: readonly number[];
  /** A page nobody acknowledged goes to the second list after this; `null` = never. */
  readonly escalateAfterMs: number | null;
  /** How long a recovery must last before it is told: at first, after one reopening, after two, …; the last repeats. */
  readonly steadyMs: readonly number[];
  /** A cell that fails again within this time of its incident's end reopens it. */
  readonly reopenWithinMs: number;
};

/** Where messages go. A message goes to every route whose conditions all hold. */
export type Route = {
  readonly id: string;
  /** Empty = any. */
  readonly severities: readonly Severity[];
  /** Scopes: `gateway`, `gateway/tier` or `gateway/tier/model`. Empty = any. */
  readonly scopes: readonly string[];
  readonly to: readonly Recipient[];
  /** Who hears when nobody acknowledges. */
  readonly escalateTo: readonly Recipient[];
};

/** A mailbox, or the name of a configured webhook. */
export type Recipient =
  | { readonly channel: 'email'; readonly address: string }
  | { readonly channel: 'webhook'; readonly name: string };

/** Local hours in which tickets wait: from `fromMinute` to `toMinute` of the day, wrapping over midnight. */
export type QuietHours = {
  readonly timezone: string;
  readonly fromMinute: number;
  readonly toMinute: number;
};

export type DeliveryPolicy = {
  readonly leaseMs: number;
  /** First wait after a failed try; it doubles up to `maxBackoffMs`. */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** How long a message is tried before it is dead. Never less than a day. */
  readonly giveUpAfterMs: number;
  /** Messages one recipient may get within `rateWindowMs`; the rest wait. Pages are never held back. */
  readonly rateLimit: number;
  readonly rateWindowMs: number;
  readonly quietHours: QuietHours | null;
};

/** When the weekly summary goes out; ISO weekday, Monday = 1. */
export type DigestPolicy = {
  readonly weekday: number;
  readonly minuteOfDay: number;
  readonly timezone: string;
};

export type AlertPolicy = {
  readonly thresholds: AlertThresholds;
  readonly incidents: IncidentPolicy;
  readonly routes: readonly Route[];
  readonly delivery: DeliveryPolicy;
  readonly digest: DigestPolicy | null;
  /** Kinds that are switched off, by name. */
  readonly off: readonly AlertKind[];
};

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** factor = share of the budget × period / window, for a 30-day period: 2 % in 1 h, 5 % in 6 h, 10 % in 1 d and 3 d. */
export const BURN_ROWS: readonly BurnRow[] = [
  { severity: 'page', longMs: HOUR, shortMs: 5 * MINUTE, factor: 14.4 },
  { severity: 'page', longMs: 6 * HOUR, shortMs: 30 * MINUTE, factor: 6 },
  { severity: 'ticket', longMs: DAY, shortMs: 2 * HOUR, factor: 3 },
  { severity: 'ticket', longMs: 3 * DAY, shortMs: 6 * HOUR, factor: 1 },
];

export const DEFAULT_THRESHOLDS: AlertThresholds = {
  down: { confirmations: 3, ticksInARow: 3, goodTicks: 2 },
  burn: { rows: BURN_ROWS, minBad: 3, maxPValue: 0.001, falsePages: 0.01, falseTickets: 1 },
  latency: { longMs: DAY, shortMs: 2 * HOUR, minBad: 5, maxPValue: 0.001 },
  noData: {
    intervals: 3,
    coverageWindowMs: DAY,
    coverageFloorPpm: 900_000,
    coverageMinTicks: 60,
    proberSilentMs: 2 * MINUTE,
  },
  ownFault: { inARow: 2 },
  disk: { freeFloorPpm: 50_000 },
};

export const DEFAULT_INCIDENTS: IncidentPolicy = {
  gatherMs: MINUTE,
  togetherMs: 10 * MINUTE,
  updateEveryMs: 10 * MINUTE,
  remindAfterMs: [HOUR, 4 * HOUR, DAY],
  escalateAfterMs: 15 * MINUTE,
  steadyMs: [3 * MINUTE, 30 * MINUTE, 6 * HOUR],
  reopenWithinMs: 6 * HOUR,
};

export const DEFAULT_DELIVERY: DeliveryPolicy = {
  leaseMs: 2 * MINUTE,
  backoffMs: 30 * SECOND,
  maxBackoffMs: HOUR,
  giveUpAfterMs: 3 * DAY,
  rateLimit: 20,
  rateWindowMs: HOUR,
  quietHours: null,
};

export const DEFAULT_ALERT_POLICY: AlertPolicy = {
  thresholds: DEFAULT_THRESHOLDS,
  incidents: DEFAULT_INCIDENTS,
  routes: [],
  delivery: DEFAULT_DELIVERY,
  digest: null,
  off: [],
};

/** Whether `scope` (`gateway`, `gateway/tier`, `gateway/tier/model`, or a part of ourselves) covers a cell. */
export function scopeCovers(scope: string, cell: string): boolean {
  return cell === scope || cell.startsWith(`${scope}/`);
}

/** Every scope that covers a cell: itself, its tier, its gateway. Names of models may hold slashes of their own. */
export function scopesOver(cell: string): string[] {
  const parts = cell.split('/');
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** The recipients of a message about these cells, each once; `escalated` asks for the second lists. */
export function recipientsOf(
  routes: readonly Route[],
  severity: Severity,
  cells: readonly string[],
  escalated: boolean,
): readonly Recipient[] {
  const found = new Map<string, Recipient>();
  for (const route of routes) {
    if (route.severities.length > 0 && !route.severities.includes(severity)) continue;
    const inScope =
      route.scopes.length === 0 ||
      cells.some((cell) => route.scopes.some((scope) => scopeCovers(scope, cell)));
    if (!inScope) continue;
    for (const recipient of escalated ? route.escalateTo : route.to)
      found.set(recipientId(recipient), recipient);
  }
  return [...found.values()];
}

/** A stable name of a recipient, `email:…` or `webhook:…`. */
export function recipientId(recipient: Recipient): string {
  switch (recipient.channel) {
    case 'email':
      return `email:${recipient.address}`;
    case 'webhook':
      return `webhook:${recipient.name}`;
  }
}
