import { resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Config } from '../../config/config.ts';
import { HOLD_MS, trustClock } from '../../pipeline/closing/clock-trust.ts';
import type { ClosingSetup, FromClosing } from './closing-messages.ts';
import { reportTermsOf } from './report-terms.ts';
import { systemClock } from './system-clock.ts';

export type ClosingOptions = {
  readonly config: Config;
  /** The data folder. */
  readonly data: string;
  readonly log: {
    readonly info: (about: object, message: string) => void;
    readonly warn: (about: object, message: string) => void;
    readonly error: (about: object, message: string) => void;
  };
  /** Resolves when the past is complete: what is sealed or frozen before would lack what is still being written. */
  readonly after: Promise<void>;
  /** When Probity was last known to run before this start, epoch ms; `null` = never. */
  readonly lastSeenAt: number | null;
  /** Called when a report was frozen. */
  readonly changed: () => void;
};

/** After a round; one that died tries again sooner. */
const NEXT_AFTER_MS = 5 * 60_000;
const RESTART_AFTER_MS = 60_000;
/** A thread that does not answer is ended: whatever it was at is done again after the next start. */
const STOP_WITHIN_MS = 4_000;

/** Starts the closing thread again and again until it is stopped: its memory is given back after each round. */
export function startClosing({ config, data, log, after, lastSeenAt, changed }: ClosingOptions): {
  readonly stop: () => Promise<void>;
} {
  const setup: ClosingSetup = {
    data: resolve(data),
    terms: reportTermsOf(config),
    routes: config.alerts.enabled ? config.alerts.routes : [],
    timeStamps: config.timeStamps,
    retention: config.retention,
  };
  let stopped = false;
  let restarting: NodeJS.Timeout | undefined;
  let exited: Promise<void> = Promise.resolve();
  let worker: Worker | null = null;

  const clock = trustClock(systemClock, lastSeenAt, (byMs) =>
    log.warn(
      { hours: Math.round(byMs / 3_600_000), waitsMinutes: HOLD_MS / 60_000 },
      'the clock leapt, or Probity was off: reports, seals and pruning wait. Is the date right?',
    ),
  );

  const start = (): void => {
    if (!clock.isTrusted()) {
      restarting = setTimeout(start, NEXT_AFTER_MS);
      return;
    }
    const running = new Worker(new URL('./closing-thread.ts', import.meta.url), {
      name: 'closing',
      workerData: setup,
    });
    running.on('message', (message: FromClosing) => {
      switch (message.kind) {
        case 'closed':
          log.info({ contract: message.contract, period: message.period }, 'a report was frozen');
          changed();
          return;
        case 'corrected':
          log.info({ corrections: message.corrections }, 'samples arrived after a close');
          return;
        case 'failed':
          log.error({ what: message.what, reason: message.reason }, 'reports and evidence are behind');
          return;
      }
    });
    running.on('error', (err) => log.error({ err }, 'the closing thread died'));
    worker = running;
    exited = new Promise((done) => {
      running.once('exit', (code) => {
        done();
        if (!stopped) restarting = setTimeout(start, code === 0 ? NEXT_AFTER_MS : RESTART_AFTER_MS);
      });
    });
  };
  after.then(() => {
    if (!stopped) start();
  });

  return {
    stop: async () => {
      stopped = true;
      clearTimeout(restarting);
      const running = worker;
      if (running === null) return;
      running.postMessage('stop');
      const timer = setTimeout(() => void running.terminate(), STOP_WITHIN_MS);
      await exited;
      clearTimeout(timer);
    },
  };
}
