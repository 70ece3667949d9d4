/**
 * Our own limit on one key, over everything that is sent with it: in no sliding minute do more than
 * `requestsPerMinute` requests leave. Exact, not approximate: the instants of the last minute are remembered, so
 * there is no burst at the edge of a window and no refill that could be spent twice.
 */
export type Quota = {
  /**
   * Asks to send now. `scheduled` attempts may use the whole quota, the others only what the schedule leaves over,
   * so that a burst never costs a scheduled sample.
   *
   * @returns 0 and has counted the request; or the whole ms after which asking again can succeed, at the earliest
   */
  readonly take: (kind: 'scheduled' | 'extra') => number;
  /** Requests of the last minute. */
  readonly used: () => number;
  /** Changes the limit and the room for extras; what was sent stays remembered. */
  readonly limit: (limits: QuotaLimits) => void;
};

export type QuotaLimits = {
  /** `null` = without a limit. */
  readonly requestsPerMinute: number | null;
  /** What the schedule itself sends in a minute at most. */
  readonly plannedPerMinute: number;
};

const MINUTE_US = 60_000_000;

/**
 * @param monotonicUs the clock; a wall clock that steps must not open the gate
 * @param earlier instants on that clock at which requests had left before, ascending
 */
export function createQuota(
  limits: QuotaLimits,
  monotonicUs: () => number,
  earlier: readonly number[] = [],
): Quota {
  const all = createWindow(earlier);
  const extras = createWindow([]);
  let { requestsPerMinute, plannedPerMinute } = limits;

  return {
    take: (kind) => {
      const now = monotonicUs();
      all.forget(now - MINUTE_US);
      extras.forget(now - MINUTE_US);
      if (requestsPerMinute !== null) {
        const wait = all.waitUs(now, requestsPerMinute);
        const extraWait =
          kind === 'extra' ? extras.waitUs(now, Math.floor(requestsPerMinute - plannedPerMinute)) : 0;
        const longest = Math.max(wait, extraWait);
        if (longest > 0) return Math.ceil(longest / 1000);
      }
      all.add(now);
      if (kind === 'extra') extras.add(now);
      return 0;
    },
    used: () => {
      all.forget(monotonicUs() - MINUTE_US);
      return all.size();
    },
    limit: (next) => {
      ({ requestsPerMinute, plannedPerMinute } = next);
    },
  };
}

type Window = {
  readonly add: (at: number) => void;
  /** Drops what happened at or before `untilUs`: an instant exactly a minute ago is outside the minute. */
  readonly forget: (untilUs: number) => void;
  /** How long until fewer than `limit` are left in the minute; 0 = now. */
  readonly waitUs: (now: number, limit: number) => number;
  readonly size: () => number;
};

function createWindow(initial: readonly number[]): Window {
  let instants = [...initial];
  let start = 0;
  return {
    add: (at) => {
      instants.push(at);
    },
    forget: (untilUs) => {
      while (start < instants.length && (instants[start] ?? 0) <= untilUs) start += 1;
      if (start > 1024 && start * 2 > instants.length) {
        instants = instants.slice(start);
        start = 0;
      }
    },
    waitUs: (now, limit) => {
      if (limit < 1) return MINUTE_US;
      const oldestThatMustLeave = instants[instants.length - limit];
      if (instants.length - start < limit || oldestThatMustLeave === undefined) return 0;
      return Math.max(1, oldestThatMustLeave + MINUTE_US - now);
    },
    size: () => instants.length - start,
  };
}
