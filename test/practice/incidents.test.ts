import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { periodBudget } from '../../src/domain/live/period-budget.ts';
import { type PracticeGateway, startPracticeGateway } from '../../src/practice/gateway.ts';
import { PRACTICE_KEYS } from '../../src/practice/models.ts';
import { type Incident, PRACTICE_TIMETABLE, QUIET } from '../../src/practice/timetable.ts';
import { BRISK_MODELS } from './brisk-models.ts';

const START = Date.UTC(2026, 2, 10, 12);
const SUM = 'Reply with one number: 512 + 431';

type Call = {
  readonly model?: string;
  readonly behaviour?: string;
  readonly stream?: boolean;
};

function call(gateway: PracticeGateway, { model = 'Qwen/Qwen3-32B', behaviour, stream = true }: Call) {
  const key = model.startsWith('Pro/') ? PRACTICE_KEYS.pro : PRACTICE_KEYS.standard;
  const sent = request(`${gateway.url}/chat/completions`, {
    method: 'POST',
    agent: false,
    headers: {
      authorization: `Bearer ${key}`,
      ...(behaviour === undefined ? {} : { 'x-practice-behaviour': behaviour }),
    },
  });
  sent.end(
    JSON.stringify({
      model,
      stream,
      stream_options: { include_usage: true },
      messages: [{ role: 'user', content: SUM }],
    }),
  );
  return sent;
}

async function headersOf(sent: ClientRequest): Promise<IncomingMessage> {
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return response.setEncoding('utf8');
}

/** The whole answer, and whether its connection broke inside it. */
async function exchange(gateway: PracticeGateway, asked: Call) {
  const response = await headersOf(call(gateway, asked));
  let body = '';
  let isBroken = false;
  try {
    for await (const part of response) body += part;
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ECONNRESET');
    isBroken = true;
  }
  return { status: response.statusCode, headers: response.headers, body, isBroken };
}

