import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { MaintenanceWindow } from '../../src/domain/contract/admitted-maintenance.ts';
import type { Contract } from '../../src/domain/contract/contract.ts';
import { type Evaluation, evaluate } from '../../src/domain/contract/evaluation.ts';
import { accumulate, emptyTally, planTally } from '../../src/domain/contract/tally.ts';
import type { LiveObjective } from '../../src/domain/live/live-objective.ts';
import type { LiveWindow, WindowName } from '../../src/domain/live/live-window.ts';
import { lineOfSample } from '../../src/domain/measure/line-of-sample.ts';
import type { Outcome } from '../../src/domain/measure/outcome.ts';
import type { Sample } from '../../src/domain/measure/sample.ts';
import { createLiveMemory } from '../../src/pipeline/live/live-memory.ts';
import { createLiveScope, type LiveScope } from '../../src/pipeline/live/live-scope.ts';
import { countDirty } from '../../src/pipeline/live/roll-up.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { DecidedStretch, Store } from '../../src/store/store.ts';
import { DAY, declaration, failure, HOUR, MINUTE, sample, target } from '../store/builders.ts';
import { contractOf } from '../support/contract-bench.ts';
import { draws } from '../support/draws.ts';
import { impatientClock } from '../support/impatient-clock.ts';

const TEMPLATES = [
  'pro-channel',
  'best-effort',
  'aws-style-5min',
  'google-style-bad-minute',
  'azure-style-all-fail-minute',
  'mistral-style',
  'openai-style-latency-attainment',
] as const;

/** Wednesday 18 March 2026, 13:37:20 UTC: the month began on a Sunday, and the hour is open. */
const NOW = Date.UTC(2026, 2, 18, 13, 37, 20);
const FROM = NOW - 33 * DAY;

function templateOf(name: string, timezone = 'UTC'): Contract {
  const contract = contractOf(
    readFileSync(join(import.meta.dirname, `../../probes/contracts/${name}.yaml`), 'utf8'),
  );
  return { ...contract, window: { ...contract.window, timezone } };
}

const TROUBLES: readonly Outcome[] = [
  'gateway.5xx',
  'timeout.first_token',
  'ratelimit.own',
  'policy.filtered',
  'config.auth',
];

/** Everything that may happen: outages in runs, slow hours, doubt, stale connections, a day without us. */
function month(id: string, seed: number, everyMs: number): Sample[] {
  const draw = draws(seed);
  const samples: Sample[] = [];
  let outage = 0;
  for (let at = FROM + (seed % 7) * 1_000; at < NOW; at += everyMs) {
    if (at > NOW - 12 * DAY && at < NOW - 11 * DAY) continue;
    if (outage === 0 && draw() < 0.004) outage = 1 + Math.floor(draw() * 9);
    const isDown = outage > 0;
    if (outage > 0) outage -= 1;
    const slow = Math.floor(at / (6 * HOUR)) % 9 === 0 ? 1.7 : 1;
    const ttftUs = Math.round((180_000 + 250_000 * draw() * draw()) * slow);
    const identity = { target: id, scheduledAt: at };
    const luck = draw();
    if (isDown) {
      samples.push(
        failure({ ...identity, outcome: TROUBLES[Math.floor(draw() * 2)] ?? 'gateway.5xx', evidence: null }),
      );
    } else if (luck < 0.004) {
      const outcome = TROUBLES[2 + Math.floor(draw() * 3)] ?? 'config.auth';
      samples.push(failure({ ...identity, outcome, status: 429, evidence: null }));
    } else if (luck < 0.007) {
      samples.push(sample({ ...identity, validity: { kind: 'suspect', reason: 'clock_step' } }));
    } else if (luck < 0.01) {
      samples.push(sample({ ...identity, validity: { kind: 'excluded', reason: 'tier_downgraded' } }));
    } else if (luck < 0.013) {
      samples.push(failure({ ...identity, outcome: 'client.stale_socket', status: null, evidence: null }));
      samples.push(sample({ ...identity, purpose: 'reprobe', ttftUs, totalUs: ttftUs + 210_000 }));
    } else
      samples.push(sample({ ...identity, ttftUs, totalUs: ttftUs + Math.round(150_000 + 400_000 * draw()) }));
  }
  return samples;
}

type Stage = {
  readonly store: Store;
  readonly scope: LiveScope;
  readonly contracts: ReadonlyMap<string, Contract>;
};

