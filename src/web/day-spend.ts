import type { Store } from '../store/store.ts';
import { breathe } from './breathe.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Longer than the longest answer and its way into the store: an hour this far back is settled. */
const SETTLE_MS = 5 * 60_000;
const AGAIN_MS = 30_000;

/**
 * What each target has cost since midnight UTC. An hour that has settled is read once and kept, one that is over and has
 * not is read now and then, and the one that is running is known to the caller: so a reading costs next to nothing, and
 * only the first ones read the hours of the day.
 *
 * @returns a function of the time, what each target has cost since the last full hour, and how many hours it may read
 *   that were never read (all, if it is not told); `null` while some of the day are still to be read
 */
export function createDaySpend(
  store: Pick<Store, 'readHourCosts'>,
): (now: number, thisHour: Costs, mostNewHours?: () => number) => Promise<Costs | null> {
  const read = new Map<number, { readonly at: number; readonly costs: Costs }>();
  /** The hours from midnight to `toAt` together, for as long as none of them is read anew. */
  let together: { readonly toAt: number; readonly costs: Costs } | null = null;

  return async (now, thisHour, mostNewHours = () => 24) => {
    const midnight = Math.floor(now / DAY_MS) * DAY_MS;
    const running = Math.floor(now / HOUR_MS) * HOUR_MS;
    for (const hour of read.keys()) if (hour < midnight || hour >= running) read.delete(hour);
    let newHours = 0;
    for (let hour = midnight; hour < running; hour += HOUR_MS) {
      const known = read.get(hour);
      if (known === undefined) {
        newHours += 1;
        if (newHours > mostNewHours()) return null;
      }
      const settledAt = hour + HOUR_MS + SETTLE_MS;
      if (known === undefined || (known.at < settledAt && (now >= settledAt || now - known.at >= AGAIN_MS))) {
        together = null;
        read.set(hour, { at: now, costs: await store.readHourCosts(hour) });
        await breathe();
      }
    }
    if (together?.toAt !== running) {
      together = { toAt: running, costs: added([...read.values()].map(({ costs }) => costs)) };
    }
    return added([together.costs, thisHour]);
  };
}

type Costs = ReadonlyMap<string, number>;

function added([first, ...others]: readonly Costs[]): Costs {
  const total = new Map(first);
  for (const costs of others) {
    for (const [target, nanos] of costs) total.set(target, (total.get(target) ?? 0) + nanos);
  }
  return total;
}
