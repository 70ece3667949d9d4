import { type Attempt, attemptIdentity } from '../../src/domain/measure/attempt.ts';
import type { Observation } from '../../src/domain/measure/observation.ts';
import type { NotRunReason } from '../../src/domain/measure/outcome.ts';
import { type ProbingPlan, renderPrompt } from '../../src/domain/measure/probe.ts';
import type { NotRun, Purpose, Sample } from '../../src/domain/measure/sample.ts';
import { delay } from '../../src/pipeline/clock.ts';
import type { DeliveryLimits } from '../../src/pipeline/probing/delivery.ts';
import { createJudge } from '../../src/pipeline/probing/judge.ts';
import { createProbing, type Probing } from '../../src/pipeline/probing/probing.ts';
import type { Notice, ProbingHealth, Resume } from '../../src/pipeline/probing/probing-messages.ts';
import { observation } from './observations.ts';
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts';

/** Rows hardly gather, so that a test need not wait for them. */
const BRISK = { gatherMs: 200, rowsInBatch: 100, samples: 20_000, notRun: 200_000 };

export const NOON = Date.UTC(2026, 2, 10, 12);

export type Stage = {
  readonly clock: VirtualClock;
  readonly probing: Probing;
  readonly samples: Sample[];
  readonly notRun: NotRun[];
  readonly notices: Notice[];
  /** Every attempt that left, with the instant of leaving on the monotonic clock, µs. */
  readonly sent: { readonly attempt: Attempt; readonly atUs: number }[];
  readonly health: () => ProbingHealth | null;
  /** Rows by reason or purpose, for short assertions. */
  readonly reasons: () => Partial<Record<NotRunReason, number>>;
  readonly purposes: () => Partial<Record<Purpose, number>>;
};

export type StageSettings = {
  readonly startAt?: number;
  /** What each attempt meets. A correct answer after 100 ms unless told otherwise. */
  readonly meets?: (attempt: Attempt, clock: VirtualClock) => Observation | Promise<Observation>;
  readonly tookMs?: number;
  readonly witness?: (url: string, clock: VirtualClock) => boolean | Promise<boolean>;
  readonly resume?: Partial<Resume>;
  readonly acknowledges?: () => boolean;
  readonly deliveryLimits?: Partial<DeliveryLimits>;
};

/** The probing side in virtual time: everything real except the wire, the clock and the other thread. */
export function stageProbing(plan: ProbingPlan, settings: StageSettings = {}): Stage {
  const startAt = settings.startAt ?? NOON;
  const clock = createVirtualClock(startAt);
  const samples: Sample[] = [];
  const notRun: NotRun[] = [];
  const notices: Notice[] = [];
  const sent: { attempt: Attempt; atUs: number }[] = [];
  let health: ProbingHealth | null = null;
  const meets = settings.meets ?? correct;
  const probing: Probing = createProbing(
    {
      clock,
      judge: createJudge(),
      probe: async (attempt) => {
        sent.push({ attempt, atUs: clock.monotonicUs() });
        if ((settings.tookMs ?? 100) > 0) await delay(clock, settings.tookMs ?? 100);
        return meets(attempt, clock);
      },
      witness: async (url) => (settings.witness === undefined ? true : settings.witness(url, clock)),
      tell: (message) => {
        if (message.kind === 'batch') {
          samples.push(...message.samples);
          notRun.push(...message.notRun);
          if (settings.acknowledges?.() ?? true) queueMicrotask(() => probing.acknowledge(message.id));
        } else if (message.kind === 'notice') notices.push(message.notice);
        else if (message.kind === 'heartbeat') health = message.health;
      },
      platform: () => ({ loopDelayMaxUs: 0, processCpuUs: 0 }),
      deliveryLimits: { ...BRISK, ...settings.deliveryLimits },
    },
    plan,
    startAt,
    { sentAt: {}, spentNanos: {}, at: startAt, ...settings.resume },
  );
  const tally = <K extends string>(keys: readonly K[]): Partial<Record<K, number>> => {
    const counts: Partial<Record<K, number>> = {};
    for (const key of keys) counts[key] = (counts[key] ?? 0) + 1;
    return counts;
  };
  return {
    clock,
    probing,
    samples,
    notRun,
    notices,
    sent,
    health: () => health,
    reasons: () => tally(notRun.map((row) => row.reason)),
    purposes: () => tally(samples.map((row) => row.purpose)),
  };
}

let answers = 0;

/** A correct answer to whatever this attempt asks, with an id of its own. */
export function correct(attempt: Attempt): Observation {
  answers += 1;
  const { prompt } = attempt.probe;
  const answer = prompt === null ? '' : (renderPrompt(prompt, attemptIdentity(attempt)).expectContains ?? '');
  return observation({ answer, answerId: `answer-${answers}` });
}
