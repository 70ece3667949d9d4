import { setTimeout as wait } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { sealAll } from '../../evidence/seal.ts';
import { signReport } from '../../evidence/signature.ts';
import { openSigningKey } from '../../evidence/signing-key.ts';
import { closePeriods } from '../../pipeline/closing/close-period.ts';
import { stampHeads } from '../../pipeline/closing/stamp-heads.ts';
import { openData } from '../open-data.ts';
import type { ClosingSetup, FromClosing } from './closing-messages.ts';
import { keepReportFiles } from './report-folder.ts';

/**
 * Seals evidence, closes periods and prunes, once, in a thread of its own with a connection of its own: hashing an hour or
 * reading a month would otherwise stand in the way of pages and of what the prober delivers. Then the thread ends, and
 * its memory with it.
 */
const port = parentPort;
if (port === null) throw new Error('this file is the entry of a worker thread');

/** An hour is sealed this long after it ended; what comes later is sealed as late. */
const SEAL_GRACE_MS = 3_600_000;
const FIRST_AFTER_MS = 5_000;
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
  const result = await closePeriods(
    { store, terms, routes, sign: (report) => JSON.stringify(signReport(report, key)), breathe },
    Date.now(),
  );
  for (const { contract, period } of result.frozen) tell({ kind: 'closed', contract, period });
  for (const { what, error } of result.failures) tellFailure(what, error);
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
const stampInPassing = (): void => {
  const { timeStamps } = setup;
  if (timeStamps === null) return;
  const contracts = setup.terms.map(({ versions }) => versions);
  stamping = attempt('time-stamping', async () => {
    // Reading certificates takes a large package, which nobody else needs.
    const { askForStamp } = await import('./ask-for-stamp.ts');
    const stamp = (head: string) => askForStamp(timeStamps, head, stopping.signal);
    await stampHeads({ store, contracts, stamp }, Date.now());
  });
};

await wait(FIRST_AFTER_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
if (!stopping.signal.aborted) {
  await attempt('sealing', async () => {
    await sealAll(store, Date.now() - SEAL_GRACE_MS, Date.now, breathe);
  });
  stampInPassing();
  await attempt('closing', close);
  await attempt('writing the files of reports', async () => {
    await keepReportFiles(store, setup.data, breathe);
  });
  await attempt('pruning', prune);
}
await stamping;
await store.close();
port.close();
