import { Cron } from 'croner';

/**
 * The instants a cron pattern names in a time zone, as a grid that can be asked in order or counted. Whoever reads
 * the pattern for scheduling and whoever reads it for coverage gets the same instants, daylight-saving changes
 * included: https://croner.56k.guru/usage/configuration/.
 */
export type CronGrid = {
  /** The first instant strictly after `at`, epoch ms; `null` if there is none. */
  readonly after: (at: number) => number | null;
  /** How many instants lie in `[fromAt, toAt)`. */
  readonly count: (fromAt: number, toAt: number) => number;
};

const DAY_MS = 86_400_000;
/** A pattern is enumerated a UTC day at a time; this many days are kept, enough for a quarter and some more. */
const DAYS_KEPT = 100;
/** Far enough for any pattern that names a date at all, 29 February across a skipped leap year included. */
const HORIZON_DAYS = 366 * 9;

const grids = new Map<string, CronGrid>();

/**
 * The grid of a pattern; the same object for the same question.
 *
 * @throws if the pattern or the zone is not one; the configuration has refused those before.
 */
export function cronGrid(pattern: string, timezone: string): CronGrid {
  const key = `${timezone}\n${pattern}`;
  let grid = grids.get(key);
  if (grid === undefined) {
    grid = createGrid(pattern, timezone);
    grids.set(key, grid);
  }
  return grid;
}

function createGrid(pattern: string, timezone: string): CronGrid {
  const enumerate = enumerator(pattern, timezone);
  const days = new Map<number, readonly number[]>();

  const instantsOf = (day: number): readonly number[] => {
    let instants = days.get(day);
    if (instants === undefined) {
      instants = enumerate(day * DAY_MS, (day + 1) * DAY_MS);
      for (const oldest of days.keys()) {
        if (days.size < DAYS_KEPT) break;
        days.delete(oldest);
      }
      days.set(day, instants);
    }
    return instants;
  };

  const cron = new Cron(pattern, { timezone, paused: true });
  return {
    after: (at) => {
      const day = Math.floor(at / DAY_MS);
      const instants = instantsOf(day);
      const found = instants[firstIndexAbove(instants, at)];
      if (found !== undefined) return found;
      const next = cron.nextRun(new Date((day + 1) * DAY_MS - 1));
      return next === null || next.getTime() > at + HORIZON_DAYS * DAY_MS ? null : next.getTime();
    },
    count: (fromAt, toAt) => {
      let total = 0;
      for (let day = Math.floor(fromAt / DAY_MS); day * DAY_MS < toAt; day += 1) {
        const instants = instantsOf(day);
        total += firstIndexAbove(instants, toAt - 1) - firstIndexAbove(instants, fromAt - 1);
      }
      return total;
    },
  };
}

/**
 * Lists the instants in `[fromAt, toAt)`. A pattern with a field for seconds is asked by the minute, and the
 * seconds are multiplied in: the field is independent of the others, and croner needs some 40 µs per instant.
 * Only a pattern with a single hour, minute and second is left alone, as its daylight-saving rule is another.
 */
function enumerator(pattern: string, timezone: string): (fromAt: number, toAt: number) => readonly number[] {
  const fields = pattern.trim().split(/\s+/);
  const [seconds = '', ...rest] = fields;
  if (fields.length !== 6 || rest.slice(0, 2).every((field) => /^\d+$/.test(field))) {
    const cron = new Cron(pattern, { timezone, paused: true });
    return (fromAt, toAt) => instantsBetween(cron, fromAt, toAt);
  }
  const offsets = instantsBetween(
    new Cron(`${seconds} * * * * *`, { timezone: 'UTC', paused: true }),
    0,
    60_000,
  );
  const minutes = new Cron(`0 ${rest.join(' ')}`, { timezone, paused: true });
  return (fromAt, toAt) =>
    instantsBetween(minutes, fromAt, toAt).flatMap((minute) => offsets.map((offset) => minute + offset));
}

function instantsBetween(cron: Cron, fromAt: number, toAt: number): number[] {
  const instants: number[] = [];
  let next = cron.nextRun(new Date(fromAt - 1))?.getTime();
  while (next !== undefined && next < toAt) {
    instants.push(next);
    next = cron.nextRun(new Date(next))?.getTime();
  }
  return instants;
}

function firstIndexAbove(ascending: readonly number[], value: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? Number.POSITIVE_INFINITY) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
