import type { Operation, Probe, SeriesPlan } from '../../src/domain/measure/probe.ts';
import type { Schedule } from '../../src/domain/time/schedule.ts';
import { PRACTICE_MODELS, PRO_PREFIX } from '../../src/practice/models.ts';
import { ARITHMETIC } from '../support/attempts.ts';

const TODAY: Schedule = { kind: 'every', everyMs: 5_000, phaseMs: 1_234 };

/** The series of one model at one tier; `model` is a name of the practice gateway. */
export function practiceSeries(
  tier: 'standard' | 'pro',
  model: string,
  changes: { readonly probe?: Partial<Probe>; readonly slow?: SeriesPlan['slow'] } = {},
): SeriesPlan {
  return {
    target: {
      id: `practice/${tier}/${model}`,
      gateway: 'practice',
      tier,
      model,
      requestModel: tier === 'pro' ? PRO_PREFIX + model : model,
      formerIds: [],
    },
    probe: {
      id: 'chat-stream',
      operation: 'chat' satisfies Operation,
      prompt: ARITHMETIC,
      connection: 'warm',
      http2: false,
      deadlines: { firstTokenMs: 10_000, stallMs: 5_000, totalMs: 20_000 },
      maxInFlight: 4,
      confirmation: { probes: 3, spacingMs: 2_000 },
      ...changes.probe,
    },
    schedule: TODAY,
    price: { inputNanosPerToken: 280, outputNanosPerToken: 2_500, currency: 'USD' },
    slow: changes.slow ?? null,
  };
}

/** Every chat model at both tiers. */
export function allPracticeSeries(changes: Parameters<typeof practiceSeries>[2] = {}): SeriesPlan[] {
  return PRACTICE_MODELS.filter((model) => model.kind === 'chat').flatMap((model) => [
    practiceSeries('standard', model.id, changes),
    practiceSeries('pro', model.id, changes),
  ]);
}
