import type { CellEvaluation } from '../src/domain/alert/alert.ts';
import { type AlertPolicy, DEFAULT_ALERT_POLICY } from '../src/domain/alert/alert-policy.ts';
import { evaluateTarget, type ObjectiveEvidence } from '../src/domain/alert/alert-rule.ts';
import { decide } from '../src/domain/alert/decide.ts';
import type { Reading } from '../src/domain/alert/down-rule.ts';
import type { Incident } from '../src/domain/alert/incident.ts';
import type { Message } from '../src/domain/alert/message.ts';
import type { Outcome } from '../src/domain/measure/outcome.ts';
import { createAlertEvaluator, NO_LIVE_FACTS } from '../src/pipeline/alerting/evaluate-alerts.ts';
import { openSqliteStore } from '../src/store/sqlite/open.ts';
import { declaration, failure, sample } from '../test/store/builders.ts';
import { THREE_NINES } from '../test/support/alert-stage.ts';

/*
 * npm run bench:alerts [-- days]
 *
 * The rules, the grouping and the incident machine as they run in the program, on simulated probes. Seeded: the same
 * figures every time.
 */
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 2, 1);
const TARGETS = 368;
const BURST_SPACING = 10 * SECOND;
const POLICY: AlertPolicy = {
  ...DEFAULT_ALERT_POLICY,
  routes: [
    {
      id: 'all',
      severities: [],
      scopes: [],
      to: [{ channel: 'email', address: 'a@b.example' }],
      escalateTo: [],
    },
  ],
};

