import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attempt } from '../../src/domain/measure/attempt.ts';
import type { Observation } from '../../src/domain/measure/observation.ts';
import { observation, refusal, silence } from '../support/observations.ts';
import { planOf } from '../support/plans.ts';
import { correct, NOON, type Stage, stageProbing } from '../support/probing-stage.ts';

const MINUTE = 60_000;

/** Ticks on the full minute, whatever the names. */
const ON_THE_MINUTE = { schedule: { kind: 'every', everyMs: MINUTE, phaseMs: 0 } } as const;
const one = (shape: Parameters<typeof planOf>[0] = {}) => {
  const plan = planOf({ models: 1, ...shape });
  return { ...plan, series: plan.series.map((series) => ({ ...series, ...ON_THE_MINUTE, ...shape.series })) };
};

/** Seconds after noon of the attempts of one purpose, by the instant they were meant for. */
const plannedAt = ({ sent }: Stage, purpose: Attempt['purpose']): number[] =>
  sent
    .filter(({ attempt }) => attempt.purpose === purpose)
    .map(({ attempt }) => (attempt.scheduledAt - NOON) / 1000);

/** Fails while `isBad` says so. */
const sometimes =
  (isBad: (attempt: Attempt) => boolean, bad: () => Observation) =>
  (attempt: Attempt): Observation =>
    isBad(attempt) ? bad() : correct(attempt);

test('every tick becomes a sample with its identity, its lag and its judgement', async () => {
  const stage = stageProbing(one());
  await stage.clock.advance(3 * MINUTE);
  await stage.clock.advance(1000);
  assert.deepEqual(
    stage.samples.map(({ scheduledAt, outcome, purpose, lagUs }) => [
      (scheduledAt - NOON) / MINUTE,
      outcome,
      purpose,
      lagUs,
    ]),
    [0, 1, 2, 3].map((minute) => [minute, 'ok', 'scheduled', 0]),
  );
});

test('a failed tick is followed by three confirmations ten seconds apart', async () => {
  const stage = stageProbing(one(), {
    meets: sometimes(
      ({ scheduledAt }) => scheduledAt === NOON + MINUTE,
      () => refusal(503),
    ),
  });
  await stage.clock.advance(2 * MINUTE);
  assert.deepEqual(plannedAt(stage, 'confirmation'), [70.1, 80.1, 90.1]);
  assert.deepEqual(plannedAt(stage, 'scheduled'), [0, 60, 120]);
});

test('a good tick, a wrong answer or a doubted failure confirms nothing', async () => {
  const answers: readonly (() => Observation)[] = [
    () => observation({ answer: 'no idea', answerId: `${Math.random()}` }),
    () => silence({ ending: { kind: 'error', stage: 'connect', code: 'ENETUNREACH', message: '' } }),
    () => refusal(429, {}, { headers: { 'x-ratelimit-remaining-requests': '0' } }),
    () => refusal(503, {}, { clockStepMs: 5000 }),
  ];
  for (const answer of answers) {
    const stage = stageProbing(one(), { meets: answer });
    await stage.clock.advance(5 * MINUTE);
    assert.deepEqual(plannedAt(stage, 'confirmation'), []);
  }
});

test('there is one burst at a time in a series, and confirmations do not confirm each other', async () => {
  const plan = one({
    probe: { confirmation: { probes: 5, spacingMs: 20_000 } },
  });
  const stage = stageProbing(plan, { meets: () => refusal(503) });
  await stage.clock.advance(150_000);
  assert.deepEqual(plannedAt(stage, 'confirmation'), [20.1, 40.1, 60.1, 80.1, 100.1, 140.1]);
});

test('where ticks come as often as confirmations would, the schedule confirms itself', async () => {
  const stage = stageProbing(planOf({ everyMs: 10_000 }), { meets: () => refusal(503) });
  await stage.clock.advance(5 * MINUTE);
  assert.deepEqual(stage.purposes(), { scheduled: 30 });
});