async function stage(
  contracts: ReadonlyMap<string, Contract>,
  everyMs: number,
  plannedWork: readonly MaintenanceWindow[] = [],
): Promise<Stage> {
  const opened = openSqliteStore(':memory:');
  assert.ok(opened.kind === 'opened');
  const { store } = opened;
  const names = [...contracts.keys()];
  await store.declareSeries(
    names.map((name) =>
      declaration(name, { target: target(name), schedule: { kind: 'every', everyMs, phaseMs: 0 } }),
    ),
    FROM,
  );
  for (const [seed, name] of names.entries()) {
    await store.recordHistory({ samples: month(target(name).id, seed + 1, everyMs), notRun: [] });
  }
  const scope = createLiveScope({
    versionsOf: ({ model }) => {
      const contract = contracts.get(model);
      return contract === undefined ? [] : [contract];
    },
    plannedWorkOf: () => plannedWork,
  });
  return { store, scope, contracts };
}

const read = new WeakMap<Store, DecidedStretch['byTarget']>();

/** What the contract's engine says of exactly the same stretch. */
async function engine(
  { store, scope }: Stage,
  name: string,
  contract: Contract,
  { fromAt, toAt }: LiveWindow,
): Promise<Evaluation> {
  const period = { label: 'window', fromAt, toAt, timezone: contract.window.timezone, isWindow: false };
  const terms = scope.termsOf(target(name), NOW);
  const maintenance = scope.maintenanceIn(target(name).id, terms, { fromAt, toAt });
  const tally = emptyTally(planTally(period, [{ contract, maintenance }]));
  let attempts = read.get(store);
  if (attempts === undefined) {
    attempts = (await store.readDecided(FROM - HOUR, NOW + HOUR)).byTarget;
    read.set(store, attempts);
  }
  for (const attempt of attempts.get(target(name).id) ?? []) accumulate(tally, lineOfSample(attempt));
  return evaluate(tally, contract, { fee: null, previous: [], maintenanceFlags: [] });
}

function compare(objective: LiveObjective, name: WindowName, evaluation: Evaluation): void {
  const live = objective.windows[name];
  const own = evaluation.objectives.find(({ id }) => objective.id.endsWith(`/${id}`));
  if (own === undefined || objective.goal === null) return;
  const about = `${objective.id} over ${name}`;
  assert.equal(live.result, own.result, `${about}: result`);
  assert.equal(live.n, own.statement.n, `${about}: n`);
  if (objective.kind === 'percentile') {
    assert.equal(live.bad, own.statement.k, `${about}: slower than the limit`);
    assert.equal(live.latency === null, own.value === null, `${about}: is there a value`);
    const exactUs = (own.value?.ms ?? 0) * 1000;
    const shown = live.latency ?? 0;
    assert.ok(shown >= exactUs && shown <= exactUs * (1 + 1 / 256), `${about}: ${shown} for ${exactUs}`);
    return;
  }
  if (own.result === 'undecided') assert.equal(live.good, null, `${about}: no value without data`);
  const exact = live.exactShare ?? (live.counted === null ? null : ratioText(live.good ?? 0, live.counted));
  const unrounded = own.flags.some((flag) => flag.includes('before the contract'));
  if (own.result !== 'undecided' && !unrounded) assert.equal(exact, own.value?.exact, `${about}: value`);
}

function ratioText(a: number, b: number): string {
  const gcd = (x: number, y: number): number => (y === 0 ? x : gcd(y, x % y));
  const d = gcd(a, b);
  return b / d === 1 ? `${a / d}` : `${a / d}/${b / d}`;
}

