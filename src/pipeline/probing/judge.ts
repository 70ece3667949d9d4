import { answerContains } from '../../domain/measure/answer-check.ts';
import { attemptIdentity } from '../../domain/measure/attempt.ts';
import { classify } from '../../domain/measure/classify.ts';
import { toSample } from '../../domain/measure/judge.ts';
import type { Observation } from '../../domain/measure/observation.ts';
import { expectedText } from '../../domain/measure/probe.ts';
import type { Judge } from './take-sample.ts';

/** Answer ids remembered, over all gateways: an hour at ten answers a second. */
const IDS_KEPT = 36_000;

/**
 * Judges with a memory: an answer whose id has come before was not made for us. Whether the network was ours to blame
 * is decided later, when the witness has been heard.
 */
export function createJudge(idsKept = IDS_KEPT): Judge {
  let recent = new Set<string>();
  let older = new Set<string>();

  const seenBefore = (gateway: string, answerId: string | null): boolean => {
    if (answerId === null) return false;
    const id = `${gateway}\n${answerId}`;
    if (recent.has(id) || older.has(id)) return true;
    recent.add(id);
    if (recent.size >= idsKept / 2) {
      older = recent;
      recent = new Set();
    }
    return false;
  };

  return (attempt, observation, { lagUs, price, slow }) => {
    const { probe, target, gateway } = attempt;
    const contains = expectedText(probe.prompt, attemptIdentity(attempt));
    const isRepeated = seenBefore(gateway.id, observation.answerId);
    const judged = classify(observation, probe, {
      contains,
      serviceTier: target.serviceTier ?? null,
      witness: 'unknown',
      lagUs: lagUs + observation.waitedUs,
      // Some gateways give every answer the same id. One that answers this tick's own question was made for it.
      answerSeenBefore: isRepeated && !answers(observation, contains),
    });
    return toSample(attempt, observation, judged, lagUs, price, slow);
  };
}

function answers(observation: Observation, contains: string | null): boolean {
  return contains !== null && answerContains(observation.answer, contains);
}
