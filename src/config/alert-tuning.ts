import type {
  AlertThresholds,
  BurnRow,
  DeliveryPolicy,
  IncidentPolicy,
} from '../domain/alert/alert-policy.ts';
import { DEFAULT_DELIVERY } from '../domain/alert/alert-policy.ts';
import { formatDuration, parseDuration } from '../domain/time/duration.ts';
import { type RawTuning, tuningSchema } from './alert-tuning-schema.ts';
import type { Reading } from './reading.ts';
import type { Path } from './yaml-source.ts';

export type AlertTuning = {
  readonly thresholds: AlertThresholds;
  readonly incidents: Omit<IncidentPolicy, 'escalateAfterMs'>;
  readonly delivery: Omit<DeliveryPolicy, 'quietHours'>;
  /** What differs from the defaults, one sentence each, for people. */
  readonly changed: readonly string[];
};

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Every minute of the longest window is kept in memory for each target. */
const LONGEST_WINDOW_MS = 7 * DAY;
const PPM_PER_PERCENT = 10_000;

/** Reads when alerts fire and how they are told; what is out of bounds is told and replaced by a bound. */
export function readTuning(reading: Reading, raw: RawTuning, path: Path): AlertTuning {
  const { down, burn, latency, noData, ownFault, disk, incidents, delivery } = raw;
  const time = (text: string, place: Path, least: number, most: number): number =>
    readTime(reading, text, [...path, ...place], least, most);
  const pair = (
    { long, short }: { readonly long: string; readonly short: string },
    place: Path,
  ): { readonly longMs: number; readonly shortMs: number } => {
    const longMs = time(long, [...place, 'long'], 2 * MINUTE, LONGEST_WINDOW_MS);
    const shortMs = time(short, [...place, 'short'], MINUTE, LONGEST_WINDOW_MS);
    if (shortMs >= longMs) {
      const message = `expected less than the long window of ${formatDuration(longMs)}, found "${short}"`;
      reading.problems.error([...path, ...place, 'short'], message);
    }
    return { longMs, shortMs };
  };
  const rows = burn.rows.map(({ severity, factor, ...windows }, index): BurnRow => {
    return { severity, ...pair(windows, ['burn', 'rows', index]), factor };
  });
  const waits = (texts: readonly string[], key: string, least: number): number[] =>
    texts.map((text, index) => time(text, ['incidents', key, index], least, 30 * DAY));
  return {
    thresholds: {
      down,
      burn: { ...burn, rows },
      latency: { ...pair(latency, ['latency']), minBad: latency.minBad, maxPValue: latency.maxPValue },
      noData: {
        intervals: noData.intervals,
        coverageWindowMs: time(noData.coverageWindow, ['noData', 'coverageWindow'], HOUR, LONGEST_WINDOW_MS),
        coverageFloorPpm: Math.round(noData.coverageFloorPercent * PPM_PER_PERCENT),
        coverageMinTicks: noData.coverageMinTicks,
        proberSilentMs: time(noData.proberSilent, ['noData', 'proberSilent'], 30 * SECOND, HOUR),
      },
      ownFault,
      disk: { freeFloorPpm: Math.round(disk.freePercent * PPM_PER_PERCENT) },
    },
    incidents: {
      gatherMs: time(incidents.gather, ['incidents', 'gather'], 0, 10 * MINUTE),
      togetherMs: time(incidents.together, ['incidents', 'together'], 0, DAY),
      updateEveryMs: time(incidents.updateEvery, ['incidents', 'updateEvery'], 0, DAY),
      remindAfterMs:
        incidents.remindAfter === 'never' ? [] : waits(incidents.remindAfter, 'remindAfter', MINUTE),
      steadyMs: waits(incidents.steady, 'steady', 0),
      reopenWithinMs: time(incidents.reopenWithin, ['incidents', 'reopenWithin'], 0, 7 * DAY),
    },
    delivery: {
      ...DEFAULT_DELIVERY,
      giveUpAfterMs: time(delivery.giveUpAfter, ['delivery', 'giveUpAfter'], DAY, 30 * DAY),
      rateLimit: delivery.rateLimit,
      rateWindowMs: time(delivery.rateWindow, ['delivery', 'rateWindow'], MINUTE, DAY),
    },
    changed: changesOf(tuningSchema.parse({}), raw, ''),
  };
}

/** A duration within bounds, both inclusive; the nearer bound after telling what was expected. */
export function readTime(reading: Reading, text: string, path: Path, least: number, most: number): number {
  const ms = parseDuration(text);
  if (ms !== null && ms >= least && ms <= most) return ms;
  const bounds = `${formatDuration(least)} to ${formatDuration(most)}`;
  reading.problems.error(path, `expected a duration from ${bounds}, found ${JSON.stringify(text)}`);
  return ms !== null && ms > most ? most : least;
}

/** Leaf by leaf, lists as a whole: `burn.minBad 5 (usually 3)`. */
function changesOf(usual: unknown, own: unknown, path: string): string[] {
  if (isMap(usual) && isMap(own)) {
    return Object.keys(usual).flatMap((key) =>
      changesOf(usual[key], own[key], path === '' ? key : `${path}.${key}`),
    );
  }
  const [before, now] = [shown(usual), shown(own)];
  return before === now ? [] : [`${path} ${now} (usually ${before})`];
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `60m` and `1h` are the same. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return value.map(shown).join(', ');
  if (isMap(value)) return Object.values(value).map(shown).join(' ');
  const ms = typeof value === 'string' ? parseDuration(value) : null;
  return ms === null ? String(value) : formatDuration(ms);
}