test('confirmations are made from what the quota leaves over', async () => {
  const plan = one({ tiers: { a: { requestsPerMinute: 4 } } });
  const stage = stageProbing(plan, { meets: () => refusal(503) });
  await stage.clock.advance(10 * MINUTE);
  assert.deepEqual(stage.reasons(), {});
  // A minute holds one scheduled tick (two, if it is counted to the millisecond), so two are left over.
  assert.ok((stage.purposes().confirmation ?? 0) >= 19);
  assert.ok((stage.purposes().confirmation ?? 0) <= 20);
});

const stale = (): Observation =>
  silence({
    connection: { ...observation().connection, reused: true },
    ending: { kind: 'error', stage: 'response', code: 'UND_ERR_SOCKET', message: 'other side closed' },
  });

test('a stale connection is probed once more on a fresh one, and both rows are kept', async () => {
  const stage = stageProbing(one(), { meets: sometimes(({ freshConnection }) => !freshConnection, stale) });
  await stage.clock.advance(1000);
  assert.deepEqual(
    stage.samples.map(({ scheduledAt, purpose, outcome, lagUs }) => [
      scheduledAt - NOON,
      purpose,
      outcome,
      lagUs,
    ]),
    [
      [0, 'scheduled', 'client.stale_socket', 0],
      [0, 'reprobe', 'ok', 0],
    ],
  );
});

test('a failed re-probe is confirmed like a failed tick', async () => {
  const stage = stageProbing(one(), {
    meets: ({ purpose }) => (purpose === 'scheduled' ? stale() : refusal(502)),
  });
  await stage.clock.advance(40_000);
  assert.deepEqual(stage.purposes(), { scheduled: 1, reprobe: 1, confirmation: 3 });
});

test('overlapping ticks are allowed up to the limit, and one more is a row', async () => {
  const plan = one({
    probe: { maxInFlight: 2 },
    series: { schedule: { kind: 'every', everyMs: 10_000, phaseMs: 0 } },
  });
  const stage = stageProbing(plan, { tookMs: 25_000 });
  await stage.clock.advance(60_000);
  assert.deepEqual(plannedAt(stage, 'scheduled'), [0, 10, 30, 40, 60]);
  assert.deepEqual(
    stage.notRun.map(({ scheduledAt, reason }) => [(scheduledAt - NOON) / 1000, reason]),
    [
      [20, 'skipped: overlap'],
      [50, 'skipped: overlap'],
    ],
  );
});

/** Answer, what must be paused, and how many series of the key's two stop. */
const FAULTS: readonly (readonly [string, () => Observation, 'key' | 'series', number])[] = [
  ['a refused key pauses everything sent with it', () => refusal(401), 'key', 2],
  ['an empty account pauses everything sent with its key', () => refusal(402), 'key', 2],
  ['a malformed request pauses its own series', () => refusal(422), 'series', 1],
];
for (const [sentence, answer, scope, stopped] of FAULTS) {
  test(`${sentence}, once it is confirmed, and costs no sample that blames the other side`, async () => {
    const stage = stageProbing(planOf({ models: 2 }), {
      meets: (attempt) =>
        scope === 'key' || attempt.target.model.endsWith('0') ? answer() : correct(attempt),
    });
    await stage.clock.advance(30 * MINUTE);
    const [pause, ...others] = stage.notices;
    assert.ok(pause?.kind === 'paused' && pause.scope === scope);
    assert.deepEqual(others, []);
    const paused = stage.notRun.filter((row) => row.reason === 'skipped: paused');
    assert.equal(new Set(paused.map((row) => row.target)).size, stopped);
    assert.equal(new Set(stage.samples.map((row) => row.outcome)).size, scope === 'key' ? 1 : 2);
    const canaries = plannedAt(stage, 'canary').length;
    assert.ok(canaries >= 5 && canaries <= 9, `${canaries} canaries in half an hour`);
    assert.equal(stage.health()?.pauses.length, 1);
  });
}

