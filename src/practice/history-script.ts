import type { NotRunReason } from '../domain/measure/outcome.ts';
import type { PracticeTier } from './models.ts';
import { uniform } from './random.ts';
import type { Incident, Timetable, When } from './timetable.ts';

/** What goes wrong on our own side at one tick. */
export type OwnTrouble =
  | { readonly kind: 'none' }
  /** Nothing was running: no row is left behind. */
  | { readonly kind: 'off' }
  | { readonly kind: 'not-run'; readonly reason: NotRunReason }
  | { readonly kind: 'late'; readonly lagUs: number }
  | { readonly kind: 'blocked'; readonly loopDelayUs: number }
  | { readonly kind: 'stale-socket' }
  | { readonly kind: 'no-network' };

/** Epoch ms; `fromAt` inclusive, `toAt` exclusive. */
export type Stretch = { readonly fromAt: number; readonly toAt: number };

/** A stretch of time in which all our ticks share a trouble. */
type OwnStretch = Stretch & { readonly tier: PracticeTier | '*'; readonly trouble: OwnTrouble };

export type HistoryScript = {
  /** Origin: the epoch. */
  readonly timetable: Timetable;
  /** Our own trouble with the tick that has this key. */
  readonly ownTrouble: (tier: PracticeTier, at: number, key: number) => OwnTrouble;
  /** The UTC month in which dedicated Kimi-K2.5 broke its contract. */
  readonly breachedMonth: Stretch;
};

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const NONE: OwnTrouble = { kind: 'none' };

const OWN_DRAW = 2_000_000;

/** The last whole month, in UTC, before `at`. */
export function lastWholeMonth(at: number): Stretch {
  const date = new Date(at);
  const month = (offset: number): number => Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + offset, 1);
  return { fromAt: month(-1), toAt: month(0) };
}

/**
 * The story of the ninety days before `toAt`. Its incidents lie on fixed days of the last whole month, of the month
 * before, and of the last weeks; the rest is everyday bad luck.
 */
