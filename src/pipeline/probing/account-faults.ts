import { isAccountFault, type Outcome } from '../../domain/measure/outcome.ts';
import type { Sample } from '../../domain/measure/sample.ts';

/**
 * A refused key, an empty account or a malformed request is our own fault: it counts nothing against the other
 * side, and asking on proves nothing. Once confirmed, the series or the whole key pauses, and one slow canary asks
 * whether it is mended. A canary that meets anything but our own fault ends the pause, so that a pause never hides
 * an outage.
 */
export type AccountFaults = {
  /** Is the series paused now? */
  readonly pausedBy: (seriesId: string, keyId: string) => Outcome | null;
  /**
   * Should this tick of a paused series be the canary? Counts it as sent. Any series of a paused key may be it: if
   * another model is served, it was not the key.
   */
  readonly takeCanary: (seriesId: string, keyId: string) => boolean;
  /** Learns from an attempt of any purpose; tells what changed. */
  readonly learn: (
    sample: Sample,
    seriesId: string,
    keyId: string,
    confirmations: number,
  ) => PauseChange | null;
  /** Forgets what it knows of a key or a series, because the configuration changed it. */
  readonly forget: (id: string) => void;
  readonly list: () => readonly Pause[];
};

export type Pause = {
  /** `key` pauses everything sent with it. */
  readonly scope: 'key' | 'series';
  /** The key's id, or the series' id. */
  readonly id: string;
  readonly outcome: Outcome;
};

export type PauseChange = { readonly kind: 'paused' | 'resumed'; readonly pause: Pause };

const FIRST_CANARY_MS = 60_000;
const SLOWEST_CANARY_MS = 300_000;

type Paused = { readonly pause: Pause; canaryAtUs: number; canaryMs: number };

export function createAccountFaults(monotonicUs: () => number): AccountFaults {
  const keys = new Map<string, Paused>();
  const series = new Map<string, Paused>();
  /** Unbroken faults of one kind per series, and when they began. */
  const streaks = new Map<string, { outcome: Outcome; length: number; sinceUs: number }>();
  /** When each key was last accepted. */
  const acceptedUs = new Map<string, number>();

  const find = (seriesId: string, keyId: string): Paused | undefined =>
    keys.get(keyId) ?? series.get(seriesId);

  const pause = (scope: Pause['scope'], id: string, outcome: Outcome): PauseChange | null => {
    const paused = scope === 'key' ? keys : series;
    if (paused.has(id)) return null;
    const made: Pause = { scope, id, outcome };
    const canaryAtUs = monotonicUs() + FIRST_CANARY_MS * 1000;
    paused.set(id, { pause: made, canaryAtUs, canaryMs: FIRST_CANARY_MS });
    return { kind: 'paused', pause: made };
  };

  const resume = (seriesId: string, keyId: string): PauseChange | null => {
    const found = find(seriesId, keyId);
    if (found === undefined) return null;
    if (found.pause.scope === 'key') keys.delete(keyId);
    else series.delete(seriesId);
    return { kind: 'resumed', pause: found.pause };
  };

  const blame = (
    sample: Sample,
    seriesId: string,
    keyId: string,
    confirmations: number,
  ): PauseChange | null => {
    const known = streaks.get(seriesId);
    const streak =
      known?.outcome === sample.outcome
        ? known
        : { outcome: sample.outcome, length: 0, sinceUs: monotonicUs() };
    streak.length += 1;
    streaks.set(seriesId, streak);
    if (streak.length <= confirmations || find(seriesId, keyId) !== undefined) return null;
    // A key that others are still served with is not refused as such: then it is this model that it may not use.
    const isKeyAccepted = (acceptedUs.get(keyId) ?? -1) >= streak.sinceUs;
    const scope = sample.outcome === 'config.request' || isKeyAccepted ? 'series' : 'key';
    return pause(scope, scope === 'key' ? keyId : seriesId, sample.outcome);
  };

  return {
    pausedBy: (seriesId, keyId) => find(seriesId, keyId)?.pause.outcome ?? null,
    takeCanary: (seriesId, keyId) => {
      const found = find(seriesId, keyId);
      if (found === undefined || monotonicUs() < found.canaryAtUs) return false;
      found.canaryMs = Math.min(found.canaryMs * 2, SLOWEST_CANARY_MS);
      found.canaryAtUs = monotonicUs() + found.canaryMs * 1000;
      return true;
    },
    learn: (sample, seriesId, keyId, confirmations) => {
      if (isAccountFault(sample.outcome)) return blame(sample, seriesId, keyId, confirmations);
      // What never left our machine says nothing about the account.
      if (sample.outcome.startsWith('client.')) return null;
      streaks.delete(seriesId);
      if (sample.status !== null && sample.status < 400) acceptedUs.set(keyId, monotonicUs());
      return resume(seriesId, keyId);
    },
    forget: (id) => {
      keys.delete(id);
      series.delete(id);
      streaks.delete(id);
    },
    list: () => [...keys.values(), ...series.values()].map((paused) => paused.pause),
  };
}