describe('misfortunes on the wire', () => {
  let gateway: PracticeGateway;
  before(async () => {
    gateway = await startPracticeGateway({
      port: 0,
      seed: 3,
      now: () => START,
      timetable: QUIET,
      models: BRISK_MODELS,
    });
  });
  after(() => gateway.close());

  const FINISH = '"finish_reason":"stop"';
  const DONE = 'data: [DONE]\n\n';

  test('an undisturbed stream has a finish reason, usage and [DONE]', async () => {
    const { status, headers, body, isBroken } = await exchange(gateway, {});
    assert.equal(status, 200);
    assert.equal(headers['content-type'], 'text/event-stream; charset=utf-8');
    assert.equal(headers['x-cache-status'], 'MISS');
    assert.ok(body.includes(FINISH) && body.includes('"choices":[],"usage":{'));
    assert.ok(body.endsWith(DONE) && !isBroken);
  });

  test('an outage is 503 with an error object and a request id', async () => {
    const { status, headers, body } = await exchange(gateway, { behaviour: 'unavailable' });
    assert.equal(status, 503);
    assert.equal(JSON.parse(body).error.code, 'service_unavailable');
    assert.match(headers['x-request-id'] as string, /^req_practice_/);
    assert.equal(headers['x-probity-practice'], 'true');
  });

  test('an overloaded provider is 529', async () => {
    const { status, body } = await exchange(gateway, { behaviour: 'overloaded' });
    assert.deepEqual([status, JSON.parse(body).error.type], [529, 'overloaded_error']);
  });

  test('a 429 of capacity leaves the own limit untouched; one of the own limit says remaining 0', async () => {
    const capacity = await exchange(gateway, { behaviour: 'capacity' });
    const own = await exchange(gateway, { behaviour: 'own-limit' });
    assert.deepEqual([capacity.status, own.status], [429, 429]);
    assert.deepEqual([capacity.headers['retry-after'], own.headers['retry-after']], ['5', '20']);
    assert.equal(capacity.headers['x-ratelimit-remaining-requests'], '9999');
    assert.equal(own.headers['x-ratelimit-remaining-requests'], '0');
  });

  test('an error inside a stream comes after tokens, under 200, without a finish reason', async () => {
    const { status, body, isBroken } = await exchange(gateway, { behaviour: 'midstream-error' });
    assert.equal(status, 200);
    assert.ok(body.includes('{"content":"9"}') && body.includes('data: {"error":{'));
    assert.ok(!body.includes(FINISH) && !body.includes(DONE) && !isBroken);
  });

  test('a truncated stream closes cleanly without a finish reason', async () => {
    const { body, isBroken } = await exchange(gateway, { behaviour: 'truncated' });
    assert.ok(body.includes('{"content":"4"}') && !body.includes('{"content":"3"}'));
    assert.ok(!body.includes(FINISH) && !isBroken);
  });

  test('an aborted answer breaks the connection, streamed or not', async () => {
    for (const stream of [true, false]) {
      const { status, body, isBroken } = await exchange(gateway, { behaviour: 'aborted', stream });
      assert.deepEqual([status, isBroken], [200, true]);
      assert.ok(body.length > 0 && !body.includes(FINISH));
    }
  });

  test('a stalled stream sends tokens and then neither more nor an end', async () => {
    const response = await headersOf(call(gateway, { behaviour: 'stalled' }));
    let body = '';
    for await (const part of response) {
      body += part;
      if (body.includes('{"content":"4"}')) break;
    }
    assert.ok(!body.includes('{"content":"3"}') && !body.includes(FINISH));
  });

  test('a stream of comments begins with 200 and has no event', async () => {
    const response = await headersOf(call(gateway, { behaviour: 'comments-only' }));
    assert.equal(response.statusCode, 200);
    const [first] = await once(response, 'data');
    assert.equal(first, ': ping\n\n');
    response.destroy();
  });

  test('a silent gateway takes the request and says nothing: another one is answered first', async () => {
    const silent = call(gateway, { behaviour: 'silent' });
    let answered = false;
    silent.on('response', () => {
      answered = true;
    });
    silent.on('error', () => {});
    await exchange(gateway, {});
    assert.equal(answered, false);
    silent.destroy();
  });

  test('an empty answer is complete and has no token', async () => {
    const { body } = await exchange(gateway, { behaviour: 'empty' });
    assert.ok(body.includes(FINISH) && body.endsWith(DONE) && !/"content":"\d/.test(body));
  });

  test('a page comes as HTML with 200', async () => {
    const { status, headers, body } = await exchange(gateway, { behaviour: 'html' });
    assert.deepEqual([status, headers['content-type']], [200, 'text/html']);
    assert.match(body, /^<!doctype html>/);
  });

  test('a wrong answer is complete, and wrong in each digit', async () => {
    const { body } = await exchange(gateway, { behaviour: 'wrong-answer', stream: false });
    assert.equal(JSON.parse(body).choices[0].message.content, '276');
  });

  test('without [DONE] the stream still has its finish reason', async () => {
    const { body } = await exchange(gateway, { behaviour: 'no-done' });
    assert.ok(body.includes(FINISH) && !body.includes(DONE));
  });

  test('a silent fallback shows only in the model the answer names', async () => {
    const { status, body } = await exchange(gateway, {
      model: 'Pro/deepseek-ai/DeepSeek-R1',
      behaviour: 'fallback',
      stream: false,
    });
    assert.deepEqual([status, JSON.parse(body).model], [200, 'Qwen/Qwen3-32B']);
  });

  test('a cache hit says so, and repeats the id of the stored answer', async () => {
    const one = await exchange(gateway, { behaviour: 'cache-hit', stream: false });
    const two = await exchange(gateway, { behaviour: 'cache-hit', stream: false });
    assert.equal(one.headers['x-cache-status'], 'HIT');
    assert.equal(JSON.parse(one.body).id, JSON.parse(two.body).id);
    assert.notEqual(one.headers['x-request-id'], two.headers['x-request-id']);
  });

  test('hidden retries are counted in a header', async () => {
    const { status, headers } = await exchange(gateway, { behaviour: 'retried' });
    assert.deepEqual([status, headers['x-practice-retries']], [200, '2']);
  });

  test('a downgraded answer names the lower service tier', async () => {
    const model = 'Pro/Qwen/Qwen3-32B';
    const plain = await exchange(gateway, { model, stream: false });
    const lower = await exchange(gateway, { model, stream: false, behaviour: 'downgraded' });
    assert.equal(JSON.parse(plain.body).service_tier, 'priority');
    assert.equal(JSON.parse(lower.body).service_tier, 'default');
  });

  test('a body that is no JSON, and one over a megabyte, are refused', async () => {
    const post = (body: string) =>
      fetch(`${gateway.url}/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${PRACTICE_KEYS.standard}` },
        body,
      });
    assert.equal((await post('{"model":')).status, 400);
    assert.equal((await post('[]')).status, 400);
    assert.equal((await post(`{"model":"${'x'.repeat(900_000)}"}`)).status, 400);
    assert.equal((await post('x'.repeat(1 << 20))).status, 400);
    assert.equal((await post('x'.repeat((1 << 20) + 1))).status, 413);
  });
});

