import { type Doubt, type NotRunReason, OUTCOMES } from './outcome.ts';

/** Why a sample says nothing, or nothing about latency. */
export const DOUBT_WORDS: Readonly<Record<Doubt, string>> = {
  event_loop_delay: 'our event loop was blocked',
  clock_step: 'our clock was set',
  suspended: 'our process stood still',
  late_start: 'we started late',
  own_network: 'our network was down',
  stale_socket: 'a kept connection of ours had died',
  cache_hit: 'answered from a cache',
  fallback: 'another model answered',
  tier_downgraded: 'served at a lower tier',
  own_fault: 'a fault of ours',
  filtered: 'filtered by policy',
};

/** Why nothing was sent although it was due. */
export const NOT_RUN_WORDS: Readonly<Record<NotRunReason, string>> = {
  missed: 'missed by our scheduler',
  'skipped: backoff': 'backing off as asked',
  'skipped: quota': 'our quota was used up',
  'skipped: spend': 'the money of the day was spent',
  'skipped: maintenance': 'planned work for which we paused probing',
  'skipped: paused': 'paused: key, credit or request refused',
  'skipped: overlap': 'too many still under way',
};

/** The reason a contract's counting gave, in words with its code behind, e.g. `we started late (suspect: late_start)`. */
export function reasonText(reason: string): string {
  const code = reason.replace(/^suspect: /, '');
  if (isKeyOf(DOUBT_WORDS, code)) return `${DOUBT_WORDS[code]} (${reason})`;
  if (isKeyOf(NOT_RUN_WORDS, reason)) return `${NOT_RUN_WORDS[reason]} (${reason})`;
  if (isKeyOf(OUTCOMES, reason)) return `${OUTCOMES[reason].means} (${reason})`;
  return reason === 'maintenance' ? 'planned work that the contract sets aside (maintenance)' : reason;
}

function isKeyOf<T extends object>(words: T, key: string): key is Extract<keyof T, string> {
  return Object.hasOwn(words, key);
}
