import type { Attempt } from '../../src/domain/measure/attempt.ts';
import type { Gateway, Probe, Prompt } from '../../src/domain/measure/probe.ts';
import type { Target } from '../../src/domain/measure/target.ts';

export const ARITHMETIC: Prompt = {
  id: 'arithmetic',
  messages: [{ role: 'user', content: '[{nonce}] Reply with one number: {a} + {b}' }],
  maxTokens: 64,
  expectContains: '{sum}',
};

export type AttemptChanges = {
  readonly gateway?: Partial<Gateway>;
  readonly target?: Partial<Target>;
  readonly probe?: Partial<Probe>;
  readonly attempt?: Partial<Pick<Attempt, 'secret' | 'scheduledAt' | 'purpose' | 'freshConnection'>>;
};

/** One attempt at a gateway with this base URL: model `m`, tier `t`, key `sk-test-0123456789abcdef`, operation chat. */
export function attemptAt(baseUrl: string, changes: AttemptChanges = {}): Attempt {
  return {
    gateway: {
      id: 'g',
      baseUrl,
      kind: 'generic',
      headers: {},
      control: null,
      practice: false,
      ...changes.gateway,
    },
    secret: 'sk-test-0123456789abcdef',
    target: {
      id: 'g/t/m',
      gateway: 'g',
      tier: 't',
      model: 'm',
      requestModel: 'm',
      formerIds: [],
      ...changes.target,
    },
    probe: {
      id: 'p',
      operation: 'chat',
      prompt: ARITHMETIC,
      connection: 'warm',
      http2: false,
      deadlines: { firstTokenMs: 5_000, stallMs: 5_000, totalMs: 10_000 },
      maxInFlight: 1,
      confirmation: { probes: 0, spacingMs: 0 },
      ...changes.probe,
    },
    region: 'r',
    scheduledAt: Date.UTC(2026, 9, 1),
    purpose: 'scheduled',
    freshConnection: false,
    ...changes.attempt,
  };
}
