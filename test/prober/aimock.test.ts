import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type ChaosConfig, LLMock } from '@copilotkit/aimock';
import type { Observation } from '../../src/domain/measure/observation.ts';
import type { Outcome } from '../../src/domain/measure/outcome.ts';
import { createProber } from '../../src/prober/prober.ts';
import { type AttemptChanges, attemptAt } from '../support/attempts.ts';
import { probeAndJudge } from '../support/judged-probe.ts';

/** An independent server, so that not only our own idea of an OpenAI-compatible gateway is read. */
async function startMock(t: TestContext, chaos: ChaosConfig): Promise<LLMock> {
  const mock = new LLMock({ port: 0, logLevel: 'silent' });
  mock.onMessage('Say hello', { content: 'Hello there, from an independent server.' });
  mock.setChaos(chaos);
  await mock.start();
  t.after(() => mock.stop());
  return mock;
}

const HELLO: AttemptChanges = {
  probe: {
    prompt: {
      id: 'hello',
      messages: [{ role: 'user', content: 'Say hello' }],
      maxTokens: 32,
      expectContains: 'hello there',
    },
  },
};

type Row = {
  readonly chaos: ChaosConfig;
  readonly asked?: AttemptChanges['probe'];
  readonly outcome: Outcome;
  readonly shows: (seen: Observation) => void;
};

const ROWS: Readonly<Record<string, Row>> = {
  'a streamed answer is ok': {
    chaos: {},
    outcome: 'ok',
    shows(seen) {
      assert.match(seen.answer, /^Hello there/);
      assert.notEqual(seen.phases.firstContentUs, null);
      assert.equal(seen.finishReason, 'stop');
    },
  },
  'an answer in one piece is ok': {
    chaos: {},
    asked: { operation: 'chat-json' },
    outcome: 'ok',
    shows: (seen) => assert.match(seen.answer, /^Hello there/),
  },
  'a Responses stream is ok': {
    chaos: {},
    asked: { operation: 'responses' },
    outcome: 'ok',
    shows: (seen) => assert.notEqual(seen.phases.firstContentUs, null),
  },
  'embeddings are ok': {
    chaos: {},
    asked: { operation: 'embeddings' },
    outcome: 'ok',
    shows: (seen) => assert.equal(seen.tokenChunks, 1),
  },
  'a list of models is ok': {
    chaos: {},
    asked: { operation: 'models', prompt: null },
    outcome: 'ok',
    shows: (seen) => assert.ok(seen.tokenChunks > 0),
  },
  'a 500 is the gateway': {
    chaos: { dropRate: 1 },
    outcome: 'gateway.5xx',
    shows: (seen) => assert.equal(seen.status, 500),
  },
  'a 429 is a rate limit, with its wait': {
    chaos: { rateLimitRate: 1 },
    outcome: 'ratelimit.own',
    shows(seen) {
      assert.equal(seen.status, 429);
      assert.ok((seen.retryAfterMs ?? 0) > 0);
    },
  },
  'malformed JSON is malformed': {
    chaos: { malformedRate: 1 },
    outcome: 'provider.malformed',
    shows: (seen) => assert.notEqual(seen.head, ''),
  },
  'malformed JSON in one piece is malformed': {
    chaos: { malformedRate: 1 },
    asked: { operation: 'chat-json' },
    outcome: 'provider.malformed',
    shows: (seen) => assert.notEqual(seen.malformed, null),
  },
};

for (const [sentence, row] of Object.entries(ROWS)) {
  test(sentence, async (t) => {
    const mock = await startMock(t, row.chaos);
    const prober = createProber({ wallClock: () => 0 });
    t.after(() => prober.close());
    const attempt = attemptAt(`${mock.url}/v1`, { probe: { ...HELLO.probe, ...row.asked } });
    const { observation, judged } = await probeAndJudge(prober, attempt);
    assert.equal(judged.outcome, row.outcome, JSON.stringify(observation));
    row.shows(observation);
  });
}

test('a disconnect is the connection breaking, before headers or inside the answer', async (t) => {
  const mock = await startMock(t, { disconnectRate: 1 });
  const prober = createProber({ wallClock: () => 0 });
  t.after(() => prober.close());
  const { observation, judged } = await probeAndJudge(prober, attemptAt(`${mock.url}/v1`, HELLO));
  assert.equal(judged.outcome, observation.status === null ? 'net.reset' : 'provider.aborted');
  assert.equal(observation.ending.kind, 'error');
});
