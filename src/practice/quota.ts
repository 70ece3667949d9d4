/** What a key may still do, as its rate-limit headers say. */
export type Allowance = {
  readonly isAllowed: boolean;
  readonly limit: number;
  readonly remaining: number;
  /** Until the limit is whole again. */
  readonly resetMs: number;
};

export type Quota = (at: number) => Allowance;

const MINUTE = 60_000;

/** What a key without a limit says in its headers. */
const PLENTY = 10_000;

/** Counts requests in minutes that begin with the first request after the last one ended; `null` = no limit. */
export function quotaOf(requestsPerMinute: number | null): Quota {
  if (requestsPerMinute === null) {
    return () => ({ isAllowed: true, limit: PLENTY, remaining: PLENTY - 1, resetMs: 0 });
  }
  let beganAt = Number.NEGATIVE_INFINITY;
  let used = 0;
  return (at) => {
    if (at - beganAt >= MINUTE || at < beganAt) {
      beganAt = at;
      used = 0;
    }
    const resetMs = beganAt + MINUTE - at;
    if (used >= requestsPerMinute)
      return { isAllowed: false, limit: requestsPerMinute, remaining: 0, resetMs };
    used += 1;
    return { isAllowed: true, limit: requestsPerMinute, remaining: requestsPerMinute - used, resetMs };
  };
}
