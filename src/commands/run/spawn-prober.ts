import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { FromProbing } from '../../pipeline/probing/probing-messages.ts';
import type { ProbingPort, ProbingPortEvents } from '../../pipeline/probing/probing-thread.ts';

const YOUNG_GENERATION_MB = 12;

/** Starts the thread that probes. */
export function spawnProber(events: ProbingPortEvents): ProbingPort {
  const worker = new Worker(new URL('./prober-thread.ts', import.meta.url), {
    name: 'prober',
    env: environment(),
    // Many short collections instead of few long ones: a collection is a pause in which no answer is timestamped.
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
  });
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

/** Our own, and the compile cache of the main thread, which a thread does not take over by itself. */
function environment(): NodeJS.ProcessEnv {
  const cache = getCompileCacheDir();
  return cache === undefined ? process.env : { ...process.env, NODE_COMPILE_CACHE: dirname(cache) };
}
