import type { SeriesPlan } from '../domain/measure/probe.ts';
import type { NotRun, Sample } from '../domain/measure/sample.ts';
import { firstTickAt, phaseOf, type Schedule } from '../domain/time/schedule.ts';
import { createHistorian, type Historian } from './historian.ts';
import { historyScript } from './history-script.ts';
import type { PracticeModel } from './models.ts';

export type HistoryOptions = {
  readonly series: readonly SeriesPlan[];
  readonly region: string;
  /** Inclusive, epoch ms. */
  readonly fromAt: number;
  /** Exclusive, epoch ms. */
  readonly toAt: number;
  readonly seed: number;
  /** The cadence of the simulated past, whatever the series do today; a minute unless given. */
  readonly everyMs?: number;
  /** Beside the practice models; others are invented from their names. */
  readonly models?: readonly PracticeModel[];
};

export type HistoryBatch = {
  readonly samples: readonly Sample[];
  readonly notRun: readonly NotRun[];
  /** Everything before this instant (epoch ms) has been yielded. */
  readonly throughAt: number;
};

const MINUTE = 60_000;

const BATCH_ROWS = 8_000;

/** The schedule by which the history of a series was taken: declare it for `[fromAt, toAt)`. */
export function historySchedule(series: SeriesPlan, region: string, everyMs = MINUTE): Schedule {
  return { kind: 'every', everyMs, phaseMs: phaseOf(series.probe.id, series.target.id, region, everyMs) };
}

/**
 * The past of a practice deployment, as the prober would have recorded it: the same models, plans and judgements as the
 * live practice gateway has, at the pace of arithmetic. Batches come in the order of their ticks. The same options have
 * the same history, and a tick is the same whatever range it is part of, as long as `toAt` stays within one UTC day.
 */
export function* simulateHistory(options: HistoryOptions): Generator<HistoryBatch, void, undefined> {
  const { region, fromAt, toAt, seed, everyMs = MINUTE, models = [] } = options;
  const script = historyScript(toAt);
  const writers = options.series
    .map((series): { readonly firstAt: number; readonly historian: Historian } => {
      const { phaseMs } = historySchedule(series, region, everyMs);
      return {
        firstAt: firstTickAt(everyMs, phaseMs, fromAt),
        historian: createHistorian({ series, region, seed, script, models, everyMs }),
      };
    })
    .sort((a, b) => a.firstAt - b.firstAt);

  let samples: Sample[] = [];
  let notRun: NotRun[] = [];
  // The round before counts too: the burst of its failures may reach into this range.
  for (let roundMs = -everyMs; fromAt + roundMs < toAt; roundMs += everyMs) {
    for (const { firstAt, historian } of writers) {
      const at = firstAt + roundMs;
      if (at < toAt) historian(at, samples, notRun);
    }
    const throughAt = Math.min(toAt, fromAt + roundMs + everyMs);
    if (samples.length + notRun.length >= BATCH_ROWS) {
      yield batchOf(samples, notRun, fromAt, throughAt);
      samples = samples.filter(({ scheduledAt }) => scheduledAt >= throughAt);
      notRun = [];
    }
  }
  yield batchOf(samples, notRun, fromAt, toAt);
}

/** What lies in the range, in the order of ticks: bursts are written with the tick they confirm, and belong later. */
function batchOf(
  samples: readonly Sample[],
  notRun: readonly NotRun[],
  fromAt: number,
  throughAt: number,
): HistoryBatch {
  const isIn = ({ scheduledAt }: { readonly scheduledAt: number }): boolean =>
    scheduledAt >= fromAt && scheduledAt < throughAt;
  return {
    samples: samples.filter(isIn).sort((a, b) => a.scheduledAt - b.scheduledAt),
    notRun: notRun.filter(isIn),
    throughAt,
  };
}
