import type { ServerHttp2Stream } from 'node:http2';
import { gzipSync } from 'node:zlib';
import type { Exchange } from './misbehaving-gateway.ts';

const SSE = { 'content-type': 'text/event-stream; charset=utf-8', 'x-request-id': 'req-their-own' };
const JSON_TYPE = { 'content-type': 'application/json', 'x-request-id': 'req-their-own' };
const DONE = 'data: [DONE]\n\n';

function event(x: Exchange, fields: object): string {
  const base = { id: `chatcmpl-${x.times.received}`, object: 'chat.completion.chunk', model: x.model };
  return `data: ${JSON.stringify({ ...base, ...fields })}\n\n`;
}

function delta(x: Exchange, piece: object, more: object = {}): string {
  return event(x, { choices: [{ index: 0, delta: piece, finish_reason: null }], usage: null, ...more });
}

function finish(x: Exchange, reason = 'stop', more: object = {}): string {
  return event(x, { choices: [{ index: 0, delta: {}, finish_reason: reason }], ...more });
}

const USAGE = { prompt_tokens: 21, completion_tokens: 2, total_tokens: 23 };

function usage(x: Exchange, counts: object = USAGE, more: object = {}): string {
  return event(x, { choices: [], usage: counts, ...more });
}

const role = (x: Exchange): string => delta(x, { role: 'assistant', content: '' });

function failure(x: Exchange, status: number, error: object, headers: Record<string, string> = {}): void {
  x.head(status, { ...JSON_TYPE, ...headers });
  x.end(JSON.stringify({ error }));
}

type StreamShape = {
  readonly headers?: Readonly<Record<string, string>>;
  /** Fields of every chunk. */
  readonly chunk?: object;
  readonly usage?: object;
  readonly finish?: string;
  readonly answer?: string;
};

/** An ordinary stream: headers, role, two tokens some time apart, finish reason, usage, `[DONE]`. */
async function stream(x: Exchange, shape: StreamShape = {}): Promise<void> {
  const answer = shape.answer ?? x.sum;
  const chunk = shape.chunk ?? {};
  x.head(200, { ...SSE, ...shape.headers });
  x.write(delta(x, { role: 'assistant', content: '' }, chunk));
  await x.pause();
  x.write(delta(x, { content: answer.slice(0, 1) }, chunk), true);
  await x.pause();
  x.write(delta(x, { content: answer.slice(1) }, chunk), true);
  x.write(finish(x, shape.finish, chunk));
  x.write(usage(x, shape.usage, chunk));
  x.end(DONE);
}

/** Asks the kernel to send RST instead of FIN. */
function reset(x: Exchange): void {
  x.socket.resetAndDestroy();
}

function http2Stream(x: Exchange): ServerHttp2Stream | null {
  return 'stream' in x.response ? x.response.stream : null;
}

async function resetStream(x: Exchange, code: number): Promise<void> {
  x.head(200, SSE);
  x.write(role(x));
  x.write(delta(x, { content: x.sum }), true);
  await x.pause();
  http2Stream(x)?.close(code);
}