describe('the practice timetable over a socket', () => {
  let at = START;
  let gateway: PracticeGateway;
  before(async () => {
    gateway = await startPracticeGateway({
      port: 0,
      seed: 3,
      now: () => at,
      timetable: PRACTICE_TIMETABLE.filter((incident) => incident.when.kind === 'cycle'),
      models: BRISK_MODELS,
    });
  });
  after(() => gateway.close());

  const MINUTE = 60_000;
  const seen = (sent: Awaited<ReturnType<typeof exchange>>): string => {
    if (sent.status !== 200) return String(sent.status);
    if (sent.headers['x-cache-status'] === 'HIT') return 'cache hit';
    if (sent.body.includes('data: {"error"')) return 'error';
    if (!sent.body.includes('"finish_reason":"stop"')) return 'truncated';
    return /"model":"([^"]*)"/.exec(sent.body)?.[1] ?? 'no model';
  };
  /** Fifteen requests in half a minute. */
  const during = async (model: string, minute: number): Promise<Set<string>> => {
    const kinds = new Set<string>();
    for (let second = 0; second < 30; second += 2) {
      at = START + minute * MINUTE + second * 1000;
      kinds.add(seen(await exchange(gateway, { model })));
    }
    return kinds;
  };
  const V4 = 'deepseek-ai/DeepSeek-V4-Flash';
  const QWEN = 'Qwen/Qwen3-32B';
  const R1 = 'deepseek-ai/DeepSeek-R1';
  const KIMI = 'moonshotai/Kimi-K2.5';

  const SCRIPT: readonly (readonly [sentence: string, model: string, minute: number, kinds: string[]])[] = [
    ['nothing happens in the first minute', V4, 0, [V4]],
    ['shared V4 Flash runs out of capacity for most requests', V4, 1, ['429', V4]],
    ['dedicated V4 Flash does not', `Pro/${V4}`, 1, [`Pro/${V4}`]],
    ['dedicated Qwen is out from minute 2.5', `Pro/${QWEN}`, 2.5, ['503']],
    ['and until minute 8.25', `Pro/${QWEN}`, 7.75, ['503']],
    ['and is back then', `Pro/${QWEN}`, 8.25, [`Pro/${QWEN}`]],
    ['shared Qwen fails inside its streams', QWEN, 9, ['error', QWEN]],
    ['dedicated R1 is silently answered by Qwen', `Pro/${R1}`, 10, [QWEN, `Pro/${R1}`]],
    ['shared V4 Flash comes from a cache', V4, 12, ['cache hit']],
    ['shared Kimi is truncated', KIMI, 13.5, ['truncated', KIMI]],
    ['the provider of dedicated V4 Flash is overloaded', `Pro/${V4}`, 15, ['529', `Pro/${V4}`]],
    ['the standard key is refused', R1, 17, ['401']],
    ['the pro key is not', `Pro/${R1}`, 17, [`Pro/${R1}`]],
    ['the whole gateway is out', `Pro/${QWEN}`, 18.5, ['502']],
    ['the next cycle begins like the first', `Pro/${QWEN}`, 23, ['503']],
  ];
  for (const [sentence, model, minute, kinds] of SCRIPT) {
    test(sentence, async () => {
      assert.deepEqual([...(await during(model, minute))].sort(), kinds.toSorted());
    });
  }

  test('the outage begins with its millisecond and ends before its last', async () => {
    const statuses: (number | undefined)[] = [];
    for (const offset of [2.5 * MINUTE - 1, 2.5 * MINUTE, 8.25 * MINUTE - 1, 8.25 * MINUTE]) {
      at = START + offset;
      statuses.push((await exchange(gateway, { model: `Pro/${QWEN}` })).status);
    }
    assert.deepEqual(statuses, [200, 503, 503, 200]);
  });

  test('whenever in a month the outage begins, it makes the breach of four nines certain', () => {
    const outage = PRACTICE_TIMETABLE.find(({ model }) => model === QWEN)?.when;
    assert.ok(outage?.kind === 'cycle');
    const [everyMs, lengthMs, day] = [5_000, outage.toMs - outage.fromMs, 1440 * MINUTE];
    const isCertain = (failedMs: number, monthMs: number, beginsMs: number): boolean => {
      const bad = Math.floor(failedMs / everyMs);
      const endsMs = Math.min(monthMs, beginsMs + failedMs);
      return periodBudget({
        allowance: { numerator: 1, denominator: 10_000, inclusive: true },
        // Of the past there is a probe a minute; from the start on, one in five seconds.
        n: Math.floor(beginsMs / MINUTE) + bad,
        bad,
        remaining: Math.ceil((monthMs - endsMs) / everyMs),
        unit: 'requests',
        trialMs: everyMs,
        probesPerTrial: 1,
      }).isBreachCertain;
    };
    for (const days of [28, 29, 30, 31]) {
      const monthMs = days * day;
      for (let beginsMs = 0; beginsMs < monthMs; beginsMs += 97_000) {
        const inMonth = Math.min(lengthMs, monthMs - beginsMs);
        const isTold = isCertain(inMonth, monthMs, beginsMs) || isCertain(lengthMs - inMonth, 31 * day, 0);
        assert.ok(isTold, `${days} days, after ${beginsMs} ms`);
      }
      for (let secondsLeft = 0; secondsLeft <= 400; secondsLeft += 5) {
        const inMonth = Math.min(lengthMs, secondsLeft * 1000);
        const beginsMs = monthMs - secondsLeft * 1000;
        const isTold = isCertain(inMonth, monthMs, beginsMs) || isCertain(lengthMs - inMonth, 31 * day, 0);
        assert.ok(isTold, `${days} days, ${secondsLeft} s before the end`);
      }
    }
  });

  test('every incident of the timetable names a model that is served', () => {
    const served = new Set(['*', ...BRISK_MODELS.map((model) => model.id)]);
    const named = PRACTICE_TIMETABLE.flatMap(({ model, behaviour }: Incident) =>
      behaviour.kind === 'fallback' ? [model, behaviour.model] : [model],
    );
    assert.deepEqual(
      named.filter((model) => !served.has(model)),
      [],
    );
  });
});
