import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { MaintenanceWindow } from '../../src/domain/contract/admitted-maintenance.ts';
import type { Contract } from '../../src/domain/contract/contract.ts';
import { mergeBuckets } from '../../src/domain/live/bucket.ts';
import { livePlanOf } from '../../src/domain/live/live-plan.ts';
import { LIVE_WINDOWS } from '../../src/domain/live/live-window.ts';
import type { Outcome } from '../../src/domain/measure/outcome.ts';
import type { Sample } from '../../src/domain/measure/sample.ts';
import { createLiveMemory, type LiveMemory } from '../../src/pipeline/live/live-memory.ts';
import { createLiveScope, type LiveScope } from '../../src/pipeline/live/live-scope.ts';
import { countDirty } from '../../src/pipeline/live/roll-up.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { Store, StoredBucket } from '../../src/store/store.ts';
import { DAY, declaration, failure, HOUR, MINUTE, sample, target } from '../store/builders.ts';
import { contractOf } from '../support/contract-bench.ts';
import { draws } from '../support/draws.ts';
import { impatientClock } from '../support/impatient-clock.ts';

/** Twelve hours before a quarter ends that began ninety days before its last day. */
const START = Date.UTC(2026, 5, 30, 12);
const EVERY = 10 * MINUTE;
const LONG = ['24h', '7d', '30d', '90d'] as const;

const LATENCY =
  'latency: [{ id: p99, metric: ttft_ms, form: whole_window_percentile, p: "99", op: "<", value: 400 }, { id: speed, metric: ttft_ms, form: window_attainment, slice: 30m, stat: p90, op: "<", value: 390, failures: miss, emptySlice: exclude, target: "97" }]';

/** Targets of one kind are judged as one where the contract says so. */
const KINDS: Readonly<Record<string, { readonly models: readonly string[]; readonly terms: string }>> = {
  requests: {
    models: ['a'],
    terms: `scope: { dimensions: [model] }
window: { kind: calendar_month, timezone: UTC }
availability: { method: occurrences, target: "99" }
${LATENCY}`,
  },
  runs: {
    models: ['b'],
    terms: `scope: { dimensions: [model] }
window: { kind: calendar_month, timezone: Asia/Kolkata }
availability: { method: timeslices, slice: 10m, sliceBadWhen: { allFailed: true }, minRunSlices: 3, emptySlice: good, target: "99.5" }
maintenance: { mode: remove_from_denominator }`,
  },
  pool: {
    models: ['c', 'd', 'late'],
    terms: `scope: { dimensions: [tier] }
window: { kind: calendar_quarter, timezone: UTC }
availability: { method: ratio_timeslices, slice: 30m, emptySlice: good, target: "99.9" }
${LATENCY}
maintenance: { mode: remove_from_denominator }`,
  },
  'pooled runs': {
    models: ['e', 'gone'],
    terms: `scope: { dimensions: [tier] }
window: { kind: calendar_month, timezone: America/New_York }
availability: { method: timeslices, slice: 10m, sliceBadWhen: { errorRateGt: "0.3" }, minRunSlices: 2, emptySlice: bad, denominator: deployed_slices, target: "80" }`,
  },
};
const MODELS = Object.values(KINDS).flatMap(({ models }) => models);

function contractsByModel(): ReadonlyMap<string, Contract> {
  return new Map(
    Object.entries(KINDS).flatMap(([kind, { models, terms }]) => {
      const contract = contractOf(`id: ${kind.replace(' ', '-')}\nversion: "1"\n${terms}\n`);
      return models.map((model) => [model, contract] as const);
    }),
  );
}

const TROUBLES: readonly Outcome[] = ['gateway.5xx', 'timeout.first_token', 'policy.filtered', 'config.auth'];

/** Outages in runs that reach over hours, doubt, slow answers, and hours in which nobody asked. */
function requestsIn(draw: () => number, models: readonly string[], fromAt: number, toAt: number): Sample[] {
  return models.flatMap((model, which) => {
    let outage = 0;
    const samples: Sample[] = [];
    for (let at = Math.ceil(fromAt / EVERY) * EVERY; at < toAt; at += EVERY) {
      if (at % HOUR === 0 && draw() < 0.1) at += HOUR;
      if (at >= toAt) break;
      const identity = { target: target(model).id, scheduledAt: at + which * 1_000 };
      if (outage === 0 && draw() < 0.06) outage = 1 + Math.floor(draw() * 12);
      const ttftUs = Math.round(150_000 + 300_000 * draw() ** 3);
      const luck = draw();
      if (outage > 0) {
        outage -= 1;
        const outcome = TROUBLES[Math.floor(draw() * TROUBLES.length)] ?? 'gateway.5xx';
        samples.push(failure({ ...identity, outcome, evidence: null }));
      } else if (luck < 0.05)
        samples.push(sample({ ...identity, validity: { kind: 'suspect', reason: 'clock_step' } }));
      else samples.push(sample({ ...identity, ttftUs, totalUs: ttftUs + 200_000 }));
    }
    return samples;
  });
}

