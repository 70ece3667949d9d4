import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { countExpected } from '../../src/pipeline/probing/expected-ticks.ts';
import { createQuota } from '../../src/pipeline/probing/quota.ts';
import { refusal } from '../support/observations.ts';
import { planOf } from '../support/plans.ts';
import { NOON, stageProbing } from '../support/probing-stage.ts';

const MINUTE_US = 60_000_000;

/** The most instants in any half-open sliding minute `(t - 1 min, t]`. */
function fullestMinute(instants: readonly number[]): number {
  const sorted = [...instants].sort((a, b) => a - b);
  let start = 0;
  let most = 0;
  for (const [end, at] of sorted.entries()) {
    while ((sorted[start] ?? at) <= at - MINUTE_US) start += 1;
    most = Math.max(most, end - start + 1);
  }
  return most;
}

test('no sliding minute holds more requests than the limit, whenever they are asked for', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.tuple(fc.nat(20_000_000), fc.boolean()), { maxLength: 300 }),
      (requestsPerMinute, asks) => {
        let now = 0;
        const quota = createQuota({ requestsPerMinute, plannedPerMinute: 0 }, () => now);
        const sent: number[] = [];
        for (const [later, scheduled] of asks) {
          now += later;
          if (quota.take(scheduled ? 'scheduled' : 'extra') === 0) sent.push(now);
        }
        assert.ok(fullestMinute(sent) <= requestsPerMinute);
      },
    ),
  );
});

test('a refusal says when to ask again, and asking then succeeds', () => {
  let now = 0;
  const quota = createQuota({ requestsPerMinute: 2, plannedPerMinute: 2 }, () => now);
  assert.equal(quota.take('scheduled'), 0);
  now = 10_000_000;
  assert.equal(quota.take('scheduled'), 0);
  now = 20_000_500;
  const waitMs = quota.take('scheduled');
  assert.equal(waitMs, 40_000);
  now += (waitMs - 1) * 1000;
  assert.equal(quota.take('scheduled'), 1);
  now += 1000;
  assert.equal(quota.take('scheduled'), 0);
});

test('what left before a restart still counts', () => {
  const now = 100_000_000;
  const quota = createQuota(
    { requestsPerMinute: 2, plannedPerMinute: 2 },
    () => now,
    [30_000_000, 90_000_000],
  );
  assert.equal(quota.take('scheduled'), 0, 'the first of them left more than a minute ago');
  assert.equal(quota.take('scheduled'), 50_000);
});

test('attempts beside the schedule only get what the schedule leaves over', () => {
  const quota = createQuota({ requestsPerMinute: 10, plannedPerMinute: 8 }, () => 0);
  assert.deepEqual([quota.take('extra'), quota.take('extra'), quota.take('extra')], [0, 0, 60_000]);
  for (let n = 0; n < 8; n += 1) assert.equal(quota.take('scheduled'), 0);
  assert.equal(quota.take('scheduled'), 60_000);
});

test('a key that the schedule fills leaves nothing for bursts', () => {
  const quota = createQuota({ requestsPerMinute: 10, plannedPerMinute: 10 }, () => 0);
  assert.ok(quota.take('extra') > 0);
  assert.equal(quota.take('scheduled'), 0);
});

test('a lowered limit holds for what was sent before', () => {
  let now = 0;
  const quota = createQuota({ requestsPerMinute: null, plannedPerMinute: 0 }, () => now);
  for (let n = 0; n < 5; n += 1) quota.take('scheduled');
  quota.limit({ requestsPerMinute: 3, plannedPerMinute: 0 });
  now = 59_999_999;
  assert.equal(quota.take('scheduled'), 1);
  now = MINUTE_US;
  assert.equal(quota.take('scheduled'), 0);
});

/** 184 models on two keys; the intervals are the shortest that fit: 184 / 50 and 184 / 1000 of a minute. */
const TIERS = {
  standard: { requestsPerMinute: 50, everyMs: 221_000 },
  pro: { requestsPerMinute: 1000, everyMs: 12_000 },
};

