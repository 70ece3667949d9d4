import type { Store } from '../store/store.ts';
import { breathe } from './breathe.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Longer than the longest answer and its way into the store: an hour this far back is settled. */
const SETTLE_MS = 5 * 60_000;
const AGAIN_MS = 30_000;

export type DaySpend = {
  /**
   * What each target has cost since midnight UTC, `thisHour` included: what each has cost since the last full hour. Reads as many
   * hours that were never read as it may (all, if it is not told); `null` while some of the day are still to be read.
   */
  readonly read: (now: number, thisHour: Costs, mostNewHours?: () => number) => Promise<Costs | null>;
  /** Something was recorded for a tick at `at` or later. */
  readonly touched: (at: number) => void;
};

type Costs = ReadonlyMap<string, number>;
type Hour = { readonly at: number; readonly costs: Costs };

/**
 * What each target has cost since midnight UTC. An hour that has settled is read once and kept until something comes late for
 * it, one that is over and has not is read now and then, and the one that is running is known to the caller: so a reading costs
 * next to nothing, and only the first ones read the hours of the day.
 */
export function createDaySpend(store: Pick<Store, 'readHourCosts'>): DaySpend {
  const hours = new Map<number, Hour>();
  /** Hours for which something came since they were read, or while they were. */
  const outdated = new Set<number>();
  let reading: number | null = null;
  /** The hours from midnight to `toAt` together, for as long as none of them is read anew. */
  let together: { readonly toAt: number; readonly costs: Costs } | null = null;

  const forget = (hour: number): void => {
    hours.delete(hour);
    outdated.delete(hour);
  };
  const mustRead = (hour: number, known: Hour | undefined, now: number): boolean => {
    if (known === undefined) return true;
    const isRested = now - known.at >= AGAIN_MS;
    if (outdated.has(hour)) return isRested;
    const settledAt = hour + HOUR_MS + SETTLE_MS;
    return known.at < settledAt && (now >= settledAt || isRested);
  };

  return {
    async read(now, thisHour, mostNewHours = () => 24) {
      const midnight = Math.floor(now / DAY_MS) * DAY_MS;
      const running = Math.floor(now / HOUR_MS) * HOUR_MS;
      for (const hour of hours.keys()) if (hour < midnight || hour >= running) forget(hour);
      let newHours = 0;
      for (let hour = midnight; hour < running; hour += HOUR_MS) {
        const known = hours.get(hour);
        if (known === undefined) {
          newHours += 1;
          if (newHours > mostNewHours()) return null;
        }
        if (!mustRead(hour, known, now)) continue;
        together = null;
        outdated.delete(hour);
        reading = hour;
        try {
          hours.set(hour, { at: now, costs: await store.readHourCosts(hour) });
        } catch (error) {
          outdated.add(hour);
          throw error;
        }
        reading = null;
        await breathe();
      }
      if (together?.toAt !== running) {
        together = { toAt: running, costs: added([...hours.values()].map(({ costs }) => costs)) };
      }
      return added([together.costs, thisHour]);
    },
    touched(at) {
      for (const hour of [...hours.keys(), reading ?? Number.NEGATIVE_INFINITY]) {
        if (hour + HOUR_MS > at) outdated.add(hour);
      }
    },
  };
}

function added([first, ...others]: readonly Costs[]): Costs {
  const total = new Map(first);
  for (const costs of others) {
    for (const [target, nanos] of costs) total.set(target, (total.get(target) ?? 0) + nanos);
  }
  return total;
}
