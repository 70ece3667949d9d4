import type { Attempt, ProbeFn } from '../../domain/measure/attempt.ts';
import type { Observation } from '../../domain/measure/observation.ts';
import { type NotRunReason, wantsConfirmation } from '../../domain/measure/outcome.ts';
import type { Price, SlowLimits } from '../../domain/measure/probe.ts';
import type { Purpose, Sample } from '../../domain/measure/sample.ts';
import type { Clock } from '../clock.ts';
import type { AccountFaults } from './account-faults.ts';
import type { Backoff } from './backoff.ts';
import type { Delivery } from './delivery.ts';
import type { LiveSeries } from './live-series.ts';
import type { Notice } from './probing-messages.ts';
import type { QuietHours } from './quiet-windows.ts';
import type { Quota } from './quota.ts';
import type { Tick } from './scheduler.ts';
import type { SelfDoubt } from './self-doubt.ts';
import type { Reservation, SpendLedger } from './spend.ts';

/** Turns what was observed into a judged sample. `lagUs`: from the instant it was due to asking the prober. */
export type Judge = (
  attempt: Attempt,
  observation: Observation,
  facts: { readonly lagUs: number; readonly price: Price | null; readonly slow: SlowLimits | null },
) => Sample;

export type TakeSampleParts = {
  readonly clock: Clock;
  readonly steady: { readonly check: () => void; readonly now: () => number };
  readonly region: () => string;
  readonly probe: ProbeFn;
  readonly judge: Judge;
  readonly delivery: Delivery;
  readonly quotaOf: (keyId: string) => Quota;
  readonly spend: SpendLedger;
  readonly backoff: Backoff;
  readonly accountFaults: AccountFaults;
  readonly quiet: QuietHours;
  readonly selfDoubt: SelfDoubt;
  readonly notice: (notice: Notice) => void;
  /** Told of every attempt that leaves, with its lag. */
  readonly onAttempt: (lagUs: number) => void;
};

export type TakeSample = {
  /** Decides on a tick: an attempt is made, or a row says why not. Returns at once. */
  readonly tick: (series: LiveSeries, tick: Tick) => void;
  readonly skip: (series: LiveSeries, scheduledAt: number, reason: NotRunReason) => void;
  /** Attempts on the wire or waiting to be judged. */
  readonly inFlight: () => number;
  /** No more confirmations; resolves when nothing is in flight. */
  readonly drain: () => Promise<void>;
};

/**
 * A key whose plan fills its quota exactly is refused for the odd millisecond when an earlier request left a little
 * late. So a tick may wait this long for its turn; it then leaves late, and says so.
 */
const QUOTA_PATIENCE_MS = 250;

/** Confirmation bursts at once. A gateway that is down needs no more witnesses than this. */
const MOST_BURSTS = 500;

