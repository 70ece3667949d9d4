import { statfs } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Config } from '../../config/config.ts';
import { governingContracts } from '../../config/contract-under-tier.ts';
import { type AlertObjective, alertObjectivesOf } from '../../domain/alert/alert-objective.ts';
import { type AlertPolicy, scopeCovers } from '../../domain/alert/alert-policy.ts';
import { maintenanceWithin } from '../../domain/contract/admitted-maintenance.ts';
import type { Contract } from '../../domain/contract/contract.ts';
import { judgedAs } from '../../domain/report/report-scope.ts';
import { clip, union } from '../../domain/time/interval.ts';
import { startAlerting } from '../../pipeline/alerting/alerting.ts';
import { deliverDue } from '../../pipeline/alerting/deliver.ts';
import {
  createAlertEvaluator,
  type LiveFacts,
  NO_LIVE_FACTS,
} from '../../pipeline/alerting/evaluate-alerts.ts';
import { sendDigest } from '../../pipeline/alerting/weekly-digest.ts';
import { type Clock, delay } from '../../pipeline/clock.ts';
import type { ProbingHealth } from '../../pipeline/probing/probing-messages.ts';
import type { Store } from '../../store/store.ts';
import { readLinkKey } from './link-key.ts';
import { openPostOffice } from './post-office.ts';

export type AlertsOptions = {
  readonly config: Config;
  readonly store: Store;
  /** The data folder. */
  readonly data: string;
  /** Where our pages are seen from outside, without a trailing slash. */
  readonly origin: string | null;
  readonly clock: Clock;
  readonly log: {
    readonly error: (about: object, message: string) => void;
    readonly warn: (about: object, message: string) => void;
  };
  /** Called when a decision changed what the pages show. */
  readonly changed: () => void;
  /** Nothing is judged before: a past that is still being written looks like one in which nobody measured. */
  readonly after: Promise<void>;
  /** What the contracts' engine knows of the running periods. */
  readonly readLive?: (now: number) => Promise<LiveFacts>;
  /** Was the database deleted or replaced under us? */
  readonly isDatabaseGone: () => boolean;
};

export type Alerts = {
  /** To be told the earliest tick of every batch that was recorded. */
  readonly recorded: (at: number) => void;
  /** To be told how probing is doing. */
  readonly onHealth: (health: ProbingHealth) => void;
  /** To be told that the probing thread died; it is started again. */
  readonly onProberDied: () => void;
  readonly stop: () => Promise<void>;
  readonly mailGoesTo: string;
};

const NO_OBJECTIVES: readonly AlertObjective[] = [];
const MILLION = 1_000_000;
const DEATHS_KEPT = 100;

/** The alerting of a running deployment: evaluates, decides, delivers. */
export function startAlerts(options: AlertsOptions): Alerts {
  const { config, store, data, clock, log } = options;
  const policy = policyOf(config);
  const contractOf = governingContracts(config);
  const objectives = new Map<Contract, readonly AlertObjective[]>();
  const practice = new Set(config.gateways.flatMap((one) => (one.practice === null ? [] : [one.id])));
  const office = openPostOffice({
    config,
    data,
    origin: options.origin,
    linkKey: readLinkKey(data),
    now: clock.now,
  });
  let health: ProbingHealth | null = null;
  let proberDeaths: readonly number[] = [];
  const evaluator = createAlertEvaluator({
    store,
    policy,
    objectivesOf: (target) => {
      const contract = contractOf(target, clock.now());
      if (contract === null) return NO_OBJECTIVES;
      const known = objectives.get(contract) ?? alertObjectivesOf(contract);
      objectives.set(contract, known);
      return known;
    },
    setAside: (target, work, span) => {
      const contract = contractOf(target, clock.now());
      if (contract === null) return clip(union(work), span);
      // Work on one model is not work on all that the contract judges as one.
      const scope = judgedAs(contract, target);
      const honoured = work.filter((one) => scopeCovers(one.scope, scope));
      return maintenanceWithin(contract, honoured, span);
    },
    // What concerns ourselves is practice where everything is.
    isPractice: (group) => practice.has(group) || practice.size === config.gateways.length,
    startedAt: clock.now(),
    monotonicMs: () => clock.monotonicUs() / 1000,
    breathe: async () => {
      await delay(clock, 0);
      // Reading a long past takes longer than a stop may.
      stopping.signal.throwIfAborted();
    },
    readLive: options.readLive ?? (async () => NO_LIVE_FACTS),
    readOwn: async () => ({
      proberAliveAt: health?.at ?? null,
      proberDeaths,
      spendReachedOn: spendReachedOn(health),
      diskFreePpm: await diskFreePpm(data),
      isDatabaseGone: options.isDatabaseGone(),
      unreadable: (await store.readUnreadable()).map(({ sealed, ...hour }) => ({
        ...hour,
        noticedAt: sealed?.at ?? null,
      })),
    }),
  });
  let alerting: ReturnType<typeof startAlerting> | null = null;
  const stopping = new AbortController();
  const start = (): void => {
    if (!stopping.signal.aborted) alerting = startAlerting(work);
  };
  const work: Parameters<typeof startAlerting>[0] = {
    clock,
    evaluate: async (now) => {
      const report = await evaluator.evaluate(now);
      await sendDigest(store, policy, practice.size > 0, now);
      return report;
    },
    deliver: () =>
      deliverDue({
        store,
        policy: policy.delivery,
        send: ({ message, recipient }) => office.send(message, recipient),
        now: clock.now,
        random: Math.random,
        onFault: (err) => log.error({ err }, 'a message could not be sent for a fault of ours'),
      }),
    onFault: (what, err) => {
      if (err === stopping.signal.reason) return;
      log.error({ err }, `alerts: ${what} failed; the next round tries again`);
    },
    onDecided: (report) => {
      log.warn(report, 'incidents changed');
      options.changed();
    },
  };
  options.after.then(start, start);
  return {
    recorded: evaluator.touched,
    onHealth: (latest) => {
      health = latest;
    },
    onProberDied: () => {
      proberDeaths = [...proberDeaths.slice(1 - DEATHS_KEPT), clock.now()];
    },
    stop: async () => {
      stopping.abort();
      await alerting?.stop();
      office.close();
    },
    mailGoesTo: office.mailGoesTo,
  };
}

/** What a deployment says about its alerts, as the rules read it. */
export function policyOf({ alerts }: Config): AlertPolicy {
  return {
    thresholds: alerts.tuning.thresholds,
    incidents: { ...alerts.tuning.incidents, escalateAfterMs: alerts.escalateAfterMs },
    routes: alerts.routes,
    delivery: { ...alerts.tuning.delivery, quietHours: alerts.quietHours },
    digest: alerts.digest,
    off: alerts.off,
  };
}

function spendReachedOn(health: ProbingHealth | null): string | null {
  if (health === null || health.spend.cap === null || health.spend.everyNth === 1) return null;
  return new Date(health.at).toISOString().slice(0, 10);
}

/** Share of the data folder's disk that is free for us; `null` if the system does not say. */
async function diskFreePpm(data: string): Promise<number | null> {
  try {
    const { bavail, blocks } = await statfs(resolve(data));
    return blocks === 0 ? null : Math.floor((bavail / blocks) * MILLION);
  } catch {
    return null;
  }
}
