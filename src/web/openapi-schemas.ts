import { PERIOD_STANDINGS } from '../domain/live/live-report.ts';
import { PHASE_NAMES } from '../domain/measure/observation.ts';
import { DOUBTS, NOT_RUN_REASONS, OUTCOME_CODES, REMARKS } from '../domain/measure/outcome.ts';
import { PURPOSES } from '../domain/measure/sample.ts';
import { COMPARE_SPANS, VERDICT_ORDER } from '../domain/view/compare-view.ts';
import { HEALTH_ORDER } from '../domain/view/health.ts';
import { SPANS } from '../domain/view/target-view.ts';

/** JSON Schema 2020-12, as OpenAPI 3.1 has it. https://spec.openapis.org/oas/v3.1.1.html#schema-object */
export type Schema = { readonly [key: string]: unknown };

export const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

export const text: Schema = { type: 'string' };
export const count: Schema = { type: 'integer', minimum: 0 };
export const instant: Schema = { type: 'integer', description: 'Milliseconds since 1970, UTC.' };
const micros: Schema = { type: 'integer', minimum: 0, description: 'Whole microseconds.' };
const flag: Schema = { type: 'boolean' };
export const list = (items: Schema, more: Schema = {}): Schema => ({ type: 'array', items, ...more });
export const oneOf = (values: readonly string[], description?: string): Schema => ({
  type: 'string',
  enum: values,
  ...(description === undefined ? {} : { description }),
});

/** Or `null`: not known, not reached, or not said. */
export function maybe(schema: Schema): Schema {
  return typeof schema.type === 'string' && schema.enum === undefined
    ? { ...schema, type: [schema.type, 'null'] }
    : { anyOf: [schema, { type: 'null' }] };
}

/** Every property is always there; new ones may come, so readers must let pass what they do not know. */
export function object(properties: Readonly<Record<string, Schema>>, description?: string): Schema {
  return {
    type: 'object',
    ...(description === undefined ? {} : { description }),
    properties,
    required: Object.keys(properties),
  };
}

const FINDINGS = ['first', 'second', 'not proven'] as const;
/** Milliseconds; `failed` where the rank is a failed request. */
const rankMs: Schema = { anyOf: [{ type: 'number' }, { const: 'failed' }, { type: 'null' }] };
const STANDINGS = ['within', 'missed', 'undecided', 'none'] as const;

function countsBy(values: readonly string[], description: string): Schema {
  return { type: 'object', description, propertyNames: { enum: values }, additionalProperties: count };
}

const validity: Schema = {
  oneOf: [
    object({ kind: { const: 'valid' } }),
    object({ kind: { enum: ['excluded', 'suspect'] }, reason: oneOf(DOUBTS) }),
  ],
};

const limit: Schema = object(
  { mostUs: micros, statedUs: micros, strict: flag },
  '`mostUs` is the largest value that keeps the limit, `statedUs` what was written; `strict`: less than, not at most.',
);

const sampleProperties = {
  probe: text,
  target: text,
  region: text,
  scheduledAt: instant,
  purpose: oneOf(PURPOSES, 'Contracts count `scheduled`, and `reprobe` where it replaced one.'),
  lagUs: { type: 'integer', description: 'How late the attempt left. Whole microseconds.' },
  outcome: oneOf(OUTCOME_CODES),
  validity,
  remarks: list(oneOf(REMARKS)),
  status: maybe({ type: 'integer', description: 'HTTP status.' }),
  phases: object(
    Object.fromEntries(PHASE_NAMES.map((name) => [name, maybe(micros)])),
    'Since just before dispatch; `null`: never reached.',
  ),
  ttftUs: maybe(micros),
  totalUs: maybe(micros),
  longestStallUs: maybe(micros),
  chunks: count,
  tokenChunks: count,
  usage: maybe(
    object({
      promptTokens: maybe(count),
      completionTokens: maybe(count),
      reasoningTokens: maybe(count),
      cachedTokens: maybe(count),
    }),
  ),
  reused: { ...flag, description: 'Was a connection kept from before?' },
  retries: maybe(count),
  servedBy: object({
    model: maybe(text),
    provider: maybe(text),
    region: maybe(text),
    serviceTier: maybe(text),
    systemFingerprint: maybe(text),
    route: oneOf(['verified', 'mismatch', 'unverified']),
  }),
  loopDelayUs: { type: 'integer' },
  clockStepMs: { type: 'number' },
  costNanos: maybe({ type: 'integer', description: '10^-9 of the currency of the price.' }),
} satisfies Readonly<Record<string, Schema>>;

