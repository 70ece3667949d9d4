import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attempt } from '../../src/domain/measure/attempt.ts';
import type { Observation } from '../../src/domain/measure/observation.ts';
import { OUTCOMES } from '../../src/domain/measure/outcome.ts';
import type { ProbingPlan } from '../../src/domain/measure/probe.ts';
import type { Sample } from '../../src/domain/measure/sample.ts';
import { delay } from '../../src/pipeline/clock.ts';
import { ORDINARY_PHASES, observation, refusal, silence } from '../support/observations.ts';
import { A_GATEWAY, planOf } from '../support/plans.ts';
import { correct, NOON, type StageSettings, stageProbing } from '../support/probing-stage.ts';
import type { VirtualClock } from '../support/virtual-clock.ts';

const CONTROL = 'https://control.invalid/';
const refused = (): Observation =>
  silence({ ending: { kind: 'error', stage: 'connect', code: 'ECONNREFUSED', message: '' } });
const timedOut = (): Observation => silence({ ending: { kind: 'deadline', deadline: 'headers' } });

const watched = (models = 20): ProbingPlan => planOf({ models, gateway: { control: CONTROL } });
const seconds = (clock: VirtualClock): number => (clock.now() - NOON) / 1000;

/** What would be held against the other side. */
const blame = (samples: readonly Sample[]): Sample[] =>
  samples.filter((row) => OUTCOMES[row.outcome].counts === 'bad' && row.validity.kind !== 'suspect');

/** A network of ours that is down from `from` to `to`, seconds after noon: attempts hang in it, the witness too. */
function cutBetween(from: number, to: number): Pick<StageSettings, 'meets' | 'witness' | 'tookMs'> {
  const isCut = (clock: VirtualClock): boolean => seconds(clock) >= from && seconds(clock) < to;
  return {
    tookMs: 0,
    meets: async (attempt: Attempt, clock: VirtualClock) => {
      if (!isCut(clock)) return correct(attempt);
      await delay(clock, 10_000);
      return timedOut();
    },
    witness: async (_url, clock) => {
      if (!isCut(clock)) return true;
      await delay(clock, 3000);
      return false;
    },
  };
}

test('while our own network is down nobody else is blamed, and every sample says whose fault it was', async () => {
  const stage = stageProbing(watched(), cutBetween(60, 90));
  await stage.clock.advance(180_000);
  assert.deepEqual(blame(stage.samples), []);
  const ours = stage.samples.filter((row) => row.outcome === 'client.network');
  assert.ok(ours.length >= 9 && ours.length <= 11, `${ours.length}`);
  assert.ok(ours.every((row) => row.validity.kind === 'suspect' && row.validity.reason === 'own_network'));
  assert.equal(stage.purposes().confirmation, undefined, 'our own fault is not worth a burst');
});

test('a gateway that is down while the witness answers is blamed', async () => {
  const stage = stageProbing(watched(), { meets: refused });
  await stage.clock.advance(60_000);
  assert.ok(stage.samples.length > 20);
  assert.deepEqual([...new Set(stage.samples.map((row) => row.outcome))], ['net.connect']);
  assert.equal(blame(stage.samples).length, stage.samples.length);
});

test('a witness that dies while the gateway answers is soon not believed any more', async () => {
  const stage = stageProbing(watched(), {
    witness: async (_url, clock) => {
      if (seconds(clock) < 60) return true;
      await delay(clock, 3000);
      return false;
    },
    meets: (attempt) => (attempt.target.model.endsWith('7') ? timedOut() : correct(attempt)),
  });
  await stage.clock.advance(600_000);
  assert.ok(stage.notices.some((notice) => notice.kind === 'witness' && notice.silent));
  const failed = stage.samples.filter((row) => row.target.endsWith('7'));
  assert.ok(failed.length > 40);
  const excused = failed.filter((row) => row.outcome === 'client.network');
  assert.ok(
    excused.every((row) => row.scheduledAt < NOON + 80_000),
    'for some seconds nobody can know',
  );
  assert.equal(blame(failed).length, failed.length - excused.length);
});

test('a network that fails again and again is not taken for a dead witness', async () => {
  const isCut = (clock: VirtualClock): boolean => seconds(clock) % 40 >= 25;
  const stage = stageProbing(watched(60), {
    tookMs: 0,
    meets: async (attempt, clock) => {
      if (!isCut(clock)) return correct(attempt);
      await delay(clock, 4000);
      return timedOut();
    },
    witness: async (_url, clock) => {
      if (!isCut(clock)) return true;
      await delay(clock, 3000);
      return false;
    },
  });
  await stage.clock.advance(600_000);
  assert.deepEqual(blame(stage.samples), []);
  assert.ok(stage.samples.some((row) => row.outcome === 'client.network'));
});

test('a failure on the wire waits for the witness, an answer with a status does not', async () => {
  const stage = stageProbing(watched(1), {
    meets: () => refusal(503),
    witness: async (_url, clock) => {
      await delay(clock, 3000);
      return false;
    },
  });
  await stage.clock.advance(60_500);
  assert.equal(stage.samples[0]?.outcome, 'gateway.5xx');
  assert.equal(stage.samples[0]?.validity.kind, 'valid');
});

