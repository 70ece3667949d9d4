import type { CellEvaluation } from '../../domain/alert/alert.ts';
import type { AlertObjective } from '../../domain/alert/alert-objective.ts';
import { type AlertPolicy, scopeCovers } from '../../domain/alert/alert-policy.ts';
import {
  type BreachEvidence,
  evaluateBreach,
  evaluateKey,
  evaluateTarget,
  type ObjectiveEvidence,
} from '../../domain/alert/alert-rule.ts';
import { type Decided, decide } from '../../domain/alert/decide.ts';
import type { Incident } from '../../domain/alert/incident.ts';
import { evaluateOurselves, type OwnEvidence } from '../../domain/alert/own-rule.ts';
import type { Target } from '../../domain/measure/target.ts';
import { clip, covers, type Interval, union } from '../../domain/time/interval.ts';
import type { PlannedWork, ScheduleSpan, Store } from '../../store/store.ts';
import { LEAP_MS } from '../closing/clock-trust.ts';
import { expectedTicks, intervalAfter } from '../probing/expected-ticks.ts';
import { piecesOf } from '../read-in-pieces.ts';
import { createRequestIds } from './request-ids.ts';
import { createSampleMemory } from './sample-memory.ts';

/** What the contract's engine says about the running period; alerts work without it, and say less. */
export type LiveFacts = {
  /** Budget and stake per target and objective id. */
  readonly objectives: ReadonlyMap<string, Pick<ObjectiveEvidence, 'budget' | 'stake'>>;
  readonly breaches: readonly BreachEvidence[];
};

export const NO_LIVE_FACTS: LiveFacts = { objectives: new Map(), breaches: [] };

/** The key of `LiveFacts.objectives`. */
export function liveKey(target: string, objective: string): string {
  return `${target}\n${objective}`;
}

export type AlertingStore = Pick<
  Store,
  | 'readTargets'
  | 'readSchedules'
  | 'readAttempts'
  | 'readPackedUntil'
  | 'readNotRun'
  | 'readEvidence'
  | 'readIncidents'
  | 'readSilences'
  | 'readPlannedWork'
  | 'readDeliveries'
  | 'saveDecision'
>;

export type AlertingOptions = {
  readonly store: AlertingStore;
  readonly policy: AlertPolicy;
  /** The objectives a target is held to now. The same ones as long as the terms are the same: others are counted anew. */
  readonly objectivesOf: (
    target: Pick<Target, 'id' | 'gateway' | 'tier' | 'model'>,
  ) => readonly AlertObjective[];
  /** What is set aside of a stretch for planned work, disjoint and ascending; all of it unless given. */
  readonly setAside?: (
    target: Pick<Target, 'id' | 'gateway' | 'tier' | 'model'>,
    work: readonly PlannedWork[],
    span: Interval,
  ) => readonly Interval[];
  readonly isPractice: (gateway: string) => boolean;
  /** When this process began to expect samples, epoch ms. */
  readonly startedAt: number;
  /** Never steps; without it a clock that leaps is believed. */
  readonly monotonicMs?: () => number;
  readonly readLive: (now: number) => Promise<LiveFacts>;
  /** Called between two pieces of reading, so that others get the thread. */
  readonly breathe?: () => Promise<void>;
  /** What only the process itself knows. */
  readonly readOwn: (now: number) => Promise<Omit<OwnEvidence, 'startedAt' | 'undeliverable'>>;
};

export type AlertEvaluator = {
  /** Tells that something was recorded for a tick at `at` or later: nothing else is read again. */
  readonly touched: (at: number) => void;
  /** One round: learns what is new, applies every rule, commits what follows. Never two at once. */
  readonly evaluate: (now: number) => Promise<EvaluationReport>;
};

