import { z } from 'zod';
import {
  ACROSS_SCOPES,
  DEADLINE_ANCHORS,
  DEADLINE_TYPES,
  DEADLINE_UNITS,
  DENOMINATORS,
  DIMENSIONS,
  EMPTY_SLICE,
  FEE_BASES,
  LATENCY_METRICS,
  OVERLAPS,
  SLICE_STATS,
  WINDOW_KINDS,
} from '../domain/contract/contract.ts';
import { isExactText } from '../domain/contract/exact.ts';

/** What a person would call a value, for "got …". */
export function found(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'an empty value';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  return typeof value === 'string' ? JSON.stringify(value) : `the ${typeof value} ${String(value)}`;
}

function exactMessage(input: unknown): string {
  const remedy =
    typeof input === 'number' ? `; write it in quotes: "${input}" (a binary float is not exact)` : '';
  return `expected a decimal in quotes such as "99.9", found ${found(input)}${remedy}`;
}

/** A decimal or fraction in quotes, or a whole number: a float such as 99.9 has already lost what was written. */
const exactNumber = z
  .union([z.string().refine(isExactText, { error: (issue) => exactMessage(issue.input) }), z.int()], {
    error: (issue) => exactMessage(issue.input),
  })
  .meta({
    id: 'exactNumber',
    description: 'A decimal in quotes ("99.9"), a fraction in quotes ("1/365") or a whole number.',
  });

const duration = z
  .string({ error: (issue) => `expected a duration such as 60s, 5m, 48h or 5d, found ${found(issue.input)}` })
  .regex(/^\d+(ms|s|m|h|d)$/, {
    error: (issue) => `expected a duration such as 60s, 5m, 48h or 5d, found ${found(issue.input)}`,
  })
  .meta({ description: 'A number and a unit: ms, s, m, h or d.' });

/** Windows anybody looks back on: ten years of months. */
const MOST_WINDOWS = 120;
/** Of a deadline, in its unit: more than a year of hours. */
const MOST_OFFSET = 10_000;

const atMost = (characters: number): z.ZodString =>
  z.string().max(characters, {
    error: ({ input }) => `expected at most ${characters} characters, found ${[...String(input)].length}`,
  });
const MOST_OF_A_NAME = 200;
const name = atMost(MOST_OF_A_NAME).min(1);
const text = atMost(4_000).min(1);
const oneOrMore = z
  .union([text, z.array(text).min(1)], {
    error: (issue) => `expected a text or a list of texts, found ${found(issue.input)}`,
  })
  .meta({ id: 'oneOrMore' });

const statusCode = z.union(
  [z.int().min(100).max(599), z.string().regex(/^([1-5]xx|[1-5]\d\d(-[1-5]\d\d)?)$/)],
  {
    error: (issue) => `expected a status such as 500, "5xx" or "500-504", found ${found(issue.input)}`,
  },
);

/** Conditions on one request; all that are given must hold. */
export const predicateSchema = z
  .strictObject(
    {
      status: z
        .union([statusCode, z.array(statusCode).min(1)], {
          error: (issue) =>
            `expected a status such as 500, "5xx" or "500-504", or a list of them, found ${found(issue.input)}`,
        })
        .optional()
        .describe('HTTP status: 500, "5xx", "500-504", or a list of them.'),
      outcome: oneOrMore.optional().describe('Outcome codes, or prefixes such as provider.*'),
      code: oneOrMore.optional().describe("The provider's own error code, compared whole."),
      tag: oneOrMore.optional().describe('Tags of the line, e.g. preview, force_majeure, backoff_violation.'),
      serviceTier: oneOrMore.optional(),
      model: oneOrMore.optional(),
      endpoint: oneOrMore.optional(),
      region: oneOrMore.optional(),
      stream: z.boolean().optional(),
      timedOut: z.boolean().optional().describe('One of our deadlines expired (any timeout.* outcome).'),
      auth: z.boolean().optional().describe('The key was refused: 401, 403 or config.auth.'),
      overQuota: z.boolean().optional().describe('Our own limit was exceeded: ratelimit.own, or a bare 429.'),
      clientTimeoutBelow: duration.optional().describe('The client gave up earlier than this.'),
      promptTokensOver: z.int().min(0).optional(),
      promptTokensAtMost: z.int().min(0).optional(),
      outputTokensOver: z.int().min(0).optional(),
      outputTokensAtMost: z.int().min(0).optional(),
    },
    {
      error: (issue) =>
        issue.code === 'invalid_type'
          ? `expected conditions such as { stream: true, outputTokensOver: 75 } or "stream, output_tokens>75", found ${found(issue.input)}`
          : undefined,
    },
  )
  .describe('Conditions on one request; all that are given must hold.');

