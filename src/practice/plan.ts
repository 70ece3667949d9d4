import { stableHash } from '../domain/time/schedule.ts';
import type { Behaviour } from './incident.ts';
import { type Latency, type LatencyProfile, latencyOf } from './latency-model.ts';
import type { PracticeTarget } from './models.ts';
import { keyOf } from './random.ts';
import { behaviourAt, incidentsFor, type Timetable } from './timetable.ts';

/** What will happen to one request: decided by who asks, when, and the seed, and by nothing else. */
export type ReplyPlan = {
  readonly key: number;
  readonly behaviour: Behaviour;
  readonly latency: Latency;
};

/** Decides for one target; `at` is whole epoch ms. */
export type Planner = (at: number) => ReplyPlan;

/** Answers come from a cache at once, in one piece. */
const FROM_CACHE: Latency = { ttftUs: 3000, interTokenUs: 0 };

/** The plan for a request that is told how to go. */
export function planAs(behaviour: Behaviour, profile: LatencyProfile, key: number): ReplyPlan {
  return { key, behaviour, latency: latencyUnder(behaviour, profile, key) };
}

function latencyUnder(behaviour: Behaviour, profile: LatencyProfile, key: number): Latency {
  if (behaviour.kind === 'cache-hit') return FROM_CACHE;
  const latency = latencyOf(profile, key);
  if (behaviour.kind !== 'slow') return latency;
  return {
    ttftUs: Math.round(latency.ttftUs * behaviour.factor),
    interTokenUs: Math.round(latency.interTokenUs * Math.sqrt(behaviour.factor)),
  };
}

/** A planner of one target. Incidents count from `originAt`, epoch ms. */
export function plannerFor(options: {
  readonly target: PracticeTarget;
  readonly timetable: Timetable;
  readonly originAt: number;
  readonly seed: number;
}): Planner {
  const { target, originAt, seed } = options;
  const incidents = incidentsFor(options.timetable, target.tier, target.model.id);
  const hash = stableHash(`${target.tier}\n${target.model.id}`);
  const profile = target.model.latency[target.tier];
  return (at) => {
    const key = keyOf(seed, hash, at);
    return planAs(behaviourAt(incidents, at - originAt, key), profile, key);
  };
}
