import type { Outcome } from '../../domain/measure/outcome.ts';
import type { ProbingPlan } from '../../domain/measure/probe.ts';
import type { Pause } from './account-faults.ts';
import type { Batch } from './delivery.ts';
import type { SpendStatus } from './spend.ts';

/** What must be known from before the start, so that no limit is used twice. */
export type Resume = {
  /** When requests left lately, per key id; epoch ms, ascending. */
  readonly sentAt: Readonly<Record<string, readonly number[]>>;
  /** What was spent on the UTC day of `at`, per currency, 10^-9. */
  readonly spentNanos: Readonly<Record<string, number>>;
  readonly at: number;
};

/** From the core to the thread that probes. Everything here survives the structured clone. */
export type ToProbing =
  /** Comes first. Ticks before `fromAt` are somebody else's. */
  | { readonly kind: 'start'; readonly plan: ProbingPlan; readonly fromAt: number; readonly resume: Resume }
  /** The configuration changed; series that stay the same go on undisturbed. */
  | { readonly kind: 'plan'; readonly plan: ProbingPlan; readonly fromAt: number }
  /** The batch is committed. */
  | { readonly kind: 'ack'; readonly batch: number }
  /** No new attempts; deliver what is under way; then exit. */
  | { readonly kind: 'stop' };

/** From the thread that probes to the core. */
export type FromProbing =
  | ({ readonly kind: 'batch'; readonly id: number } & Batch)
  | { readonly kind: 'heartbeat'; readonly health: ProbingHealth }
  | { readonly kind: 'notice'; readonly notice: Notice }
  /** All is delivered and acknowledged, or as much as could be in the time. */
  | { readonly kind: 'stopped'; readonly undelivered: number };

/** How probing is doing. Counts are since the start, times since the last heartbeat. */
export type ProbingHealth = {
  readonly at: number;
  readonly series: number;
  readonly inFlight: number;
  readonly attempts: number;
  readonly ticks: number;
  readonly missed: number;
  /** Ticks that have not even a row saying that they were missed. */
  readonly untold: number;
  /** Rows that are not acknowledged yet. */
  readonly waiting: number;
  /** How late attempts left, whole µs; `null` without any. */
  readonly lagP50Us: number | null;
  readonly lagP99Us: number | null;
  readonly lagMaxUs: number | null;
  /** The longest block of the thread, whole µs. */
  readonly loopDelayMaxUs: number;
  readonly spend: SpendStatus;
  readonly pauses: readonly Pause[];
  readonly witnessSilent: boolean;
  /** CPU time the whole process has used, whole µs. */
  readonly processCpuUs: number;
};

/** Something a person should know, told when it happens. */
export type Notice =
  | { readonly kind: 'clock-step'; readonly byMs: number }
  | {
      readonly kind: 'paused' | 'resumed';
      readonly scope: 'key' | 'series';
      readonly id: string;
      readonly outcome: Outcome;
    }
  /** Every how many ticks a series is probed from now on; `null` = none, the day's money is spent. */
  | { readonly kind: 'spend'; readonly everyNth: number | null; readonly spentNanos: number }
  /** So many ticks were missed at once that they have no rows. */
  | { readonly kind: 'untold'; readonly ticks: number }
  | { readonly kind: 'witness'; readonly silent: boolean }
  /** A fault of ours. */
  | { readonly kind: 'fault'; readonly message: string };