const counting = z.enum(['good', 'bad', 'excluded']);

const classifyRule = z.strictObject({
  when: predicateSchema,
  as: counting.describe('excluded leaves numerator and denominator; good stays in the denominator.'),
  reason: text.optional().describe('How these requests are named in the statement.'),
  ambiguous: text
    .optional()
    .describe(
      "Where the contract's words leave room: raised as a flag when a request is decided by this rule.",
    ),
});

const target = z
  .union(
    [exactNumber, z.strictObject({ value: exactNumber, comparator: z.enum(['>=', '>']).default('>=') })],
    {
      error: (issue) =>
        typeof issue.input === 'object' && issue.input !== null
          ? 'expected {value: "99.9", comparator: ">="}'
          : exactMessage(issue.input),
    },
  )
  .describe('Percent: "99.9", or {value: "99.9", comparator: ">="}.');

const slice = duration.describe('Must divide the hour. Slices are aligned to the start of the window.');
const emptySlice = z
  .enum(EMPTY_SLICE)
  .describe('What a slice without counted requests is: good favours the provider, exclude drops it.');

const availability = z
  .discriminatedUnion('method', [
    z.strictObject({
      method: z.literal('occurrences').describe('Good requests of all counted requests.'),
      slice: slice.optional().describe('Only for coverage; 5m by default.'),
      target,
    }),
    z.strictObject({
      method: z.literal('timeslices').describe('Good slices of all slices.'),
      slice,
      sliceBadWhen: z
        .strictObject({
          errorRateGt: exactNumber.optional().describe('Bad if more than this share fails: "0.05" is 5 %.'),
          errorRateGte: exactNumber.optional(),
          allFailed: z.literal(true).optional(),
        })
        .describe('Exactly one of errorRateGt, errorRateGte, allFailed.'),
      minRunSlices: z.int().min(1).default(1).describe('Shorter runs of bad slices are dropped whole.'),
      emptySlice,
      minRequestsPerSlice: z.int().min(0).default(0).describe('Below it a slice is treated as empty.'),
      denominator: z.enum(DENOMINATORS).default('all_slices'),
      target,
    }),
    z.strictObject({
      method: z.literal('ratio_timeslices').describe('Mean of the success ratios of all slices.'),
      slice,
      emptySlice,
      minRequestsPerSlice: z.int().min(0).default(0),
      denominator: z.enum(DENOMINATORS).default('all_slices'),
      target,
    }),
  ])
  .describe('How uptime is computed, and what it must reach.');

const ladderRow = z
  .strictObject({
    below: exactNumber.optional().describe('Exclusive upper end, percent.'),
    atMost: exactNumber.optional().describe('Inclusive upper end, percent, instead of below.'),
    atLeast: exactNumber
      .optional()
      .describe('Inclusive lower end, percent. Read as printed: gaps stay gaps.'),
    percent: exactNumber.describe('Percent of the fee.'),
  })
  .describe('With below alone rows nest and the deepest match wins.');

const shapes = {
  ladder: { ladder: z.array(ladderRow).min(1) },
  linear: {
    percentPerPoint: exactNumber.describe('Percent of the fee per percentage point below the target.'),
    wholePoints: z.boolean().optional().describe('Whether only whole points count; flagged if left out.'),
  },
  per_step: {
    step: exactNumber.describe('Width of a step in percentage points below the target.'),
    percentPerStep: exactNumber.describe('Percent of the fee per step, e.g. "100/365".'),
    orPortion: z.boolean().optional().describe('Whether a started step counts; flagged if left out.'),
  },
  per_downtime_unit: {
    unit: duration,
    percentPerUnit: exactNumber,
    afterPercent: exactNumber.default(0).describe('Downtime up to this percentage of the window is free.'),
    orPortion: z.boolean().optional(),
  },
  downtime_multiplier: { multiplier: exactNumber.describe('Times the fee for the downtime.') },
  flat: { percent: exactNumber },
  service_days: {
    serviceDays: z.array(z.strictObject({ below: exactNumber, days: z.int().min(1) })).min(1),
  },
  none: {},
} as const;

