import { type Attempt, attemptIdentity } from '../../src/domain/measure/attempt.ts';
import {
  classify,
  type Expectation,
  type Judgement,
  NO_EXPECTATION,
} from '../../src/domain/measure/classify.ts';
import { DEFAULT_SELF_DOUBT, type SelfDoubt } from '../../src/domain/measure/doubt.ts';
import type { Observation } from '../../src/domain/measure/observation.ts';
import { expectedText } from '../../src/domain/measure/probe.ts';
import type { Prober } from '../../src/prober/prober.ts';

/**
 * For tests that share one thread and one busy machine with the server they ask: ordinary blocks of the thread say
 * nothing there.
 */
export const PATIENT: SelfDoubt = {
  ...DEFAULT_SELF_DOUBT,
  loopDelayFloorUs: 60_000_000,
  suspendedUs: 120_000_000,
  clockStepMs: 60_000,
};

/** Probes once and judges the result as the pipeline would. */
export async function probeAndJudge(
  prober: Prober,
  attempt: Attempt,
  expected: Partial<Expectation> = {},
  doubt: SelfDoubt = PATIENT,
): Promise<{ observation: Observation; judged: Judgement }> {
  const observation = await prober.probe(attempt);
  const contains = expectedText(attempt.probe.prompt, attemptIdentity(attempt));
  const serviceTier = attempt.target.serviceTier ?? null;
  const expectation = { ...NO_EXPECTATION, contains, serviceTier, ...expected };
  return { observation, judged: classify(observation, attempt.probe, expectation, doubt) };
}
