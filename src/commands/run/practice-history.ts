import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { SingleBar } from 'cli-progress';
import type { Config } from '../../config/config.ts';
import { versionsUnder } from '../../config/contract-under-tier.ts';
import type { ProbingPlan } from '../../domain/measure/probe.ts';
import { historySchedule } from '../../practice/history.ts';
import type { Store } from '../../store/store.ts';
import type { HistoryProgress, HistoryWork } from './history-thread.ts';

/** Says whether the past was written, and up to when: an interrupted start goes on with the same past. */
const FACT = 'practice.history';
const DAYS = 90;
const DAY_MS = 86_400_000;

export type PracticeHistory = {
  /** How far it has come, parts per million; `null` once it is done, or if there is none to write. */
  readonly donePpm: () => number | null;
  /** Resolves when it is done; rejects if it failed. */
  readonly finished: Promise<void>;
  readonly stop: () => Promise<void>;
};

const NOTHING_TO_WRITE: PracticeHistory = {
  donePpm: () => null,
  finished: Promise.resolve(),
  stop: async () => {},
};

/**
 * At the first start of a practice deployment, writes ninety simulated days behind the page. To be called before the
 * series of the plan are declared: they begin where the history ends.
 */
export async function writePracticeHistory(
  config: Config,
  plan: ProbingPlan,
  store: Store,
  data: string,
  now: number,
  changed: () => void,
): Promise<PracticeHistory> {
  const practice = config.gateways.find((gateway) => gateway.practice !== null)?.practice ?? null;
  const series = plan.series.filter(({ target }) =>
    config.gateways.some(({ id, practice: own }) => id === target.gateway && own !== null),
  );
  if (practice === null || practice.timetable === 'quiet' || series.length === 0) return NOTHING_TO_WRITE;
  const known = readFact(await store.readFact(FACT));
  if (known === null && (await store.readTargets()).length > 0) return NOTHING_TO_WRITE;
  if (known?.state === 'done') return NOTHING_TO_WRITE;
  const toAt = known?.toAt ?? now;
  const fromAt = Math.floor((toAt - DAYS * DAY_MS) / DAY_MS) * DAY_MS;
  if (known === null) {
    const past = series.map((one) => ({
      probe: one.probe.id,
      target: one.target,
      region: plan.region,
      schedule: historySchedule(one, plan.region),
    }));
    await store.declareSeries(past, fromAt);
    await store.writeFact(FACT, JSON.stringify({ state: 'writing', toAt }), now);
  }
  const work: HistoryWork = {
    data,
    series,
    region: plan.region,
    fromAt,
    toAt,
    seed: practice.seed,
    contracts: config.tiers.map(({ id }) => [id, versionsUnder(config, id)]),
  };
  return run(work, store, now, changed);
}

function run(work: HistoryWork, store: Store, now: number, changed: () => void): PracticeHistory {
  const bar = new SingleBar({
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: null,
    format: 'writing practice history {bar} {percentage} % · {eta_formatted} left',
  });
  const isShown = process.stderr.isTTY === true;
  if (isShown) bar.start(1_000_000, 0);
  let donePpm: number | null = 0;
  const worker = new Worker(new URL('./history-thread.ts', import.meta.url), {
    name: 'practice history',
    workerData: work,
  });
  const opened = Promise.withResolvers<void>();
  worker.on('message', (progress: HistoryProgress) => {
    opened.resolve();
    donePpm = Math.floor(progress.donePpm);
    if (isShown) bar.update(donePpm);
    changed();
  });
  let isStopped = false;
  const finished = (async () => {
    try {
      const [code] = (await once(worker, 'exit')) as [number];
      if (isStopped) return;
      if (code !== 0) throw new Error(`the thread that writes practice history ended with code ${code}`);
      await store.writeFact(FACT, JSON.stringify({ state: 'done', toAt: work.toAt }), now);
    } finally {
      donePpm = null;
      if (isShown) bar.stop();
      changed();
    }
  })();
  return {
    donePpm: () => donePpm,
    finished,
    stop: async () => {
      isStopped = true;
      // A thread that is ended while it loads SQLite takes the whole process with it.
      await Promise.race([opened.promise, finished.catch(() => {})]);
      await worker.terminate();
      await finished.catch(() => {});
    },
  };
}

type Fact = { readonly state: 'writing' | 'done'; readonly toAt: number };

/** The fact is our own: anything else in it is a bug, or somebody's doing. */
function readFact(text: string | null): Fact | null {
  if (text === null) return null;
  const value: unknown = JSON.parse(text);
  if (typeof value === 'object' && value !== null && 'state' in value && 'toAt' in value) {
    const { state, toAt } = value;
    if ((state === 'writing' || state === 'done') && typeof toAt === 'number') return { state, toAt };
  }
  throw new Error(`the stored fact ${FACT} cannot be read: ${text}`);
}