describe('live figures', () => {
  for (const everyMs of [2 * MINUTE, 5 * MINUTE]) {
    test(`every window of every contract says what the engine says of the same samples, one each ${everyMs / MINUTE} min`, async () => {
      const all = await stage(new Map(TEMPLATES.map((name) => [name, templateOf(name)])), everyMs);
      const clock = impatientClock(NOW);
      await countDirty(all.store, all.scope, clock, () => false);
      const memory = createLiveMemory(all.store, all.scope, clock);
      const report = await memory.evaluate(NOW);
      assert.equal(report.pendingHours, 0);
      for (const [name, contract] of all.contracts) {
        const live = report.targets.get(target(name).id);
        assert.ok(live);
        for (const window of ['5m', '1h', '6h', '24h', '7d', '30d', 'period'] as const) {
          const [first] = live.objectives;
          assert.ok(first);
          const evaluation = await engine(all, name, contract, first.windows[window]);
          for (const objective of live.objectives) compare(objective, window, evaluation);
        }
      }
      await all.store.close();
    });
  }

  test('a period that begins between two hours of UTC is counted from its first instant', async () => {
    const all = await stage(new Map([['pro-channel', templateOf('pro-channel', 'Asia/Kolkata')]]), MINUTE);
    const clock = impatientClock(NOW);
    await countDirty(all.store, all.scope, clock, () => false);
    const live = (await createLiveMemory(all.store, all.scope, clock).evaluate(NOW)).targets.get(
      target('pro-channel').id,
    );
    const [first] = live?.objectives ?? [];
    assert.ok(live && first);
    assert.equal(first.windows.period.fromAt, Date.parse('2026-02-28T18:30:00Z'));
    const evaluation = await engine(all, 'pro-channel', templateOf('pro-channel'), first.windows.period);
    for (const objective of live.objectives) compare(objective, 'period', evaluation);
    await all.store.close();
  });

  test('planned work that the contract admits is set aside, and counted again when it is announced later', async () => {
    const plannedWork: MaintenanceWindow[] = [];
    const contract = templateOf('pro-channel');
    const all = await stage(new Map([['pro-channel', contract]]), MINUTE, plannedWork);
    const clock = impatientClock(NOW);
    const memory = createLiveMemory(all.store, all.scope, clock);
    await countDirty(all.store, all.scope, clock, () => false);
    const before = (await memory.evaluate(NOW)).targets.get(target('pro-channel').id)?.objectives[0]?.windows
      .period;
    plannedWork.push({
      fromAt: NOW - 3 * DAY,
      toAt: NOW - 3 * DAY + 90 * MINUTE,
      announcedAt: NOW - 9 * DAY,
      reason: null,
    });
    await memory.rebuild(NOW);
    assert.ok((await memory.evaluate(NOW)).pendingHours > 0, 'the hours it touches must be counted again');
    await countDirty(all.store, all.scope, clock, () => false);
    await memory.rebuild(NOW);
    const live = (await memory.evaluate(NOW)).targets.get(target('pro-channel').id);
    const [first] = live?.objectives ?? [];
    assert.ok(live && first && before);
    assert.ok(first.windows.period.n < before.n, 'slices of the work are gone');
    const evaluation = await engine(all, 'pro-channel', contract, first.windows.period);
    for (const objective of live.objectives) compare(objective, 'period', evaluation);
    await all.store.close();
  });

  test('no objective of a series that was just declared is lost for certain, whatever its first minutes bring', async () => {
    const strict = contractOf(`id: strict
version: 1
window: { kind: calendar_month, timezone: UTC }
availability: { method: timeslices, slice: 60s, sliceBadWhen: { allFailed: true }, emptySlice: bad, target: "99.9" }
`);
    const contracts = new Map([
      ...TEMPLATES.map((name) => [name, templateOf(name)] as const),
      ['strict', strict],
    ]);
    const opened = openSqliteStore(':memory:');
    assert.ok(opened.kind === 'opened');
    const { store } = opened;
    const scope = createLiveScope({
      versionsOf: ({ model }) => {
        const contract = contracts.get(model);
        return contract === undefined ? [] : [contract];
      },
      plannedWorkOf: () => [],
    });
    const clock = impatientClock(NOW);
    const memory = createLiveMemory(store, scope, clock);
    // The round before the declaration: whatever it remembers must not speak for the series to come.
    await memory.evaluate(NOW - 5_000);
    await store.declareSeries(
      [...contracts.keys()].map((name) =>
        declaration(name, { target: target(name), schedule: { kind: 'every', everyMs: MINUTE, phaseMs: 0 } }),
      ),
      NOW,
    );
    const seen: string[] = [];
    const look = async (now: number): Promise<void> => {
      const { targets } = await memory.evaluate(now);
      for (const { objectives } of targets.values()) {
        for (const { id, budget } of objectives) {
          if (budget !== null) seen.push(id);
          assert.notEqual(budget?.isBreachCertain, true, `${id} at ${(now - NOW) / 1000} s`);
        }
      }
    };
    await look(NOW);
    await look(NOW + 1_000);
    for (const minute of [1, 2, 3]) {
      const at = Math.floor(NOW / MINUTE) * MINUTE + minute * MINUTE;
      const samples = [...contracts.keys()].map((name) =>
        failure({ target: target(name).id, scheduledAt: at, outcome: 'gateway.5xx', evidence: null }),
      );
      await store.record({ samples, notRun: [] });
      memory.touched(at);
      await look(at + 90_000);
    }
    assert.ok(new Set(seen).size >= contracts.size);
    await store.close();
  });

  test('a sample that arrives late changes the open hour at once and a closed one when it is counted again', async () => {
    const all = await stage(new Map([['best-effort', templateOf('best-effort')]]), MINUTE);
    const clock = impatientClock(NOW);
    await countDirty(all.store, all.scope, clock, () => false);
    const memory = createLiveMemory(all.store, all.scope, clock);
    const read = async () => {
      const [objective] =
        (await memory.evaluate(NOW)).targets.get(target('best-effort').id)?.objectives ?? [];
      assert.ok(objective);
      return [objective.windows['1h'].n, objective.windows['30d'].n];
    };
    const [hour = 0, days = 0] = await read();
    const late = (at: number) => sample({ target: target('best-effort').id, scheduledAt: at });
    await all.store.record({ samples: [late(NOW - 20 * MINUTE)], notRun: [] });
    memory.touched(NOW - 20 * MINUTE);
    assert.deepEqual(await read(), [hour + 1, days + 1]);
    await all.store.record({ samples: [late(NOW - 9 * DAY)], notRun: [] });
    const report = await countDirty(all.store, all.scope, clock, () => false);
    assert.deepEqual(report, { hours: 1, days: 1 }, 'only what was touched is counted again');
    await memory.rebuild(NOW);
    assert.deepEqual(await read(), [hour + 1, days + 2]);
    await all.store.close();
  });

  test('without news the figures stay the very same; a new minute, a sample or planned work makes new ones', async () => {
    const announced: MaintenanceWindow[] = [];
    const all = await stage(new Map([['pro-channel', templateOf('pro-channel')]]), 5 * MINUTE, announced);
    const memory = createLiveMemory(all.store, all.scope, impatientClock(NOW));
    const first = (await memory.evaluate(NOW)).targets;
    assert.equal((await memory.evaluate(NOW + 5_000)).targets, first);
    memory.touched(NOW - 10 * MINUTE);
    const second = (await memory.evaluate(NOW + 10_000)).targets;
    assert.notEqual(second, first);
    assert.deepEqual(second, first, 'nothing had changed after all');
    const third = (await memory.evaluate(NOW + MINUTE)).targets;
    assert.notEqual(third, second);
    const begin = NOW - 2 * HOUR;
    announced.push({ fromAt: begin, toAt: NOW - HOUR, announcedAt: begin - 3 * DAY, reason: 'upgrade' });
    const uptime = (targets: typeof third) =>
      targets.get(target('pro-channel').id)?.objectives[0]?.windows['6h'].n ?? 0;
    assert.ok(uptime((await memory.evaluate(NOW + MINUTE + 5_000)).targets) < uptime(third));
    await all.store.close();
  });

  test('a machine that slept for two months counts the minutes since it woke', async () => {
    const opened = openSqliteStore(':memory:');
    assert.ok(opened.kind === 'opened');
    const { store } = opened;
    await store.declareSeries([declaration('large')], FROM);
    const scope = createLiveScope({ versionsOf: () => [], plannedWorkOf: () => [] });
    const memory = createLiveMemory(store, scope, impatientClock(FROM));
    const measure = async (fromAt: number): Promise<number | undefined> => {
      const samples = Array.from({ length: 10 }, (_, minute) =>
        sample({ target: target('large').id, scheduledAt: fromAt + minute * MINUTE }),
      );
      await store.record({ samples, notRun: [] });
      memory.touched(fromAt);
      const { targets } = await memory.evaluate(fromAt + 10 * MINUTE);
      return targets.get(target('large').id)?.objectives[0]?.windows['1h'].n;
    };
    assert.equal(await measure(FROM), 10);
    const wokeAt = FROM + 60 * DAY;
    assert.equal(await measure(wokeAt), 10);
    assert.equal(await measure(wokeAt + 10 * MINUTE), 20);
    await store.close();
  });

  test('a target nobody promised anything for has figures and no verdict', async () => {
    const all = await stage(new Map([['plain', templateOf('best-effort')]]), 5 * MINUTE);
    const scope = createLiveScope({ versionsOf: () => [], plannedWorkOf: () => [] });
    const clock = impatientClock(NOW);
    await countDirty(all.store, scope, clock, () => false);
    const live = (await createLiveMemory(all.store, scope, clock).evaluate(NOW)).targets.get(
      target('plain').id,
    );
    assert.deepEqual(
      live?.objectives.map(({ id, goal, budget }) => ({ id, goal, budget })),
      [
        { id: 'none/availability', goal: null, budget: null },
        { id: 'none/measured-ttft-p99', goal: null, budget: null },
        { id: 'none/measured-total-p99', goal: null, budget: null },
      ],
    );
    assert.ok((live?.objectives[1]?.windows['30d'].latency ?? 0) > 180_000);
    assert.equal(live?.days.length, 90);
    assert.equal(
      live?.days.some(({ fromAt }) => fromAt === Math.floor((NOW - 11.5 * DAY) / DAY) * DAY),
      true,
    );
    await all.store.close();
  });
});
