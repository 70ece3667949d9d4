/**
 * What happened to one probe, as one of a closed list. The outcome says nothing about guilt in a contract: whether
 * it counts is the contract's choice; `OUTCOMES` only gives the default and who is the likely cause.
 */
export const OUTCOMES = {
  ok: { counts: 'good', cause: 'none', means: 'a complete, well-formed answer' },
  'client.network': {
    counts: 'excluded',
    cause: 'ours',
    means: 'our own network was down: the witness failed too',
  },
  'client.stale_socket': {
    counts: 'excluded',
    cause: 'ours',
    means: 'a kept-alive connection had died while idle; probed again on a fresh one',
  },
  'client.cancelled': { counts: 'excluded', cause: 'ours', means: 'we cancelled the request' },
  'client.fault': { counts: 'excluded', cause: 'ours', means: 'a fault inside the prober' },
  'net.dns': { counts: 'bad', cause: 'network', means: 'the name of the gateway did not resolve' },
  'net.connect': { counts: 'bad', cause: 'network', means: 'no TCP connection to the gateway' },
  'net.tls': { counts: 'bad', cause: 'gateway', means: 'the TLS handshake failed' },
  'net.reset': { counts: 'bad', cause: 'gateway', means: 'a fresh connection was reset before any answer' },
  'timeout.headers': { counts: 'bad', cause: 'gateway', means: 'no response headers before our deadline' },
  'timeout.first_token': {
    counts: 'bad',
    cause: 'provider',
    means: 'headers, but no token before our deadline',
  },
  'timeout.stall': {
    counts: 'bad',
    cause: 'provider',
    means: 'tokens came, then none for longer than allowed',
  },
  'timeout.total': { counts: 'bad', cause: 'provider', means: 'still answering at our total deadline' },
  'timeout.gateway': {
    counts: 'bad',
    cause: 'gateway',
    means: 'the gateway itself reported a timeout (408)',
  },
  'config.request': { counts: 'excluded', cause: 'ours', means: 'our request was refused as wrong' },
  'config.auth': { counts: 'excluded', cause: 'ours', means: 'our key was refused' },
  'config.billing': { counts: 'excluded', cause: 'ours', means: 'our account has no credit left' },
  'ratelimit.own': { counts: 'excluded', cause: 'ours', means: 'we exceeded the limit of our own key' },
  'ratelimit.capacity': {
    counts: 'bad',
    cause: 'provider',
    means: '429 although our own limit was not reached',
  },
  'provider.5xx': { counts: 'bad', cause: 'provider', means: 'a 5xx, and the body names the provider' },
  'gateway.5xx': { counts: 'bad', cause: 'gateway', means: 'a 5xx from the gateway' },
  'provider.overloaded': { counts: 'bad', cause: 'provider', means: 'the provider said it is overloaded' },
  'provider.midstream_error': { counts: 'bad', cause: 'provider', means: 'an error inside a 200 answer' },
  'provider.truncated': {
    counts: 'bad',
    cause: 'provider',
    means: 'the answer ended without a finish reason',
  },
  'provider.aborted': { counts: 'bad', cause: 'provider', means: 'the connection broke inside the answer' },
  'provider.empty': { counts: 'bad', cause: 'provider', means: 'a complete answer without a single token' },
  'provider.malformed': { counts: 'bad', cause: 'provider', means: 'the answer could not be read' },
  'quality.wrong_answer': { counts: 'good', cause: 'provider', means: 'complete, but the answer is wrong' },
  'policy.filtered': {
    counts: 'excluded',
    cause: 'none',
    means: 'refused or filtered by policy: proves nothing',
  },
  'excluded.cache_hit': { counts: 'excluded', cause: 'none', means: 'answered from a cache: proves nothing' },
  'route.fallback': { counts: 'bad', cause: 'provider', means: 'another model or provider answered' },
} as const satisfies Record<string, { counts: Counting; cause: Cause; means: string }>;

/** How a contract counts an outcome; `excluded` leaves numerator and denominator. */
export type Counting = 'good' | 'bad' | 'excluded';
export type Cause = 'none' | 'ours' | 'network' | 'gateway' | 'provider';
export type Outcome = keyof typeof OUTCOMES;

export const OUTCOME_CODES: readonly Outcome[] = Object.keys(OUTCOMES) as Outcome[];

export function isOutcome(text: string): text is Outcome {
  return Object.hasOwn(OUTCOMES, text);
}

/** Notes beside an outcome that never change it. Each has one bit in the store, in this order: append only. */
export const REMARKS = [
  'no_done',
  'lenient_terminator',
  'hidden_reasoning',
  'not_streaming',
  'hidden_retry',
  'tier_downgraded',
  'route_unverified',
  'prompt_cached',
  'usage_missing',
  'obfuscated',
] as const;
export type Remark = (typeof REMARKS)[number];

/** Why a tick has no sample. `missed` is our scheduler's own failure; the rest were decided. */
export const NOT_RUN_REASONS = [
  'missed',
  'skipped: backoff',
  'skipped: quota',
  'skipped: spend',
  'skipped: maintenance',
  'skipped: paused',
  'skipped: overlap',
] as const;
export type NotRunReason = (typeof NOT_RUN_REASONS)[number];

/** Why a sample cannot be used, or not for everything. */
export const DOUBTS = [
  'event_loop_delay',
  'clock_step',
  'suspended',
  'late_start',
  'own_network',
  'stale_socket',
  'cache_hit',
  'fallback',
  'tier_downgraded',
  'own_fault',
  'filtered',
] as const;
export type Doubt = (typeof DOUBTS)[number];

/**
 * `suspect`: we doubt ourselves, so the sample says nothing at all. `excluded`: the answer was made in a way that
 * spoils its latency (a cache, another model, a lower service tier); whether it counts for availability is still
 * the outcome's `counts`.
 */
export type Validity =
  | { readonly kind: 'valid' }
  | { readonly kind: 'excluded'; readonly reason: Doubt }
  | { readonly kind: 'suspect'; readonly reason: Doubt };

export const VALID: Validity = { kind: 'valid' };

/** May the sample's outcome be counted for availability? (Its `counts` may still be `excluded`.) */
export function countsForAvailability(validity: Validity): boolean {
  return validity.kind !== 'suspect';
}

/** May the sample's times be counted for latency? */
export function countsForLatency(validity: Validity): boolean {
  return validity.kind === 'valid';
}

/** A refused key, an empty account, a malformed request: ours to mend, and worth asking again before it is believed. */
export function isAccountFault(outcome: Outcome): boolean {
  return outcome === 'config.auth' || outcome === 'config.billing' || outcome === 'config.request';
}

/**
 * Whether a burst of probes follows: after a failure that counts, or a fault of our account. Of a sample that says nothing
 * there is nothing to confirm.
 */
export function wantsConfirmation(sample: {
  readonly outcome: Outcome;
  readonly validity: Validity;
}): boolean {
  if (isAccountFault(sample.outcome)) return true;
  return OUTCOMES[sample.outcome].counts === 'bad' && countsForAvailability(sample.validity);
}
