import { type ChildProcess, fork } from 'node:child_process';
import { resolve } from 'node:path';
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
  /** Whether the data folder was deleted or replaced: what lies there now is not what we opened, and is left alone. */
  readonly isDatabaseGone: () => boolean;
  /** A round that takes longer is ended and begun anew, ms. Default: six hours. */
  readonly roundWithinMs?: number;
  /** Called when a report was frozen. */
  readonly changed: () => void;
};

/** After a round; one that died tries again sooner. */
const NEXT_AFTER_MS = 5 * 60_000;
const RESTART_AFTER_MS = 60_000;
/** Far longer than any round; one that hangs would otherwise be the last, and nobody be told. */
const ROUND_WITHIN_MS = 6 * 3_600_000;
/** A process that does not answer is ended: whatever it was at is done again after the next start. */
const STOP_WITHIN_MS = 4_000;

/**
 * Its collections are its own work. It takes more room for objects that live for moments than the service may, for as long as
 * it runs: half of V8's own choice, which took a third more memory and no less time.
 */
const V8_OPTIONS = [
  '--single-threaded-gc',
  '--max-semi-space-size=8',
  '--disable-warning=ExperimentalWarning',
];
/** The end of what a process says before it dies is where it says why. */
const LAST_WORDS = 4_000;

/** Starts the closing process again and again until it is stopped: its memory is given back after each round. */
export function startClosing(options: ClosingOptions): { readonly stop: () => Promise<void> } {
  const { config, data, log, after, lastSeenAt, isDatabaseGone, changed } = options;
  const { roundWithinMs = ROUND_WITHIN_MS } = options;
  const setup: ClosingSetup = {
    data: resolve(data),
    terms: reportTermsOf(config),
    routes: config.alerts.enabled ? config.alerts.routes : [],
    timeStamps: config.timeStamps,
    retention: config.retention,
  };
  let stopped = false;
  let restarting: NodeJS.Timeout | undefined;
  let round: Round | null = null;

  const clock = trustClock(systemClock, lastSeenAt, (byMs) =>
    log.warn(
      { hours: Math.round(byMs / 3_600_000), waitsMinutes: HOLD_MS / 60_000 },
      'the clock leapt, or Probity was off: reports, seals and pruning wait. Is the date right?',
    ),
  );

  const start = (): void => {
    if (!clock.isTrusted() || isDatabaseGone()) {
      restarting = setTimeout(start, NEXT_AFTER_MS);
      return;
    }
    const running = startRound(setup, (message) => {
      switch (message.kind) {
        case 'closed':
          log.info({ contract: message.contract, period: message.period }, 'a report was frozen');
          changed();
          return;
        case 'corrected':
          log.info({ corrections: message.corrections }, 'samples arrived after a close');
          return;
        case 'failed':
          log.error(
            { what: message.what, reason: message.reason },
            'reports, evidence or packing are behind',
          );
          return;
      }
    });
    round = running;
    const overdue = setTimeout(() => {
      log.error({ hours: roundWithinMs / 3_600_000 }, 'the closing process hung and is ended');
      running.kill();
    }, roundWithinMs);
    running.ended.then((reason) => {
      clearTimeout(overdue);
      if (stopped) return;
      if (reason !== null) log.error({ reason }, 'the closing process died');
      restarting = setTimeout(start, reason === null ? NEXT_AFTER_MS : RESTART_AFTER_MS);
    });
  };
  after.then(() => {
    if (!stopped) start();
  });

  return {
    stop: async () => {
      stopped = true;
      clearTimeout(restarting);
      if (round === null) return;
      round.stop();
      const timer = setTimeout(round.kill, STOP_WITHIN_MS);
      await round.ended;
      clearTimeout(timer);
    },
  };
}

type Round = {
  readonly stop: () => void;
  readonly kill: () => void;
  /** Resolves when the process is gone: to `null` if it did its work or was told to stop, else to why it died. */
  readonly ended: Promise<string | null>;
};

function startRound(setup: ClosingSetup, onMessage: (message: FromClosing) => void): Round {
  try {
    return roundOf(startProcess(), setup, onMessage);
  } catch (error) {
    // Of some faults, such as too little memory, the system tells at once and not by an event; probing must outlive them.
    const reason = error instanceof Error ? error.message : String(error);
    return { stop: () => {}, kill: () => {}, ended: Promise.resolve(reason) };
  }
}

function startProcess(): ChildProcess {
  return fork(new URL('./closing-process.ts', import.meta.url), {
    execArgv: V8_OPTIONS,
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
}

function roundOf(child: ChildProcess, setup: ClosingSetup, onMessage: (message: FromClosing) => void): Round {
  let lastWords = '';
  child.stderr?.setEncoding('utf8').on('data', (words: string) => {
    lastWords = (lastWords + words).slice(-LAST_WORDS);
  });
  child.on('message', onMessage);
  const ended = new Promise<string | null>((resolve) => {
    child.once('close', (code, signal) => {
      resolve(code === 0 ? null : lastWords.trim() || `it ended with ${signal ?? `code ${code}`}`);
    });
    child.on('error', (error) => {
      // One that runs says the rest by its end; this one was never started.
      if (child.pid === undefined) resolve(error.message);
    });
  });
  const send = (message: ClosingSetup | 'stop'): void => {
    if (child.connected) child.send(message, () => {});
  };
  send(setup);
  return { stop: () => send('stop'), kill: () => void child.kill('SIGKILL'), ended };
}