const creditCommon = {
  of: z.enum(['period_fee', 'annual_fee']).default('period_fee'),
  capPercent: exactNumber.nullish(),
  minCredit: z
    .strictObject({ amount: exactNumber, strict: z.boolean().default(true) })
    .nullish()
    .describe('Least credit that is paid; strict: it must be greater, not equal.'),
  moneyRounding: z
    .strictObject({
      mode: z.enum(['floor', 'half_up']).default('half_up'),
      places: z.int().min(0).max(4).default(2),
    })
    .optional(),
  overlap: z.enum(OVERLAPS).default('max').describe('How credits of several missed objectives are joined.'),
  acrossScopes: z
    .enum(ACROSS_SCOPES)
    .optional()
    .describe(
      'Whether credits of several models or keys behind one fee add up (sum) or only the greatest counts (max). Left out: the contract does not say; the greatest is shown, and flagged.',
    ),
  requiresConsecutiveWindows: z.int().min(1).max(MOST_WINDOWS).default(1),
  status: z.enum(['verified', 'secondary', 'assumed']).default('verified'),
};

/** One variant per shape: `extra` are the keys it shares with the others. */
function shapesWith<Extra extends z.core.$ZodLooseShape>(extra: Extra) {
  return z.discriminatedUnion('shape', [
    z.strictObject({ shape: z.literal('ladder'), ...shapes.ladder, ...extra }),
    z.strictObject({ shape: z.literal('linear'), ...shapes.linear, ...extra }),
    z.strictObject({ shape: z.literal('per_step'), ...shapes.per_step, ...extra }),
    z.strictObject({ shape: z.literal('per_downtime_unit'), ...shapes.per_downtime_unit, ...extra }),
    z.strictObject({ shape: z.literal('downtime_multiplier'), ...shapes.downtime_multiplier, ...extra }),
    z.strictObject({ shape: z.literal('flat'), ...shapes.flat, ...extra }),
    z.strictObject({ shape: z.literal('service_days'), ...shapes.service_days, ...extra }),
    z.strictObject({ shape: z.literal('none'), ...extra }),
  ]);
}

const credits = shapesWith(creditCommon).describe('What a missed availability objective earns.');
const latencyCredits = shapesWith({}).describe('What missing this objective earns.');

const latencyCommon = {
  id: name.optional().describe('Name of the objective; by default made of its metric and statistic.'),
  metric: z.enum(LATENCY_METRICS),
  tpsBasis: z
    .enum(['total', 'after_first_token'])
    .optional()
    .describe(
      'For tokens_per_s: all tokens over the total time, or those after the first over the time after it.',
    ),
  op: z.enum(['<', '<=', '>', '>=']),
  value: exactNumber.describe('Threshold in the unit of the metric: ms, or tokens per second.'),
  eligible: predicateSchema.optional(),
  failures: z
    .enum(['miss', 'exclude'])
    .default('miss')
    .describe('miss: a failed request is slower than any threshold.'),
  credits: latencyCredits.optional(),
};

const latency = z.discriminatedUnion('form', [
  z.strictObject({
    form: z.literal('window_attainment').describe('Share of slices whose statistic holds.'),
    ...latencyCommon,
    slice,
    stat: z.enum(SLICE_STATS),
    emptySlice,
    minRequestsPerSlice: z.int().min(0).default(0),
    target,
  }),
  z.strictObject({
    form: z.literal('whole_window_percentile').describe('One percentile over the whole window.'),
    ...latencyCommon,
    p: exactNumber.describe('Percentile, e.g. 99 or "99.9".'),
    method: z.enum(['nearest_rank', 'linear']).default('nearest_rank'),
    minSamples: z.int().min(1).default(1).describe('With fewer the objective is undecided.'),
  }),
]);

const deadline = z.strictObject({
  type: z.enum(DEADLINE_TYPES),
  offset: z.int().min(0).max(MOST_OFFSET),
  unit: z.enum(DEADLINE_UNITS),
  anchor: z.enum(DEADLINE_ANCHORS),
  snap: z.enum(['none', 'end_of_month']).default('none'),
});

const date = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, {
  error: (issue) => `expected a date such as 2026-12-25, found ${found(issue.input)}`,
});

const chronic = z.strictObject({
  when: z
    .strictObject({
      consecutive: z.int().min(1).max(MOST_WINDOWS).optional().describe('So many windows in a row.'),
      k: z.int().min(1).optional().describe('k of the last m windows.'),
      m: z.int().min(1).max(MOST_WINDOWS).optional(),
      singleWindowBelow: exactNumber.optional(),
    })
    .describe('consecutive, or k with m, or singleWindowBelow.'),
  below: exactNumber
    .optional()
    .describe('A window counts under this percentage; by default under its target.'),
  right: z.enum(['terminate', 'refund']),
});

