import { setTimeout as wait } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { sealAll } from '../evidence/seal.ts';
import { signReport } from '../evidence/signature.ts';
import { openSigningKey } from '../evidence/signing-key.ts';
import { closePeriods } from '../pipeline/close-period.ts';
import { stampHeads } from '../pipeline/stamp-heads.ts';
import type { ClosingSetup, FromClosing } from './closing-messages.ts';
import { openData } from './open-data.ts';
import { keepReportFiles } from './report-folder.ts';

/**
 * Seals evidence, closes periods and prunes, in a thread of its own with a connection of its own: hashing an hour or
 * reading a month would otherwise stand in the way of pages and of what the prober delivers.
 */
const port = parentPort;
if (port === null) throw new Error('this file is the entry of a worker thread');

/** An hour is sealed this long after it ended; what comes later is sealed as late. */
const SEAL_GRACE_MS = 3_600_000;
const FIRST_AFTER_MS = 5_000;
const EVERY_MS = 60_000;
const CLOSE_EVERY = 5;
/** After an authority failed. */
const STAMP_AGAIN_MS = 10 * 60_000;
/** Between two pieces of work others get the disk and the lock. */
const BREATHE_MS = 5;

const setup = workerData as ClosingSetup;
const stopping = new AbortController();
port.on('message', () => stopping.abort());
const tell = (message: FromClosing): void => port.postMessage(message);
const store = openData(setup.data);
const key = openSigningKey(setup.data);

const breathe = async (): Promise<void> => {
  await wait(BREATHE_MS);
  stopping.signal.throwIfAborted();
};

const attempt = async (what: string, body: () => Promise<void>): Promise<void> => {
  try {
    await body();
  } catch (error) {
    if (stopping.signal.aborted) return;
    tell({
      kind: 'failed',
      what,
      reason: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  }
};

const close = async (): Promise<void> => {
  const { terms, routes } = setup;
  const result = await closePeriods(
    { store, terms, routes, sign: (report) => JSON.stringify(signReport(report, key)), breathe },
    Date.now(),
  );
  for (const { contract, period } of result.frozen) tell({ kind: 'closed', contract, period });
  if (result.corrections > 0) tell({ kind: 'corrected', corrections: result.corrections });
};

const prune = async (): Promise<void> => {
  const at = Date.now();
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
let stampAfter = 0;
const stampInPassing = (): void => {
  const { timeStamps } = setup;
  if (timeStamps === null || stamping !== null || Date.now() < stampAfter) return;
  const contracts = setup.terms.map(({ versions }) => versions);
  stamping = attempt('time-stamping', async () => {
    stampAfter = Date.now() + STAMP_AGAIN_MS;
    // Reading certificates takes a large package, which nobody else needs.
    const { askForStamp } = await import('./ask-for-stamp.ts');
    const stamp = (head: string) => askForStamp(timeStamps, head, stopping.signal);
    await stampHeads({ store, contracts, stamp }, Date.now());
    stampAfter = 0;
  }).finally(() => {
    stamping = null;
  });
};

await wait(FIRST_AFTER_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
for (let round = 0; !stopping.signal.aborted; round += 1) {
  await attempt('sealing', async () => {
    await sealAll(store, Date.now() - SEAL_GRACE_MS, Date.now, breathe);
  });
  stampInPassing();
  if (round % CLOSE_EVERY === 0) {
    await attempt('closing', close);
    await attempt('writing the files of reports', async () => {
      await keepReportFiles(store, setup.data, breathe);
    });
    await attempt('pruning', prune);
  }
  await wait(EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
}
await stamping;
await store.close();
port.close();
