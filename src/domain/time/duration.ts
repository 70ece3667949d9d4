const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** A whole number and a unit, or several of them from large to small: `500ms`, `30s`, `1h30m`, `400d`. */
export const DURATION_PATTERN = /^(?:\d{1,9}(?:ms|[smhdw]))+$/;

/** Reads `30s`, `1h30m`, `400d` as whole ms; `null` for anything else. A day is 24 h here, whatever the zone. */
export function parseDuration(text: string): number | null {
  if (!DURATION_PATTERN.test(text)) return null;
  let total = 0;
  let previous = Number.POSITIVE_INFINITY;
  for (const [, count = '', unit = ''] of text.matchAll(/(\d+)(ms|[smhdw])/g)) {
    const size = UNITS[unit as keyof typeof UNITS];
    if (size >= previous) return null;
    previous = size;
    total += Number(count) * size;
  }
  return Number.isSafeInteger(total) ? total : null;
}

/** The shortest text `parseDuration` reads as the same time: 90 000 ms is `1m30s`. Whole ms, not negative. */
export function formatDuration(durationMs: number): string {
  if (durationMs === 0) return '0s';
  let rest = durationMs;
  let text = '';
  for (const unit of ['d', 'h', 'm', 's', 'ms'] as const) {
    const count = Math.floor(rest / UNITS[unit]);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * UNITS[unit];
  }
  return text;
}
