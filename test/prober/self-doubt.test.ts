import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_SELF_DOUBT } from '../../src/domain/measure/doubt.ts';
import { createProber } from '../../src/prober/prober.ts';
import { attemptAt } from '../support/attempts.ts';
import { PATIENT, probeAndJudge } from '../support/judged-probe.ts';
import { startMisbehavingGateway } from '../support/misbehaving-gateway.ts';

test('a block of our own thread inside the probe is seen, and the sample is doubted', async (t) => {
  const gateway = await startMisbehavingGateway();
  const prober = createProber({ wallClock: () => 0 });
  t.after(async () => {
    await prober.close();
    await gateway.close();
  });
  await prober.warmUp();
  const { observation, judged } = await probeAndJudge(
    prober,
    attemptAt(gateway.url('blocked-thread')),
    {},
    { ...DEFAULT_SELF_DOUBT, clockStepMs: PATIENT.clockStepMs },
  );
  assert.ok(observation.loopDelayUs >= 199_000);
  assert.equal(judged.outcome, 'ok');
  assert.equal(judged.validity.kind, 'suspect');
});

test('a block before the probe is not charged to it', async (t) => {
  const gateway = await startMisbehavingGateway();
  const prober = createProber({ wallClock: () => 0 });
  t.after(async () => {
    await prober.close();
    await gateway.close();
  });
  await prober.warmUp();
  const blocked = prober.probe(attemptAt(gateway.url('blocked-thread')));
  assert.ok((await blocked).loopDelayUs >= 199_000);
  const next = await prober.probe(attemptAt(gateway.url('good')));
  assert.ok(next.loopDelayUs < 199_000);
});

test('a wall clock that jumps during the probe is seen, and no duration moves with it', async (t) => {
  const gateway = await startMisbehavingGateway();
  let reading = 0;
  const prober = createProber({
    wallClock: () => {
      reading += 1;
      // Five minutes backwards between the two readings of one probe.
      return reading % 2 === 1 ? 1_000_000 : 700_000;
    },
  });
  t.after(async () => {
    await prober.close();
    await gateway.close();
  });
  const { observation, judged } = await probeAndJudge(
    prober,
    attemptAt(gateway.url('good')),
    {},
    {
      ...PATIENT,
      clockStepMs: DEFAULT_SELF_DOUBT.clockStepMs,
    },
  );
  assert.ok(observation.clockStepMs <= -300_000);
  assert.deepEqual(judged.validity, { kind: 'suspect', reason: 'clock_step' });
  assert.ok((observation.phases.endUs ?? -1) > 0);
});

test('an observation survives the journey to another thread whole', async (t) => {
  const gateway = await startMisbehavingGateway();
  const prober = createProber({ wallClock: () => 0 });
  t.after(async () => {
    await prober.close();
    await gateway.close();
  });
  const seen = await prober.probe(attemptAt(gateway.url('refused-key')));
  const copy = structuredClone(seen);
  assert.deepEqual(copy, { ...seen });
  assert.match(copy.head, /Incorrect API key/);
  assert.match(copy.bodySha256 ?? '', /^[0-9a-f]{64}$/);
});
