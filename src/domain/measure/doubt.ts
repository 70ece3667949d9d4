import { type Observation, totalUs, ttftUs } from './observation.ts';
import type { Doubt, Outcome, Remark, Validity } from './outcome.ts';
import { VALID } from './outcome.ts';

/** When we distrust ourselves. */
export type SelfDoubt = {
  /** A block of the probing thread shorter than this is never held against a sample. */
  readonly loopDelayFloorUs: number;
  /** Above the floor, a block must be longer than this share of the measured time, in parts per million. */
  readonly loopDelayPpm: number;
  /** Wall clock against monotonic clock, change within the probe, in either direction. */
  readonly clockStepMs: number;
  /** From the tick to dispatch. */
  readonly lateStartUs: number;
  /** A block this long means that the process or the machine stood still. */
  readonly suspendedUs: number;
};

/** 20 ms or 2 % of the value, whichever is more; one second for the clock and the start; two for standing still. */
export const DEFAULT_SELF_DOUBT: SelfDoubt = Object.freeze({
  loopDelayFloorUs: 20_000,
  loopDelayPpm: 20_000,
  clockStepMs: 1_000,
  lateStartUs: 1_000_000,
  suspendedUs: 2_000_000,
});

/** Outcomes that are themselves about us. */
const OURS: Partial<Readonly<Record<Outcome, Doubt>>> = {
  'client.network': 'own_network',
  'client.stale_socket': 'stale_socket',
  'client.cancelled': 'own_fault',
  'client.fault': 'own_fault',
};

/**
 * The other side said so in words, by a status or by what it sent: a short pause of ours cannot have made it do that.
 * Reading a flood of theirs is itself such a pause, and must not excuse the flood.
 */
const SAID_BY_THEM: ReadonlySet<Outcome> = new Set<Outcome>([
  'provider.5xx',
  'gateway.5xx',
  'provider.overloaded',
  'provider.midstream_error',
  'provider.malformed',
  'provider.empty',
  'route.fallback',
  'ratelimit.capacity',
  'ratelimit.own',
  'config.auth',
  'config.billing',
  'config.request',
]);

/** How far a sample can be trusted. Doubt about ourselves goes before what the answer disclosed. */
export function validityOf(
  observation: Observation,
  outcome: Outcome,
  remarks: readonly Remark[],
  lagUs: number,
  limits: SelfDoubt,
): Validity {
  const own = OURS[outcome];
  if (own !== undefined) return { kind: 'excluded', reason: own };
  const doubt = selfDoubt(observation, outcome, lagUs, limits);
  if (doubt !== null) return { kind: 'suspect', reason: doubt };
  if (outcome === 'policy.filtered') return { kind: 'excluded', reason: 'filtered' };
  if (outcome === 'excluded.cache_hit') return { kind: 'excluded', reason: 'cache_hit' };
  if (outcome === 'route.fallback') return { kind: 'excluded', reason: 'fallback' };
  // The prompt was not read anew: the model answered, but sooner than it would have.
  if (remarks.includes('prompt_cached')) return { kind: 'excluded', reason: 'cache_hit' };
  if (remarks.includes('tier_downgraded')) return { kind: 'excluded', reason: 'tier_downgraded' };
  return VALID;
}

function selfDoubt(
  observation: Observation,
  outcome: Outcome,
  lagUs: number,
  limits: SelfDoubt,
): Doubt | null {
  const { loopDelayUs, clockStepMs, phases } = observation;
  if (loopDelayUs >= limits.suspendedUs) return 'suspended';
  if (Math.abs(clockStepMs) > limits.clockStepMs) return 'clock_step';
  if (lagUs > limits.lateStartUs) return 'late_start';
  if (SAID_BY_THEM.has(outcome)) return null;
  const measuredUs = ttftUs(phases) ?? totalUs(phases) ?? 0;
  const allowedUs = Math.max(
    limits.loopDelayFloorUs,
    Math.floor((measuredUs * limits.loopDelayPpm) / 1_000_000),
  );
  return loopDelayUs > allowedUs ? 'event_loop_delay' : null;
}