/** The terms of one version of a contract, as written in YAML. Percentages are decimals in quotes. */
export const contractTermsSchema = z
  .strictObject({
    id: atMost(MOST_OF_A_NAME)
      .regex(/^[a-z0-9][a-z0-9._-]*$/i, {
        error: (issue) =>
          `expected letters, digits, dots, dashes and underscores, found ${found(issue.input)}`,
      })
      .optional()
      .describe('Stable name. Required in a file of its own; elsewhere the key says it.'),
    version: z.union([name, z.number()]).describe('The version of these terms, as the contract names it.'),
    title: name.optional(),
    inForceFrom: text
      .optional()
      .describe('First day (in the zone of the window) or instant this version governs; by default always.'),
    parties: z.strictObject({ provider: name, customer: name }).optional(),
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/, {
        error: (issue) => `expected a currency in three capitals such as EUR, found ${found(issue.input)}`,
      })
      .optional()
      .describe('ISO 4217'),
    provenance: z
      .strictObject({
        url: text.optional(),
        documentDate: text.optional(),
        retrieved: text.optional(),
        status: z.enum(['verified', 'secondary', 'assumed']),
        verified: z.array(text).default([]),
        secondary: z.array(text).default([]),
        assumed: z.array(text).default([]),
      })
      .optional()
      .describe('Where the terms come from, and which of them were read, retold or assumed.'),
    scope: z
      .strictObject({
        dimensions: z.array(z.enum(DIMENSIONS)).default([]),
        feeBase: z.enum(FEE_BASES).optional().describe('Which charge a credit is a percentage of.'),
      })
      .optional(),
    window: z.strictObject({
      kind: z.enum(WINDOW_KINDS),
      timezone: text.describe('IANA name, e.g. UTC or America/Los_Angeles.'),
      anchorDay: z.int().min(1).max(28).optional().describe('First day of a billing cycle.'),
    }),
    eligible: predicateSchema.optional().describe('Requests outside of this are excluded.'),
    classify: z.array(classifyRule).default([]).describe('The first rule that matches decides.'),
    otherwise: z
      .enum(['good', 'bad', 'excluded', 'by_outcome'])
      .default('by_outcome')
      .describe('For requests no rule matches; by_outcome is the default counting of each outcome.'),
    availability: availability.optional(),
    latency: z.array(latency).default([]),
    rounding: z
      .strictObject({
        decimals: z.int().min(0).max(6).nullish().describe('Digits kept; not needed with mode none.'),
        mode: z.enum(['none', 'floor', 'half_up']),
      })
      .optional()
      .describe('Applied once to the final percentage, before target and ladder. Default: none.'),
    maintenance: z
      .strictObject({
        mode: z.enum(['remove_from_denominator', 'count_as_good', 'not_excluded']),
        notice: duration.nullish().describe('How long before its start a window must be announced.'),
        maxPerWindow: duration.nullish().describe('Most time one contract window may lose to maintenance.'),
      })
      .optional(),
    credits: credits.optional(),
    claim: z
      .strictObject({
        deadlines: z.array(deadline).default([]),
        channel: text.optional(),
        requiredEvidence: z.array(text).default([]),
        forfeitsIfMissing: z.boolean().default(false),
        holidays: z.array(date).default([]),
      })
      .optional(),
    chronic: z.array(chronic).default([]),
    fee: z
      .strictObject({
        amount: exactNumber.describe(
          'What is paid for one window, or for a year where credits are of the annual fee.',
        ),
        base: z.enum(FEE_BASES).optional().describe('What it is paid for, if that differs from the scope.'),
        scopes: z
          .record(text, exactNumber)
          .optional()
          .describe('Fees of their own, by gateway, gateway/tier or gateway/tier/model.'),
      })
      .optional()
      .describe('Without a fee credits are told in percent alone. Shown to the owner only.'),
    authority: z.enum(['provider_logs', 'customer_logs', 'third_party_probe', 'status_page']).optional(),
  })
  .describe('The terms of one version of a service level agreement.');

export type ContractTerms = z.output<typeof contractTermsSchema>;
export type PredicateTerms = z.output<typeof predicateSchema>;
