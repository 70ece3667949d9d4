import type { NotRun, Sample } from '../../domain/measure/sample.ts';
import type { Cancel, Clock } from '../clock.ts';

export type Batch = { readonly samples: readonly Sample[]; readonly notRun: readonly NotRun[] };

/**
 * Rows on their way out of the probing thread. They leave in batches and are kept until the other side says that
 * they are stored; what was not acknowledged goes again, since a row that is stored twice is stored once.
 */
export type Delivery = {
  readonly sample: (sample: Sample) => void;
  readonly notRun: (row: NotRun) => void;
  readonly acknowledge: (batch: number) => void;
  /** Is there so much waiting that no further attempt should be made? */
  readonly isFull: () => boolean;
  readonly waiting: () => number;
  /** Rows of ticks that did not run for which there was no room. Coverage counts such ticks as missing. */
  readonly dropped: () => number;
  /** Sends what there is; resolves when all of it is acknowledged. */
  readonly flush: () => Promise<void>;
};

/** Batches under way at once. More would only wait in the other thread instead of here. */
const UNDER_WAY = 8;

export type DeliveryLimits = {
  /**
   * How long rows gather. A batch is a transaction, and a transaction writes whole pages: the longer rows gather, the
   * less is written for each. What has gathered is what a `kill -9` can lose.
   */
  readonly gatherMs: number;
  /** So many samples do not wait any longer. */
  readonly rowsInBatch: number;
  /** Samples kept; about 2 kB each. Beyond it attempts stop and their ticks are `missed`. */
  readonly samples: number;
  /** Rows of ticks that did not run; about 0.1 kB each. */
  readonly notRun: number;
};

export const DELIVERY_LIMITS: DeliveryLimits = {
  gatherMs: 2_000,
  rowsInBatch: 256,
  samples: 20_000,
  notRun: 200_000,
};

/** @param send hands a batch to the other side; must not throw */
export function createDelivery(
  clock: Clock,
  send: (id: number, batch: Batch) => void,
  limits: DeliveryLimits = DELIVERY_LIMITS,
): Delivery {
  let samples: Sample[] = [];
  let notRun: NotRun[] = [];
  const underWay = new Map<number, Batch>();
  let samplesUnderWay = 0;
  let notRunUnderWay = 0;
  let lastId = 0;
  let dropped = 0;
  let timer: Cancel | null = null;
  let onEmpty: (() => void)[] = [];

  const waiting = (): number => samples.length + notRun.length + samplesUnderWay + notRunUnderWay;

  const sendOne = (): void => {
    const batch: Batch = {
      samples: samples.slice(0, limits.rowsInBatch),
      notRun: notRun.slice(0, limits.rowsInBatch * 10),
    };
    samples = samples.slice(batch.samples.length);
    notRun = notRun.slice(batch.notRun.length);
    samplesUnderWay += batch.samples.length;
    notRunUnderWay += batch.notRun.length;
    lastId += 1;
    underWay.set(lastId, batch);
    send(lastId, batch);
  };

  const pump = (): void => {
    timer?.();
    timer = null;
    while (samples.length + notRun.length > 0 && underWay.size < UNDER_WAY) sendOne();
  };

  const added = (): void => {
    if (samples.length + notRun.length >= limits.rowsInBatch && underWay.size < UNDER_WAY) pump();
    else timer ??= clock.after(limits.gatherMs, pump);
  };

  return {
    sample: (sample) => {
      samples.push(sample);
      added();
    },
    notRun: (row) => {
      if (notRun.length + notRunUnderWay >= limits.notRun) {
        dropped += 1;
        return;
      }
      notRun.push(row);
      added();
    },
    acknowledge: (id) => {
      const batch = underWay.get(id);
      if (batch === undefined) return;
      underWay.delete(id);
      samplesUnderWay -= batch.samples.length;
      notRunUnderWay -= batch.notRun.length;
      if (samples.length + notRun.length >= limits.rowsInBatch) pump();
      else if (samples.length + notRun.length > 0) timer ??= clock.after(limits.gatherMs, pump);
      if (waiting() === 0) {
        const resolved = onEmpty;
        onEmpty = [];
        for (const resolve of resolved) resolve();
      }
    },
    isFull: () => samples.length + samplesUnderWay >= limits.samples,
    waiting,
    dropped: () => dropped,
    flush: () =>
      new Promise((resolve) => {
        if (waiting() === 0) return resolve();
        onEmpty.push(resolve);
        pump();
      }),
  };
}
