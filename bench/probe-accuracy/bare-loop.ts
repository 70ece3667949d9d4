import { performance } from 'node:perf_hooks';
import { Pool } from 'undici';
import { goFirst } from './go-first.ts';

/**
 * The baseline: the least that can send the same requests on the same schedule and notice the first token. Nothing
 * is parsed, judged, stored or shown; one thread. What Probity needs is given as a multiple of this.
 */
export type BareOrder = {
  readonly origin: string;
  readonly targets: number;
  readonly everyMs: number;
  readonly windowMs: number;
};
/** Id, time to first token in µs, and lateness in µs. */
export type BareSample = readonly [id: string, ttftUs: number, lagUs: number];

goFirst();

const NEEDLE = Buffer.from('"content":"');

async function run({ origin, targets, everyMs, windowMs }: BareOrder): Promise<BareSample[]> {
  const pool = new Pool(origin, {
    connections: null,
    pipelining: 1,
    keepAliveTimeout: 75_000,
    allowH2: false,
  });
  const samples: BareSample[] = [];
  const startMs = performance.now();
  const total = Math.floor((windowMs / everyMs) * targets);
  const ended: Promise<void>[] = [];
  await new Promise<void>((resolve) => {
    let n = 0;
    const dueMs = (): number => startMs + (n * everyMs) / targets;
    const wake = (): void => {
      while (n < total && dueMs() <= performance.now()) {
        ended.push(send(pool, n, dueMs(), samples));
        n += 1;
      }
      if (n >= total) resolve();
      else setTimeout(wake, Math.max(0, dueMs() - performance.now()));
    };
    wake();
  });
  await Promise.all(ended);
  await pool.destroy();
  return samples;
}

function send(pool: Pool, n: number, dueMs: number, samples: BareSample[]): Promise<void> {
  const id = `bare-${n}`;
  const body = JSON.stringify({
    model: `m-${n}`,
    messages: [{ role: 'user', content: `[${n}] Reply with one number: ${n} + 1` }],
    max_tokens: 64,
    stream: true,
  });
  return new Promise((resolve) => {
    let ttftUs = -1;
    const t0 = performance.now();
    pool.dispatch(
      {
        path: '/v1/chat/completions',
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-client-request-id': id },
        body,
      },
      {
        onRequestStart() {},
        onResponseStart() {},
        onResponseData(_controller, chunk) {
          if (ttftUs >= 0) return;
          const at = chunk.indexOf(NEEDLE);
          // The role chunk carries an empty content.
          if (at >= 0 && chunk[at + NEEDLE.length] !== 0x22)
            ttftUs = Math.round((performance.now() - t0) * 1000);
        },
        onResponseEnd() {
          samples.push([id, ttftUs, Math.round((t0 - dueMs) * 1000)]);
          resolve();
        },
        onResponseError() {
          resolve();
        },
      },
    );
  });
}

process.on('message', (order: BareOrder) => {
  void run(order).then((samples) => process.send?.(samples));
});
process.send?.('ready');
process.on('disconnect', () => process.exit());
