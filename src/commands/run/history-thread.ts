import { parentPort, workerData } from 'node:worker_threads';
import type { Contract } from '../../domain/contract/contract.ts';
import type { SeriesPlan } from '../../domain/measure/probe.ts';
import type { NotRun, Sample } from '../../domain/measure/sample.ts';
import { createLiveScope } from '../../pipeline/live/live-scope.ts';
import { countDirty } from '../../pipeline/live/roll-up.ts';
import { simulateHistory } from '../../practice/history.ts';
import { openData } from '../open-data.ts';
import { systemClock } from './system-clock.ts';

export type HistoryWork = {
  readonly data: string;
  readonly series: readonly SeriesPlan[];
  readonly region: string;
  readonly fromAt: number;
  readonly toAt: number;
  readonly seed: number;
  /** The versions of the contract each tier is under. */
  readonly contracts: readonly (readonly [tier: string, versions: readonly Contract[]])[];
};

/** How far the work has come, in parts per million. */
export type HistoryProgress = { readonly donePpm: number };

/**
 * Writes the simulated past of a practice deployment and counts it, in a thread of its own: a million rows must not hold
 * up a page. Doing it again changes nothing.
 */
const port = parentPort;
if (port === null) throw new Error('this file is the entry of a worker thread');
const work = workerData as HistoryWork;
const tell = (donePpm: number): void => port.postMessage({ donePpm } satisfies HistoryProgress);

const HOUR_MS = 3_600_000;
/** Writing takes about this share of the work, counting the rest. */
const WRITING = 0.7;

const store = openData(work.data);
tell(0);
try {
  let samples: Sample[] = [];
  let notRun: NotRun[] = [];
  for (const batch of simulateHistory(work)) {
    samples = samples.concat(batch.samples);
    notRun = notRun.concat(batch.notRun);
    // Only whole hours are stored at once; the rest of a batch waits for its hour to be over.
    const wholeTo = Math.floor(batch.throughAt / HOUR_MS) * HOUR_MS;
    const isWhole = (row: { readonly scheduledAt: number }): boolean => row.scheduledAt < wholeTo;
    await store.recordHistory({ samples: samples.filter(isWhole), notRun: notRun.filter(isWhole) });
    samples = samples.filter((row) => !isWhole(row));
    notRun = notRun.filter((row) => !isWhole(row));
    tell(((batch.throughAt - work.fromAt) / (work.toAt - work.fromAt)) * WRITING * 1_000_000);
  }
  await store.record({ samples, notRun });

  const contracts = new Map(work.contracts);
  const scope = createLiveScope({
    versionsOf: ({ tier }) => contracts.get(tier) ?? [],
    plannedWorkOf: () => [],
  });
  const hours = (work.toAt - work.fromAt) / HOUR_MS;
  let counted = 0;
  await countDirty(
    store,
    scope,
    systemClock,
    () => false,
    (grain) => {
      if (grain === 'hour') counted += 1;
      if (counted % 24 === 0) tell((WRITING + (1 - WRITING) * Math.min(1, counted / hours)) * 1_000_000);
    },
  );
} finally {
  await store.close();
}
tell(1_000_000);
