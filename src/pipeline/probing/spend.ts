import type { Price, Prompt, SeriesPlan, SpendCap } from '../../domain/measure/probe.ts';
import { stableHash } from '../../domain/time/schedule.ts';
import { countExpected } from './expected-ticks.ts';

/**
 * Money per UTC day, per currency. What an attempt may cost at most is set aside before it is made and replaced by
 * what it did cost afterwards, so the cap holds although an answer's length is not known beforehand.
 */
export type SpendLedger = {
  /** Decides on one tick of a series; a refused tick is `skipped: spend`. Counts the tick for the cadence. */
  readonly admit: (series: SeriesPlan, seriesId: string, at: number) => boolean;
  /** Sets the attempt's highest cost aside, or refuses. `at` says which day pays: the attempt's tick. */
  readonly reserve: (series: SeriesPlan, at: number) => Reservation | null;
  readonly status: (at: number) => SpendStatus;
  /** A new plan. What was spent stays spent. */
  readonly replan: (cap: SpendCap | null, series: readonly SeriesPlan[]) => void;
};

export type Reservation = {
  /**
   * Replaces what was set aside by what it cost. `null` = unknown: nothing is charged when nothing was generated,
   * and the whole reservation when something was, since it may be on the bill.
   */
  readonly settle: (costNanos: number | null, generated: boolean) => void;
  /** The attempt was not made. */
  readonly release: () => void;
};

export type SpendStatus = {
  readonly cap: SpendCap | null;
  /** Spent today in the cap's currency, 10^-9. */
  readonly spentNanos: number;
  readonly reservedNanos: number;
  /** Every how many ticks a series is probed now; `null` = none, the money is spent. */
  readonly everyNth: number | null;
};

const DAY_MS = 86_400_000;
/** The chat format adds a few tokens around each message; no tokenizer makes more than one token of a byte. */
const TOKENS_AROUND_MESSAGE = 16;

/** The most an attempt can cost if the gateway keeps to `maxTokens`; 10^-9 of the price's currency. */
export function highestCostNanos(prompt: Prompt | null, price: Price | null): number {
  if (prompt === null || price === null) return 0;
  let inputTokens = TOKENS_AROUND_MESSAGE;
  for (const message of prompt.messages) {
    // 64 more for the nonce and the operands that are filled in.
    inputTokens += utf8Length(message.content) + TOKENS_AROUND_MESSAGE + 64;
  }
  return Math.ceil(inputTokens * price.inputNanosPerToken + prompt.maxTokens * price.outputNanosPerToken);
}

function utf8Length(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}

/**
 * @param today what had been spent today when we started: the UTC day and, per currency, 10^-9
 */