export function historyScript(toAt: number): HistoryScript {
  const breachedMonth = lastWholeMonth(toAt);
  const before = lastWholeMonth(breachedMonth.fromAt);
  const today = Math.floor(toAt / DAY) * DAY;
  const stretch = (dayAt: number, hour: number, lengthMs: number): Stretch => {
    const fromAt = dayAt + Math.round(hour * HOUR);
    return { fromAt, toAt: fromAt + lengthMs };
  };
  /** On the `day`th of the breached month, or of the one before it. */
  const inMonth = (day: number, hour: number, lengthMs: number): Stretch =>
    stretch(breachedMonth.fromAt + (day - 1) * DAY, hour, lengthMs);
  const inMonthBefore = (day: number, hour: number, lengthMs: number): Stretch =>
    stretch(before.fromAt + (day - 1) * DAY, hour, lengthMs);
  const daysAgo = (days: number, hour: number, lengthMs: number): Stretch =>
    stretch(today - days * DAY, hour, lengthMs);
  const daily = (fromHour: number, toHour: number): When => ({
    kind: 'cycle',
    everyMs: DAY,
    fromMs: fromHour * HOUR,
    toMs: toHour * HOUR,
  });
  const always: When = { kind: 'always' };
  const incident = (
    tier: Incident['tier'],
    model: string,
    when: When | Stretch,
    share: number,
    behaviour: Incident['behaviour'],
  ): Incident => ({ tier, model, when: 'kind' in when ? when : once(when), share, behaviour });

  const V4 = 'deepseek-ai/DeepSeek-V4-Flash';
  const QWEN = 'Qwen/Qwen3-32B';
  const R1 = 'deepseek-ai/DeepSeek-R1';
  const KIMI = 'moonshotai/Kimi-K2.5';
  const down = { kind: 'unavailable', status: 503, by: 'provider' } as const;
  const gatewayDown = { kind: 'unavailable', status: 502, by: 'gateway' } as const;

  const timetable: Timetable = [
    // The breach: two hours and a quarter without an answer, then three days with a slow tail.
    incident('pro', KIMI, inMonth(9, 13.15, 135 * MINUTE), 1, down),
    incident('pro', KIMI, inMonth(16, 6, 3 * DAY), 0.25, { kind: 'slow', factor: 3.5 }),
    incident('pro', KIMI, inMonth(22, 9, 45 * MINUTE), 0.3, { kind: 'midstream-error', afterTokens: 2 }),
    // Within every budget.
    incident('pro', R1, inMonth(4, 20.25, 12 * MINUTE), 1, down),
    incident('pro', R1, daysAgo(12, 18, 40 * MINUTE), 0.25, { kind: 'fallback', model: QWEN }),
    incident('pro', V4, daysAgo(2, 10.5, 9 * MINUTE), 1, { kind: 'overloaded' }),
    incident('*', '*', inMonthBefore(25, 3.2, 6 * MINUTE), 1, gatewayDown),
    // Best effort.
    incident('standard', V4, daily(13, 15.5), 0.03, { kind: 'capacity', retryAfterS: 5 }),
    incident('standard', R1, inMonth(18, 8, 9 * HOUR), 0.2, { kind: 'slow', factor: 5 }),
    incident('standard', KIMI, inMonthBefore(14, 11, 3 * HOUR), 0.4, { kind: 'truncated', afterTokens: 2 }),
    incident('standard', QWEN, daysAgo(30, 15, 2 * HOUR), 0.8, { kind: 'cache-hit' }),
    // Our standard key expired; the probes stopped once that was confirmed (below) until it was replaced.
    incident('standard', '*', daysAgo(33, 7, MINUTE), 1, { kind: 'auth' }),
    // Under four nines, everyday bad luck would break every month.
    incident('pro', QWEN, always, 1, { kind: 'normal' }),
    incident('standard', '*', always, 0.0006, { kind: 'unavailable', status: 500, by: 'provider' }),
    incident('standard', '*', always, 0.0002, { kind: 'aborted', afterTokens: 1 }),
    incident('pro', '*', always, 0.00004, { kind: 'unavailable', status: 500, by: 'provider' }),
    incident('pro', '*', always, 0.00003, { kind: 'midstream-error', afterTokens: 1 }),
    // Shared capacity is slower in the working hours of its customers, where it is scarce.
    ...[V4, R1, KIMI].map((model) =>
      incident('standard', model, daily(12, 18), 1, { kind: 'slow', factor: 1.25 }),
    ),
  ];

  const ours: readonly OwnStretch[] = [
    { ...inMonthBefore(20, 8, DAY), tier: '*', trouble: { kind: 'off' } },
    { ...inMonthBefore(24, 21, 35 * MINUTE), tier: '*', trouble: { kind: 'no-network' } },
    { ...inMonth(13, 2, HOUR), tier: '*', trouble: { kind: 'not-run', reason: 'skipped: maintenance' } },
    { ...inMonth(27, 23.5, 8 * MINUTE), tier: '*', trouble: { kind: 'not-run', reason: 'missed' } },
    {
      ...daysAgo(33, 7 + 1 / 60, 43 * MINUTE),
      tier: 'standard',
      trouble: { kind: 'not-run', reason: 'skipped: paused' },
    },
  ];

  return {
    timetable,
    breachedMonth,
    ownTrouble: (tier, at, key) => {
      for (const { fromAt, toAt: endAt, tier: whose, trouble } of ours) {
        if (at >= fromAt && at < endAt && (whose === '*' || whose === tier)) return trouble;
      }
      return everyday(key);
    },
  };
}

/** With the epoch as origin. */
function once({ fromAt, toAt }: Stretch): When {
  return { kind: 'once', fromMs: fromAt, toMs: toAt };
}

/** One tick in some thousand is spoilt by ourselves. */
function everyday(key: number): OwnTrouble {
  const luck = uniform(key, OWN_DRAW);
  if (luck > 0.0009) return NONE;
  const amount = uniform(key, OWN_DRAW + 1);
  if (luck < 0.0001) return { kind: 'not-run', reason: 'missed' };
  if (luck < 0.0003) return { kind: 'late', lagUs: Math.round(1_000_001 + 3_000_000 * amount) };
  if (luck < 0.0006) return { kind: 'blocked', loopDelayUs: Math.round(30_000 + 400_000 * amount) };
  return { kind: 'stale-socket' };
}