export type EvaluationReport = {
  readonly targets: number;
  readonly transitions: number;
  readonly messages: number;
  /** Rounds that had to be repeated because somebody else changed an incident meanwhile. */
  readonly conflicts: number;
  /** How far back the memory reaches by now, epoch ms. */
  readonly rememberedFromAt: number;
};

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** What is new is read up to so far back at once; hours before that one per round. */
const RECENT_MS = 15 * MINUTE_MS;
/** Older hours read per round to fill the memory. */
const HOURS_AT_START = 6;
/** So many targets' packed hours are read before others get the thread. */
const TARGETS_AT_ONCE = 16;
/** A quarter and a day; longer than any contract window. */
const LONGEST_PERIOD_MS = 93 * DAY_MS;
const RETRIES = 3;
/** Over which ticks without quota are counted. */
const QUOTA_WINDOW_MS = 15 * MINUTE_MS;
/** What an outage brings with it. */
const CONSEQUENCES: ReadonlySet<string> = new Set(['burn_fast', 'burn_slow', 'latency_at_risk']);

export function createAlertEvaluator(options: AlertingOptions): AlertEvaluator {
  const { store, policy } = options;
  const { thresholds } = policy;
  const spanMs = Math.max(
    ...thresholds.burn.rows.map(({ longMs }) => longMs),
    thresholds.latency.longMs,
    thresholds.noData.coverageWindowMs,
  );
  let targets = new Map<string, Target>();
  let work: readonly PlannedWork[] = [];
  let workSpan: Interval = { fromAt: 0, toAt: 0 };
  const objectives = new Map<string, readonly AlertObjective[]>();
  const objectivesOf = (id: string): readonly AlertObjective[] => {
    const target = targets.get(id);
    if (target === undefined) return [];
    const known = objectives.get(id) ?? options.objectivesOf(target);
    objectives.set(id, known);
    return known;
  };
  /** Another version of a contract may have come into force: tells whether what is remembered was judged by other terms. */
  const renewObjectives = (): boolean => {
    let isOutdated = false;
    for (const [id, known] of objectives) {
      const target = targets.get(id);
      const now = target === undefined ? [] : options.objectivesOf(target);
      if (known.length === now.length && known.every((one, i) => one === now[i])) continue;
      isOutdated = true;
      objectives.delete(id);
    }
    return isOutdated;
  };
  const setAside: NonNullable<AlertingOptions['setAside']> =
    options.setAside ?? ((_, own, span) => clip(union(own), span));
  const aside = new Map<string, readonly Interval[]>();
  const asideOf = (id: string): readonly Interval[] => {
    const known = aside.get(id);
    if (known !== undefined) return known;
    const target = targets.get(id);
    const own = work.filter(({ scope }) => scopeCovers(scope, id));
    const found = target === undefined || own.length === 0 ? [] : setAside(target, own, workSpan);
    aside.set(id, found);
    return found;
  };
  const isSetAside = (target: string, at: number): boolean => covers(asideOf(target), at);
  const memory = createSampleMemory(spanMs, objectivesOf, isSetAside);
  const requestIds = createRequestIds(store);
  let rememberedFromAt: number | null = null;
  let learntTo: number | null = null;
  let touchedFrom = Number.POSITIVE_INFINITY;
  /** Hours to be read again: something arrived late for them, or planned work was announced. */
  const again = new Set<number>();
  let renamedTargets: ReadonlySet<string> = new Set();
  /** Since when samples are expected without a pause. */
  let expectedSince = options.startedAt;
  /** Before this, silence was the clock's: it leapt over that time. */
  let leaptTo = Number.NEGATIVE_INFINITY;
  let clockOffset: number | null = null;

  /** Nobody can have measured what a clock leapt over, so nobody is woken for its silence: we expect anew from here on. */
  const noticeLeap = (now: number): void => {
    if (options.monotonicMs === undefined) return;
    const offset = now - options.monotonicMs();
    if (clockOffset !== null && Math.abs(offset - clockOffset) > LEAP_MS) expectedSince = leaptTo = now;
    clockOffset = offset;
  };

  const learn = async (fromAt: number, toAt: number): Promise<void> => {
    memory.learn(fromAt, toAt, [], await store.readNotRun({ fromAt, toAt }));
    const packedUntil = await store.readPackedUntil();
    let read = 0;
    for (const piece of piecesOf(fromAt, toAt, packedUntil, [...targets.keys()])) {
      memory.add(await store.readAttempts(piece.fromAt, piece.toAt, piece.target));
      read += 1;
      if (piece.target === undefined || read % TARGETS_AT_ONCE === 0) await options.breathe?.();
    }
  };

  /** The latest hours first. */
  const askAgain = (fromAt: number, toAt: number): void => {
    const first = Math.floor(fromAt / HOUR_MS) * HOUR_MS;
    for (let at = Math.floor((toAt - 1) / HOUR_MS) * HOUR_MS; at >= first; at -= HOUR_MS) again.add(at);
  };

  const refresh = async (now: number): Promise<void> => {
    const toAt = (Math.floor(now / MINUTE_MS) + 1) * MINUTE_MS;
    const known = learntTo !== null && learntTo > now - spanMs && learntTo <= toAt;
    const recentFrom = toAt - RECENT_MS;
    // The minute that was still running at the last round is read again.
    const before = known ? (learntTo ?? toAt) - MINUTE_MS : recentFrom;
    const touched = Math.max(touchedFrom, now - spanMs);
    touchedFrom = Number.POSITIVE_INFINITY;
    const fromAt = Math.floor(Math.max(Math.min(before, touched), recentFrom) / MINUTE_MS) * MINUTE_MS;
    // Whatever is older waits for its turn, a pause of ours included.
    if (Math.min(before, touched) < fromAt) askAgain(Math.min(before, touched), fromAt);
    await learn(fromAt, toAt);
    learntTo = toAt;
    if (!known || rememberedFromAt === null)
      rememberedFromAt = Math.floor(fromAt / HOUR_MS) * HOUR_MS + HOUR_MS;
    const oldest = Math.floor((now - spanMs) / HOUR_MS) * HOUR_MS;
    if (rememberedFromAt > oldest) {
      for (let hour = 0; hour < HOURS_AT_START && rememberedFromAt > oldest; hour += 1) {
        rememberedFromAt -= HOUR_MS;
        await learn(rememberedFromAt, rememberedFromAt + HOUR_MS);
      }
      return;
    }
    rememberedFromAt = oldest;
    const [hourAt] = again;
    if (hourAt === undefined) return;
    again.delete(hourAt);
    if (hourAt >= oldest) await learn(hourAt, Math.min(hourAt + HOUR_MS, toAt));
  };

  const evaluateAll = async (
    now: number,
    incidents: readonly Incident[],
    live: LiveFacts,
  ): Promise<readonly CellEvaluation[]> => {
    const { coverageWindowMs } = thresholds.noData;
    const settledTo = now - 90_000;
    const spans = Map.groupBy(
      await store.readSchedules(settledTo - coverageWindowMs, now),
      ({ target }) => target,
    );
    const evaluations: CellEvaluation[] = [];
    const keys = new Map<string, { gateway: string; targets: string[] }>();
    for (const { id, gateway, tier } of targets.values()) {
      const key = `${gateway}/${tier}`;
      const mates = keys.get(key) ?? { gateway, targets: [] };
      mates.targets.push(id);
      keys.set(key, mates);
      const own = spans.get(id) ?? [];
      const inForce = own.filter(({ toAt }) => toAt === null);
      const everyMs = Math.max(
        MINUTE_MS / 60,
        ...inForce.map(({ schedule }) => intervalAfter(schedule, now)),
      );
      const since = outageEnd(incidents, id, now);
      const declaredAt = Math.min(now, ...inForce.map(({ fromAt }) => fromAt));
      const from = Math.max(settledTo - coverageWindowMs, firstOf(own), rememberedFromAt ?? now, leaptTo);
      evaluations.push(
        ...evaluateTarget(
          {
            target: { id, gateway, tier },
            everyMs,
            // What failed during planned work proves nothing, also once the work is over.
            readings: memory.readings(id).filter(({ at }) => !isSetAside(id, at)),
            heardAt: memory.heardAt(id),
            watchedSince: Math.max(expectedSince, declaredAt),
            inMaintenance: isSetAside(id, now),
            coverage: {
              expected: expectedTicks(own, from, settledTo),
              valid: Math.min(expectedTicks(own, from, settledTo), memory.countValid(id, from, settledTo)),
            },
            objectives: objectivesOf(id).map((objective) => ({
              id: objective.id,
              kind: objective.kind,
              label: objective.label,
              allowedPpm: objective.allowedPpm,
              count: (windowMs) => memory.count(id, objective.id, Math.max(now - windowMs, since), now),
              budget: live.objectives.get(liveKey(id, objective.id))?.budget ?? null,
              stake: live.objectives.get(liveKey(id, objective.id))?.stake ?? null,
            })),
          },
          thresholds,
          targets.size,
          now,
        ),
      );
    }
    for (const [id, { gateway, targets: mates }] of keys) {
      const readings = mates.flatMap((mate) => memory.readings(mate));
      const quotaFrom = Math.max(now - QUOTA_WINDOW_MS, expectedSince);
      const quota = {
        windowMs: QUOTA_WINDOW_MS,
        expected: mates.reduce((all, one) => all + expectedTicks(spans.get(one) ?? [], quotaFrom, now), 0),
        overQuota: mates.reduce((all, one) => all + memory.countOverQuota(one, quotaFrom, now), 0),
      };
      evaluations.push(evaluateKey({ id, gateway }, readings, quota, thresholds.ownFault.inARow, now));
    }
    evaluations.push(...live.breaches.map((one) => evaluateBreach(one, now)));
    const own = { ...(await options.readOwn(now)), startedAt: expectedSince };
    evaluations.push(
      ...evaluateOurselves(
        { ...own, undeliverable: await undeliverable(store, policy, now) },
        thresholds,
        now,
      ),
    );
    return inhibit(evaluations);
  };

  const round = async (now: number, live: LiveFacts): Promise<Decided> => {
    const lookBack = Math.max(spanMs, policy.incidents.reopenWithinMs);
    const incidents = await store.readIncidents({ closedSinceAt: now - lookBack });
    const silences = await store.readSilences(now);
    const evaluations = await requestIds.complete(await evaluateAll(now, incidents, live), memory.readings);
    const renamed = new Map(
      [...targets.values()].flatMap(({ id, formerIds }) => formerIds.map((former) => [former, id] as const)),
    );
    return decide({
      evaluations,
      incidents: incidents.filter(
        ({ closedAt }) => closedAt === null || now - closedAt <= policy.incidents.reopenWithinMs,
      ),
      renamed,
      isSilenced: (kind, cell) =>
        silences.some((one) => (one.kind === null || one.kind === kind) && scopeCovers(one.scope, cell)),
      isPractice: (group) => options.isPractice(group.split('\n')[0] ?? group),
      now,
      policy,
    });
  };

  return {
    touched(at) {
      touchedFrom = Math.min(touchedFrom, at);
    },
    async evaluate(now) {
      noticeLeap(now);
      targets = new Map(
        (await store.readTargets()).filter(({ current }) => current).map((one) => [one.id, one]),
      );
      const names = new Set(
        [...targets.values()].flatMap(({ id, formerIds }) => (formerIds.length > 0 ? [id] : [])),
      );
      // A rename gives old rows a new name: what is remembered under the old one is read again.
      if ([...names].some((id) => !renamedTargets.has(id))) rememberedFromAt = learntTo = null;
      renamedTargets = names;
      workSpan = { fromAt: now - spanMs, toAt: now + MINUTE_MS };
      // A cap is used up from the start of the period on, so its earlier work decides about today's.
      const announced = await store.readPlannedWork(
        workSpan.fromAt - LONGEST_PERIOD_MS,
        now + LONGEST_PERIOD_MS,
      );
      // Other work of a period may use up the cap of what lies in the span: all of it is judged again.
      if (changesOf(work, announced).length > 0) touchedFrom = now - spanMs;
      work = announced;
      aside.clear();
      if (renewObjectives()) touchedFrom = now - spanMs;
      await refresh(now);
      const live = await options.readLive(now);
      for (let conflicts = 0; ; conflicts += 1) {
        const { incidents, events, messages } = await round(now, live);
        if (incidents.length > 0) {
          const result = await store.saveDecision({ incidents, events, messages, spendsLink: null, at: now });
          if (result.kind === 'conflict' && conflicts < RETRIES) continue;
          if (result.kind !== 'saved') throw new Error(`the decision could not be saved: ${result.kind}`);
        }
        return {
          targets: targets.size,
          transitions: incidents.length,
          messages: messages.length,
          conflicts,
          rememberedFromAt: rememberedFromAt ?? now,
        };
      }
    },
  };
}