const statusProperties = {
  title: text,
  practice: { ...flag, description: 'Everything here is about a simulated gateway.' },
  timezone: { ...text, description: 'IANA name.' },
  locale: text,
  at: instant,
  fromAt: { ...instant, description: 'Inclusive; a whole minute.' },
  toAt: { ...instant, description: 'Exclusive; the last minute may still be running.' },
  tiers: list(text),
  prober: {
    oneOf: [
      object({ kind: { const: 'never' } }),
      object({ kind: { enum: ['alive', 'silent'] }, lastSignAt: instant }),
    ],
  },
  samples: count,
  coverage: ref('Coverage'),
  counted: object(
    {
      valid: count,
      excluded: countsBy(DOUBTS, 'Their latency does not count, by reason.'),
      suspect: countsBy(DOUBTS, 'Doubt about ourselves: they do not count at all, by reason.'),
    },
    'What became of the attempts of the window.',
  ),
  spending: list(
    object(
      {
        currency: text,
        todayNanos: { type: 'integer', description: 'Since midnight UTC, 10^-9 of the currency.' },
        projectedDayNanos: {
          type: 'integer',
          description: 'At the end of the day, at the pace of the last hour.',
        },
        byTier: { type: 'object', additionalProperties: { type: 'integer' } },
        byTarget: { type: 'object', additionalProperties: { type: 'integer' } },
        cap: maybe(
          object({
            perDayNanos: { type: 'integer' },
            currency: text,
            onReach: oneOf(['slow-down', 'stop']),
          }),
        ),
      },
      'What probing costs; one entry per currency.',
    ),
  ),
  byHealth: object(Object.fromEntries(HEALTH_ORDER.map((health) => [health, count]))),
  byStanding: object(Object.fromEntries(STANDINGS.map((standing) => [standing, count]))),
  byPeriod: object(Object.fromEntries(PERIOD_STANDINGS.map((standing) => [standing, count]))),
  evaluated: maybe(
    object(
      { toAt: instant, pendingHours: count },
      'Up to when long windows are counted; above zero hours they are incomplete.',
    ),
  ),
  preparingPpm: maybe({ ...count, description: 'How much of a simulated past is written.' }),
  isHourRead: {
    type: 'boolean',
    description: 'False shortly after a start: figures are of `fromAt` to `toAt`, less than an hour.',
  },
  plannedWork: list(
    object(
      {
        scope: { ...text, description: '`gateway`, `gateway/tier` or `gateway/tier/model`.' },
        fromAt: { ...instant, description: 'Inclusive.' },
        toAt: { ...instant, description: 'Exclusive.' },
        announcedAt: maybe(instant),
        reason: text,
      },
      'Going on, or beginning within seven days. Whether it is set aside, the contract of each target says.',
    ),
  ),
} satisfies Readonly<Record<string, Schema>>;

const targetProperties = {
  id: { ...text, description: '`gateway/tier/model`; the model part may contain slashes.' },
  gateway: text,
  tier: text,
  model: text,
  health: oneOf(HEALTH_ORDER),
  failingSince: maybe(instant),
  commitment: maybe(ref('Commitment')),
  standings: object(
    Object.fromEntries(['uptime', 'ttft', 'total', 'overall'].map((name) => [name, oneOf(STANDINGS)])),
    'The window shown against the contract. Not the contract’s verdict, which is about a closed period.',
  ),
  series: list(ref('Series'), {
    description: 'The first one is the busiest; its numbers are the target’s.',
  }),
  periodStanding: oneOf(PERIOD_STANDINGS, 'In the running period of the contract.'),
} satisfies Readonly<Record<string, Schema>>;

