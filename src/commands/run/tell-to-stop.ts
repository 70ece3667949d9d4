import type { World } from '../world.ts';

const PARENT_EVERY_MS = 1_000;

/**
 * Listens for the signals to stop from now on, so that a start can be broken off too. A second one ends it at once. npm hands
 * a signal to the shell between us, which ends without a word to us: where npm started us, its end is a signal as well.
 * Until now a signal ended the program at once; there is no moment at which none is heard.
 */
export function tellToStop(env: World['env']): {
  readonly signal: AbortSignal;
  readonly toStop: Promise<void>;
} {
  const controller = new AbortController();
  const toStop = new Promise<void>((resolve) => {
    const stop = (): void => {
      controller.abort();
      resolve();
    };
    for (const name of ['SIGINT', 'SIGTERM'] as const) {
      const untilNow = process.listeners(name);
      process.once(name, stop);
      for (const listener of untilNow) process.off(name, listener);
    }
    if (env.npm_lifecycle_event === undefined || process.platform === 'win32') return;
    const parent = process.ppid;
    const looking = setInterval(() => {
      if (process.ppid === parent) return;
      clearInterval(looking);
      stop();
    }, PARENT_EVERY_MS);
    looking.unref();
  });
  return { signal: controller.signal, toStop };
}
