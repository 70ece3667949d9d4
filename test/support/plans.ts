import type { Gateway, KeyPlan, Probe, ProbingPlan, SeriesPlan } from '../../src/domain/measure/probe.ts';
import { targetId } from '../../src/domain/measure/target.ts';
import { phaseOf } from '../../src/domain/time/schedule.ts';
import { spreadEvenly } from '../../src/domain/time/tick-spread.ts';

/** A plan with `models` models at each tier of one gateway, every one probed every `everyMs`. */
export type PlanShape = {
  readonly models?: number;
  readonly tiers?: Readonly<Record<string, { everyMs?: number; requestsPerMinute?: number | null }>>;
  readonly everyMs?: number;
  readonly gateway?: Partial<Gateway>;
  readonly probe?: Partial<Probe>;
  readonly series?: Partial<SeriesPlan>;
  readonly plan?: Partial<ProbingPlan>;
};

export const A_GATEWAY: Gateway = {
  id: 'acme',
  baseUrl: 'http://acme.invalid/v1',
  kind: 'generic',
  headers: {},
  control: null,
  practice: false,
};

export const A_PROBE: Probe = {
  id: 'chat-stream',
  operation: 'chat',
  prompt: {
    id: 'arithmetic',
    messages: [{ role: 'user', content: '[{nonce}] Reply with one number: {a} + {b}' }],
    maxTokens: 64,
    expectContains: '{sum}',
  },
  connection: 'warm',
  http2: false,
  deadlines: { firstTokenMs: 30_000, stallMs: 15_000, totalMs: 60_000 },
  maxInFlight: 3,
  confirmation: { probes: 3, spacingMs: 10_000 },
};

export function planOf(shape: PlanShape = {}): ProbingPlan {
  const gateway = { ...A_GATEWAY, ...shape.gateway };
  const probe = { ...A_PROBE, ...shape.probe };
  const tiers = shape.tiers ?? { standard: {} };
  const keys: KeyPlan[] = [];
  const series: SeriesPlan[] = [];
  for (const [tier, { everyMs = shape.everyMs ?? 60_000, requestsPerMinute = null }] of Object.entries(
    tiers,
  )) {
    keys.push({ id: `${gateway.id}/${tier}`, secret: `sk-${tier}`, requestsPerMinute });
    for (let n = 0; n < (shape.models ?? 1); n += 1) {
      const model = `maker/model-${n}`;
      const id = targetId(gateway.id, tier, model);
      series.push({
        target: { id, gateway: gateway.id, tier, model, requestModel: model, formerIds: [] },
        probe,
        schedule: { kind: 'every', everyMs, phaseMs: phaseOf(probe.id, id, 'here', everyMs) },
        price: null,
        slow: null,
        ...shape.series,
      });
    }
  }
  return {
    region: 'here',
    gateways: [gateway],
    keys,
    series: spreadEvenly(series, 'here'),
    spend: null,
    quiet: [],
    ...shape.plan,
  };
}
