import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import OpenAI, {
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
} from 'openai';
import { type PracticeGateway, startPracticeGateway } from '../../src/practice/gateway.ts';
import { PRACTICE_KEYS, PRACTICE_MODELS } from '../../src/practice/models.ts';
import { QUIET } from '../../src/practice/timetable.ts';
import { BRISK_MODELS } from './brisk-models.ts';

const AT = Date.UTC(2026, 2, 10, 12);

describe('the openai SDK against the practice gateway', () => {
  let gateway: PracticeGateway;
  let standard: OpenAI;
  let pro: OpenAI;

  const client = (apiKey: string): OpenAI => new OpenAI({ baseURL: gateway.url, apiKey, maxRetries: 0 });

  before(async () => {
    gateway = await startPracticeGateway({
      port: 0,
      seed: 1,
      now: () => AT,
      timetable: QUIET,
      models: BRISK_MODELS,
    });
    standard = client(PRACTICE_KEYS.standard);
    pro = client(PRACTICE_KEYS.pro);
  });
  after(() => gateway.close());

  const ask = (model: string, content = '[n0nce] Reply with one number: 512 + 431') => ({
    model,
    messages: [{ role: 'user' as const, content }],
  });

  test('lists four chat models and an embedding model, and under Pro/ only for the pro key', async () => {
    const ids = (await standard.models.list()).data.map((model) => model.id);
    const proIds = (await pro.models.list()).data.map((model) => model.id);
    assert.deepEqual(
      ids,
      PRACTICE_MODELS.map((model) => model.id),
    );
    assert.deepEqual(
      proIds.filter((id) => id.startsWith('Pro/')),
      ids.map((id) => `Pro/${id}`),
    );
  });

  test('answers a sum correctly in one piece, and says it is practice', async () => {
    const { data, response } = await standard.chat.completions
      .create(ask('deepseek-ai/DeepSeek-V4-Flash'))
      .withResponse();
    assert.equal(data.choices[0]?.message.content, '943');
    assert.equal(data.choices[0]?.finish_reason, 'stop');
    assert.equal(data.model, 'deepseek-ai/DeepSeek-V4-Flash');
    assert.equal(data.system_fingerprint, 'practice');
    assert.equal(data.usage?.completion_tokens, 3);
    assert.equal(response.headers.get('x-probity-practice'), 'true');
    assert.match(response.headers.get('x-request-id') ?? '', /^req_practice_\w+$/);
    assert.equal(response.headers.get('x-ratelimit-remaining-requests'), '9999');
  });

  test('answers a product correctly', async () => {
    const data = await standard.chat.completions.create(
      ask('Qwen/Qwen3-32B', 'Reply with one number: 99999 * 99999'),
    );
    assert.equal(data.choices[0]?.message.content, '9999800001');
  });

  test('streams role, tokens, finish reason and, if asked, usage with empty choices', async () => {
    const stream = await pro.chat.completions.create({
      ...ask('Pro/moonshotai/Kimi-K2.5'),
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = await Array.fromAsync(stream);
    assert.deepEqual(
      chunks.map((chunk) => chunk.choices[0]?.delta),
      [
        { role: 'assistant', content: '' },
        { content: '9' },
        { content: '4' },
        { content: '3' },
        {},
        undefined,
      ],
    );
    assert.deepEqual(
      chunks.map((chunk) => chunk.choices[0]?.finish_reason ?? null),
      [null, null, null, null, 'stop', null],
    );
    assert.equal(chunks.at(-1)?.usage?.completion_tokens, 3);
    assert.ok(chunks.every((chunk) => chunk.model === 'Pro/moonshotai/Kimi-K2.5'));
    assert.ok(chunks.every((chunk) => chunk.service_tier === 'priority'));
    assert.equal(new Set(chunks.map((chunk) => chunk.id)).size, 1);
  });

  test('a reasoning model thinks aloud before it answers, and its thoughts are counted', async () => {
    const stream = await pro.chat.completions.create({
      ...ask('Pro/deepseek-ai/DeepSeek-R1'),
      stream: true,
      stream_options: { include_usage: true },
    });
    const kinds: string[] = [];
    let content = '';
    let reasoning: number | undefined;
    for await (const chunk of stream) {
      const delta: object = chunk.choices[0]?.delta ?? {};
      kinds.push(...Object.keys(delta));
      content += chunk.choices[0]?.delta.content ?? '';
      reasoning = chunk.usage?.completion_tokens_details?.reasoning_tokens ?? reasoning;
    }
    const first = kinds.indexOf('reasoning_content');
    assert.ok(first > 0 && kinds.lastIndexOf('reasoning_content') < kinds.lastIndexOf('content'));
    assert.equal(content, '943');
    assert.equal(reasoning, 11);
  });

  test('a token limit cuts the answer and is the finish reason', async () => {
    const data = await standard.chat.completions.create({
      ...ask('Qwen/Qwen3-32B'),
      max_completion_tokens: 2,
    });
    assert.equal(data.choices[0]?.message.content, '94');
    assert.equal(data.choices[0]?.finish_reason, 'length');
  });

  test('embeds the same text alike, as base64 and as numbers, in the dimensions asked for', async () => {
    const one = await standard.embeddings.create({ model: 'BAAI/bge-m3', input: ['a', 'b'], dimensions: 16 });
    const two = await standard.embeddings.create({
      model: 'BAAI/bge-m3',
      input: 'a',
      dimensions: 16,
      encoding_format: 'float',
    });
    assert.equal(one.data.length, 2);
    assert.equal(one.data[0]?.embedding.length, 16);
    assert.deepEqual(two.data[0]?.embedding, Array.from(one.data[0]?.embedding ?? []));
    assert.notDeepEqual(one.data[1]?.embedding, one.data[0]?.embedding);
  });

  test('the responses interface answers whole and streamed', async () => {
    const input = 'Reply with one number: 2 + 40';
    const whole = await pro.responses.create({ model: 'Pro/deepseek-ai/DeepSeek-R1', input });
    assert.equal(whole.output_text, '42');
    assert.equal(whole.metadata?.practice, 'true');
    const stream = pro.responses.stream({ model: 'Pro/deepseek-ai/DeepSeek-R1', input });
    const types: string[] = [];
    stream.on('event', (event) => types.push(event.type));
    const final = await stream.finalResponse();
    assert.equal(final.output_text, '42');
    assert.equal(types[0], 'response.created');
    assert.equal(types.at(-1), 'response.completed');
  });

  test('a wrong key is an AuthenticationError', async () => {
    await assert.rejects(client('sk-wrong').models.list(), AuthenticationError);
  });

  test('a standard key asking for dedicated capacity is a PermissionDeniedError', async () => {
    await assert.rejects(standard.chat.completions.create(ask('Pro/Qwen/Qwen3-32B')), PermissionDeniedError);
  });

  test('a pro key may still use shared capacity', async () => {
    const data = await pro.chat.completions.create(ask('Qwen/Qwen3-32B'));
    assert.equal(data.service_tier, 'default');
  });

  test('an account without credit is refused with 402', async () => {
    await assert.rejects(client('ga_broke_practice').chat.completions.create(ask('Qwen/Qwen3-32B')), {
      status: 402,
      code: 'insufficient_quota',
    });
  });

  test('an unknown model is a NotFoundError that names it', async () => {
    await assert.rejects(standard.chat.completions.create(ask('acme/none')), (error) => {
      assert.ok(error instanceof NotFoundError);
      assert.equal(error.code, 'model_not_found');
      assert.match(error.message, /acme\/none/);
      return true;
    });
  });

  test('an unknown place is a NotFoundError', async () => {
    await assert.rejects(standard.get('/elsewhere'), NotFoundError);
  });

  test('a chat with an embedding model is a BadRequestError', async () => {
    await assert.rejects(standard.chat.completions.create(ask('BAAI/bge-m3')), BadRequestError);
  });

  test('three hundred streams at once are all told in order and to their end', async () => {
    const answers = await Promise.all(
      Array.from({ length: 300 }, async (_, index) => {
        const stream = await pro.chat.completions.create({
          ...ask('Pro/deepseek-ai/DeepSeek-R1', `Reply with one number: ${index} + 1000`),
          stream: true,
        });
        const chunks = await Array.fromAsync(stream);
        const finish = chunks.at(-1)?.choices[0]?.finish_reason;
        return `${chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')} ${finish}`;
      }),
    );
    assert.deepEqual(
      answers,
      Array.from({ length: 300 }, (_, index) => `${index + 1000} stop`),
    );
  });

  test('a request may order its own misfortune', async () => {
    const order = (behaviour: string) =>
      standard.chat.completions.create(ask('Qwen/Qwen3-32B'), {
        headers: { 'x-practice-behaviour': behaviour },
      });
    await assert.rejects(order('unavailable'), InternalServerError);
    await assert.rejects(order('billing'), { status: 402 });
    await assert.rejects(order('nonsense'), /must be one of: normal, slow, unavailable/);
    await assert.rejects(order('capacity'), (error) => {
      assert.ok(error instanceof RateLimitError);
      assert.equal(error.headers?.get('retry-after'), '5');
      assert.equal(error.headers?.get('x-ratelimit-remaining-requests'), '9999');
      return true;
    });
  });
});

describe('limits of a key', () => {
  test('the 51st request of a minute is refused on the standard key only, and the next minute is free', async (t) => {
    let at = AT;
    const gateway = await startPracticeGateway({
      port: 0,
      seed: 1,
      now: () => at,
      timetable: QUIET,
      models: BRISK_MODELS,
      requestsPerMinute: { standard: 50 },
    });
    t.after(() => gateway.close());
    const list = (apiKey: string) =>
      new OpenAI({ baseURL: gateway.url, apiKey, maxRetries: 0 }).models.list().withResponse();

    const fifty = await Promise.all(Array.from({ length: 50 }, () => list(PRACTICE_KEYS.standard)));
    const remaining = fifty.map(({ response }) =>
      Number(response.headers.get('x-ratelimit-remaining-requests')),
    );
    assert.equal(Math.min(...remaining), 0);
    assert.equal(Math.max(...remaining), 49);
    at += 59_999;
    await assert.rejects(list(PRACTICE_KEYS.standard), (error) => {
      assert.ok(error instanceof RateLimitError);
      assert.equal(error.headers?.get('x-ratelimit-remaining-requests'), '0');
      assert.equal(error.headers?.get('retry-after'), '1');
      return true;
    });
    await list(PRACTICE_KEYS.pro);
    at += 1;
    await list(PRACTICE_KEYS.standard);
  });
});

test('a port that is taken is refused with the reason', async (t) => {
  const options = { seed: 1, now: () => AT, timetable: QUIET };
  const first = await startPracticeGateway({ ...options, port: 0 });
  t.after(() => first.close());
  await assert.rejects(startPracticeGateway({ ...options, port: first.port }), { code: 'EADDRINUSE' });
});

test('two gateways with the same seed answer the same request byte for byte', async (t) => {
  const bytes = await Promise.all(
    [7, 7, 8].map(async (seed) => {
      const gateway = await startPracticeGateway({
        port: 0,
        seed,
        now: () => AT,
        timetable: QUIET,
        models: BRISK_MODELS,
      });
      t.after(() => gateway.close());
      const response = await fetch(`${gateway.url}/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${PRACTICE_KEYS.standard}` },
        body: JSON.stringify({
          model: 'Qwen/Qwen3-32B',
          stream: true,
          messages: [{ role: 'user', content: '1 + 1' }],
        }),
      });
      return await response.text();
    }),
  );
  assert.equal(bytes[0], bytes[1]);
  assert.notEqual(bytes[0], bytes[2]);
});
