import type { ProbeFn } from '../../domain/measure/attempt.ts';
import type { ProbingPlan } from '../../domain/measure/probe.ts';
import { type Cancel, type Clock, within } from '../clock.ts';
import { createAccountFaults } from './account-faults.ts';
import { createBackoff } from './backoff.ts';
import { type Batch, createDelivery, DELIVERY_LIMITS, type DeliveryLimits } from './delivery.ts';
import { createLagRecord } from './lag-record.ts';
import { keysById, type LiveSeries, liveSeries, plannedPerMinute } from './live-series.ts';
import type { FromProbing, Notice, ProbingHealth, Resume } from './probing-messages.ts';
import { createQuietWindows } from './quiet-windows.ts';
import { createQuota, type Quota } from './quota.ts';
import { createScheduler } from './scheduler.ts';
import { createSelfDoubt } from './self-doubt.ts';
import { createSpendLedger } from './spend.ts';
import { createSteadyClock } from './steady-clock.ts';
import { createTakeSample, type Judge } from './take-sample.ts';

export type ProbingParts = {
  readonly clock: Clock;
  readonly probe: ProbeFn;
  readonly judge: Judge;
  /** Does anything answer at this URL? Resolves within `WITNESS_PATIENCE_MS`. */
  readonly witness: (url: string) => Promise<boolean>;
  readonly tell: (message: FromProbing) => void;
  /** Figures only the platform has. */
  readonly platform: () => { readonly loopDelayMaxUs: number; readonly processCpuUs: number };
  readonly deliveryLimits?: DeliveryLimits;
};

export type Probing = {
  readonly replan: (plan: ProbingPlan, fromAt: number) => void;
  readonly acknowledge: (batch: number) => void;
  /**
   * No new attempts; waits for those under way, three seconds at most, then calls `abandon` to cancel the rest, and
   * delivers everything. Resolves within 4.5 s with the number of rows that could not be delivered.
   */
  readonly stop: (abandon: () => Promise<void>) => Promise<number>;
};

const HEARTBEAT_MS = 1000;
/**
 * When we stop: what attempts under way get to finish, what the cancelled ones get to be judged, and when all rows
 * must be stored. A service manager expects us gone in five seconds.
 */
const DRAIN_MS = 3000;
const JUDGE_MS = 300;
const STOP_MS = 4500;