test('a canary that is served ends the pause at once', async () => {
  let mended = false;
  const stage = stageProbing(one(), {
    meets: sometimes(
      () => !mended,
      () => refusal(401),
    ),
  });
  await stage.clock.advance(10 * MINUTE);
  mended = true;
  await stage.clock.advance(20 * MINUTE);
  assert.deepEqual(
    stage.notices.map((notice) => notice.kind),
    ['paused', 'resumed'],
  );
  const afterwards = stage.samples.slice(stage.samples.findIndex((row) => row.outcome === 'ok') + 1);
  assert.ok(afterwards.length >= 14);
  assert.ok(afterwards.every((row) => row.purpose === 'scheduled' && row.outcome === 'ok'));
});

test('a canary that meets an outage ends the pause too: our fault must not hide theirs', async () => {
  let isDown = false;
  const stage = stageProbing(one(), { meets: () => (isDown ? refusal(503) : refusal(401)) });
  await stage.clock.advance(10 * MINUTE);
  isDown = true;
  await stage.clock.advance(20 * MINUTE);
  assert.equal(stage.notices.at(-1)?.kind, 'resumed');
  assert.ok(
    stage.samples.filter((row) => row.outcome === 'gateway.5xx' && row.purpose === 'scheduled').length >= 14,
  );
});

test('a single 401 among good answers pauses nothing', async () => {
  const stage = stageProbing(one(), {
    meets: sometimes(
      ({ scheduledAt }) => scheduledAt === NOON,
      () => refusal(401),
    ),
  });
  await stage.clock.advance(10 * MINUTE);
  assert.deepEqual(stage.notices, []);
  assert.deepEqual(stage.reasons(), {});
});

test('a model that the key may not use pauses that series only', async () => {
  const stage = stageProbing(planOf({ models: 3 }), {
    meets: sometimes(
      ({ target }) => target.model.endsWith('1'),
      () => refusal(403),
    ),
  });
  await stage.clock.advance(10 * MINUTE);
  assert.deepEqual(
    stage.notices.map((notice) => notice.kind === 'paused' && notice.scope),
    ['series'],
  );
  assert.equal(new Set(stage.notRun.map((row) => row.target)).size, 1);
});

test('a new key in the configuration ends the pause of the old one', async () => {
  const plan = one();
  const stage = stageProbing(plan, {
    meets: sometimes(
      ({ secret }) => secret === 'sk-standard',
      () => refusal(401),
    ),
  });
  await stage.clock.advance(5 * MINUTE);
  assert.equal(stage.health()?.pauses.length, 1);
  const keys = plan.keys.map((key) => ({ ...key, secret: 'sk-new' }));
  stage.probing.replan({ ...plan, keys }, Math.round(stage.clock.now()));
  await stage.clock.advance(2 * MINUTE);
  assert.equal(stage.samples.at(-1)?.outcome, 'ok');
  assert.equal(stage.samples.at(-1)?.purpose, 'scheduled');
});

test('Retry-After on our own limit holds back the whole key', async () => {
  const plan = planOf({ models: 10 });
  const stage = stageProbing(plan, {
    meets: (attempt) =>
      attempt.scheduledAt < NOON + 6_500
        ? refusal(429, {}, { retryAfterMs: 120_000, headers: { 'x-ratelimit-remaining-requests': '0' } })
        : correct(attempt),
  });
  await stage.clock.advance(4 * MINUTE);
  const held = stage.notRun.filter((row) => row.reason === 'skipped: backoff');
  assert.ok(held.length >= 19 && held.length <= 20, `${held.length}`);
  assert.equal(held.length, stage.notRun.length);
  assert.ok(stage.samples.filter((row) => row.outcome === 'ok').length > 15);
});

