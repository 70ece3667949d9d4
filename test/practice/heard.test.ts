import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { attemptIdentity } from '../../src/domain/measure/attempt.ts';
import { classify, NO_EXPECTATION } from '../../src/domain/measure/classify.ts';
import type { Observation } from '../../src/domain/measure/observation.ts';
import { OPERATIONS, type Operation, renderPrompt } from '../../src/domain/measure/probe.ts';
import { type PracticeGateway, startPracticeGateway } from '../../src/practice/gateway.ts';
import { hear } from '../../src/practice/heard.ts';
import { BEHAVIOURS, type Behaviour } from '../../src/practice/incident.ts';
import { LISTING } from '../../src/practice/models.ts';
import { planAs, plannerFor } from '../../src/practice/plan.ts';
import { MOST_DIMENSIONS } from '../../src/practice/question-body.ts';
import { quotaOf } from '../../src/practice/quota.ts';
import { limitHeaders, namingHeaders, replyTo, replyToListing } from '../../src/practice/reply.ts';
import { QUIET } from '../../src/practice/timetable.ts';
import { wireOf } from '../../src/practice/wire.ts';
import { createProber, type Prober } from '../../src/prober/prober.ts';
import { attemptAt } from '../support/attempts.ts';
import { BRISK_MODELS } from './brisk-models.ts';

const AT = Date.UTC(2026, 2, 10, 12);
const SEED = 4;
const DEADLINES = { firstTokenMs: 3_500, stallMs: 2_500, totalMs: 7_000 };

/** What the simulated history must agree on with a prober on a real socket: all but times, sizes and ids. */
function facts(observation: Observation) {
  const { phases, disclosure } = observation;
  return {
    ending: observation.ending,
    status: observation.status,
    contentType: observation.contentType,
    answer: observation.answer,
    chunks: observation.chunks,
    hasComments: observation.comments > 0,
    tokenChunks: observation.tokenChunks,
    usage: observation.usage,
    finishReason: observation.finishReason,
    doneSeen: observation.doneSeen,
    isMalformed: observation.malformed !== null,
    errorBody: observation.errorBody,
    errorInBody: observation.errorInBody,
    retryAfterMs: observation.retryAfterMs,
    model: disclosure.model,
    serviceTier: disclosure.serviceTier,
    systemFingerprint: disclosure.systemFingerprint,
    cache: disclosure.cache,
    route: disclosure.route,
    reached: Object.entries(phases)
      .filter(([name, value]) => value !== null && name !== 'tcpUs' && name !== 'connectedUs')
      .map(([name]) => name),
  };
}

// Many at once, because some wait for a deadline; not all, or those at the end of a busy queue would meet theirs too.
describe('a simulated observation is what a prober sees on a socket', { concurrency: true }, () => {
  let gateway: PracticeGateway;
  let prober: Prober;
  before(async () => {
    gateway = await startPracticeGateway({
      port: 0,
      seed: SEED,
      now: () => AT,
      timetable: QUIET,
      models: BRISK_MODELS,
    });
    prober = createProber({ wallClock: () => AT });
    await prober.warmUp();
  });
  after(async () => {
    await prober.close();
    await gateway.close();
  });

  const models = {
    chat: 'deepseek-ai/DeepSeek-R1',
    'chat-json': 'deepseek-ai/DeepSeek-R1',
    responses: 'deepseek-ai/DeepSeek-R1',
    embeddings: 'BAAI/bge-m3',
    models: 'deepseek-ai/DeepSeek-R1',
  } as const satisfies Record<Operation, string>;

  /** While our own loop stood still, a deadline may pass before what had arrived was read: such a probe says nothing. */
  const probeUndisturbed = async (attempt: ReturnType<typeof attemptAt>): Promise<Observation> => {
    for (let tries = 1; ; tries += 1) {
      const observation = await prober.probe(attempt);
      if (tries === 5 || (observation.loopDelayUs ?? 0) < 400_000) return observation;
    }
  };

  const compare = async (operation: Operation, behaviour: Behaviour): Promise<void> => {
    const name = models[operation];
    const attempt = attemptAt(gateway.url, {
      gateway: { headers: { 'x-practice-behaviour': behaviour.kind } },
      target: { model: name, requestModel: `Pro/${name}` },
      probe: { operation, deadlines: DEADLINES },
      attempt: { secret: 'ga_pro_practice', freshConnection: true },
    });
    const real = await probeUndisturbed(attempt);

    const brisk = BRISK_MODELS.find((candidate) => candidate.id === name);
    assert.ok(brisk && attempt.probe.prompt);
    const model = operation === 'models' ? LISTING : brisk;
    const target = { tier: 'pro', model } as const;
    const { key } = plannerFor({ target, timetable: QUIET, originAt: AT, seed: SEED })(AT);
    const plan = planAs(behaviour, model.latency.pro, key);
    const prompt = renderPrompt(attempt.probe.prompt, attemptIdentity(attempt));
    const headers = { ...namingHeaders('x'), ...limitHeaders(quotaOf(null)(AT)) };
    const listed = BRISK_MODELS.flatMap(({ id }) => [id, `Pro/${id}`]);
    const question = {
      model: attempt.target.requestModel,
      texts: prompt.messages.map((message) => message.content),
      stream: operation === 'chat' || operation === 'responses',
      includeUsage: true,
      limit: prompt.maxTokens,
      dimensions: MOST_DIMENSIONS,
      encoding: 'float' as const,
    };
    const reply =
      operation === 'models'
        ? replyToListing(listed, plan, headers)
        : replyTo(
            {
              operation: operation === 'chat-json' ? 'chat' : operation,
              question,
              target,
              plan,
              id: 'x',
              at: AT,
            },
            headers,
          );
    const { requestModel } = attempt.target;
    const heard = hear({
      operation,
      ...reply,
      requestModel,
      wire: wireOf(key, true),
      deadlines: DEADLINES,
    });

    assert.deepEqual(facts(heard), facts(real));
    const expected = { ...NO_EXPECTATION, contains: prompt.expectContains };
    const judge = (observation: Observation) => {
      const { outcome, validity, remarks } = classify(
        { ...observation, loopDelayUs: 0, clockStepMs: 0 },
        attempt.probe,
        expected,
      );
      // Whether tokens of a few milliseconds came in one piece is up to the machine the test runs on.
      return { outcome, validity, remarks: remarks.filter((remark) => remark !== 'not_streaming') };
    };
    assert.deepEqual(judge(heard), judge(real));
  };

  for (const operation of OPERATIONS) {
    describe(operation, { concurrency: 4 }, () => {
      for (const behaviour of Object.values(BEHAVIOURS)) {
        test(`${operation}: ${behaviour.kind}`, () => compare(operation, behaviour));
      }
    });
  }
});