type Stage = {
  readonly store: Store;
  readonly scope: LiveScope;
  readonly work: MaintenanceWindow[];
  /** Counts what is stored by the time of an instant, and tells the memory. */
  readonly count: (now: number, memory: LiveMemory | null) => Promise<void>;
  readonly memoryOf: (store: Store) => LiveMemory;
};

async function stage(models: readonly string[]): Promise<Stage> {
  const opened = openSqliteStore(':memory:');
  assert.ok(opened.kind === 'opened');
  const { store } = opened;
  await store.declareSeries(seriesOf(models), START - 100 * DAY);
  const contracts = contractsByModel();
  const work: MaintenanceWindow[] = [];
  const scope = createLiveScope({
    versionsOf: ({ model }) => {
      const contract = contracts.get(model);
      return contract === undefined ? [] : [contract];
    },
    plannedWorkOf: () => work,
  });
  return {
    store,
    scope,
    work,
    async count(now, memory) {
      await countDirty(
        store,
        scope,
        impatientClock(now),
        () => false,
        (grain, at) => grain === 'hour' && memory?.counted(at),
      );
    },
    memoryOf: (read) => createLiveMemory(read, scope, impatientClock(START)),
  };
}

function seriesOf(models: readonly string[]) {
  const schedule = { kind: 'every' as const, everyMs: EVERY, phaseMs: 0 };
  return models.map((model) => declaration(model, { target: target(model), schedule }));
}

/** The same store, which counts how often buckets are read and how many come. */
function countingReads(store: Store) {
  const read = { times: 0, rows: 0 };
  const watched: Store = {
    ...store,
    async readBuckets(...asked) {
      const rows = await store.readBuckets(...asked);
      read.times += 1;
      read.rows += rows.length;
      return rows;
    },
  };
  return { watched, read };
}

const announced = (fromAt: number): MaintenanceWindow => ({
  fromAt,
  toAt: fromAt + 100 * MINUTE,
  announcedAt: fromAt - 9 * DAY,
  reason: null,
});

