import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type MaintenanceWindow, maintenanceWithin } from '../../src/domain/contract/admitted-maintenance.ts';
import type { Contract } from '../../src/domain/contract/contract.ts';
import { evaluate } from '../../src/domain/contract/evaluation.ts';
import { accumulate, emptyTally, marginMs, planTally } from '../../src/domain/contract/tally.ts';
import type { LiveObjective } from '../../src/domain/live/live-objective.ts';
import { withPools } from '../../src/domain/live/pooled-targets.ts';
import { lineOfSample } from '../../src/domain/measure/line-of-sample.ts';
import type { Sample } from '../../src/domain/measure/sample.ts';
import { createLiveMemory, type LiveMemory } from '../../src/pipeline/live/live-memory.ts';
import { createLiveScope } from '../../src/pipeline/live/live-scope.ts';
import { countDirty } from '../../src/pipeline/live/roll-up.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { Store, StoredBucket } from '../../src/store/store.ts';
import { declaration, failure, HOUR, MINUTE, sample, target } from '../store/builders.ts';
import { contractOf } from '../support/contract-bench.ts';
import { draws } from '../support/draws.ts';
import { impatientClock } from '../support/impatient-clock.ts';

const MODELS = ['large', 'small', 'tiny'] as const;

/** Clocks change in New York on the first day of this period. */
const ZONES = {
  UTC: '2026-11-01T00:00:00Z',
  'America/New_York': '2026-11-01T04:00:00Z',
  'Asia/Kolkata': '2026-10-31T18:30:00Z',
} as const;

const TERMS = [
  'availability: { method: ratio_timeslices, slice: 5m, emptySlice: good, target: "99.9" }',
  'availability: { method: timeslices, slice: 60s, sliceBadWhen: { errorRateGt: "0.05" }, minRunSlices: 5, emptySlice: good, target: "99.5" }',
  'availability: { method: timeslices, slice: 60s, sliceBadWhen: { allFailed: true }, minRunSlices: 5, emptySlice: bad, target: "90" }',
  'availability: { method: timeslices, slice: 2m, sliceBadWhen: { allFailed: true }, minRequestsPerSlice: 2, emptySlice: exclude, target: "99" }',
  'availability: { method: timeslices, slice: 5m, sliceBadWhen: { errorRateGt: "0.3" }, minRunSlices: 2, emptySlice: bad, denominator: deployed_slices, target: "80" }',
  'availability: { method: ratio_timeslices, slice: 60s, emptySlice: good, denominator: non_excluded_slices, target: "99.9" }',
  'latency: [{ id: speed, metric: ttft_ms, form: window_attainment, slice: 5m, stat: p90, op: "<", value: 500, failures: miss, emptySlice: exclude, target: "97" }]',
  'latency: [{ id: mean, metric: ttft_ms, form: window_attainment, slice: 10m, stat: mean, op: "<", value: 250, failures: exclude, emptySlice: good, target: "70" }]',
] as const;

type Case = {
  readonly terms: (typeof TERMS)[number];
  readonly zone: keyof typeof ZONES;
  readonly dimension: 'tier' | 'model';
  readonly seed: number;
};

function contractUnder({ terms, zone, dimension }: Case): Contract {
  return contractOf(`
id: c
version: "1"
scope: { dimensions: [${dimension}] }
window: { kind: calendar_month, timezone: ${zone} }
${terms}
maintenance: { mode: remove_from_denominator }
`);
}

/** Outages that several targets share in part, one of them over the period's first instant, and hours without a probe. */
function requestsOf(periodFrom: number, now: number, draw: () => number): Sample[] {
  const outages = [{ fromAt: periodFrom - 4 * MINUTE, toAt: periodFrom + Math.floor(draw() * 6) * MINUTE }];
  for (let i = 0; i < 6; i += 1) {
    const fromAt = periodFrom + Math.floor((draw() * (now - periodFrom)) / MINUTE) * MINUTE;
    outages.push({ fromAt, toAt: fromAt + Math.ceil(draw() * 15) * MINUTE });
  }
  return MODELS.flatMap((model, which) => {
    const id = target(model).id;
    const everyMs = which === 2 ? 150_000 : MINUTE;
    const hit = outages.filter(() => draw() < 0.7);
    const silentFrom = periodFrom + draw() * 14 * HOUR;
    const startAt = draw() < 0.5 ? periodFrom - HOUR : periodFrom + Math.floor(draw() * 5) * HOUR;
    const samples: Sample[] = [];
    for (let at = startAt + which * 1_000; at < now; at += everyMs) {
      if (at > silentFrom && at < silentFrom + 3 * HOUR) continue;
      const identity = { target: id, scheduledAt: at };
      const luck = draw();
      const isDown = hit.some(({ fromAt, toAt }) => at >= fromAt && at < toAt) || luck < 0.002;
      const ttftUs = Math.round(150_000 + 400_000 * draw() ** 3);
      if (isDown) samples.push(failure({ ...identity, evidence: null }));
      else if (luck < 0.02)
        samples.push(sample({ ...identity, validity: { kind: 'suspect', reason: 'clock_step' } }));
      else samples.push(sample({ ...identity, ttftUs, totalUs: ttftUs + 200_000 }));
    }
    return samples;
  });
}

