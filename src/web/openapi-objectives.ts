import { DAY_LEVELS } from '../domain/live/day-record.ts';
import { PERIOD_STANDINGS } from '../domain/live/live-report.ts';
import { ROLLING_NAMES } from '../domain/live/live-window.ts';
import { count, instant, list, maybe, object, oneOf, ref, type Schema, text } from './openapi-schemas.ts';

const number: Schema = { type: 'number' };
const signed: Schema = { type: 'integer' };

const statement: Schema = object(
  {
    verdict: oneOf(['proven met', 'proven breached', 'not proven']),
    p: maybe(number),
    interval: maybe(object({ lowPercent: number, highPercent: number })),
  },
  'What the trials prove, taken as independent; only where one target was asked for.',
);

const alwaysThere: Schema = object({
  fromAt: { ...instant, description: 'Inclusive.' },
  toAt: { ...instant, description: 'Exclusive; a whole minute.' },
  n: { ...count, description: 'Trials that were measured.' },
  bad: count,
  unit: oneOf(['requests', 'slices']),
  value: maybe({
    type: 'object',
    description:
      'A share as `percent` and `exact`; a percentile as `ms` (at most 0.4 % high, never on the wrong side of its limit) or `tokensPerSecond`. A percentile is `null` also where it is a failed request.',
  }),
  result: maybe(oneOf(['met', 'breached', 'undecided'], 'By the arithmetic of the contract.')),
  coverage: maybe(object({ withData: count, slices: count })),
});

const window: Schema = {
  ...alwaysThere,
  properties: { ...(alwaysThere.properties as Schema), statement: maybe(ref('Statement')) },
};

const budget: Schema = object(
  {
    allowed: count,
    used: number,
    left: { ...number, description: 'Negative when it is overspent.' },
    unit: oneOf(['requests', 'slices']),
    leftMs: number,
    leftProbes: signed,
    leftPpm: maybe(signed),
    remaining: count,
    isBreachCertain: { type: 'boolean' },
  },
  'Of the running period, if everything still to come is measured.',
);

const pool: Schema = object(
  {
    scope: { ...text, description: '`gateway/tier`.' },
    targets: count,
    judged: oneOf(
      ['summed', 'by slice', 'bounded', 'at close'],
      '`summed` and `by slice`: `windows.period`, `budget`, `burn` and `exhaustedAt` are those of all of them, added up or slice by slice. Otherwise the contract counts slices of all together and those of some hours are not known: there is no `budget`, and the result is `met` where even the sum of all bad slices keeps the target (`bounded`), else `undecided` until the period closes.',
    ),
  },
  'Set where the contract judges several targets as one.',
);

const objective: Schema = object({
  target: text,
  id: text,
  kind: oneOf(['availability', 'percentile', 'attainment']),
  metric: oneOf(['availability', 'ttft_ms', 'e2e_ms', 'tokens_per_s']),
  percentile: maybe(text),
  goal: maybe(object({ contract: text, value: text, comparator: oneOf(['<', '<=', '>', '>=']) })),
  pool: maybe(pool),
  period: object({ label: text, fromAt: instant, toAt: instant, timezone: text }),
  windows: object(Object.fromEntries([...ROLLING_NAMES, 'period'].map((name) => [name, window]))),
  budget: maybe(budget),
  burn: object({ '1h': maybe(number), '6h': maybe(number), '24h': maybe(number) }),
  exhaustedAt: maybe(instant),
  projected: maybe(object({ lowPercent: number, highPercent: number })),
});

const days: Schema = list(object({ fromAt: instant, good: count, bad: count, notRun: count }), {
  description: 'Ninety days of UTC, oldest first, today included.',
});

export const OBJECTIVE_SCHEMAS: Readonly<Record<string, Schema>> = {
  Statement: statement,
  Objective: objective,
  LiveSummary: object(
    {
      uptimePpm: maybe({ ...count, description: 'Over 30 days; rounded down.' }),
      n: count,
      unit: oneOf(['requests', 'slices']),
      ttftP99Us: maybe(count),
      totalP99Us: maybe(count),
      budget: maybe(budget),
      pool: maybe(pool),
      days: list(oneOf(DAY_LEVELS), {
        description: 'Ninety days of UTC, oldest first, each held against what the objective allows.',
      }),
    },
    'The month of a target in short.',
  ),
  LiveTarget: object({
    standing: oneOf(PERIOD_STANDINGS),
    objectives: list(ref('Objective')),
    days,
  }),
  Objectives: object({
    at: instant,
    toAt: { ...instant, description: 'Everything before it is counted.' },
    pendingHours: {
      ...count,
      description: 'Hours still to be counted; above zero long windows are incomplete.',
    },
    preparingPpm: {
      ...maybe({ type: 'integer' }),
      description:
        'How much of a simulated past is written, parts per million; `null` unless one is being written. Until then long windows are incomplete.',
    },
    objectives: list(ref('Objective')),
  }),
};