test('an hour of 184 models on keys of 50 and 1,000 requests a minute stays within both in every sliding minute', async () => {
  const plan = planOf({ models: 184, tiers: TIERS });
  const stage = stageProbing(plan, { tookMs: 0 });
  await stage.clock.advance(3_600_000);
  const limits = { standard: 50, pro: 1000 };
  for (const [tier, limit] of Object.entries(limits)) {
    const instants = stage.sent.filter((one) => one.attempt.target.tier === tier).map((one) => one.atUs);
    assert.ok(fullestMinute(instants) <= limit, `${tier}: ${fullestMinute(instants)}`);
  }
  assert.deepEqual(stage.reasons(), {}, 'a plan that fits loses no tick');
  const expected = plan.series.reduce(
    (sum, { schedule }) => sum + countExpected(schedule, NOON, NOON + 3_600_001),
    0,
  );
  assert.equal(stage.sent.length, expected);
});

test('the same hour with everything failing: bursts do not break the quota, and cost no scheduled sample', async () => {
  const stage = stageProbing(planOf({ models: 184, tiers: TIERS }), { meets: () => refusal(503), tookMs: 0 });
  await stage.clock.advance(3_600_000);
  for (const [tier, limit] of [
    ['standard', 50],
    ['pro', 1000],
  ] as const) {
    const instants = stage.sent.filter((one) => one.attempt.target.tier === tier).map((one) => one.atUs);
    assert.ok(fullestMinute(instants) <= limit);
  }
  assert.ok((stage.purposes().confirmation ?? 0) > 1000);
  assert.equal(stage.reasons()['skipped: quota'], undefined);
});

test('a plan that does not fit loses what is over the limit, as skipped: quota', async () => {
  const stage = stageProbing(
    planOf({ models: 100, everyMs: 60_000, tiers: { standard: { requestsPerMinute: 50 } } }),
  );
  await stage.clock.advance(600_000);
  const skipped = stage.reasons()['skipped: quota'] ?? 0;
  assert.ok(fullestMinute(stage.sent.map((one) => one.atUs)) <= 50);
  assert.equal(stage.sent.length + skipped, 1000);
  assert.ok(stage.sent.length >= 490);
});

test('a tick that is refused for a few milliseconds waits for its turn instead of being lost', async () => {
  const stage = stageProbing(planOf({ everyMs: 60_000, tiers: { a: { requestsPerMinute: 1 } } }));
  await stage.clock.advance(59_990);
  const dueInMs = 60_000 - (stage.clock.monotonicUs() - (stage.sent[0]?.atUs ?? 0)) / 1000;
  // The second tick is 80 ms late, so the third, on time, comes less than a minute after it.
  await stage.clock.advance(dueInMs - 1);
  stage.clock.block(81);
  await stage.clock.advance(240_000);
  assert.deepEqual(stage.reasons(), {});
  const gaps = stage.sent.slice(1).map(({ atUs }, n) => atUs - (stage.sent[n]?.atUs ?? 0));
  assert.ok(Math.min(...gaps) >= MINUTE_US);
  assert.ok(Math.max(...stage.samples.map((sample) => sample.lagUs)) < 100_000);
});

test('quota of the minute before a restart is not given out again', async () => {
  const plan = planOf({ models: 10, everyMs: 10_000, tiers: { a: { requestsPerMinute: 60 } } });
  const sentAt = { 'acme/a': Array.from({ length: 60 }, (_, n) => NOON - 60_000 + n * 1000 + 1) };
  const stage = stageProbing(plan, { resume: { sentAt } });
  await stage.clock.advance(60_000);
  const before = (sentAt['acme/a'] ?? []).map((at) => (at - NOON) * 1000);
  const startUs = 5_000_000;
  const all = [...before, ...stage.sent.map((one) => one.atUs - startUs)];
  assert.ok(fullestMinute(all) <= 60);
  assert.ok(stage.sent.length > 40);
});
