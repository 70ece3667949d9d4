import type { RawHeaders } from './gateway-kinds.ts';

/**
 * How long the gateway asks us to wait, in whole ms; `null` if it does not say. `Retry-After` is seconds or a date
 * (RFC 9110 §10.2.3); `retry-after-ms` and `x-ms-retry-after-ms` are what OpenAI and Azure add. A date in the past is 0.
 */
export function retryAfterMs(headers: RawHeaders, nowAt: number): number | null {
  for (const name of ['retry-after-ms', 'x-ms-retry-after-ms']) {
    const ms = decimal(headers[name]);
    if (ms !== null) return Math.ceil(ms);
  }
  const value = headers['retry-after'];
  const seconds = decimal(value);
  if (seconds !== null) return Math.ceil(seconds * 1000);
  const date = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? null : Math.max(0, date - nowAt);
}

function decimal(value: string | string[] | undefined): number | null {
  return typeof value === 'string' && /^\s*\d{1,9}(\.\d+)?\s*$/.test(value) ? Number(value) : null;
}
