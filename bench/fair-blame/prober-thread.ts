import { parentPort } from 'node:worker_threads';
import { systemClock } from '../../src/commands/run/system-clock.ts';
import { createJudge } from '../../src/pipeline/probing/judge.ts';
import { createProbing, type Probing } from '../../src/pipeline/probing/probing.ts';
import type { ToProbing } from '../../src/pipeline/probing/probing-messages.ts';
import { WITNESS_PATIENCE_MS } from '../../src/pipeline/probing/self-doubt.ts';
import { createProber } from '../../src/prober/prober.ts';
import { askWitness } from '../../src/prober/witness.ts';

/** What the experiment does to the thread that probes. */
export type Harm =
  | { readonly kind: 'block'; readonly ms: number }
  /** The wall clock is set; the monotonic one does not notice. */
  | { readonly kind: 'step'; readonly byMs: number };

/** The probing thread of the program, with a clock that can be set and a loop that can be blocked. */
const port = parentPort;
if (port === null) throw new Error('this file is the entry of a worker thread');
let steppedMs = 0;
const clock = { ...systemClock, now: () => systemClock.now() + steppedMs };
const prober = createProber({ wallClock: clock.now });
const warm = prober.warmUp();
let probing: Probing | null = null;

port.on('message', async (message: ToProbing | Harm) => {
  switch (message.kind) {
    case 'start':
      await warm;
      probing = createProbing(
        {
          clock,
          probe: prober.probe,
          judge: createJudge(),
          witness: (url) => askWitness(url, WITNESS_PATIENCE_MS),
          tell: (told) => port.postMessage(told),
          platform: () => ({ loopDelayMaxUs: 0, processCpuUs: 0 }),
        },
        message.plan,
        message.fromAt,
        message.resume,
      );
      return;
    case 'ack':
      probing?.acknowledge(message.batch);
      return;
    case 'stop':
      port.postMessage({ kind: 'stopped', undelivered: (await probing?.stop(() => prober.close())) ?? 0 });
      port.close();
      return;
    case 'block': {
      const untilUs = clock.monotonicUs() + message.ms * 1000;
      while (clock.monotonicUs() < untilUs);
      return;
    }
    case 'step':
      steppedMs += message.byMs;
      return;
    case 'plan':
      return;
  }
});