test('an answer that was slow because our network stood still is doubted, a quick one is not', async () => {
  const slowly = observation({
    phases: { ...ORDINARY_PHASES, headersUs: 6_000_000, firstContentUs: 6_050_000, endUs: 6_100_000 },
  });
  const stage = stageProbing(watched(60), {
    tookMs: 0,
    meets: async (attempt, clock) => {
      const at = seconds(clock);
      if (at < 60 || at >= 66) return correct(attempt);
      await delay(clock, (67 - at) * 1000);
      return { ...slowly, answer: correct(attempt).answer, answerId: null };
    },
    witness: async (_url, clock) => {
      if (seconds(clock) < 60 || seconds(clock) >= 66) return true;
      await delay(clock, 3000);
      return false;
    },
  });
  await stage.clock.advance(120_000);
  const doubted = stage.samples.filter((row) => row.validity.kind !== 'valid');
  assert.ok(doubted.length >= 5 && doubted.length <= 7, `${doubted.length}`);
  assert.ok(doubted.every((row) => row.scheduledAt >= NOON + 60_000 && row.scheduledAt < NOON + 66_000));
});

const twoGateways = (): ProbingPlan => {
  const one = planOf({ models: 60 });
  const two = planOf({ models: 60, gateway: { id: 'other', baseUrl: 'http://other.invalid/v1' } });
  return { ...one, gateways: [...one.gateways, ...two.gateways], series: [...one.series, ...two.series] };
};

test('without a witness, gateways on different hosts that fail in the same seconds stand in for one', async () => {
  const stage = stageProbing(twoGateways(), {
    meets: (attempt) =>
      attempt.scheduledAt >= NOON + 60_000 && attempt.scheduledAt < NOON + 120_000
        ? refused()
        : correct(attempt),
  });
  await stage.clock.advance(240_000);
  const failed = stage.samples.filter((row) => row.outcome !== 'ok' && row.purpose === 'scheduled');
  assert.equal(failed.length, 120);
  assert.deepEqual([...new Set(failed.map((row) => row.outcome))], ['client.network']);
});

test('one of two gateways failing alone is blamed', async () => {
  const stage = stageProbing(twoGateways(), {
    meets: (attempt) => (attempt.gateway.id === A_GATEWAY.id ? refused() : correct(attempt)),
  });
  await stage.clock.advance(120_000);
  const failed = stage.samples.filter((row) => row.outcome !== 'ok');
  assert.ok(failed.length > 100);
  assert.deepEqual([...new Set(failed.map((row) => row.outcome))], ['net.connect']);
});

test('while one gateway stays down, a short failure of the other is its own', async () => {
  const one = planOf({ models: 1 });
  const two = planOf({ models: 1, gateway: { id: 'other', baseUrl: 'http://other.invalid/v1' } });
  const plan = {
    ...one,
    gateways: [...one.gateways, ...two.gateways],
    series: [...one.series, ...two.series],
  };
  const stage = stageProbing(plan, {
    meets: (attempt) =>
      attempt.gateway.id === A_GATEWAY.id ||
      (attempt.scheduledAt >= NOON + 600_000 && attempt.scheduledAt < NOON + 660_000)
        ? refused()
        : correct(attempt),
  });
  await stage.clock.advance(900_000);
  const failed = stage.samples.filter((row) => row.target.startsWith('other') && row.outcome !== 'ok');
  assert.ok(failed.length > 0);
  assert.deepEqual([...new Set(failed.map((row) => row.outcome))], ['net.connect']);
});

test('two ports of one host are not two networks', async () => {
  const one = planOf({ models: 60, gateway: { baseUrl: 'http://same.invalid:8001/v1' } });
  const two = planOf({ models: 60, gateway: { id: 'other', baseUrl: 'http://same.invalid:8002/v1' } });
  const plan = {
    ...one,
    gateways: [...one.gateways, ...two.gateways],
    series: [...one.series, ...two.series],
  };
  const stage = stageProbing(plan, { meets: refused });
  await stage.clock.advance(60_000);
  assert.deepEqual([...new Set(stage.samples.map((row) => row.outcome))], ['net.connect']);
});

test('one gateway without a witness has nothing to be compared with: its failure counts', async () => {
  const stage = stageProbing(planOf({ models: 3 }), { meets: refused });
  await stage.clock.advance(61_000);
  assert.deepEqual([...new Set(stage.samples.map((row) => row.outcome))], ['net.connect']);
});

test('an attempt during which the machine slept is doubted, the next one is not', async () => {
  const plan = planOf({ models: 1 });
  const phase = plan.series[0]?.schedule.phaseMs ?? 0;
  const stage = stageProbing(plan, { tookMs: 5000 });
  await stage.clock.advance(phase + 2000);
  stage.clock.step(30_000);
  await stage.clock.advance(120_000);
  assert.deepEqual(
    stage.samples.slice(0, 2).map((row) => row.validity),
    [{ kind: 'suspect', reason: 'suspended' }, { kind: 'valid' }],
  );
  assert.deepEqual(stage.notices, [{ kind: 'clock-step', byMs: 30_000 }]);
});

test('an attempt during which the clock was set back is doubted', async () => {
  const plan = planOf({ models: 1 });
  const phase = plan.series[0]?.schedule.phaseMs ?? 0;
  const stage = stageProbing(plan, { tookMs: 5000 });
  await stage.clock.advance(phase + 2000);
  stage.clock.step(-3000);
  await stage.clock.advance(10_000);
  assert.deepEqual(stage.samples[0]?.validity, { kind: 'suspect', reason: 'clock_step' });
});
