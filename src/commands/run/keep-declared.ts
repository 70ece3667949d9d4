import type { Logger } from 'pino';
import type { Config } from '../../config/config.ts';
import { declareWork } from '../../pipeline/declare-work.ts';
import type { Store } from '../../store/store.ts';
import { systemClock } from './system-clock.ts';

const HOUR_MS = 3_600_000;

/** Remembers the planned work the configuration declares: now, before anybody judges by it, and every hour further ahead. */
export async function keepDeclared(
  { maintenance }: Config,
  store: Store,
  log: Pick<Logger, 'info' | 'error'>,
  changed: () => void,
): Promise<{ readonly stop: () => Promise<void> }> {
  const declare = async (): Promise<void> => {
    const { added, withdrawn } = await declareWork(store, maintenance, systemClock.now());
    if (added === 0 && withdrawn === 0) return;
    log.info({ added, withdrawn }, 'planned work declared');
    changed();
  };
  await declare();
  const timer = setInterval(() => {
    declare().catch((err: unknown) => log.error({ err }, 'planned work could not be remembered'));
  }, HOUR_MS);
  timer.unref();
  return { stop: async () => clearInterval(timer) };
}