/** Everything that decides whether, when and why an attempt is made, put together for one plan. */
export function createProbing(
  parts: ProbingParts,
  plan: ProbingPlan,
  fromAt: number,
  resume: Resume,
): Probing {
  const { clock, tell } = parts;
  const notice = (one: Notice): void => tell({ kind: 'notice', notice: one });
  let current = plan;
  let live: Map<string, LiveSeries> = new Map();
  let quotas = new Map<string, Quota>();
  const counts = { attempts: 0, ticks: 0, missed: 0, untold: 0 };
  const lags = createLagRecord();

  const steady = createSteadyClock(clock, (step) => {
    selfDoubt.noteStep(step);
    notice({ kind: 'clock-step', byMs: step.byMs });
  });
  const selfDoubt = createSelfDoubt({
    clock,
    witness: parts.witness,
    controls: () => controls,
    hosts: () => hosts,
  });
  const delivery = createDelivery(
    clock,
    (id: number, batch: Batch) => tell({ kind: 'batch', id, ...batch }),
    parts.deliveryLimits ?? DELIVERY_LIMITS,
  );
  const spend = createSpendLedger(plan, resume);
  const accountFaults = createAccountFaults(clock.monotonicUs);
  const quiet = createQuietWindows(plan.quiet);
  let controls: readonly string[] = [];
  let hosts: ReadonlySet<string> = new Set();

  const unlimited = createQuota({ requestsPerMinute: null, plannedPerMinute: 0 }, clock.monotonicUs);
  const takeSample = createTakeSample({
    clock,
    steady,
    region: () => current.region,
    probe: parts.probe,
    judge: parts.judge,
    delivery,
    quotaOf: (keyId) => quotas.get(keyId) ?? unlimited,
    spend,
    backoff: createBackoff(clock.monotonicUs),
    accountFaults,
    quiet,
    selfDoubt,
    notice,
    onAttempt: (lagUs) => {
      counts.attempts += 1;
      lags.add(lagUs);
    },
  });
  const scheduler = createScheduler(clock, steady, {
    onTick: (id, tick) => {
      counts.ticks += 1;
      const series = live.get(id);
      if (series !== undefined) takeSample.tick(series, tick);
    },
    onMissed: (id, scheduledAt) => {
      counts.ticks += 1;
      counts.missed += 1;
      const series = live.get(id);
      if (series !== undefined) takeSample.skip(series, scheduledAt, 'missed');
    },
    onUntold: (ticks) => {
      counts.untold += ticks;
      notice({ kind: 'untold', ticks });
    },
  });

  /** Puts a plan in force; everything that is the same in it goes on undisturbed. */
  const apply = (next: ProbingPlan, at: number): void => {
    const before = keysById(current);
    current = next;
    live = liveSeries(next, live, at);
    controls = [...new Set(next.gateways.flatMap(({ control }) => (control === null ? [] : [control])))];
    hosts = new Set([...live.values()].map((series) => series.host));
    const planned = plannedPerMinute(live.values());
    const kept = new Map<string, Quota>();
    for (const key of next.keys) {
      const limits = {
        requestsPerMinute: key.requestsPerMinute,
        plannedPerMinute: planned.get(key.id) ?? 0,
      };
      const quota = quotas.get(key.id);
      quota?.limit(limits);
      const earlier = (resume.sentAt[key.id] ?? []).map((sentAt) => steady.monotonicUsAt(sentAt));
      kept.set(key.id, quota ?? createQuota(limits, clock.monotonicUs, earlier));
      if (before.get(key.id)?.secret !== key.secret) accountFaults.forget(key.id);
    }
    quotas = kept;
    spend.replan(next.spend, next.series);
    quiet.replan(next.quiet);
    scheduler.schedule(
      [...live.values()].map(({ id, plan: { schedule } }) => ({ id, schedule })),
      at,
    );
  };

  let beat: Cancel | null = null;
  let told: { everyNth: number | null; silent: boolean } = { everyNth: 1, silent: false };

  const health = (): ProbingHealth => {
    const lag = lags.take();
    const at = Math.round(steady.now());
    return {
      at,
      series: live.size,
      inFlight: takeSample.inFlight(),
      ...counts,
      untold: counts.untold + delivery.dropped(),
      waiting: delivery.waiting(),
      lagP50Us: lag?.p50Us ?? null,
      lagP99Us: lag?.p99Us ?? null,
      lagMaxUs: lag?.maxUs ?? null,
      spend: spend.status(at),
      pauses: accountFaults.list(),
      witnessSilent: selfDoubt.witnessSilent(),
      ...parts.platform(),
    };
  };

  const heartbeat = (): void => {
    const now = health();
    tell({ kind: 'heartbeat', health: now });
    const { everyNth, spentNanos } = now.spend;
    if (isOtherCadence(told.everyNth, everyNth)) notice({ kind: 'spend', everyNth, spentNanos });
    if (now.witnessSilent !== told.silent) notice({ kind: 'witness', silent: now.witnessSilent });
    told = { everyNth, silent: now.witnessSilent };
    beat = clock.after(HEARTBEAT_MS, heartbeat);
  };

  apply(plan, fromAt);
  selfDoubt.start();
  heartbeat();

  return {
    replan: apply,
    acknowledge: delivery.acknowledge,
    stop: async (abandon) => {
      scheduler.stop();
      selfDoubt.stop();
      const nothing = (): void => {};
      const stopUs = clock.monotonicUs() + STOP_MS * 1000;
      await within(clock, DRAIN_MS, takeSample.drain(), nothing);
      await abandon();
      await within(clock, JUDGE_MS, takeSample.drain(), nothing);
      await within(clock, (stopUs - clock.monotonicUs()) / 1000, delivery.flush(), nothing);
      beat?.();
      return delivery.waiting();
    },
  };
}

/** Full cadence, some cadence and none are worth telling apart; every step between them is not. */
function isOtherCadence(before: number | null, now: number | null): boolean {
  const kind = (everyNth: number | null): number => (everyNth === null ? 0 : everyNth === 1 ? 1 : 2);
  return kind(before) !== kind(now);
}
