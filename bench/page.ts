/**
 * The overview as readers get it: 368 targets probed every ten seconds, the page asked for again and again while
 * samples keep coming in. Requests per second are a ratio to the same bytes served from memory by bare `node:http` in
 * the same run; what preparing an edition costs is the longest time the thread was not free.
 *
 *   npm run bench:page
 */
import { createServer as createHttpServer } from 'node:http';
import { performance } from 'node:perf_hooks';
import { Pool } from 'undici';
import { createServer } from '../src/web/server.ts';
import { type Deployment, recordDeployment, targetsOf } from '../test/support/deployment.ts';
import { SCENE_AT, SCENES } from '../test/support/scenes.ts';

const MINUTE = 60_000;
const CONNECTIONS = 8;

const deployment: Deployment = {
  gateway: 'global-apis',
  tiers: ['standard', 'pro'],
  models: Array.from(
    { length: 184 },
    (_, index) => `maker-${index % 7}/model-${String(index + 1).padStart(3, '0')}`,
  ),
  everyMs: 10_000,
  fate: (target, at) => {
    const chance =
      (Math.imul(
        at ^ Math.imul(target.id.length * 31 + target.model.charCodeAt(target.model.length - 1), 0x9e3779b1),
        0x85ebca6b,
      ) >>>
        8) %
      1_000;
    if (chance < 8)
      return { kind: 'failed', outcome: 'gateway.5xx', status: 503, message: 'no healthy upstream' };
    if (chance < 12) return { kind: 'lost' };
    return { kind: 'answered', slower: 0.7 + (chance % 97) / 120 };
  },
};

type Load = {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
};

/** Asks over a few kept connections for a while; times are from asking to the first byte. */
async function load(origin: string, path: string, ms: number): Promise<Load> {
  const pool = new Pool(origin, { connections: CONNECTIONS });
  const times: number[] = [];
  const startedAt = performance.now();
  const ask = async (): Promise<void> => {
    while (performance.now() - startedAt < ms) {
      const askedAt = performance.now();
      const { body } = await pool.request({ path, method: 'GET', headers: { 'accept-encoding': 'br' } });
      times.push(performance.now() - askedAt);
      await body.dump({ limit: 10_000_000 });
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, ask));
  const seconds = (performance.now() - startedAt) / 1000;
  await pool.close();
  times.sort((a, b) => a - b);
  const at = (share: number): number =>
    times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
  return { perSecond: times.length / seconds, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}

/** Runs something and tells the longest time in which the thread could do nothing else. */
async function longestBlock(run: () => Promise<unknown>): Promise<{ blockMs: number; wholeMs: number }> {
  let last = performance.now();
  const startedAt = last;
  let blockMs = 0;
  let isOver = false;
  const look = (): void => {
    const now = performance.now();
    blockMs = Math.max(blockMs, now - last);
    last = now;
    if (!isOver) setImmediate(look);
  };
  setImmediate(look);
  await run();
  isOver = true;
  look();
  return { blockMs, wholeMs: performance.now() - startedAt };
}

const fixed = (value: number, digits = 1): string => value.toFixed(digits);

const store = await recordDeployment(deployment, SCENE_AT - 62 * MINUTE, SCENE_AT + 8 * MINUTE);
const startedAt = performance.now();
let skippedMs = 0;
const now = (): number => SCENE_AT + skippedMs + Math.floor(performance.now() - startedAt);
const web = createServer({
  store,
  clock: now,
  settings: SCENES.healthy.settings,
  log: {
    error: ({ err }) => {
      throw err;
    },
  },
});
const { url, close } = await web.listen('127.0.0.1', 0);
const get = async (path = '/'): Promise<ArrayBuffer> =>
  (await fetch(`${url}${path}`, { headers: { 'accept-encoding': 'br' } })).arrayBuffer();

console.log(`${targetsOf(deployment).length} targets, one probe each per ${deployment.everyMs / 1000} s`);
const cold = await longestBlock(get);
console.log(
  `first edition of a start     ${fixed(cold.wholeMs)} ms, thread blocked for ${fixed(cold.blockMs)} ms at most`,
);

const answer = await new Promise<Buffer>((resolve, reject) => {
  const pool = new Pool(url, { connections: 1 });
  pool
    .request({ path: '/', method: 'GET', headers: { 'accept-encoding': 'br' } })
    .then(async ({ body }) => {
      resolve(Buffer.from(await body.arrayBuffer()));
      await pool.close();
    })
    .catch(reject);
});
console.log(`weight of the page           ${fixed(answer.length / 1000)} kB (brotli)   aim <= 150`);

const blocks: number[] = [];
const wholes: number[] = [];
for (let round = 0; round < 30; round += 1) {
  // So old an edition is not shown any more, so that the reader waits for the new one.
  skippedMs += 10_000;
  // As after a batch of the last ten seconds.
  web.touched(now() - 10_000);
  web.changed();
  const { blockMs, wholeMs } = await longestBlock(get);
  blocks.push(blockMs);
  wholes.push(wholeMs);
}
blocks.sort((a, b) => a - b);
wholes.sort((a, b) => a - b);
console.log(
  `a new edition, warm          ${fixed(wholes[15] ?? 0)} ms, thread blocked for ${fixed(blocks[15] ?? 0)} ms (median), ${fixed(blocks.at(-1) ?? 0)} ms (worst of 30)   aim <= 10`,
);

const still = createHttpServer((_request, response) => {
  response.writeHead(200, { 'Content-Length': answer.length, 'Content-Encoding': 'br' });
  response.end(answer);
});
await new Promise<void>((resolve) => still.listen(0, '127.0.0.1', resolve));
const address = still.address();
const stillUrl = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
await load(url, '/', 1_000);
await load(stillUrl, '/', 1_000);
const bare = await load(stillUrl, '/', 4_000);
const page = await load(url, '/', 4_000);
console.log(
  `page, warm                   ${Math.round(page.perSecond)}/s = ${fixed(page.perSecond / bare.perSecond, 2)} of the same bytes from memory (${Math.round(bare.perSecond)}/s)   aim >= 1000/s`,
);
console.log(
  `first byte, warm             p50 ${fixed(page.p50Ms)} ms, p99 ${fixed(page.p99Ms)} ms, max ${fixed(page.maxMs)} ms with ${CONNECTIONS} connections asking without pause   aim p99 <= 10 (from memory: p99 ${fixed(bare.p99Ms)} ms)`,
);
const moving = setInterval(() => {
  web.touched(now() - 2_000);
  web.changed();
}, 500);
const lively = await load(url, '/', 10_000);
clearInterval(moving);
console.log(
  `first byte, data coming in   p50 ${fixed(lively.p50Ms)} ms, p99 ${fixed(lively.p99Ms)} ms, max ${fixed(lively.maxMs)} ms, ${Math.round(lively.perSecond)}/s`,
);
still.close();
await close();
await store.close();