/** What the engine says when the period is judged as a whole up to `toAt`. */
async function engine(
  store: Store,
  contract: Contract,
  work: readonly MaintenanceWindow[],
  { fromAt, toAt }: { readonly fromAt: number; readonly toAt: number },
  targets: readonly string[],
) {
  const period = { label: 'so far', fromAt, toAt, timezone: contract.window.timezone, isWindow: false };
  const lead = marginMs(contract);
  const maintenance = maintenanceWithin(contract, work, { fromAt: fromAt - lead, toAt });
  const tally = emptyTally(planTally(period, [{ contract, maintenance }]));
  const { byTarget } = await store.readDecided(fromAt - lead, toAt);
  for (const id of targets) for (const one of byTarget.get(id) ?? []) accumulate(tally, lineOfSample(one));
  const [objective] = evaluate(tally, contract, {
    fee: null,
    previous: [],
    maintenanceFlags: [],
  }).objectives;
  assert.ok(objective);
  return objective;
}

async function livePeriods(memory: LiveMemory, now: number): Promise<readonly LiveObjective[]> {
  const { targets, retired, bySlice } = await memory.evaluate(now);
  return [...withPools(targets, retired, bySlice).values()].flatMap(({ objectives }) =>
    objectives.filter(({ goal }) => goal !== null),
  );
}

async function open(): Promise<Store> {
  const opened = openSqliteStore(':memory:');
  assert.ok(opened.kind === 'opened');
  return opened.store;
}

/** Of one target, counts that add up decide the other terms. */
const ALONE = TERMS.filter((one) => one.includes('minRunSlices') || one.includes('deployed'));

const anyCase: fc.Arbitrary<Omit<Case, 'terms' | 'dimension'>> = fc.record({
  zone: fc.constantFrom(...(Object.keys(ZONES) as (keyof typeof ZONES)[])),
  seed: fc.nat(),
});

