import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { setPriority } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import type { Report } from '../../domain/report/report.ts';
import { sealAll } from '../../evidence/seal.ts';
import { signReport } from '../../evidence/signature.ts';
import { openSigningKey } from '../../evidence/signing-key.ts';
import { closePeriods } from '../../pipeline/closing/close-period.ts';
import { stampHeads } from '../../pipeline/closing/stamp-heads.ts';
import { packHistory } from '../../pipeline/pack-history.ts';
import { openData } from '../open-data.ts';
import { OperatorError } from '../world.ts';
import { BROKEN_OFF, type ClosingSetup, type FromClosing } from './closing-messages.ts';
import { keepReportFiles } from './report-folder.ts';
import { createShortTurns } from './short-turns.ts';
import { systemClock } from './system-clock.ts';

/**
 * Packs closed hours, seals evidence, closes periods and prunes, once, in a process of its own: reading an hour or a month
 * would otherwise stand in the way of pages and of what the prober delivers. A thread would not do: its memory would stay,
 * and the collections of its large heap be shared out to threads that the prober's own collections wait for.
 */
if (process.send === undefined) throw new Error('this file is the entry of a child process');

/** An hour is sealed this long after it ended; what comes later is sealed as late. */
const SEAL_GRACE_MS = 3_600_000;
const FIRST_AFTER_MS = 5_000;
/** Not the lowest: on a saturated machine it must not hold a lock for long. */
const GIVE_WAY = 10;
/** Between two pieces of work others get the disk and the lock. */
const BREATHE_MS = 5;

standBack();

/** Whoever started us trusted the clock. Where it leaps to meanwhile is not believed: freezing and pruning are for ever. */
const now = steadyClock();

const [setup] = (await once(process, 'message')) as [ClosingSetup];
const stopping = new AbortController();
const stop = (): void => stopping.abort();
process.on('message', stop);
// A terminal sends these to the whole group; our parent then tells us as well.
process.on('SIGINT', stop);
process.on('SIGTERM', stop);
// Whoever started us is gone. Everything here may be broken off anywhere.
process.on('disconnect', () => process.exit(BROKEN_OFF));

// What our parent logs of our death begins with what happened, and not with a line of source.
process.on('uncaughtException', (error) => {
  process.stderr.write(error instanceof OperatorError ? error.message : (error.stack ?? error.message));
  process.exit(1);
});

let told: Promise<unknown> = Promise.resolve();
const tell = (message: FromClosing): void => {
  const sent = new Promise((resolve) => process.send?.(message, resolve));
  told = Promise.all([told, sent]);
};
const giveWay = createShortTurns();
const store = openData(setup.data, { giveWay });
const key = openSigningKey(setup.data);

const breathe = async (): Promise<void> => {
  await wait(BREATHE_MS);
  stopping.signal.throwIfAborted();
};

const tellFailure = (what: string, error: unknown): void =>
  tell({
    kind: 'failed',
    what,
    reason: error instanceof Error ? (error.stack ?? error.message) : String(error),
  });

const attempt = async (what: string, body: () => Promise<void>): Promise<void> => {
  try {
    await body();
  } catch (error) {
    if (!stopping.signal.aborted) tellFailure(what, error);
  }
};

const close = async (): Promise<void> => {
  const { terms, routes } = setup;
  const sign = (report: Report): string => JSON.stringify(signReport(report, key));
  await closePeriods({ store, terms, routes, sign, breathe, giveWay }, now(), (news) =>
    news.kind === 'failed' ? tellFailure(news.what, news.error) : tell(news),
  );
};

const prune = async (): Promise<void> => {
  const at = now();
  const { samplesMs, evidenceMs } = setup.retention;
  const limits = {
    samplesBeforeAt: at - samplesMs,
    evidenceBeforeAt: at - Math.min(evidenceMs, samplesMs),
    at,
  };
  while (await store.prune(limits)) await breathe();
};

/** Beside everything else, so that an authority that is slow or down holds up no close. */
let stamping: Promise<void> | null = null;
const stampInPassing = (): void => {
  const { timeStamps } = setup;
  if (timeStamps === null) return;
  const contracts = setup.terms.map(({ versions }) => versions);
  stamping = attempt('time-stamping', async () => {
    // Reading certificates takes a large package, which nobody else needs.
    const { askForStamp } = await import('./ask-for-stamp.ts');
    const stamp = (head: string) => askForStamp(timeStamps, head, stopping.signal);
    await stampHeads({ store, contracts, stamp }, now());
  });
};

await wait(FIRST_AFTER_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
if (!stopping.signal.aborted) {
  await attempt('packing', async () => packHistory(store, now(), breathe));
  await attempt('sealing', async () => {
    await sealAll(store, now() - SEAL_GRACE_MS, now, breathe);
  });
  stampInPassing();
  await attempt('closing', close);
  await attempt('writing the files of reports', async () => {
    await keepReportFiles(store, setup.data, breathe, tellFailure, giveWay);
  });
  await attempt('pruning', prune);
}
await stamping;
await store.close();
await told;
process.exit();

/** The time, epoch ms, from a clock that does not leap after this call. */
function steadyClock(): () => number {
  const sinceMs = systemClock.now() - systemClock.monotonicUs() / 1000;
  return () => Math.floor(sinceMs + systemClock.monotonicUs() / 1000);
}

/** Whatever probes, stores or serves pages gets a processor first. */
function standBack(): void {
  // On Linux a priority is a thread's own; elsewhere the call is about the whole process.
  for (const thread of process.platform === 'linux' ? ownThreads() : [0]) {
    try {
      setPriority(thread, GIVE_WAY);
    } catch {
      // The thread has ended, or a stricter system does not let us.
    }
  }
}

function ownThreads(): number[] {
  try {
    return readdirSync('/proc/self/task').map(Number);
  } catch {
    // A cage without /proc: this thread, at least, stands back.
    return [0];
  }
}
