import { flushCompileCache } from 'node:module';
import { setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { createJudge } from '../../pipeline/probing/judge.ts';
import { createProbing, type Probing } from '../../pipeline/probing/probing.ts';
import type { FromProbing, ToProbing } from '../../pipeline/probing/probing-messages.ts';
import { WITNESS_PATIENCE_MS } from '../../pipeline/probing/self-doubt.ts';
import { createProber } from '../../prober/prober.ts';
import { askWitness } from '../../prober/witness.ts';
import { systemClock } from './system-clock.ts';

/**
 * The quiet room: the thread in which probes are scheduled, sent and timed. Nothing else runs here, so that no
 * query, page or mail can stand between an answer and its timestamp.
 */
const port = parentPort;
if (port === null) throw new Error('this file is the entry of a worker thread');

goFirst();
// Every thread keeps the code it has read.
flushCompileCache();

const tell = (message: FromProbing): void => port.postMessage(message);
const prober = createProber({ wallClock: systemClock.now });
/** The first exchanges of a process are slow, and would be charged to a gateway. */
const warm = prober.warmUp();
let probing: Probing | null = null;

const start = async (message: Extract<ToProbing, { kind: 'start' }>): Promise<void> => {
  await warm;
  probing = createProbing(
    {
      clock: systemClock,
      probe: prober.probe,
      judge: createJudge(),
      witness: (url) => askWitness(url, WITNESS_PATIENCE_MS),
      tell,
      platform: () => {
        const { user, system } = process.cpuUsage();
        return { loopDelayMaxUs: prober.takeLongestBlockUs(), processCpuUs: user + system };
      },
    },
    message.plan,
    message.fromAt,
    message.resume,
  );
};

/** Messages are handled one after the other: a plan must not overtake the start. */
let turn: Promise<void> = Promise.resolve();

const handle = async (message: ToProbing): Promise<void> => {
  switch (message.kind) {
    case 'start':
      return start(message);
    case 'plan':
      probing?.replan(message.plan, message.fromAt);
      return;
    case 'ack':
      probing?.acknowledge(message.batch);
      return;
    case 'stop': {
      const undelivered = (await probing?.stop(() => prober.close())) ?? 0;
      tell({ kind: 'stopped', undelivered });
      port.close();
      return;
    }
  }
};

port.on('message', (message: ToProbing) => {
  // Acknowledgements must get through while a stop waits for them.
  if (message.kind === 'ack') void handle(message);
  else turn = turn.then(() => handle(message));
});

/**
 * On a busy machine this thread, which needs a few percent of one processor, is woken before others that wait for one.
 * Only root, or who was given the right, may ask for that; everybody else probes at the ordinary priority.
 */
function goFirst(): void {
  // Elsewhere the call would be about the whole process.
  if (process.platform !== 'linux') return;
  try {
    setPriority(0, -10);
  } catch {
    // Not allowed.
  }
}
