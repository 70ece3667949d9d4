import { z } from 'zod';
import { DEFAULT_DELIVERY, DEFAULT_INCIDENTS, DEFAULT_THRESHOLDS } from '../domain/alert/alert-policy.ts';
import { formatDuration } from '../domain/time/duration.ts';
import { duration, either, list, map, whole } from './schema-parts.ts';

const { down, burn, latency, noData, ownFault, disk } = DEFAULT_THRESHOLDS;

function time(defaultMs: number, means: string) {
  return duration().default(formatDuration(defaultMs)).describe(means);
}

function times(key: 'steadyMs', means: string) {
  return list(duration(), 'durations', 1)
    .max(10, { error: 'expected at most ten durations' })
    .default(DEFAULT_INCIDENTS[key].map(formatDuration))
    .describe(means);
}

function count(least: number, most: number, usual: number, means: string) {
  return whole(least, most).default(usual).describe(means);
}

function number(least: number, most: number, usual: number, means: string): z.ZodDefault<z.ZodNumber> {
  const expected = { error: `expected a number from ${least} to ${most}` };
  return z.number(expected).min(least, expected).max(most, expected).default(usual).describe(means);
}

const PPM_PER_PERCENT = 10_000;

const burnRow = map({
  severity: z.enum(['page', 'ticket']),
  long: duration().describe('The window whose bad samples are counted; at most 7d'),
  short: duration().describe('The window that shows that it still goes on; shorter than the long one'),
  factor: z
    .number({ error: 'expected a number from 1 to 1000' })
    .min(1, { error: 'expected a number from 1 to 1000' })
    .max(1_000, { error: 'expected a number from 1 to 1000' })
    .describe('How many times faster than allowed the budget must go, in both windows'),
});

/** When each alert fires and how incidents are told: every default is right without a line of configuration. */
export const tuningSchema = map({
  down: map({
    confirmations: count(1, 20, down.confirmations, 'Failed confirmations that prove a failed tick'),
    ticksInARow: count(2, 100, down.ticksInARow, 'Failed ticks in a row that prove it where no burst ran'),
    goodTicks: count(1, 100, down.goodTicks, 'Good ticks in a row before a target may be called recovering'),
  }).prefault({}),
  burn: map({
    rows: list(burnRow, 'windows', 1)
      .max(12, { error: 'expected at most twelve windows' })
      .default(
        burn.rows.map(({ severity, longMs, shortMs, factor }) => ({
          severity,
          long: formatDuration(longMs),
          short: formatDuration(shortMs),
          factor,
        })),
      )
      .describe('Multi-window burn rates: https://sre.google/workbook/alerting-on-slos/'),
    minBad: count(2, 10_000, burn.minBad, 'Bad samples in the long window below which nothing is said'),
    maxPValue: number(1e-12, 0.5, burn.maxPValue, 'No alert if chance alone explains it better than this'),
    falsePages: number(
      0,
      1_000,
      burn.falsePages,
      'Pages that all targets together may raise by chance in 30 d',
    ),
    falseTickets: number(0, 1_000, burn.falseTickets, 'The same for tickets'),
  }).prefault({}),
  latency: map({
    long: time(latency.longMs, 'The window whose slow samples are counted; at most 7d'),
    short: time(latency.shortMs, 'The window that shows that it still goes on'),
    minBad: count(2, 10_000, latency.minBad, 'Slow samples below which nothing is said'),
    maxPValue: number(1e-12, 0.5, latency.maxPValue, 'No alert if chance alone explains it better than this'),
  }).prefault({}),
  noData: map({
    intervals: count(2, 1_000, noData.intervals, 'Intervals of a probe without any sample'),
    coverageFloorPercent: number(
      1,
      100,
      noData.coverageFloorPpm / PPM_PER_PERCENT,
      'Valid samples of expected ticks, percent',
    ),
    coverageWindow: time(noData.coverageWindowMs, 'Over which coverage is counted; at most 7d'),
    coverageMinTicks: count(1, 100_000, noData.coverageMinTicks, 'Ticks below which coverage says nothing'),
    proberSilent: time(noData.proberSilentMs, 'The prober gave no sign of life for so long'),
  }).prefault({}),
  ownFault: map({
    inARow: count(1, 100, ownFault.inARow, 'Requests of one key in a row that failed through us'),
  }).prefault({}),
  disk: map({
    freePercent: number(0, 99, disk.freeFloorPpm / PPM_PER_PERCENT, 'Free share of the data disk, percent'),
  }).prefault({}),
  incidents: map({
    gather: time(DEFAULT_INCIDENTS.gatherMs, 'A new incident waits so long for its neighbours; at most 10m'),
    together: time(DEFAULT_INCIDENTS.togetherMs, 'What began to fail within this time is one incident'),
    updateEvery: time(DEFAULT_INCIDENTS.updateEveryMs, 'Least time between messages of one that grows'),
    remindAfter: either(
      [
        list(duration(), 'durations', 1).max(10, { error: 'expected at most ten durations' }),
        z.literal('never'),
      ],
      'a list of durations such as [1h, 4h, 1d], or never',
    )
      .default(DEFAULT_INCIDENTS.remindAfterMs.map(formatDuration))
      .describe('Waits before the first, second, … reminder; the last one repeats'),
    steady: times('steadyMs', 'How long a recovery lasts before it is told: at first, after one relapse, …'),
    reopenWithin: time(DEFAULT_INCIDENTS.reopenWithinMs, 'What fails again this soon reopens its incident'),
  }).prefault({}),
  delivery: map({
    giveUpAfter: time(DEFAULT_DELIVERY.giveUpAfterMs, 'A message is tried for so long; at least 1d'),
    rateLimit: count(1, 10_000, DEFAULT_DELIVERY.rateLimit, 'Tickets one recipient gets within rateWindow'),
    rateWindow: time(DEFAULT_DELIVERY.rateWindowMs, 'Of rateLimit. Pages are never held back'),
  }).prefault({}),
});

export type RawTuning = z.output<typeof tuningSchema>;
