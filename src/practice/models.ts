import { stableHash } from '../domain/time/schedule.ts';
import type { LatencyProfile } from './latency-model.ts';

export type PracticeTier = 'standard' | 'pro';

export type PracticeModel = {
  /** The name on the wire, without the tier's prefix. */
  readonly id: string;
  readonly kind: 'chat' | 'embedding';
  /** Tokens of visible reasoning before the answer; 0 for a model that does not reason. */
  readonly reasoningTokens: number;
  readonly latency: Readonly<Record<PracticeTier, LatencyProfile>>;
};

/** What is served, and by which capacity: the unit incidents and latencies belong to. */
export type PracticeTarget = { readonly tier: PracticeTier; readonly model: PracticeModel };

/** The name prefix that buys dedicated capacity; it needs the pro key. */
export const PRO_PREFIX = 'Pro/';

/** Two tiers of a deployment may have the same key: `critical` is pro capacity under a stricter contract. */
export const PRACTICE_KEYS: Readonly<Record<PracticeTier | 'critical', string>> = {
  standard: 'ga_standard_practice',
  pro: 'ga_pro_practice',
  critical: 'ga_pro_practice',
};

/** A key whose account has no credit left: always answered with 402. */
export const PRACTICE_KEY_WITHOUT_CREDIT = 'ga_broke_practice';

// Dedicated and shared Qwen3-32B are equally fast: somebody pays for nothing, and the comparison should find it.
const QWEN: LatencyProfile = {
  medianTtftMs: 205,
  sigma: 0.24,
  tailFrom: 0.985,
  tailShape: 2.5,
  capMs: 6000,
  interTokenMs: 11,
};

/** What the practice gateway serves unless told otherwise. */
export const PRACTICE_MODELS: readonly PracticeModel[] = [
  {
    id: 'deepseek-ai/DeepSeek-V4-Flash',
    kind: 'chat',
    reasoningTokens: 0,
    latency: {
      standard: {
        medianTtftMs: 310,
        sigma: 0.34,
        tailFrom: 0.97,
        tailShape: 1.1,
        capMs: 9000,
        interTokenMs: 16,
      },
      pro: { medianTtftMs: 180, sigma: 0.22, tailFrom: 0.985, tailShape: 2.2, capMs: 4000, interTokenMs: 9 },
    },
  },
  {
    id: 'Qwen/Qwen3-32B',
    kind: 'chat',
    reasoningTokens: 0,
    latency: { standard: QWEN, pro: QWEN },
  },
  {
    id: 'deepseek-ai/DeepSeek-R1',
    kind: 'chat',
    reasoningTokens: 11,
    latency: {
      standard: {
        medianTtftMs: 620,
        sigma: 0.38,
        tailFrom: 0.96,
        tailShape: 1.2,
        capMs: 12_000,
        interTokenMs: 24,
      },
      pro: { medianTtftMs: 235, sigma: 0.2, tailFrom: 0.985, tailShape: 2.5, capMs: 5000, interTokenMs: 10 },
    },
  },
  {
    id: 'moonshotai/Kimi-K2.5',
    kind: 'chat',
    reasoningTokens: 0,
    latency: {
      standard: {
        medianTtftMs: 420,
        sigma: 0.32,
        tailFrom: 0.965,
        tailShape: 1.3,
        capMs: 9000,
        interTokenMs: 18,
      },
      pro: { medianTtftMs: 220, sigma: 0.23, tailFrom: 0.985, tailShape: 2.2, capMs: 5000, interTokenMs: 10 },
    },
  },
  {
    id: 'BAAI/bge-m3',
    kind: 'embedding',
    reasoningTokens: 0,
    latency: {
      standard: {
        medianTtftMs: 60,
        sigma: 0.3,
        tailFrom: 0.98,
        tailShape: 1.6,
        capMs: 3000,
        interTokenMs: 1,
      },
      pro: { medianTtftMs: 38, sigma: 0.22, tailFrom: 0.985, tailShape: 2.2, capMs: 2000, interTokenMs: 1 },
    },
  },
];

/** What answers a request that names no model. */
export const LISTING: PracticeModel = {
  id: '*',
  kind: 'embedding',
  reasoningTokens: 0,
  latency: {
    standard: { medianTtftMs: 22, sigma: 0.3, tailFrom: 0.98, tailShape: 2, capMs: 2000, interTokenMs: 1 },
    pro: { medianTtftMs: 22, sigma: 0.3, tailFrom: 0.98, tailShape: 2, capMs: 2000, interTokenMs: 1 },
  },
};

/** A chat model of any name, with latencies that follow from the name: for plans larger than the practice one. */
export function inventModel(id: string): PracticeModel {
  const pace = 0.7 + (stableHash(id) % 1000) / 1000;
  const tier = (medianTtftMs: number, tailShape: number, interTokenMs: number): LatencyProfile => ({
    medianTtftMs: Math.round(medianTtftMs * pace),
    sigma: 0.28,
    tailFrom: 0.98,
    tailShape,
    capMs: 9000,
    interTokenMs,
  });
  return {
    id,
    kind: 'chat',
    reasoningTokens: 0,
    latency: { standard: tier(320, 1.3, 15), pro: tier(180, 2.2, 9) },
  };
}