/** Planned work that is in one of two lists only. */
function changesOf(before: readonly PlannedWork[], now: readonly PlannedWork[]): PlannedWork[] {
  const names = [before, now].map((list) => new Set(list.map((one) => JSON.stringify(one))));
  return [...before, ...now].filter((one) => !names.every((list) => list.has(JSON.stringify(one))));
}

/**
 * Consequences keep quiet where their cause speaks: a prober that is silent is why nothing is heard, a target that is down
 * (or about to be called so) is why its budget burns, and a budget that burns fast is why it is at risk.
 */
function inhibit(evaluations: readonly CellEvaluation[]): readonly CellEvaluation[] {
  const bad = evaluations.filter(({ verdict }) => verdict === 'bad');
  const proberSilent = bad.some(({ kind }) => kind === 'prober_silent');
  const burning = new Set(bad.flatMap(({ kind, cell }) => (kind === 'burn_fast' ? [cell] : [])));
  const down = new Set(
    evaluations
      .filter(({ kind, verdict }) => kind === 'target_down' && (verdict === 'bad' || verdict === 'suspect'))
      .map(({ cell }) => cell),
  );
  return evaluations.map((one) => {
    const isConsequence =
      (one.kind === 'no_data' && proberSilent) ||
      (CONSEQUENCES.has(one.kind) && down.has(one.cell)) ||
      (one.kind === 'burn_slow' && burning.has(one.cell));
    return isConsequence && one.verdict === 'bad' ? { ...one, verdict: 'undecided', since: null } : one;
  });
}