test('a gateway that is down and asks for an hour of peace is still probed every minute', async () => {
  const stage = stageProbing(one(), { meets: () => refusal(503, {}, { retryAfterMs: 3_600_000 }) });
  await stage.clock.advance(30 * MINUTE);
  assert.deepEqual(stage.reasons(), {});
  assert.equal(stage.samples.filter((row) => row.purpose === 'scheduled').length, 30);
  assert.equal(stage.purposes().confirmation, undefined, 'but nothing beside the schedule is sent');
});

test('at a cadence of ten seconds its Retry-After holds back 32 seconds at a time', async () => {
  const stage = stageProbing(planOf({ everyMs: 10_000 }), {
    meets: () => refusal(503, {}, { retryAfterMs: 3_600_000 }),
  });
  await stage.clock.advance(4 * MINUTE);
  assert.deepEqual(stage.reasons(), { 'skipped: backoff': 18 });
  assert.equal(stage.samples.length, 6);
});

test('in a quiet window nothing is sent, and the ticks say so', async () => {
  const plan = one();
  const [series] = plan.series;
  const quiet = [{ targets: [series?.target.id ?? ''], fromAt: NOON + 2 * MINUTE, toAt: NOON + 4 * MINUTE }];
  const stage = stageProbing({ ...plan, quiet });
  await stage.clock.advance(5 * MINUTE + 1000);
  assert.deepEqual(plannedAt(stage, 'scheduled'), [0, 60, 240, 300]);
  assert.deepEqual(stage.reasons(), { 'skipped: maintenance': 2 });
});

test('when nothing is acknowledged any more, attempts stop and their ticks are missed', async () => {
  let reachable = true;
  const stage = stageProbing(planOf({ models: 10, everyMs: 10_000 }), {
    acknowledges: () => reachable,
    deliveryLimits: { samples: 50, notRun: 1000 },
  });
  await stage.clock.advance(MINUTE);
  reachable = false;
  await stage.clock.advance(5 * MINUTE);
  const unsent = 60 + 50;
  assert.ok(stage.sent.length >= unsent && stage.sent.length <= unsent + 10, `${stage.sent.length}`);
  assert.ok((stage.health()?.waiting ?? 0) > 50);
});

test('a bug in the prober is a missed tick and a notice, not a verdict on the gateway', async () => {
  const stage = stageProbing(one(), {
    meets: (attempt) => {
      if (attempt.scheduledAt === NOON) throw new Error('cannot read properties of undefined');
      return correct(attempt);
    },
  });
  await stage.clock.advance(MINUTE + 1000);
  assert.deepEqual(stage.reasons(), { missed: 1 });
  assert.equal(stage.notices[0]?.kind, 'fault');
  assert.equal(stage.samples.length, 1);
});

test('stopping waits for attempts under way, delivers them and starts nothing new', async () => {
  const stage = stageProbing(one(), { tookMs: 2000 });
  await stage.clock.advance(500);
  const stopped = stage.probing.stop(() => Promise.resolve());
  await stage.clock.advance(5 * MINUTE);
  assert.equal(await stopped, 0);
  assert.equal(stage.sent.length, 1);
  assert.equal(stage.samples.length, 1);
});

test('a repeated answer id is a cache, unless the answer is to this very question', async () => {
  const repeated = stageProbing(one(), { meets: () => observation({ answer: '12', answerId: 'same' }) });
  await repeated.clock.advance(2 * MINUTE);
  assert.deepEqual(
    repeated.samples.map((row) => row.outcome),
    ['quality.wrong_answer', 'excluded.cache_hit'],
  );
  const constant = stageProbing(one(), { meets: (attempt) => ({ ...correct(attempt), answerId: 'same' }) });
  await constant.clock.advance(2 * MINUTE);
  assert.deepEqual([...new Set(constant.samples.map((row) => row.outcome))], ['ok']);
});