function busyLoop(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

/** Everything a gateway has been seen doing to a client, each under a name of its own. */
export const MISBEHAVIOURS = {
  good: (x) => stream(x),
  async 'headers-held-until-first-token'(x) {
    await x.pause(30);
    await stream(x);
  },
  async 'early-200-and-pings'(x) {
    x.head(200, SSE);
    for (let i = 0; i < 3; i += 1) {
      x.write(': OPENROUTER PROCESSING\n\n');
      await x.pause();
    }
    x.write(role(x));
    x.write(delta(x, { content: x.sum }), true);
    x.write(finish(x) + usage(x));
    x.end(DONE);
  },
  async 'role-chunk-long-before-token'(x) {
    x.head(200, SSE);
    x.write(role(x));
    await x.pause(50);
    x.write(delta(x, { content: x.sum }), true);
    x.write(finish(x) + usage(x));
    x.end(DONE);
  },
  async 'reasoning-then-content'(x) {
    x.head(200, SSE);
    x.write(role(x));
    await x.pause();
    x.write(delta(x, { reasoning_content: 'Adding' }), true);
    await x.pause();
    x.write(delta(x, { content: x.sum }), true);
    x.write(finish(x));
    x.write(usage(x, { ...USAGE, completion_tokens: 9, completion_tokens_details: { reasoning_tokens: 7 } }));
    x.end(DONE);
  },
  'hidden-reasoning': (x) =>
    stream(x, {
      usage: { ...USAGE, completion_tokens: 40, completion_tokens_details: { reasoning_tokens: 38 } },
    }),
  async 'tool-call'(x) {
    x.head(200, SSE);
    x.write(role(x));
    await x.pause();
    x.write(
      delta(x, { tool_calls: [{ index: 0, id: 'c', function: { name: 'add', arguments: '' } }] }),
      true,
    );
    x.write(finish(x, 'tool_calls') + usage(x));
    x.end(DONE);
  },
  async refusal(x) {
    x.head(200, SSE);
    x.write(role(x));
    x.write(delta(x, { refusal: 'I cannot help with that.' }), true);
    x.write(finish(x) + usage(x));
    x.end(DONE);
  },
  'content-filter': (x) => stream(x, { finish: 'content_filter' }),
  'cut-by-our-token-limit': (x) => stream(x, { finish: 'length', answer: 'Well, let me' }),
  async 'two-tokens-per-chunk'(x) {
    x.head(200, SSE);
    x.write(role(x));
    for (let i = 0; i < 4; i += 1) {
      await x.pause();
      x.write(delta(x, { content: i === 0 ? x.sum : ' ok' }), true);
    }
    x.write(finish(x) + usage(x, { ...USAGE, completion_tokens: 8 }));
    x.end(DONE);
  },
  'whole-stream-in-one-write'(x) {
    const tokens = Array.from({ length: 8 }, (_, i) => delta(x, { content: i === 0 ? x.sum : ' ok' }));
    x.head(200, SSE);
    x.write(
      role(x) + tokens.join('') + finish(x) + usage(x, { ...USAGE, completion_tokens: 8 }) + DONE,
      true,
    );
    x.end();
  },
  async 'event-split-inside-a-character'(x) {
    const bytes = Buffer.from(delta(x, { content: `${x.sum} → ✓` }), 'utf8');
    // The first byte of the three that make the arrow.
    const cut = bytes.indexOf(Buffer.from('→', 'utf8')) + 1;
    x.head(200, SSE);
    x.write(role(x));
    x.write(bytes.subarray(0, cut));
    await x.pause();
    x.write(bytes.subarray(cut), true);
    x.write(finish(x) + usage(x));
    x.end(DONE);
  },
  async 'no-done'(x) {
    x.head(200, SSE);
    x.write(role(x) + delta(x, { content: x.sum }), true);
    await x.pause();
    x.write(finish(x) + usage(x));
    x.end();
  },
  async 'no-final-blank-line'(x) {
    x.head(200, SSE);
    x.write(role(x) + delta(x, { content: x.sum }), true);
    x.write(finish(x) + usage(x));
    await x.pause();
    x.end('data: [DONE]');
  },
  async 'done-but-connection-kept-open'(x) {
    x.head(200, SSE);
    x.write(role(x) + delta(x, { content: x.sum }), true);
    x.write(finish(x) + usage(x) + DONE);
  },
  'no-finish-reason'(x) {
    x.head(200, SSE);
    x.write(role(x) + delta(x, { content: x.sum }), true);
    x.end();
  },
  'no-usage'(x) {
    x.head(200, SSE);
    x.write(role(x) + delta(x, { content: x.sum }), true);
    x.end(finish(x) + DONE);
  },
  async 'error-object-midstream'(x) {
    x.head(200, SSE);
    x.write(role(x) + delta(x, { content: x.sum }), true);
    await x.pause();
    x.write(`data: ${JSON.stringify({ error: { message: 'upstream died', code: 502 } })}\n\n`);
    x.end(DONE);
  },
  async 'error-event-midstream'(x) {
    x.head(200, SSE);
    x.write(role(x) + delta(x, { content: x.sum }), true);
    await x.pause();
    const error = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };
    x.end(`event: error\ndata: ${JSON.stringify(error)}\n\n`);
  },
  'finish-reason-error'(x) {
    x.head(200, SSE);
    x.write(role(x) + delta(x, { content: x.sum }), true);
    x.end(finish(x, 'error', { error: { message: 'provider disconnected', code: 'server_error' } }) + DONE);
  },
  async 'refused-key-under-200'(x) {
    x.head(200, SSE);
    x.write(': ping\n\n');
    await x.pause();
    x.end(`data: ${JSON.stringify({ error: { message: 'Invalid API key', code: 401 } })}\n\n${DONE}`);
  },
  'empty-completion'(x) {
    x.head(200, SSE);
    x.end(role(x) + finish(x) + usage(x, { ...USAGE, completion_tokens: 0 }) + DONE);
  },
  'empty-body'(x) {
    x.head(200, SSE);
    x.end();
  },
  'html-200'(x) {
    x.head(200, { 'content-type': 'text/html' });
    x.end('<!doctype html><title>Maintenance</title>');
  },
  'html-as-event-stream'(x) {
    x.head(200, SSE);
    x.end('<!doctype html><title>Maintenance</title>\n');
  },
  'json-error-as-event-stream'(x) {
    x.head(200, SSE);
    x.end(JSON.stringify({ error: { message: 'no worker', type: 'server_error' } }));
  },
  'malformed-event'(x) {
    x.head(200, SSE);
    x.write(role(x) + delta(x, { content: x.sum }), true);
    x.end(`data: {"choices": [\n\n${finish(x)}${usage(x)}${DONE}`);
  },
  'gzip-although-identity'(x) {
    x.head(200, { ...SSE, 'content-encoding': 'gzip' });
    x.end(Buffer.from([0x1f, 0x8b, 8, 0]).toString('latin1'));
  },
  'zip-bomb'(x) {
    x.head(200, { ...SSE, 'content-encoding': 'gzip' });
    x.write(gzipSync(Buffer.alloc(64 * 1024 * 1024)));
    x.end('');
  },
  async 'invalid-utf8'(x) {
    x.head(200, SSE);
    x.write(role(x) + delta(x, { content: x.sum }), true);
    x.write(Buffer.from([0x64, 0x61, 0x74, 0x61, 0x3a, 0x20, 0xff, 0xfe, 0xc3, 0x0a, 0x0a]));
    x.end(finish(x) + usage(x) + DONE);
  },
  'rate-limited-own': (x) =>
    failure(
      x,
      429,
      {
        message: 'Rate limit reached for m in organization org-1 on requests per min',
        code: 'rate_limit_exceeded',
      },
      { 'retry-after': '7', 'x-ratelimit-remaining-requests': '0' },
    ),
  'rate-limited-until-a-date': (x) =>
    failure(
      x,
      429,
      { message: 'The engine is currently overloaded' },
      { 'retry-after': 'Thu, 01 Oct 2026 00:00:10 GMT', 'x-ratelimit-remaining-requests': '40' },
    ),
  'no-credit': (x) =>
    failure(x, 402, {
      message: 'Insufficient credits',
      code: 402,
      metadata: { limit_source: 'openrouter_in_flight_budget' },
    }),
  'refused-key': (x) =>
    failure(
      x,
      401,
      // A careless gateway that echoes what it was sent.
      { message: `Incorrect API key provided: ${String(x.request.headers.authorization)}` },
      {
        'x-echo': String(x.request.headers.authorization),
        'set-cookie': 'session=abc',
        'x-other-key': 'ga_0123456789abcdef0123',
      },
    ),
  'refused-request': (x) => failure(x, 422, { message: 'max_tokens is not allowed' }),
  'no-such-model': (x) => failure(x, 404, { message: 'The model does not exist', code: 'model_not_found' }),
  overloaded: (x) => failure(x, 529, { type: 'overloaded_error', message: 'Overloaded' }),
  unavailable(x) {
    x.head(503, { 'content-type': 'text/plain' });
    x.end('upstream connect error or disconnect/reset before headers');
  },
  'provider-500': (x) => failure(x, 500, { message: 'litellm.InternalServerError: OpenAIException - boom' }),
  'gateway-timeout-408': (x) => failure(x, 408, { message: 'timed out', type: 'timeout_error' }),
  async 'stall-between-tokens'(x) {
    x.head(200, SSE);
    x.write(role(x) + delta(x, { content: x.sum }), true);
    await x.pause(60_000);
  },
  async 'stall-with-comments'(x) {
    x.head(200, SSE);
    x.write(role(x) + delta(x, { content: x.sum }), true);
    while (!x.socket.destroyed) {
      x.write(': ping\n\n');
      await x.pause();
    }
  },
  async 'comments-for-ever'(x) {
    x.head(200, SSE);
    while (!x.socket.destroyed) {
      x.write(': ping\n\n');
      await x.pause();
    }
  },
  async 'tokens-for-ever'(x) {
    x.head(200, SSE);
    while (!x.socket.destroyed) {
      x.write(delta(x, { content: 'and ' }), true);
      await x.pause();
    }
  },
  async 'headers-then-silence'(x) {
    x.head(200, SSE);
    await x.pause(60_000);
  },
  'never-answers': (x) => x.pause(60_000),
  async 'aborted-midbody'(x) {
    x.head(200, SSE);
    x.write(role(x) + delta(x, { content: x.sum }), true);
    await x.pause();
    x.socket.destroy();
  },
  'reset-before-headers': (x) => reset(x),
  'closed-on-reuse'(x) {
    if (x.nth > 1) {
      x.socket.destroy();
      return;
    }
    return stream(x);
  },
  'h2-reset-no-error': (x) => resetStream(x, 0),
  'h2-reset-cancel': (x) => resetStream(x, 8),
  'h2-reset-internal': (x) => resetStream(x, 2),
  'not-http'(x) {
    x.socket.write('SSH-2.0-OpenSSH_9.9\r\n');
  },
  'redirect-loop'(x) {
    x.head(302, { location: x.request.url ?? '/' });
    x.end();
  },
  'moved-permanently'(x) {
    x.head(308, { location: 'https://elsewhere.test/v1' });
    x.end();
  },
  async 'ten-megabyte-header'(x) {
    const filler = 'x'.repeat(64 * 1024);
    x.socket.write('HTTP/1.1 200 OK\r\nx-filler: ');
    for (let i = 0; i < 160 && !x.socket.destroyed; i += 1) {
      if (!x.socket.write(filler)) await x.pause(1);
    }
  },
  async 'headers-without-end'(x) {
    x.socket.write('HTTP/1.1 200 OK\r\n');
    for (let n = 0; !x.socket.destroyed; n += 1) {
      if (!x.socket.write(`x-${n}: ${n}\r\n`)) await x.pause(1);
      if (n % 1_000 === 0) await x.pause(1);
    }
  },
  async 'headers-byte-by-byte'(x) {
    x.socket.write('HTTP/1.1 200 OK\r\nx-slow: ');
    while (!x.socket.destroyed) {
      x.socket.write('x');
      await x.pause(1);
    }
  },
  async 'early-hints-without-end'(x) {
    while (!x.socket.destroyed) {
      x.socket.write('HTTP/1.1 103 Early Hints\r\nlink: </style.css>\r\n\r\n');
      await x.pause(1);
    }
  },
  async 'event-byte-by-byte'(x) {
    x.head(200, SSE);
    x.write('data: {"choices":[{"index":0,"delta":{"content":"');
    while (!x.socket.destroyed) {
      x.write('x');
      await x.pause(1);
    }
  },
  async 'chunk-header-without-end'(x) {
    x.socket.write(
      'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n',
    );
    x.socket.write('5;extension=');
    while (!x.socket.destroyed) {
      x.socket.write('x'.repeat(1024));
      await x.pause(1);
    }
  },
  async 'endless-body'(x) {
    const filler = delta(x, { content: 'x'.repeat(16 * 1024) });
    x.head(200, SSE);
    while (!x.socket.destroyed) {
      x.write(filler, true);
      await x.pause(1);
    }
  },
  async 'endless-event'(x) {
    x.head(200, SSE);
    x.write('data: ');
    while (!x.socket.destroyed) {
      x.write('x'.repeat(16 * 1024));
      await x.pause(1);
    }
  },
  'wrong-sum': (x) => stream(x, { answer: String(Number(x.sum) + 1) }),
  'cache-hit-litellm': (x) => stream(x, { headers: { 'x-litellm-cache-key': 'a1b2' } }),
  'cache-hit-portkey': (x) => stream(x, { headers: { 'x-portkey-cache-status': 'SEMANTIC HIT' } }),
  'cache-hit-openrouter': (x) => stream(x, { headers: { 'x-openrouter-cache-status': 'HIT' } }),
  'cache-hit-cloudflare': (x) => stream(x, { headers: { 'cf-aig-cache-status': 'HIT' } }),
  'cache-hit-kong': (x) => stream(x, { headers: { 'x-cache-status': 'Hit' } }),
  'cache-hit-named': (x) => stream(x, { headers: { 'x-acme-cache': 'hit from edge' } }),
  'cache-miss': (x) => stream(x, { headers: { 'x-portkey-cache-status': 'MISS' } }),
  'cached-prompt': (x) =>
    stream(x, { usage: { ...USAGE, prompt_tokens: 2_048, prompt_tokens_details: { cached_tokens: 1_920 } } }),
  'another-model': (x) => stream(x, { chunk: { model: 'm-mini' } }),
  'another-provider-litellm': (x) => stream(x, { headers: { 'x-litellm-attempted-fallbacks': '1' } }),
  'named-model-litellm': (x) => stream(x, { headers: { 'x-litellm-model-name': 'openai/m' } }),
  'hidden-retry': (x) => stream(x, { headers: { 'x-litellm-attempted-retries': '2' } }),
  'tier-downgraded': (x) => stream(x, { chunk: { service_tier: 'default' } }),
  obfuscated: (x) => stream(x, { chunk: { obfuscation: 'abcdef' } }),
  async 'blocked-thread'(x) {
    x.head(200, SSE);
    x.write(role(x));
    await x.pause();
    // The prober of a test lives in this very thread.
    busyLoop(200);
    x.write(delta(x, { content: x.sum }), true);
    x.write(finish(x) + usage(x));
    x.end(DONE);
  },
  'good-json'(x) {
    x.head(200, JSON_TYPE);
    x.end(
      JSON.stringify({
        id: 'chatcmpl-json',
        model: x.model,
        choices: [{ index: 0, message: { role: 'assistant', content: x.sum }, finish_reason: 'stop' }],
        usage: USAGE,
      }),
    );
  },
  'truncated-json'(x) {
    x.head(200, JSON_TYPE);
    x.end('{"id":"chatcmpl-json","choices":[{"message":{"role":"assistant","content":"4');
  },
  'json-error-under-200'(x) {
    x.head(200, JSON_TYPE);
    x.end(JSON.stringify({ error: { message: 'boom' } }));
  },
  embeddings(x) {
    x.head(200, JSON_TYPE);
    x.end(
      JSON.stringify({
        object: 'list',
        model: x.model,
        data: [{ object: 'embedding', index: 0, embedding: [0.1, 0.2] }],
        usage: { prompt_tokens: 9, total_tokens: 9 },
      }),
    );
  },
  'no-embeddings'(x) {
    x.head(200, JSON_TYPE);
    x.end(JSON.stringify({ object: 'list', model: x.model, data: [] }));
  },
  models(x) {
    x.head(200, JSON_TYPE);
    x.end(
      JSON.stringify({ object: 'list', data: [{ id: 'm' }, { id: 'Pro/m' }, { id: 'm' }, { nonsense: 1 }] }),
    );
  },
  async responses(x) {
    const send = (type: string, fields: object): string =>
      `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
    const response = { id: 'resp_1', model: x.model, status: 'in_progress', error: null };
    x.head(200, SSE);
    x.write(send('response.created', { response }));
    x.write(send('response.output_item.added', { item: { type: 'message', role: 'assistant' } }));
    await x.pause();
    x.write(send('response.output_text.delta', { delta: x.sum.slice(0, 1) }), true);
    await x.pause();
    x.write(send('response.output_text.delta', { delta: x.sum.slice(1) }), true);
    x.end(
      send('response.completed', {
        response: { ...response, status: 'completed', usage: { input_tokens: 21, output_tokens: 2 } },
      }),
    );
  },
  async 'responses-failed'(x) {
    const send = (type: string, fields: object): string =>
      `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
    x.head(200, SSE);
    x.write(send('response.output_text.delta', { delta: x.sum }), true);
    await x.pause();
    x.end(
      send('response.failed', {
        response: { id: 'resp_1', status: 'failed', error: { code: 'server_error', message: 'boom' } },
      }),
    );
  },
  async 'responses-cut'(x) {
    const send = (type: string, fields: object): string =>
      `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
    x.head(200, SSE);
    x.write(send('response.output_text.delta', { delta: x.sum }), true);
    await x.pause();
    x.end();
  },
} as const satisfies Readonly<Record<string, (x: Exchange) => Promise<void> | void>>;

export type Misbehaviour = keyof typeof MISBEHAVIOURS;