export function createSpendLedger(
  plan: { readonly spend: SpendCap | null; readonly series: readonly SeriesPlan[] },
  today: { readonly at: number; readonly spentNanos: Readonly<Record<string, number>> },
): SpendLedger {
  let cap = plan.spend;
  let day = Math.floor(today.at / DAY_MS);
  const spent = new Map(Object.entries(today.spentNanos));
  let reserved = 0;
  /** Highest cost of all ticks of a day at full cadence, in the cap's currency. */
  let dailyHighest = 0;
  /** The least that must be left for any attempt. */
  let cheapest = Number.POSITIVE_INFINITY;
  /** What attempts cost, against what was set aside for them: an answer is shorter than it may be. */
  let settledCost = 0;
  let settledHighest = 0;
  /** A gateway may charge more than `maxTokens` allows (hidden reasoning): then more is set aside, for the day. */
  let overrun = 1;
  const highest = new Map<SeriesPlan, number>();
  const sinceRun = new Map<string, number>();

  const highestOf = (series: SeriesPlan): number => {
    let nanos = highest.get(series);
    if (nanos === undefined) {
      nanos = highestCostNanos(series.probe.prompt, series.price);
      highest.set(series, nanos);
    }
    return nanos;
  };
  const isCapped = (series: SeriesPlan): boolean =>
    cap !== null && series.price !== null && series.price.currency === cap.currency;

  const replan = (nextCap: SpendCap | null, all: readonly SeriesPlan[]): void => {
    cap = nextCap;
    highest.clear();
    dailyHighest = 0;
    cheapest = Number.POSITIVE_INFINITY;
    for (const series of all) {
      if (!isCapped(series)) continue;
      cheapest = Math.min(cheapest, highestOf(series));
      dailyHighest += highestOf(series) * countExpected(series.schedule, day * DAY_MS, (day + 1) * DAY_MS);
    }
  };
  replan(plan.spend, plan.series);

  /** The ledger never goes back to an earlier day: a clock that is set back must not hand out the money twice. */
  const turnTo = (at: number): void => {
    const now = Math.floor(at / DAY_MS);
    if (now <= day) return;
    day = now;
    spent.clear();
    // One absurd bill must not silence every day that follows.
    overrun = 1;
  };
  const left = (currency: string, perDayNanos: number): number =>
    perDayNanos - (spent.get(currency) ?? 0) - reserved;

  /** Every how many ticks we can afford one until midnight UTC. */
  const everyNth = (at: number): number | null => {
    if (cap === null || cheapest === Number.POSITIVE_INFINITY) return 1;
    const money = left(cap.currency, cap.perDayNanos);
    if (money <= 0 || money < cheapest * overrun) return null;
    if (cap.onReach === 'stop') return 1;
    // Before anything is known the cadence is full: the first answers tell, and the cap holds by itself.
    const share = settledHighest === 0 ? 0 : Math.min(1, settledCost / settledHighest);
    const rest = Math.max(0, ((day + 1) * DAY_MS - at) / DAY_MS);
    return Math.max(1, Math.ceil((dailyHighest * share * rest) / money));
  };

  return {
    admit: (series, seriesId, at) => {
      turnTo(at);
      if (!isCapped(series)) return true;
      const nth = everyNth(at);
      if (nth === null) return false;
      // Series start at different places of the cycle, so that the ones that are probed are spread too.
      const since = (sinceRun.get(seriesId) ?? (nth > 1 ? stableHash(seriesId) % nth : nth)) + 1;
      sinceRun.set(seriesId, since >= nth ? 0 : since);
      return since >= nth;
    },
    reserve: (series, at) => {
      turnTo(at);
      if (!isCapped(series)) return freeOfCap(series, spent);
      const amount = Math.ceil(highestOf(series) * overrun);
      if (cap !== null && amount > left(cap.currency, cap.perDayNanos)) return null;
      reserved += amount;
      const reservedOn = day;
      let open = true;
      const close = (): boolean => {
        const wasOpen = open;
        if (open) reserved -= amount;
        open = false;
        return wasOpen;
      };
      return {
        release: () => void close(),
        settle: (costNanos, generated) => {
          if (!close()) return;
          const cost = costNanos ?? (generated ? amount : 0);
          settledCost += cost;
          settledHighest += amount;
          if (cost > amount) overrun *= cost / amount;
          if (reservedOn === day && series.price !== null) add(spent, series.price.currency, cost);
        },
      };
    },
    status: (at) => {
      turnTo(at);
      return {
        cap,
        spentNanos: cap === null ? 0 : (spent.get(cap.currency) ?? 0),
        reservedNanos: reserved,
        everyNth: everyNth(at),
      };
    },
    replan,
  };
}

/** Outside the cap money is counted all the same, so that a cap set later today knows of it. */
function freeOfCap(series: SeriesPlan, spent: Map<string, number>): Reservation {
  const currency = series.price?.currency;
  return {
    release: () => undefined,
    settle: (costNanos) => {
      if (currency !== undefined && costNanos !== null) add(spent, currency, costNanos);
    },
  };
}

function add(spent: Map<string, number>, currency: string, nanos: number): void {
  spent.set(currency, (spent.get(currency) ?? 0) + nanos);
}
