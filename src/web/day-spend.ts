import type { Store } from '../store/store.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Longer than the longest answer and its way into the store: an hour this far back is settled. */
const SETTLE_MS = 5 * 60_000;

/**
 * What each target has cost since midnight UTC. An hour that has settled is read once and kept; so a reading costs the
 * rows of the hour that is running, and only the first one those of the whole day.
 */
export function createDaySpend(
  store: Pick<Store, 'summarise'>,
): (now: number) => Promise<ReadonlyMap<string, number>> {
  const settled = new Map<number, ReadonlyMap<string, number>>();
  const read = async (fromAt: number, toAt: number): Promise<Map<string, number>> => {
    const costs = new Map<string, number>();
    for (const { target, costNanos } of await store.summarise(fromAt, toAt)) {
      costs.set(target, (costs.get(target) ?? 0) + costNanos);
    }
    return costs;
  };

  return async (now) => {
    const midnight = Math.floor(now / DAY_MS) * DAY_MS;
    for (const hour of settled.keys()) if (hour < midnight || hour > now) settled.delete(hour);
    const total = new Map<string, number>();
    for (let hour = midnight; hour <= now; hour += HOUR_MS) {
      let costs = settled.get(hour);
      if (costs === undefined) {
        costs = await read(hour, hour + HOUR_MS);
        if (hour + HOUR_MS + SETTLE_MS < now) settled.set(hour, costs);
      }
      for (const [target, nanos] of costs) total.set(target, (total.get(target) ?? 0) + nanos);
    }
    return total;
  };
}
