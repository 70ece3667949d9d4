import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countExpected } from '../../src/pipeline/probing/expected-ticks.ts';
import type { ProbingHealth } from '../../src/pipeline/probing/probing-messages.ts';
import { readResume, spendKeeper } from '../../src/pipeline/probing/resume.ts';
import { highestCostNanos } from '../../src/pipeline/probing/spend.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { Store } from '../../src/store/store.ts';
import { sample } from '../store/builders.ts';
import { planOf } from '../support/plans.ts';

const NOON = Date.UTC(2026, 2, 10, 12);
const PRICE = { inputNanosPerToken: 250, outputNanosPerToken: 250, currency: 'USD' };
const CAP = { perDayNanos: 5e9, currency: 'USD', onReach: 'stop' } as const;

async function withStore(
  plan: ReturnType<typeof planOf>,
  body: (store: Store) => Promise<void>,
): Promise<void> {
  const opened = openSqliteStore(':memory:');
  assert.ok(opened.kind === 'opened');
  const declared = plan.series.map(({ probe, target, schedule }) => ({
    probe: probe.id,
    target,
    region: plan.region,
    schedule,
  }));
  await opened.store.declareSeries(declared, NOON - 86_400_000);
  await body(opened.store);
  await opened.store.close();
}

test('everything due in the last minute counts as sent, stored or not, and so does what was sent beside it', async () => {
  const plan = planOf({ models: 10, everyMs: 10_000 });
  const [series] = plan.series;
  await withStore(plan, async (store) => {
    const row = { probe: series?.probe.id ?? '', target: series?.target.id ?? '', region: 'here', lagUs: 0 };
    await store.record({
      samples: [
        sample({ ...row, purpose: 'confirmation', scheduledAt: NOON - 20_000 }),
        sample({ ...row, purpose: 'reprobe', scheduledAt: NOON - 70_000, lagUs: 2000 }),
        sample({ ...row, purpose: 'confirmation', scheduledAt: NOON - 600_000 }),
      ],
      notRun: [],
    });
    const { sentAt } = await readResume(store, plan, NOON);
    const instants = sentAt['acme/standard'] ?? [];
    const due = plan.series.reduce(
      (sum, { schedule }) => sum + countExpected(schedule, NOON - 59_999, NOON + 1),
      0,
    );
    // The re-probe of an older tick may have left within the minute: nobody knows, so it counts.
    assert.equal(instants.length, due + 2);
    assert.deepEqual(
      instants,
      [...instants].sort((a, b) => a - b),
    );
    assert.ok(instants.every((at) => at > NOON - 60_000 && at <= NOON));
  });
});

test('what a plan that was changed had sent still counts, and what the new one would have sent does not', async () => {
  const before = planOf({ models: 10, everyMs: 10_000 });
  const after = planOf({ models: 4, everyMs: 7_000, probe: { id: 'renamed' } });
  await withStore(before, async (store) => {
    const declared = after.series.map(({ probe, target, schedule }) => ({
      probe: probe.id,
      target,
      region: after.region,
      schedule,
    }));
    await store.declareSeries(declared, NOON - 1_000);
    const { sentAt } = await readResume(store, after, NOON);
    const dueIn = (plan: typeof before, fromAt: number, toAt: number): number =>
      plan.series.reduce((sum, { schedule }) => sum + countExpected(schedule, fromAt, toAt), 0);
    assert.equal(
      sentAt['acme/standard']?.length,
      dueIn(before, NOON - 59_999, NOON - 1_000) + dueIn(after, NOON - 1_000, NOON + 1),
    );
  });
});

const health = (at: number, spentNanos: number, reservedNanos: number): ProbingHealth => ({
  at,
  series: 0,
  inFlight: 0,
  attempts: 0,
  ticks: 0,
  missed: 0,
  untold: 0,
  waiting: 0,
  lagP50Us: null,
  lagP99Us: null,
  lagMaxUs: null,
  loopDelayMaxUs: 0,
  spend: { cap: CAP, spentNanos, reservedNanos, everyNth: 1 },
  pauses: [],
  witnessSilent: false,
  processCpuUs: 0,
});

test('the spend last said is taken up again, with what was set aside and what the last seconds may have cost', async () => {
  const plan = planOf({ models: 3, everyMs: 1000, series: { price: PRICE }, plan: { spend: CAP } });
  await withStore(plan, async (store) => {
    await spendKeeper(store)(health(NOON - 30_000, 700, 300));
    const { spentNanos } = await readResume(store, plan, NOON);
    const highest = highestCostNanos(plan.series[0]?.probe.prompt ?? null, PRICE);
    assert.equal(spentNanos.USD, 1000 + 6 * highest);
  });
});

test("yesterday's spend is not today's", async () => {
  const plan = planOf({ series: { price: PRICE }, plan: { spend: CAP } });
  await withStore(plan, async (store) => {
    await spendKeeper(store)(health(NOON - 86_400_000, 700, 300));
    assert.equal((await readResume(store, plan, NOON)).spentNanos.USD, 0);
  });
});

test("where nothing was said, the day's samples are added up", async () => {
  const plan = planOf({ series: { price: PRICE }, plan: { spend: CAP } });
  const [series] = plan.series;
  await withStore(plan, async (store) => {
    const row = { probe: series?.probe.id ?? '', target: series?.target.id ?? '', region: 'here' };
    await store.record({
      samples: [
        sample({ ...row, scheduledAt: NOON - 3_600_000, costNanos: 11 }),
        sample({ ...row, scheduledAt: NOON - 60_000, costNanos: 22 }),
        sample({ ...row, scheduledAt: NOON - 13 * 3_600_000, costNanos: 44 }),
      ],
      notRun: [],
    });
    assert.equal((await readResume(store, plan, NOON)).spentNanos.USD, 33);
  });
});
