import type { Logger } from 'pino';
import type { Config } from '../../config/config.ts';
import { type GoverningContract, versionsUnder } from '../../config/contract-under-tier.ts';
import { scopeCovers } from '../../domain/alert/alert-policy.ts';
import type { ObjectiveEvidence } from '../../domain/alert/alert-rule.ts';
import { stakeOf } from '../../domain/alert/breach-stake.ts';
import type { MaintenanceWindow } from '../../domain/contract/admitted-maintenance.ts';
import type { LiveReport } from '../../domain/live/live-report.ts';
import { parseTargetId, type Target } from '../../domain/measure/target.ts';
import type { TargetCounting } from '../../domain/view/history.ts';
import { type LiveFacts, liveKey, NO_LIVE_FACTS } from '../../pipeline/alerting/evaluate-alerts.ts';
import { type Live, startLive } from '../../pipeline/live/evaluate-live.ts';
import { countingIn, createLiveScope } from '../../pipeline/live/live-scope.ts';
import type { PlannedWork, Store } from '../../store/store.ts';
import { systemClock } from './system-clock.ts';

const WORK_EVERY_MS = 30_000;
/** Ninety days are shown, and a quarter that holds their first day has its cap used up from its own first day on. */
const LOOK_BACK_MS = (90 + 92 + 1) * 86_400_000;
const LOOK_AHEAD_MS = 40 * 86_400_000;

export type LiveFigures = Live & {
  /** How the requests of a target are counted, by the terms in force now. */
  readonly countingOf: (target: Pick<Target, 'id' | 'gateway' | 'tier' | 'model'>) => TargetCounting;
};

/** The live figures of a running deployment: what is promised comes from the configuration, planned work from both. */
export async function startLiveFigures(options: {
  readonly config: Config;
  readonly store: Store;
  readonly log: Logger;
  readonly changed: () => void;
  readonly countAfter: Promise<unknown>;
  /** Called once, when the figures hold all that was written before counting began. */
  readonly onWhole: () => void;
}): Promise<LiveFigures> {
  const { config, store, log } = options;
  let announced: readonly PlannedWork[] = [];
  const readWork = async (): Promise<void> => {
    const now = systemClock.now();
    announced = await store.readPlannedWork(now - LOOK_BACK_MS, now + LOOK_AHEAD_MS);
  };
  await readWork();
  const reading = setInterval(() => {
    readWork().catch((err: unknown) => log.error({ err }, 'planned work could not be read'));
  }, WORK_EVERY_MS);
  reading.unref();

  const scope = createLiveScope({
    versionsOf: ({ tier }) => versionsUnder(config, tier),
    plannedWorkOf: (scope) =>
      announced.flatMap((one): MaintenanceWindow[] =>
        scopeCovers(one.scope, scope)
          ? [{ fromAt: one.fromAt, toAt: one.toAt, announcedAt: one.announcedAt, reason: one.reason }]
          : [],
      ),
  });
  const live = startLive({
    store,
    scope,
    clock: systemClock,
    onEvaluated: options.changed,
    onFault: (what, err) => log.error({ err }, `live figures: ${what} failed; the next round tries again`),
    countAfter: options.countAfter,
    onWhole: options.onWhole,
  });
  return {
    ...live,
    countingOf: (target) => countingIn(scope, target, systemClock.now()),
    stop: async () => {
      clearInterval(reading);
      await live.stop();
    },
  };
}

/** What alerts need of the live figures. Nothing while hours are still missing: half a month proves no breach. */
export function alertFactsOf(report: LiveReport | null, contractOf: GoverningContract): LiveFacts {
  if (report === null || report.pendingHours > 0) return NO_LIVE_FACTS;
  const objectives = new Map<string, Pick<ObjectiveEvidence, 'budget' | 'stake'>>();
  const breaches: LiveFacts['breaches'][number][] = [];
  for (const { target, objectives: all } of report.targets.values()) {
    const named = parseTargetId(target);
    for (const objective of all) {
      const { id, goal, period, budget, pool } = objective;
      if (goal === null || budget === null || named === null) continue;
      const contract = contractOf(named, period.fromAt);
      if (contract === null) continue;
      // What a contract judges together is lost together or not at all, however one of its targets stands.
      const stake = stakeOf(contract, pool === null ? objective : { ...objective, target: pool.scope });
      const of = pool === null ? null : { scope: pool.scope, targets: pool.targets };
      const left = {
        objective: id,
        of,
        leftSamples: budget.leftProbes,
        leftMs: Math.floor(budget.leftMs),
        leftPpm: budget.leftPpm ?? (budget.used > 0 ? -1_000_000 : 0),
      };
      objectives.set(liveKey(target, id), { budget: left, stake });
      breaches.push({
        cell: target,
        gateway: named.gateway,
        contract: goal.contract,
        period: period.label,
        objective: id,
        of,
        certain: budget.isBreachCertain,
        count: {
          bad: Math.ceil(budget.used),
          allowed: Math.floor(budget.allowed),
          unit: budget.unit === 'slices' ? 'slice' : 'request',
        },
        stake,
        budget: left,
      });
    }
  }
  return { objectives, breaches };
}

/** The same for one report after the other, which come oftener than there is anything new in them. */
export function createAlertFacts(contractOf: GoverningContract): (report: LiveReport | null) => LiveFacts {
  // What was made of a report goes with it.
  const known = new WeakMap<LiveReport['targets'], LiveFacts>();
  return (report) => {
    if (report === null || report.pendingHours > 0) return NO_LIVE_FACTS;
    const facts = known.get(report.targets) ?? alertFactsOf(report, contractOf);
    known.set(report.targets, facts);
    return facts;
  };
}
