/**
 * When a probe of one target is due. `phaseMs` spreads the targets over the interval so that they do not fire in
 * the same instant; it follows from the plan alone, so a restart keeps it.
 */
export type Schedule =
  | { readonly kind: 'every'; readonly everyMs: number; readonly phaseMs: number }
  | { readonly kind: 'cron'; readonly cron: string; readonly timezone: string; readonly phaseMs: number };

export function sameSchedule(one: Schedule, other: Schedule): boolean {
  if (one.phaseMs !== other.phaseMs) return false;
  if (one.kind === 'every') return other.kind === 'every' && one.everyMs === other.everyMs;
  return other.kind === 'cron' && one.cron === other.cron && one.timezone === other.timezone;
}

/**
 * A 32-bit FNV-1a hash of UTF-16 code units. Stable over versions and machines: phases and prompt operands depend
 * on it. http://www.isthe.com/chongo/tech/comp/fnv/
 */
export function stableHash(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) {
    hash ^= text.charCodeAt(i);
    hash = Math.imul(hash, 0x01000193);
  }
  // One round of avalanche: FNV-1a alone leaves the high bits of similar short strings correlated.
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  hash ^= hash >>> 16;
  return hash >>> 0;
}

/** The phase of a series within its interval, in whole ms, `0 <= phase < everyMs`. */
export function phaseOf(probe: string, target: string, region: string, everyMs: number): number {
  return stableHash(`${probe}\n${target}\n${region}`) % everyMs;
}

/** The first tick at or after `fromAt` (epoch ms) of an `every` schedule: ticks lie on a fixed grid since the epoch. */
export function firstTickAt(everyMs: number, phaseMs: number, fromAt: number): number {
  return Math.ceil((fromAt - phaseMs) / everyMs) * everyMs + phaseMs;
}

/** How many ticks of an `every` schedule lie in `[fromAt, toAt)`. */
export function countTicks(everyMs: number, phaseMs: number, fromAt: number, toAt: number): number {
  if (toAt <= fromAt) return 0;
  const first = firstTickAt(everyMs, phaseMs, fromAt);
  return first >= toAt ? 0 : Math.floor((toAt - 1 - first) / everyMs) + 1;
}