/** Mulberry32: small, fast, good enough to toss coins. https://github.com/bryc/code/blob/master/jshash/PRNGs.md */
function coins(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const cellName = (index: number): string =>
  `acme/${index % 2 === 0 ? 'standard' : 'pro'}/model-${index >> 1}`;

/** The machine with its memory: evaluations in, messages out. */
function machine(): {
  step: (now: number, evaluations: readonly CellEvaluation[]) => Message[];
  open: () => number;
} {
  let incidents: Incident[] = [];
  return {
    step(now, evaluations) {
      const { reopenWithinMs } = POLICY.incidents;
      incidents = incidents.filter(({ closedAt }) => closedAt === null || now - closedAt <= reopenWithinMs);
      const decided = decide({
        evaluations,
        incidents,
        renamed: new Map(),
        isSilenced: () => false,
        isPractice: () => false,
        now,
        policy: POLICY,
      });
      for (const changed of decided.incidents) {
        incidents = [...incidents.filter(({ id }) => id !== changed.id), changed];
      }
      return decided.messages.map(({ message }) => message);
    },
    open: () => incidents.filter(({ closedAt }) => closedAt === null).length,
  };
}

function reading(at: number, outcome: Outcome, purpose: Reading['purpose'] = 'scheduled'): Reading {
  return { at, probe: 'chat', region: 'here', purpose, outcome, valid: true, status: null, requestId: null };
}

/** A month in which every target is exactly as good as its objectives, by independent coin tosses. */
function monthAtObjective(days: number): void {
  const minutes = (days * DAY) / MINUTE;
  const toss = coins(1);
  /** Sums up to each minute, so that any window is one subtraction. */
  const failed = Array.from({ length: TARGETS }, () => new Uint16Array(minutes + 1));
  const slow = Array.from({ length: TARGETS }, () => new Uint16Array(minutes + 1));
  const bursts = new Map<number, readonly boolean[]>();
  for (let target = 0; target < TARGETS; target += 1) {
    const [f, s] = [failed[target], slow[target]];
    if (f === undefined || s === undefined) throw new Error('no such target');
    for (let minute = 0; minute < minutes; minute += 1) {
      const bad = toss() < 0.001;
      f[minute + 1] = (f[minute] ?? 0) + (bad ? 1 : 0);
      s[minute + 1] = (s[minute] ?? 0) + (toss() < 0.01 ? 1 : 0);
      if (bad)
        bursts.set(
          target * minutes + minute,
          [0, 1, 2].map(() => toss() < 0.001),
        );
    }
  }
  const { step, open } = machine();
  const told: Message[] = [];
  const began = performance.now();
  for (let minute = 1; minute <= minutes; minute += 1) {
    const now = START + minute * MINUTE;
    const evaluations: CellEvaluation[] = [];
    let worth = open() > 0;
    for (let target = 0; target < TARGETS; target += 1) {
      const objective = (
        sums: Uint16Array | undefined,
        kind: ObjectiveEvidence['kind'],
        allowedPpm: number,
      ): ObjectiveEvidence => ({
        id: kind,
        kind,
        label: kind,
        allowedPpm,
        budget: null,
        stake: null,
        count: (windowMs) => {
          const from = Math.max(0, minute - windowMs / MINUTE);
          return { n: minute - from, k: (sums?.[minute] ?? 0) - (sums?.[from] ?? 0) };
        },
      });
      const readings: Reading[] = [];
      for (let back = Math.max(0, minute - 5); back < minute; back += 1) {
        const at = START + back * MINUTE;
        const burst = bursts.get(target * minutes + back);
        readings.push(reading(at, burst === undefined ? 'ok' : 'gateway.5xx'));
        for (const [index, bad] of (burst ?? []).entries()) {
          readings.push(
            reading(at + (index + 1) * BURST_SPACING, bad ? 'gateway.5xx' : 'ok', 'confirmation'),
          );
        }
      }
      const cell = cellName(target);
      const found = evaluateTarget(
        {
          target: { id: cell, gateway: 'acme', tier: cell.split('/')[1] ?? '' },
          everyMs: MINUTE,
          readings,
          heardAt: now - MINUTE,
          watchedSince: START,
          inMaintenance: false,
          coverage: { expected: 1440, valid: 1440 },
          objectives: [
            objective(failed[target], 'availability', 1_000),
            objective(slow[target], 'latency', 10_000),
          ],
        },
        POLICY.thresholds,
        TARGETS,
        now,
      );
      if (found.some(({ verdict }) => verdict === 'bad')) worth = true;
      evaluations.push(...found);
    }
    if (worth) told.push(...step(now, evaluations));
  }
  const opened = told.filter(({ topic }) => topic === 'opened' || topic === 'reopened');
  const by = Object.entries(Object.groupBy(opened, ({ subject }) => subject.split(':')[0] ?? ''));
  const failures = failed.reduce((sum, sums) => sum + (sums[minutes] ?? 0), 0);
  console.log(`At exactly the objectives (99.9 %, p99), ${TARGETS} targets, 1 probe a minute, ${days} days:`);
  console.log(
    `  ${TARGETS * minutes} probes, ${failures} failed; the ratio alone (14.4 x) would page for each of them`,
  );
  console.log(`  pages    ${opened.filter(({ severity }) => severity === 'page').length}`);
  const tickets = opened.filter(({ severity }) => severity === 'ticket').length;
  console.log(
    `  tickets  ${tickets} (${((tickets / days) * 30).toFixed(1)} per 30 days)${by.map(([kind, list]) => `, ${kind} ${list?.length}`).join('')}`,
  );
  console.log(`  messages ${told.length} in all`);
  const rounds = (performance.now() - began) / minutes;
  console.log(`  ${rounds.toFixed(2)} ms for all rules on ${TARGETS} targets, per round\n`);
}

type Outage = { readonly seconds: number; readonly cells: number };

/** One outage at a random moment; targets tick once a minute, each at its own second; evaluated every 10 s. */
function outage(toss: () => number, down: number): Outage {
  const phases = Array.from({ length: TARGETS }, () => Math.floor(toss() * 60) * SECOND);
  const beginsAt = START + HOUR + Math.floor(toss() * 60) * SECOND;
  const victims = new Set(
    Array.from({ length: TARGETS }, (_, index) => index)
      .sort(() => toss() - 0.5)
      .slice(0, down),
  );
  const { step } = machine();
  for (let now = beginsAt - 10 * SECOND; now < beginsAt + 10 * MINUTE; now += BURST_SPACING) {
    const evaluations = phases.flatMap((phase, target) => {
      const readings: Reading[] = [];
      const last = Math.floor((now - phase) / MINUTE) * MINUTE + phase;
      for (let at = last - 5 * MINUTE; at <= last; at += MINUTE) {
        const bad = victims.has(target) && at >= beginsAt;
        readings.push(reading(at, bad ? 'gateway.5xx' : 'ok'));
        for (let shot = 1; bad && shot <= 3 && at + shot * BURST_SPACING <= now; shot += 1) {
          readings.push(reading(at + shot * BURST_SPACING, 'gateway.5xx', 'confirmation'));
        }
      }
      const cell = cellName(target);
      return evaluateTarget(
        {
          target: { id: cell, gateway: 'acme', tier: cell.split('/')[1] ?? '' },
          everyMs: MINUTE,
          readings,
          heardAt: last,
          watchedSince: START,
          inMaintenance: false,
          coverage: { expected: 1440, valid: 1440 },
          objectives: [],
        },
        POLICY.thresholds,
        TARGETS,
        now,
      );
    });
    const page = step(now, evaluations).find(({ topic }) => topic === 'opened');
    if (page !== undefined) return { seconds: (now - beginsAt) / SECOND, cells: page.cells.length };
  }
  throw new Error('a real outage did not page');
}

function realOutages(): void {
  console.log('A real outage, from its first second to its page (2 ticks and the burst are 150 s):');
  for (const down of [1, 12, TARGETS]) {
    const toss = coins(down);
    const runs = Array.from({ length: 200 }, () => outage(toss, down));
    const seconds = runs.map((run) => run.seconds).sort((a, b) => a - b);
    const whole = runs.filter(({ cells }) => cells === down).length;
    console.log(
      `  ${String(down).padStart(3)} of ${TARGETS} cells: median ${seconds[100]} s, longest ${seconds[199]} s; the page lists all of them in ${whole} of 200`,
    );
  }
  console.log('');
}

function flapping(): void {
  console.log('A target that flaps for a day, messages with the reminders:');
  for (const [down, up] of [
    [1, 1],
    [2, 5],
    [5, 10],
    [5, 35],
    [5, 120],
    [60, 300],
  ] as const) {
    const { step } = machine();
    const told: string[] = [];
    for (let minute = 0; minute < DAY / MINUTE; minute += 1) {
      const now = START + minute * MINUTE;
      const verdict = minute % (down + up) < down ? 'bad' : 'good';
      const facts = { finding: '', measured: null, budget: null, stake: null, failures: [] };
      const base = { kind: 'target_down', group: 'acme', cell: 'acme/pro/a', heardAt: now, facts } as const;
      told.push(...step(now, [{ ...base, verdict, since: now }]).map(({ topic }) => topic));
    }
    console.log(`  ${down} min down, ${up} min up: ${told.length} (${told.join(', ')})`);
  }
  console.log('');
}

/** Rounds of the real evaluator on a real store with an hour of samples. */
async function roundsOnStore(): Promise<void> {
  const opened = openSqliteStore(':memory:');
  if (opened.kind !== 'opened') throw new Error(opened.message);
  const { store } = opened;
  const declarations = Array.from({ length: TARGETS }, (_, index) => declaration(`model-${index}`));
  await store.declareSeries(declarations, START);
  const at = START + HOUR;
  for (let minute = 0; minute < 60; minute += 1) {
    const scheduledAt = START + minute * MINUTE;
    const samples = declarations.map(({ target, probe, region }, index) => {
      const make = minute > 50 && index < 10 ? failure : sample;
      return make({ target: target.id, probe, region, scheduledAt });
    });
    await store.record({ samples, notRun: [] });
  }
  const evaluator = createAlertEvaluator({
    store,
    policy: POLICY,
    objectivesOf: () => [THREE_NINES],
    isPractice: () => false,
    startedAt: START,
    readLive: async () => NO_LIVE_FACTS,
    readOwn: async (now) => ({
      proberAliveAt: now,
      spendReachedOn: null,
      diskFreePpm: null,
      isDatabaseGone: false,
      proberDeaths: [],
      unreadable: [],
    }),
  });
  const began = performance.now();
  await evaluator.evaluate(at);
  const first = performance.now() - began;
  const rounds: number[] = [];
  for (let round = 1; round <= 30; round += 1) {
    const before = performance.now();
    await evaluator.evaluate(at + round * SECOND);
    rounds.push(performance.now() - before);
  }
  rounds.sort((a, b) => a - b);
  console.log(`A round of the evaluator on SQLite, ${TARGETS} targets, 10 of them down:`);
  console.log(
    `  the first, with ${TARGETS * 60} rows to learn, ${first.toFixed(0)} ms; then median ${rounds[15]?.toFixed(0)} ms, longest ${rounds[29]?.toFixed(0)} ms`,
  );
  await store.close();
}

const days = Number(process.argv[2] ?? 30);
flapping();
realOutages();
await roundsOnStore();
console.log('');
monthAtObjective(days);