/**
 * When the last announced outage of a target ended; `now` while it lasts. What failed before was told already, and must
 * not be told again as a burning budget.
 */
function outageEnd(incidents: readonly Incident[], target: string, now: number): number {
  let end = Number.NEGATIVE_INFINITY;
  for (const { kind, cells, messages } of incidents) {
    if (kind !== 'target_down' || messages === 0) continue;
    for (const { cell, recoveredAt } of cells) {
      if (cell === target) end = Math.max(end, recoveredAt ?? now);
    }
  }
  return end;
}

function firstOf(spans: readonly ScheduleSpan[]): number {
  return Math.min(Number.POSITIVE_INFINITY, ...spans.map(({ fromAt }) => fromAt));
}

/** Channels by which something was given up on in the last day; those that are in use and deliver are named too. */
async function undeliverable(
  store: AlertingStore,
  policy: AlertPolicy,
  now: number,
): Promise<OwnEvidence['undeliverable']> {
  const dead = (await store.readDeliveries({ state: 'dead', limit: 200 })).filter(
    ({ doneAt }) => doneAt !== null && now - doneAt < DAY_MS,
  );
  const inUse = new Set(
    policy.routes.flatMap(({ to, escalateTo }) => [...to, ...escalateTo]).map(({ channel }) => channel),
  );
  return [...inUse].map((channel) => ({
    channel,
    count: dead.filter(({ recipient }) => recipient.channel === channel).length,
  }));
}