describe('the hour that was counted last', () => {
  test('counted on to hour by hour, all figures are those of a memory that reads everything anew', async () => {
    const draw = draws(1);
    const first = MODELS.filter((model) => model !== 'late');
    const { store, scope, work, count, memoryOf } = await stage(first);
    const hours = 38;
    const end = START + hours * HOUR;
    // What will leave each window, the starts of the periods, and nothing between them.
    const stretches = [
      ...LONG.map((name) => [START - LIVE_WINDOWS[name] - 3 * HOUR, end - LIVE_WINDOWS[name]] as const),
      [START - 9 * HOUR, START] as const,
    ];
    const past = stretches.flatMap(([fromAt, toAt]) => requestsIn(draw, first, fromAt, toAt));
    const byIdentity = new Map(past.map((one) => [`${one.target} ${one.scheduledAt}`, one]));
    await store.recordHistory({ samples: [...byIdentity.values()], notRun: [] });
    work.push(announced(START - 7 * DAY + 5 * HOUR), announced(START + 6.5 * HOUR));

    const { watched, read } = countingReads(store);
    const memory = memoryOf(watched);
    let now = START + 3 * MINUTE;
    await count(now, memory);
    await memory.evaluate(now);
    let models = first;
    const anew: number[] = [];
    for (let hour = 1; hour <= hours; hour += 1) {
      // The clock sleeps from one hour to the third after it.
      const isAsleep = hour >= 26 && hour < 29;
      const hourAt = START + (hour - 1) * HOUR;
      if (!isAsleep) {
        const samples = requestsIn(draw, models, hourAt, hourAt + HOUR);
        await store.record({ samples, notRun: [] });
      }
      now = hourAt + HOUR + 3 * MINUTE;
      memory.touched(hourAt);
      if (isAsleep && hour < 28) continue;
      const lateAt = { 4: START - 3 * DAY, 20: hourAt - 2 * HOUR + 7 * MINUTE, 31: START - 400 * DAY }[hour];
      if (lateAt !== undefined) {
        const samples = [failure({ target: target('a').id, scheduledAt: lateAt, evidence: null })];
        await store.record({ samples, notRun: [] });
        memory.touched(lateAt);
      }
      if (hour === 8) work.push(announced(START - 30 * DAY + 10 * HOUR));
      if (hour === 10) models = MODELS;
      if (hour === 24) models = MODELS.filter((model) => model !== 'gone');
      if (hour === 10 || hour === 24) await store.declareSeries(seriesOf(models), now);
      await count(now, memory);
      const before = read.times;
      await memory.advance(now);
      if (read.times - before !== (isAsleep ? 3 : 1) * (1 + LONG.length)) anew.push(hour);
      const fresh = createLiveMemory(store, scope, impatientClock(now));
      assert.deepEqual(await memory.evaluate(now), await fresh.evaluate(now), `after hour ${hour}`);
    }
    // Late samples come in hours 4 and 20, work is announced in hour 8 and what it touches is counted again in hour 9, a
    // target comes in hour 10 and one goes in hour 24; a period ends in India in hour 7, in UTC in 12, in New York in 16.
    assert.deepEqual(anew, [4, 7, 8, 9, 10, 12, 16, 20, 24]);
    await store.close();
  });

  test('costs as many buckets as there are targets and windows, however long the past is', async () => {
    const rowsFor = async (days: number) => {
      const models = ['a', 'b'];
      const { store, count, memoryOf } = await stage(models);
      const samples: Sample[] = [];
      for (let at = START - days * DAY; at < START + HOUR; at += HOUR)
        for (const model of models) samples.push(sample({ target: target(model).id, scheduledAt: at }));
      await store.recordHistory({ samples, notRun: [] });
      const { watched, read } = countingReads(store);
      const memory = memoryOf(watched);
      await count(START + 3 * MINUTE, memory);
      await memory.evaluate(START + 3 * MINUTE);
      const all = read.rows;
      await count(START + HOUR + 3 * MINUTE, memory);
      await memory.advance(START + HOUR + 3 * MINUTE);
      await store.close();
      return { all, next: read.rows - all, targets: models.length };
    };
    const short = await rowsFor(8);
    const long = await rowsFor(92);
    assert.equal(short.next, short.targets * 3, 'the new hour, and those that leave 24 hours and 7 days');
    assert.equal(long.next, long.targets * (1 + LONG.length));
    assert.ok(long.all > 2 * short.all, `${long.all} and ${short.all} buckets are read at a start`);
  });

  test('reads everything anew where a bucket that leaves holds more than was counted, or was counted in another way', async () => {
    const changes = {
      more: (row: StoredBucket) => ({ ...row, bucket: mergedWithItself(row) }),
      'another way': (row: StoredBucket) => ({ ...row, basis: 'of old' }),
    };
    for (const [what, change] of Object.entries(changes)) {
      const { store, count, memoryOf } = await stage(['a']);
      const scheduledAt = START - 7 * DAY + 7 * MINUTE;
      await store.recordHistory({ samples: [sample({ target: target('a').id, scheduledAt })], notRun: [] });
      const memory = memoryOf(store);
      await count(START + 3 * MINUTE, memory);
      await memory.evaluate(START + 3 * MINUTE);
      const now = START + HOUR + 3 * MINUTE;
      const [row] = await store.readBuckets('hour', START - 7 * DAY, START - 7 * DAY + 1);
      assert.ok(row);
      await store.writeBuckets('hour', { fromAt: row.fromAt, marks: 0 }, [change(row)]);
      await memory.advance(now);
      const fresh = memoryOf(store);
      const figures = await memory.evaluate(now);
      assert.deepEqual(figures, await fresh.evaluate(now), what);
      const windows = figures.targets.get(row.target)?.objectives[0]?.windows;
      assert.deepEqual([windows?.['7d'].n, windows?.['30d'].n], [0, what === 'more' ? 2 : 0]);
      await store.close();
    }
  });
});

function mergedWithItself({ bucket }: StoredBucket) {
  const plan = livePlanOf(contractsByModel().get('a') ?? null);
  return mergeBuckets(plan, bucket, bucket);
}