describe('periods that are decided slice by slice', () => {
  const each = [
    ...TERMS.map((terms) => ({ terms, dimension: 'tier' as const })),
    ...ALONE.map((terms) => ({ terms, dimension: 'model' as const })),
  ];
  test('live they stand as the engine judges the same requests: late ones, planned work, changed clocks and a restart included', async () => {
    const results = new Set<string>();
    for (const kind of each) {
      const holds = fc.asyncProperty(anyCase, async (facts) => {
        const one: Case = { ...facts, ...kind };
        const contract = contractUnder(one);
        const draw = draws(one.seed);
        const periodFrom = Date.parse(ZONES[one.zone]);
        const now = periodFrom + Math.round((1 + draw() * 14) * HOUR);
        const workFrom = periodFrom + Math.floor(draw() * 300 - 30) * MINUTE;
        const work = [
          { fromAt: workFrom, toAt: workFrom + 47 * MINUTE, announcedAt: workFrom - 90 * HOUR, reason: null },
        ];
        const store = await open();
        const every = (everyMs: number) => ({ kind: 'every' as const, everyMs, phaseMs: 0 });
        await store.declareSeries(
          MODELS.map((model) =>
            declaration(model, {
              target: target(model),
              schedule: every(model === 'tiny' ? 150_000 : MINUTE),
            }),
          ),
          periodFrom - HOUR,
        );
        const scope = createLiveScope({ versionsOf: () => [contract], plannedWorkOf: () => work });
        const clock = impatientClock(now);
        const memory = createLiveMemory(store, scope, clock);
        const check = async (asked: LiveMemory): Promise<void> => {
          const live = await livePeriods(asked, now);
          assert.equal(live.length, MODELS.length);
          const judged = new Map<string, Awaited<ReturnType<typeof engine>>>();
          for (const { target: id, windows, pool, kind } of live) {
            assert.equal(pool?.judged ?? null, one.dimension === 'tier' ? 'by slice' : null);
            const together = one.dimension === 'tier' ? MODELS.map((model) => target(model).id) : [id];
            const known = judged.get(together.join());
            const own = known ?? (await engine(store, contract, work, windows.period, together));
            judged.set(together.join(), own);
            const { n, result, good, counted, exactShare } = windows.period;
            results.add(`${kind} ${result}`);
            assert.deepEqual([result, n], [own.result, own.statement.n]);
            if (own.result === 'undecided') continue;
            const value = exactShare ?? `${good}/${counted}`;
            assert.ok(isSame(value, own.value?.exact ?? ''), `${value} is not ${own.value?.exact}`);
          }
        };
        const all = requestsOf(periodFrom, now, draw);
        const late = all.filter(() => draw() < 0.03);
        await store.recordHistory({ samples: all.filter((request) => !late.includes(request)), notRun: [] });
        await countDirty(store, scope, clock, () => false);
        await check(memory);
        await store.record({ samples: late, notRun: [] });
        memory.touched(Math.min(...late.map(({ scheduledAt }) => scheduledAt)));
        await countDirty(store, scope, clock, () => false);
        await memory.rebuild(now);
        await check(memory);
        await check(createLiveMemory(store, scope, clock));
        await store.close();
      });
      await fc.assert(holds, { numRuns: 2 });
    }
    for (const result of ['met', 'breached'])
      assert.ok(results.has(`availability ${result}`), [...results].join());
  });

  test('hours counted before slices were kept are undecided until they are counted again, and stay as they are where their requests are gone', async () => {
    const zone = 'UTC';
    const contract = contractUnder({ terms: TERMS[1], zone, dimension: 'tier', seed: 0 });
    const periodFrom = Date.parse(ZONES[zone]);
    const now = periodFrom + 30 * HOUR + 90_000;
    const store = await open();
    await store.declareSeries(
      MODELS.map((model) => declaration(model)),
      periodFrom,
    );
    const all = MODELS.flatMap((model) =>
      Array.from({ length: 30 * 60 }, (_, minute) => {
        const identity = { target: target(model).id, scheduledAt: periodFrom + minute * MINUTE };
        return minute >= 50 && minute < 70 ? failure({ ...identity, evidence: null }) : sample(identity);
      }),
    );
    const gone = periodFrom + 3 * HOUR;
    await store.recordHistory({
      samples: all.filter(({ scheduledAt: at }) => at < gone || at >= gone + HOUR),
      notRun: [],
    });
    const scope = createLiveScope({ versionsOf: () => [contract], plannedWorkOf: () => [] });
    const clock = impatientClock(now);
    const count = () => countDirty(store, scope, clock, () => false);
    await count();
    const standing = async () => {
      const memory = createLiveMemory(store, scope, clock);
      const { pendingHours } = await memory.evaluate(now);
      const [first] = await livePeriods(memory, now);
      assert.ok(first);
      return { result: first.windows.period.result, judged: first.pool?.judged, pendingHours };
    };
    assert.deepEqual(await standing(), { result: 'breached', judged: 'by slice', pendingHours: 0 });

    for (const grain of ['hour', 'day'] as const) {
      const rows = await store.readBuckets(grain, periodFrom, now);
      for (const [fromAt, own] of Map.groupBy(rows, (row) => row.fromAt)) {
        const marked = (await store.readDirty(grain, now, 99)).find((span) => span.fromAt === fromAt);
        await store.writeBuckets(grain, marked ?? { fromAt, marks: 0 }, own.map(withoutSlices));
      }
    }
    assert.deepEqual(await store.readDirty('day', now, 9), [], 'only what is stored tells its age');
    assert.deepEqual(await standing(), { result: 'undecided', judged: 'at close', pendingHours: 28 });
    await count();
    assert.deepEqual(await standing(), { result: 'breached', judged: 'by slice', pendingHours: 0 });

    const [other] = await store.readBuckets('hour', gone + HOUR, gone + HOUR + 1);
    assert.ok(other);
    const old = MODELS.map((model) => withoutSlices({ ...other, target: target(model).id }));
    await store.writeBuckets('hour', { fromAt: gone, marks: 0 }, old);
    await count();
    assert.deepEqual(await standing(), { result: 'undecided', judged: 'at close', pendingHours: 0 });
    assert.equal((await store.readBuckets('hour', gone, gone + 1)).length, MODELS.length);
    await store.close();
  });
});

/** A bucket as it was written before slices were kept. */
function withoutSlices({ target: id, basis, bucket }: StoredBucket) {
  const answers = bucket.answers.map((answer) => {
    if (answer.kind === 'percentile') return answer;
    const { slices, ...old } = answer;
    assert.ok(slices !== undefined);
    return old;
  });
  return { target: id, basis, bucket: { ...bucket, answers } };
}

/** Fractions in any terms; `a` alone is `a/1`. */
function isSame(one: string, other: string): boolean {
  const [a = 0n, b = 1n] = one.split('/').map(BigInt);
  const [c = 0n, d = 1n] = other.split('/').map(BigInt);
  return a * d === c * b;
}
