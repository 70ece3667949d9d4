import { type Behaviour, NORMAL } from './incident.ts';
import type { PracticeTier } from './models.ts';
import { uniform } from './random.ts';

/** When an incident is in force, in ms after the timetable's origin; `fromMs` inclusive, `toMs` exclusive. */
export type When =
  | { readonly kind: 'always' }
  | { readonly kind: 'once'; readonly fromMs: number; readonly toMs: number }
  /** In each cycle of `everyMs`, counted from the origin; `0 <= fromMs < toMs <= everyMs`. */
  | { readonly kind: 'cycle'; readonly everyMs: number; readonly fromMs: number; readonly toMs: number };

/** One scripted incident. */
export type Incident = {
  readonly tier: PracticeTier | '*';
  /** A model's name, or `*` for all of them and for requests that name no model. */
  readonly model: string;
  readonly when: When;
  /** The share of requests it hits, `0 < share <= 1`. */
  readonly share: number;
  readonly behaviour: Behaviour;
};

/** The first incident in force that hits a request decides what happens to it. */
export type Timetable = readonly Incident[];

/** Far away from the draws that make latencies, so that bad luck and slowness are independent. */
const SHARE_DRAW = 1_000_000;

function isInForce(when: When, sinceOriginMs: number): boolean {
  switch (when.kind) {
    case 'always':
      return true;
    case 'once':
      return sinceOriginMs >= when.fromMs && sinceOriginMs < when.toMs;
    case 'cycle': {
      const inCycle = ((sinceOriginMs % when.everyMs) + when.everyMs) % when.everyMs;
      return inCycle >= when.fromMs && inCycle < when.toMs;
    }
  }
}

/** The incidents that can ever concern one target; `model` is `null` for a request that names none. */
export function incidentsFor(timetable: Timetable, tier: PracticeTier, model: string | null): Timetable {
  return timetable.filter(
    (incident) =>
      (incident.tier === '*' || incident.tier === tier) &&
      (incident.model === '*' || incident.model === model),
  );
}

/**
 * What happens to the request with this key, given the incidents of its target. A pure function: the live gateway and
 * the simulated history ask the same one.
 */
export function behaviourAt(incidents: Timetable, sinceOriginMs: number, key: number): Behaviour {
  for (let index = 0; index < incidents.length; index += 1) {
    const incident = incidents[index];
    if (incident === undefined || !isInForce(incident.when, sinceOriginMs)) continue;
    if (incident.share >= 1 || uniform(key, SHARE_DRAW + index) < incident.share) return incident.behaviour;
  }
  return NORMAL;
}

const MINUTE = 60_000;

/** Minutes of a cycle of twenty. */
function inMinutes(from: number, to: number): When {
  return { kind: 'cycle', everyMs: 20 * MINUTE, fromMs: from * MINUTE, toMs: to * MINUTE };
}

/** No incidents at all. */
export const QUIET: Timetable = [];

/**
 * Twenty minutes in which every kind of trouble shows up once, the first within two minutes of the start, and again in
 * the next twenty. In between, the shared tier has its everyday bad luck.
 */
export const PRACTICE_TIMETABLE: Timetable = [
  {
    tier: 'standard',
    model: 'deepseek-ai/DeepSeek-V4-Flash',
    when: inMinutes(1, 1.75),
    share: 0.7,
    behaviour: { kind: 'capacity', retryAfterS: 5 },
  },
  // Four nines allow 4 minutes and 28 seconds of failure in a month of 31 days: this outage alone breaks them, on any day.
  {
    tier: 'pro',
    model: 'Qwen/Qwen3-32B',
    when: inMinutes(2.5, 8.25),
    share: 1,
    behaviour: { kind: 'unavailable', status: 503, by: 'provider' },
  },
  {
    tier: 'standard',
    model: 'deepseek-ai/DeepSeek-R1',
    when: inMinutes(5.5, 8),
    share: 0.35,
    behaviour: { kind: 'slow', factor: 6 },
  },
  {
    tier: 'standard',
    model: 'Qwen/Qwen3-32B',
    when: inMinutes(9, 9.75),
    share: 0.6,
    behaviour: { kind: 'midstream-error', afterTokens: 1 },
  },
  {
    tier: 'pro',
    model: 'deepseek-ai/DeepSeek-R1',
    when: inMinutes(10, 11),
    share: 0.8,
    behaviour: { kind: 'fallback', model: 'Qwen/Qwen3-32B' },
  },
  {
    tier: 'standard',
    model: 'deepseek-ai/DeepSeek-V4-Flash',
    when: inMinutes(12, 13),
    share: 1,
    behaviour: { kind: 'cache-hit' },
  },
  {
    tier: 'standard',
    model: 'moonshotai/Kimi-K2.5',
    when: inMinutes(13.5, 14.5),
    share: 0.5,
    behaviour: { kind: 'truncated', afterTokens: 2 },
  },
  {
    tier: 'pro',
    model: 'deepseek-ai/DeepSeek-V4-Flash',
    when: inMinutes(15, 15.75),
    share: 0.4,
    behaviour: { kind: 'overloaded' },
  },
  { tier: 'standard', model: '*', when: inMinutes(17, 17.5), share: 1, behaviour: { kind: 'auth' } },
  {
    tier: '*',
    model: '*',
    when: inMinutes(18.5, 19.5),
    share: 1,
    behaviour: { kind: 'unavailable', status: 502, by: 'gateway' },
  },
  {
    tier: 'standard',
    model: '*',
    when: { kind: 'always' },
    share: 0.002,
    behaviour: { kind: 'unavailable', status: 500, by: 'provider' },
  },
];
