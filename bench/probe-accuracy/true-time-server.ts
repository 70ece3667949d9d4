import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { performance } from 'node:perf_hooks';
import { goFirst } from './go-first.ts';

/**
 * A gateway that streams answers and knows when it really sent what. A process of its own: its work must not be
 * charged to whoever measures it. Says its port first, and on any message how every request really went.
 */
const TOKENS = 12;
const BETWEEN_MS = 15;

/** One request: the id it came with, the time to its first token in µs, and when it arrived, epoch ms. */
export type TrueTime = readonly [id: string, ttftUs: number, arrivedAt: number];

// It stands for another machine: nothing on this one may keep it waiting, or that would be charged to whoever measures it.
goFirst();

let times: TrueTime[] = [];
let seed = 42;

/** Mulberry32, so that each run meets the same delays. */
function random(): number {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
}

/** Log-normal with a median of 250 ms, and one in fifty four times as slow. */
function delayMs(): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return 250 * Math.exp(0.4 * normal) * (random() < 0.02 ? 4 : 1);
}

/** The events of one answer, under an id of its own. */
function eventsOf(id: string): { role: string; token: (content: string) => string; end: string } {
  const event = (body: object): string =>
    `data: ${JSON.stringify({ id, object: 'chat.completion.chunk', ...body })}\n\n`;
  const choice = (delta: object, finish: string | null): string =>
    event({ choices: [{ index: 0, delta, finish_reason: finish }] });
  const usage = { prompt_tokens: 24, completion_tokens: TOKENS };
  return {
    role: choice({ role: 'assistant', content: '' }, null),
    token: (content) => choice({ content }, null),
    end: `${choice({}, 'stop')}${event({ choices: [], usage })}data: [DONE]\n\n`,
  };
}

let answers = 0;

const server = createServer((request, response) => {
  const arrived = performance.now();
  const arrivedAt = Date.now();
  let text = '';
  request.setEncoding('utf8');
  request.on('data', (part: string) => {
    text += part;
  });
  request.on('end', () => {
    const sum = /(\d+) \+ (\d+)/.exec(text);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    answers += 1;
    const { role, token, end } = eventsOf(`cmpl-${answers}`);
    const word = token(' the');
    response.write(role);
    setTimeout(() => {
      response.write(token(String(Number(sum?.[1]) + Number(sum?.[2]))));
      times.push([
        String(request.headers['x-client-request-id']),
        Math.round((performance.now() - arrived) * 1000),
        arrivedAt,
      ]);
      let left = TOKENS - 1;
      const next = (): void => {
        if (left === 0) return void response.end(end);
        left -= 1;
        response.write(word);
        setTimeout(next, BETWEEN_MS);
      };
      setTimeout(next, BETWEEN_MS);
    }, delayMs());
  });
});
server.keepAliveTimeout = 75_000;
server.maxConnections = 20_000;
server.listen(0, '127.0.0.1', 4096, () => process.send?.((server.address() as AddressInfo).port));
process.on('message', () => {
  process.send?.(times);
  times = [];
});
process.on('disconnect', () => process.exit());
