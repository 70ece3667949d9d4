import type { Commitment, Limit } from '../../src/domain/contract/commitment.ts';
import type { Target } from '../../src/domain/measure/target.ts';
import type { ViewSettings } from '../../src/domain/view/build-status-view.ts';
import { ANSWERED, type Deployment, type Fate } from './deployment.ts';

/** Saturday 3 October 2026, 14:03:37 UTC: when every scene is looked at. */
export const SCENE_AT = Date.UTC(2026, 9, 3, 14, 3, 37);
const MINUTE = 60_000;

export type Scene = {
  readonly deployment: Deployment;
  readonly settings: ViewSettings;
  /** How much of the past is recorded. */
  readonly spanMs: number;
};

export const MODELS = [
  'deepseek-ai/DeepSeek-V3.2',
  'deepseek-ai/DeepSeek-R1',
  'Qwen/Qwen3-32B',
  'moonshotai/Kimi-K2.5',
] as const;

const HOSTILE_MODELS = [
  '<script>alert(1)</script>/"><img src=x onerror=alert(2)>',
  `abc\u202Edetrever\u202C/\u0007bell\u0000nul`,
  `long/${'x'.repeat(10_000)}`,
  '../../..//%2e%2e/%00',
  "it's/{{7*7}}#{7*7}&amp;<!--",
];

const under = (us: number): Limit => ({ mostUs: us - 1, statedUs: us, strict: true });

function commitmentFor(target: Target): Commitment {
  const isPro = target.tier.includes('pro');
  return {
    contract: isPro ? 'Pro channel' : 'Best effort',
    uptimePpm: isPro ? 999_000 : 990_000,
    ttftP99: under(isPro ? 500_000 : 1_500_000),
    totalP99: under(isPro ? 900_000 : 3_000_000),
  };
}

function scene(
  over: Partial<Deployment> & {
    readonly title?: string;
    readonly practice?: boolean;
    readonly promised?: boolean;
    readonly spanMs?: number;
  },
): Scene {
  const deployment: Deployment = {
    gateway: 'global-apis',
    tiers: ['standard', 'pro'],
    models: MODELS,
    everyMs: 20_000,
    fate: () => ANSWERED,
    ...over,
  };
  return {
    deployment,
    spanMs: over.spanMs ?? 65 * MINUTE,
    settings: {
      title: over.title ?? 'AI gateway',
      practice: over.practice ?? false,
      timezone: 'UTC',
      locale: 'en',
      tiers: deployment.tiers,
      currencyOf: () => 'USD',
      spendCap: { perDayNanos: 5_000_000_000, currency: 'USD', onReach: 'slow-down' },
      commitmentFor: (over.promised ?? true) ? commitmentFor : () => null,
    },
  };
}

function failed(
  outcome: 'gateway.5xx' | 'provider.truncated' | 'timeout.first_token',
  message: string,
): Fate {
  return { kind: 'failed', outcome, status: outcome === 'gateway.5xx' ? 503 : 200, message };
}

/** An hour in which things go wrong in every way the page must show. */
function troubled(id: string, at: number): Fate {
  const ago = SCENE_AT - at;
  if (id.includes('pro/deepseek-ai/DeepSeek-V3.2') && ago < 9 * MINUTE) {
    return failed('gateway.5xx', 'no healthy upstream');
  }
  if (id.includes('standard/deepseek-ai/DeepSeek-V3.2') && ago > 30 * MINUTE && ago < 33 * MINUTE) {
    return failed('provider.truncated', 'stream ended early');
  }
  if (id.includes('pro/deepseek-ai/DeepSeek-R1'))
    return { kind: 'answered', slower: ago < 25 * MINUTE ? 3 : 1.1 };
  if (id.includes('standard/Qwen')) {
    if (ago > 40 * MINUTE && ago < 47 * MINUTE) return { kind: 'lost' };
    if (ago < 6 * MINUTE && at % 3 === 0) return failed('timeout.first_token', 'no token in 30 s');
  }
  if (id.includes('pro/Qwen') && ago > 12 * MINUTE && ago < 16 * MINUTE) return { kind: 'doubtful' };
  if (id.includes('standard/moonshotai')) return ago < 8 * MINUTE ? { kind: 'lost' } : ANSWERED;
  if (id.includes('pro/moonshotai') && ago > 20 * MINUTE && ago < 24 * MINUTE) return { kind: 'skipped' };
  return ANSWERED;
}

export const SCENES = {
  healthy: scene({}),
  troubled: scene({ fate: (target, at) => troubled(target.id, at) }),
  practice: scene({
    title: 'Practice gateway',
    practice: true,
    everyMs: 5_000,
    fate: (target, at) => troubled(target.id, at),
  }),
  'without-contract': scene({ promised: false, fate: (target, at) => troubled(target.id, at) }),
  /** A day of minutes: enough to compare tiers. */
  day: scene({
    everyMs: 60_000,
    spanMs: 25 * 60 * MINUTE,
    fate: (target, at) => {
      if (target.id.includes('pro/deepseek-ai/DeepSeek-R1')) return { kind: 'answered', slower: 1.9 };
      if (target.id.includes('standard/moonshotai')) return { kind: 'answered', slower: 0.66 };
      if (target.id.includes('standard/Qwen') && at % 47 === 0)
        return failed('gateway.5xx', 'no healthy upstream');
      return troubled(target.id, at);
    },
  }),
  empty: scene({ fate: () => ({ kind: 'lost' }) }),
  'no-targets': scene({ models: [] }),
  silent: scene({ fate: (_target, at) => (SCENE_AT - at < 17 * MINUTE ? { kind: 'lost' } : ANSWERED) }),
  many: scene({
    models: Array.from(
      { length: 200 },
      (_, index) =>
        `${['deepseek-ai', 'Qwen', 'moonshotai', 'zai-org', 'MiniMaxAI'][index % 5]}/model-${String(index + 1).padStart(3, '0')}-instruct`,
    ),
    everyMs: 60_000,
    offers: (tier, model) => tier === 'standard' || !model.includes('7'),
    fate: (target, at) => {
      const no = Number(/\d+/.exec(target.model)?.[0]);
      if (no === 23 && target.tier === 'pro' && SCENE_AT - at < 12 * MINUTE)
        return failed('gateway.5xx', 'no healthy upstream');
      if (no % 41 === 0 && SCENE_AT - at > 22 * MINUTE && SCENE_AT - at < 27 * MINUTE)
        return failed('timeout.first_token', 'no token in 30 s');
      return { kind: 'answered', slower: no % 17 === 0 ? 2.6 : 0.8 };
    },
  }),
  hostile: scene({
    title: 'AI <b>gateway</b> \u202Eyawetag',
    tiers: ['standard', '<i>pro</i>'],
    models: HOSTILE_MODELS,
    fate: (_target, at) =>
      at % 7 === 0
        ? failed('gateway.5xx', `<script>alert('pwned')</script>\u001b[31m\u202Egnol ${'y'.repeat(5_000)}`)
        : ANSWERED,
  }),
} as const satisfies Readonly<Record<string, Scene>>;