/** The one way from a tick to a sample: may we, ask, judge, doubt ourselves, deliver, and follow up. */
export function createTakeSample(parts: TakeSampleParts): TakeSample {
  const { clock, steady, delivery, spend, backoff, accountFaults, quiet, selfDoubt } = parts;
  let inFlight = 0;
  let bursts = 0;
  let draining = false;
  let onIdle: (() => void)[] = [];

  const skip = (series: LiveSeries, scheduledAt: number, reason: NotRunReason): void =>
    delivery.notRun({
      probe: series.plan.probe.id,
      target: series.plan.target.id,
      region: parts.region(),
      scheduledAt,
      reason,
    });

  const began = (): void => {
    inFlight += 1;
  };
  const ended = (): void => {
    inFlight -= 1;
    if (inFlight > 0) return;
    const resolved = onIdle;
    onIdle = [];
    for (const resolve of resolved) resolve();
  };

  const tick = (series: LiveSeries, { scheduledAt, dueUs }: Tick): void => {
    const isPaused = accountFaults.pausedBy(series.id, series.keyId) !== null;
    const refusal = isPaused
      ? 'skipped: paused'
      : (mayLeave(series, scheduledAt) ?? mayCost(series, scheduledAt));
    const reservation = refusal === null ? spend.reserve(series.plan, scheduledAt) : null;
    if (reservation !== null) leaveInTurn(series, scheduledAt, dueUs, reservation);
    else skip(series, scheduledAt, refusal ?? 'skipped: spend');
    if (!isPaused || mayLeave(series, scheduledAt) !== null) return;
    if (accountFaults.takeCanary(series.id, series.keyId)) void beside(series, 'canary', scheduledAt, dueUs);
  };

  /** Everything that forbids an attempt, money and quota apart. */
  const mayLeave = (series: LiveSeries, at: number): NotRunReason | null => {
    if (quiet.holds(series.plan.target.id, at)) return 'skipped: maintenance';
    if (backoff.holds(series.id, series.keyId, 'scheduled')) return 'skipped: backoff';
    if (series.inFlight >= series.plan.probe.maxInFlight) return 'skipped: overlap';
    return delivery.isFull() ? 'missed' : null;
  };

  const mayCost = (series: LiveSeries, at: number): NotRunReason | null =>
    spend.admit(series.plan, series.id, at) ? null : 'skipped: spend';

  /** Waits a moment for the key's quota if that is all it needs. */
  const leaveInTurn = (
    series: LiveSeries,
    scheduledAt: number,
    dueUs: number,
    reservation: Reservation,
  ): void => {
    const waitMs = parts.quotaOf(series.keyId).take('scheduled');
    if (waitMs === 0) {
      void attempt(series, 'scheduled', scheduledAt, dueUs, reservation);
    } else if (!draining && clock.monotonicUs() + waitMs * 1000 <= dueUs + QUOTA_PATIENCE_MS * 1000) {
      began();
      clock.after(waitMs, () => {
        leaveInTurn(series, scheduledAt, dueUs, reservation);
        ended();
      });
    } else {
      reservation.release();
      skip(series, scheduledAt, 'skipped: quota');
    }
  };

  /** An attempt beside the schedule. Where a limit forbids it there is none: no tick is lost by it. */
  const beside = (
    series: LiveSeries,
    purpose: Purpose,
    scheduledAt: number,
    dueUs: number,
  ): Promise<void> => {
    if (draining || delivery.isFull()) return Promise.resolve();
    const reservation = spend.reserve(series.plan, scheduledAt);
    if (reservation === null) return Promise.resolve();
    if (parts.quotaOf(series.keyId).take(purpose === 'confirmation' ? 'extra' : 'scheduled') > 0) {
      reservation.release();
      return Promise.resolve();
    }
    return attempt(series, purpose, scheduledAt, dueUs, reservation);
  };

  const attempt = async (
    series: LiveSeries,
    purpose: Purpose,
    scheduledAt: number,
    dueUs: number,
    reservation: Reservation,
  ): Promise<void> => {
    const { plan, gateway, secret } = series;
    const asked: Attempt = {
      gateway,
      secret,
      target: plan.target,
      probe: plan.probe,
      region: parts.region(),
      scheduledAt,
      purpose,
      freshConnection: purpose === 'reprobe',
    };
    began();
    series.inFlight += 1;
    const leftUs = clock.monotonicUs();
    const lagUs = Math.max(0, Math.round(leftUs - dueUs));
    parts.onAttempt(lagUs);
    try {
      const observation = await probeOnce(series, asked);
      const facts = { lagUs, price: plan.price, slow: plan.slow };
      const window = { fromUs: leftUs + observation.waitedUs, toUs: clock.monotonicUs() };
      const judged = parts.judge(asked, observation, facts);
      reservation.settle(judged.costNanos, observation.tokenChunks > 0);
      steady.check();
      const sample = await selfDoubt.examine(judged, observation, series.host, window);
      delivery.sample(sample);
      followUp(series, sample, observation);
    } catch (error) {
      // Whatever the wire does is an observation; what comes here is a bug of ours, and costs the other side nothing.
      reservation.settle(null, true);
      if (purpose === 'scheduled') skip(series, scheduledAt, 'missed');
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      parts.notice({ kind: 'fault', message: `${purpose} attempt of ${plan.target.id}: ${message}` });
    } finally {
      ended();
    }
  };

  const probeOnce = async (series: LiveSeries, asked: Attempt): Promise<Observation> => {
    try {
      return await parts.probe(asked);
    } finally {
      series.inFlight -= 1;
    }
  };

  const followUp = (series: LiveSeries, sample: Sample, observation: Observation): void => {
    const { confirmation } = series.plan.probe;
    backoff.heed(sample, observation.retryAfterMs, series.id, series.keyId);
    const change = accountFaults.learn(sample, series.id, series.keyId, confirmation.probes);
    if (change !== null) parts.notice({ kind: change.kind, ...change.pause });
    if (sample.purpose !== 'scheduled' && sample.purpose !== 'reprobe') return;
    if (sample.outcome === 'client.stale_socket' && sample.purpose === 'scheduled') {
      void beside(series, 'reprobe', sample.scheduledAt, clock.monotonicUs());
    } else if (wantsConfirmation(sample)) {
      void confirm(series);
    }
  };

  /**
   * A few attempts at fixed distances after a failure. Where the schedule itself comes at least as often, it
   * confirms itself. Ends early when the series is paused: then it has confirmed what it was for.
   */
  const confirm = async (series: LiveSeries): Promise<void> => {
    const { probes, spacingMs } = series.plan.probe.confirmation;
    if (series.isConfirming || bursts >= MOST_BURSTS || series.intervalMs <= spacingMs) return;
    series.isConfirming = true;
    bursts += 1;
    const fromAt = Math.round(steady.now());
    const fromUs = clock.monotonicUs();
    const made: Promise<void>[] = [];
    for (let i = 1; i <= probes; i += 1) {
      const dueUs = fromUs + i * spacingMs * 1000;
      await new Promise<void>((resolve) => {
        clock.after(Math.max(0, (dueUs - clock.monotonicUs()) / 1000), resolve);
      });
      if (draining || series.ended || accountFaults.pausedBy(series.id, series.keyId) !== null) break;
      const plannedAt = fromAt + i * spacingMs;
      if (quiet.holds(series.plan.target.id, plannedAt)) break;
      if (backoff.holds(series.id, series.keyId, 'burst')) continue;
      made.push(beside(series, 'confirmation', plannedAt, dueUs));
    }
    await Promise.all(made);
    series.isConfirming = false;
    bursts -= 1;
  };

  return {
    tick,
    skip,
    inFlight: () => inFlight,
    drain: () => {
      draining = true;
      if (inFlight === 0) return Promise.resolve();
      return new Promise((resolve) => {
        onIdle.push(resolve);
      });
    },
  };
}