export const SCHEMAS: Readonly<Record<string, Schema>> = {
  Error: object({
    error: object({
      code: oneOf(['invalid', 'not_found', 'method_not_allowed', 'unavailable', 'internal']),
      message: text,
    }),
  }),
  Spread: object(
    { n: count, p50Us: micros, p90Us: micros, p99Us: micros, maxUs: micros },
    'Nearest-rank percentiles of measured values. Below n = 100 the p99 is the maximum.',
  ),
  Coverage: object({
    expected: maybe({ ...count, description: 'Ticks due; `null` if the schedule cannot be counted.' }),
    measured: count,
    notRun: countsBy(NOT_RUN_REASONS, 'Ticks without an attempt, by reason.'),
    missing: maybe({ ...count, description: 'Ticks nobody accounted for.' }),
  }),
  Commitment: object(
    {
      contract: text,
      uptimePpm: maybe({ type: 'integer', description: 'Parts per million: 99.9 % is 999000.' }),
      ttftP99: maybe(limit),
      totalP99: maybe(limit),
    },
    'What the contract in force asks for, as far as an hour can be held against it.',
  ),
  Series: object({
    probe: text,
    region: text,
    health: oneOf(HEALTH_ORDER),
    last: maybe(
      object({
        at: instant,
        outcome: oneOf(OUTCOME_CODES),
        validity,
        status: maybe({ type: 'integer' }),
        ttftUs: maybe(micros),
        totalUs: maybe(micros),
      }),
    ),
    good: count,
    bad: count,
    excluded: count,
    byOutcome: countsBy(OUTCOME_CODES, 'Attempts of the window by outcome.'),
    byDoubt: countsBy(DOUBTS, 'Doubtful attempts of the window by reason.'),
    ttft: maybe(ref('Spread')),
    total: maybe(ref('Spread')),
    coverage: ref('Coverage'),
    slots: object(
      {
        good: list(count),
        bad: list(count),
        excluded: list(count),
        notRun: list(count),
        missing: list(maybe(count)),
      },
      'One column per count, one row per minute, oldest first. `missing` is `null` while answers may still arrive.',
    ),
  }),
  TargetInBrief: object({
    ...targetProperties,
    live: maybe(ref('LiveSummary')),
  }),
  Target: object({
    ...targetProperties,
    live: maybe(ref('LiveTarget')),
  }),
  Status: object({
    ...statusProperties,
    slotMs: maybe({ type: 'integer', description: 'Length of one slot.' }),
    targets: list(ref('TargetInBrief')),
  }),
  Targets: object({
    at: instant,
    targets: list(
      object({
        id: text,
        gateway: text,
        tier: text,
        model: text,
        health: oneOf(HEALTH_ORDER),
        standing: oneOf(STANDINGS),
        page: { ...text, description: 'Path of its page; the same after `/api/v1` is its twin.' },
      }),
    ),
  }),
  TierFigures: object({
    name: text,
    n: count,
    failures: count,
    availability: maybe(
      object({
        share: { type: 'number' },
        interval: object({ low: { type: 'number' }, high: { type: 'number' } }),
      }),
    ),
    p50: rankMs,
    p99: rankMs,
    p99Interval: object({ low: rankMs, high: rankMs }),
    over: { ...count, description: 'Requests over the common threshold, failed ones included.' },
  }),
  Compare: object({
    status: ref('StatusHead'),
    span: oneOf(Object.keys(COMPARE_SPANS)),
    fromAt: { ...instant, description: 'Inclusive.' },
    toAt: { ...instant, description: 'Exclusive.' },
    expected: {
      ...count,
      description: 'Pairs there are; fewer in `pairs` while the comparison is under way.',
    },
    pairs: list(
      object({
        gateway: text,
        model: text,
        targets: list(text, { minItems: 2, maxItems: 2 }),
        metric: oneOf(['ttft', 'total']),
        verdict: oneOf(VERDICT_ORDER, 'What is proven of the first tier against the second.'),
        comparison: object({
          tiers: list(ref('TierFigures'), { minItems: 2, maxItems: 2 }),
          failures: object({ p: { type: 'number' }, better: oneOf(FINDINGS) }),
          exceedances: maybe(
            object({
              thresholdMs: rankMs,
              source: oneOf(['contract', 'pooled p99']),
              fisher: { type: 'number' },
              barnard: { type: ['number', 'null'] },
              better: oneOf(FINDINGS),
            }),
          ),
          difference: maybe(
            object(
              {
                low: { type: ['number', 'null'] },
                high: { type: ['number', 'null'] },
                p: { type: 'number' },
                blocks: count,
                better: oneOf(FINDINGS),
              },
              'p99 of the first minus p99 of the second, ms; an end without limit is `null`.',
            ),
          ),
          priceRatio: { type: ['number', 'null'] },
          sentence: text,
        }),
      }),
      { description: 'Where the dearer tier earns its price least comes first.' },
    ),
  }),
  StatusHead: object(statusProperties, 'The status without its targets.'),
  Sample: object({ ...sampleProperties, hasEvidence: flag }),
  Evidence: object({
    ending: { type: 'object', properties: { kind: text }, required: ['kind'] },
    headers: { type: 'object', additionalProperties: text },
    requestIds: { type: 'object', additionalProperties: text },
    connection: { type: 'object' },
    contentType: maybe(text),
    bodyBytes: count,
    bodySha256: maybe(text),
    head: text,
    tail: text,
    answer: text,
    errorBody: maybe(
      object({ message: text, type: maybe(text), code: maybe(text), limitSource: maybe(text) }),
    ),
    finishReason: maybe(text),
    retryAfterMs: maybe({ type: 'number' }),
  }),
  SpeedSpread: object(
    { n: count, p50: count, p10: count, p1: count },
    'Speeds in 0.001 tokens/s, at most 0.4 % low: 99 of 100 answers are at least as fast as `p1`.',
  ),
  HistoryColumn: object(
    {
      fromAt: { type: 'number', description: 'Inclusive, milliseconds since 1970.' },
      toAt: { type: 'number', description: 'Exclusive.' },
      counting: { ...flag, description: 'Hours of it still have to be counted: what is here is not all.' },
      good: count,
      bad: count,
      excluded: { ...count, description: 'Attempts that count for nothing.' },
      notRun: { ...count, description: 'Ticks without an attempt, of which we know why.' },
      outcomes: { type: 'object', additionalProperties: count },
      ttft: maybe(ref('Spread')),
      total: maybe(ref('Spread')),
      speed: maybe(ref('SpeedSpread')),
    },
    'One stretch of time, as the contract counts requests. Percentiles are of answered requests, at most 0.4 % high; `null` where nothing was answered.',
  ),
  TargetDetail: object({
    status: ref('StatusHead'),
    target: ref('Target'),
    retiredAt: {
      ...maybe(instant),
      description: 'When it was last planned to be probed, if it is not any more; its spans end there.',
    },
    span: maybe(oneOf(Object.keys(SPANS))),
    fromAt: instant,
    toAt: instant,
    widthMs: { type: 'integer', minimum: 60_000 },
    buckets: list(ref('HistoryColumn')),
    whole: ref('HistoryColumn'),
    last: maybe(ref('Sample')),
    slowest: maybe(ref('Sample')),
    failures: list(object({ sample: ref('Sample'), evidence: maybe(ref('Evidence')) })),
    incidents: {
      ...list(ref('IncidentLine')),
      description: 'The latest that touch the range, a hundred at most; newest first.',
    },
    incidentCount: { ...count, description: 'How many touch the range.' },
  }),
  Samples: object({
    target: maybe(text),
    fromAt: instant,
    toAt: instant,
    limit: { type: 'integer', minimum: 1 },
    more: { ...flag, description: 'Are there older ones in the range?' },
    samples: list(ref('Sample')),
  }),
  Health: object({ status: { const: 'ok' } }),
  Ready: object({ status: { const: 'ready' } }),
  NotReady: object({ status: { const: 'not ready' }, reason: text }),
};
