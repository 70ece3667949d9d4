import { Worker } from 'node:worker_threads';
import type { FromProbing } from '../pipeline/probing-messages.ts';
import type { ProbingPort, ProbingPortEvents } from '../pipeline/probing-thread.ts';

/** Starts the thread that probes. */
export function spawnProber(events: ProbingPortEvents): ProbingPort {
  const worker = new Worker(new URL('./prober-thread.ts', import.meta.url), { name: 'prober' });
  let reason: string | null = null;
  worker.on('message', (message: FromProbing) => events.onMessage(message));
  worker.on('error', (error) => {
    reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
  });
  worker.on('exit', (code) => events.onExit(reason ?? (code === 0 ? null : `it exited with code ${code}`)));
  return {
    post: (message) => worker.postMessage(message),
    kill: () => void worker.terminate(),
  };
}
