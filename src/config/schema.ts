import { z } from 'zod';
import { OPERATIONS } from '../domain/measure/probe.ts';
import { GATEWAY_KINDS } from '../domain/measure/target.ts';
import { alertsSchema } from './alerts-schema.ts';
import { contractTermsSchema } from './contract-schema.ts';
import {
  amount,
  byName,
  duration,
  either,
  flag,
  glob,
  list,
  map,
  matching,
  modelId,
  money,
  secretRef,
  slug,
  text,
  webAddress,
  whole,
} from './schema-parts.ts';

const headerName = (): z.ZodString =>
  matching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/, 'the name of an HTTP header');

const disclosure = map({
  cache: headerName().optional().describe('hit, miss or bypass'),
  model: headerName().optional(),
  provider: headerName().optional(),
  region: headerName().optional(),
  retries: headerName().optional(),
  fallbacks: headerName().optional(),
  overheadMs: headerName().optional().describe("The gateway's own share of the duration, in ms"),
  requestId: headerName().optional(),
}).describe(
  'Response headers that disclose how an answer was made, where the kind of gateway does not know them',
);

export const gatewaySchema = map({
  id: slug().describe('Stable name; part of every target id'),
  baseUrl: webAddress()
    .optional()
    .describe(
      'Where the OpenAI-compatible interface begins, such as https://global-apis.com/v1, without a trailing slash',
    ),
  kind: z
    .enum(GATEWAY_KINDS)
    .default('generic')
    .describe('Whose cache, retry and disclosure headers to speak'),
  headers: z
    .record(
      headerName(),
      either([text('the value of a header'), secretRef()], 'a text, or a reference to a secret'),
      {
        error: 'expected a map of request headers',
      },
    )
    .default({})
    .describe('Extra request headers'),
  control: webAddress()
    .optional()
    .describe('A neutral witness on another network: if it fails too, the fault is on our side'),
  disclosure: disclosure.optional(),
  apiVersion: matching(/^[\w.-]{1,40}$/, 'an API version such as 2024-10-21')
    .optional()
    .describe('Only for azure-openai with deployment paths: the api-version of the query'),
  practice: map({
    seed: whole(0, 4_294_967_295).default(7).describe('Same seed, same behaviour'),
    timetable: z
      .enum(['demo', 'quiet'])
      .default('demo')
      .describe('demo plays a script of incidents, quiet none'),
  })
    .optional()
    .describe('A simulated gateway on loopback, started with Probity; takes the place of baseUrl'),
});

export const tierSchema = map({
  apiKey: secretRef().optional().describe('The key of this tier'),
  requestsPerMinute: whole(1, 10_000_000)
    .optional()
    .describe('Our quota on this key; probing never exceeds it'),
  modelPrefix: matching(/^[\x21-\x7e]{1,100}$/, 'a prefix such as "Pro/"')
    .optional()
    .describe('Put before the model name on the wire'),
  serviceTier: matching(/^[a-z0-9_.-]{1,64}$/, 'a service tier such as priority')
    .optional()
    .describe('Sent as service_tier, and held against what the answer says'),
  contract: slug().optional().describe('The contract this tier is judged by'),
  gateways: list(slug(), 'gateway ids', 1)
    .optional()
    .describe('Where this tier is bought; every gateway by default'),
});

const price = map({
  input: amount().describe('Price of input tokens'),
  output: amount().describe('Price of output tokens'),
  currency: matching(/^[A-Z]{3}$/, 'a currency such as USD').default('USD'),
  per: z.enum(['1M tokens', '1K tokens', '1 token']).default('1M tokens'),
});

const modelScope = {
  tiers: list(slug(), 'tier ids', 1).optional().describe('Every tier by default'),
  gateways: list(slug(), 'gateway ids', 1).optional().describe('Every gateway by default'),
  price: price.optional(),
};

const namedModel = map({
  id: modelId().describe('The name on the wire, without any tier prefix'),
  ...modelScope,
  aliases: list(modelId(), 'model names').default([]).describe('Earlier names: a rename keeps its history'),
  servedAs: list(modelId(), 'model names')
    .default([])
    .describe('Other names under which the gateway truthfully says it served this model'),
}).describe('A model by name');

const discoveredModels = map({
  discover: map({
    include: list(glob(), 'patterns', 1)
      .default(['*'])
      .describe('Patterns over model names; * matches slashes too'),
    exclude: list(glob(), 'patterns').default([]),
    ...modelScope,
  }),
}).describe('Models found by GET /models, refreshed daily');

export const modelSchema = either([namedModel, discoveredModels], 'a model: { id: … } or { discover: … }');

export const promptSchema = map({
  messages: list(
    map({
      role: z.enum(['system', 'user']),
      content: text('the text of the message', 20_000).describe(
        'May use {nonce}, {a}, {b}, {sum} and {product}; each tick fills them differently',
      ),
    }),
    'messages',
    1,
  ),
  maxTokens: whole(1, 131_072)
    .default(64)
    .describe('Upper bound of the answer; reasoning models need room to think'),
  expect: map({ contains: text('a text', 1_000).describe('Text the answer must contain') }).optional(),
});

export const probeSchema = map({
  id: slug().describe('Stable name; its series of samples is kept under it'),
  operation: z.enum(OPERATIONS).default('chat'),
  prompt: slug().optional().describe('The id of a prompt; every operation but models needs one'),
  every: duration().optional().describe('The interval, such as 60s'),
  cron: text('a cron pattern such as "*/30 * * * * *"', 200).optional().describe('Instead of every'),
  timezone: text('a time zone such as Europe/Berlin', 100)
    .optional()
    .describe('Of the cron pattern; UTC by default'),
  stream: flag().optional().describe('chat and responses stream, the others do not'),
  connection: z
    .enum(['warm', 'cold'])
    .default('warm')
    .describe('warm keeps a connection open between ticks, cold makes a new one each time'),
  http2: flag().default(false).describe('Offer HTTP/2'),
  timeout: map({
    firstToken: duration().default('30s').describe('From dispatch to the first token'),
    stall: duration().default('15s').describe('Between two tokens'),
    total: duration().default('60s').describe('The whole exchange'),
  }).default({ firstToken: '30s', stall: '15s', total: '60s' }),
  maxInFlight: whole(1, 1_000)
    .optional()
    .describe(
      'Ticks of one target that may run together; by default enough that a hanging answer costs no tick',
    ),
  confirmation: map({
    probes: whole(0, 10).default(3),
    spacing: duration().default('10s'),
  })
    .default({ probes: 3, spacing: '10s' })
    .describe('The burst that follows a failed tick; contract arithmetic ignores it'),
  models: list(glob(), 'patterns over model names', 1).default(['*']),
  tiers: list(glob(), 'patterns over tier ids', 1).default(['*']),
  gateways: list(glob(), 'patterns over gateway ids', 1).default(['*']),
});

export const spendSchema = map({
  perDay: money().describe('The most that probing may cost per UTC day'),
  onReach: z
    .enum(['slow-down', 'stop'])
    .default('slow-down')
    .describe(
      'slow-down stretches the cadence so that the money lasts until midnight UTC; stop ends when it is spent',
    ),
});

export const statusSchema = map({
  title: text('a title', 200).default('AI gateway'),
  bind: text('an address to listen on', 255).default('127.0.0.1'),
  port: whole(0, 65_535).default(8080).describe('0 takes any free port'),
  public: flag().default(true).describe('Whether the page can be read without a login'),
  timezone: text('a time zone such as Europe/Berlin', 100).default('UTC'),
  locale: text('a language tag such as en or de-CH', 50).default('en'),
  url: webAddress().optional().describe('Where readers reach the page; links in messages begin with it'),
});

export const retentionSchema = map({
  samples: duration().default('400d'),
  evidence: duration().default('400d'),
});

export const timeStampsSchema = map({
  authority: webAddress().describe('Where a time-stamping authority (RFC 3161) answers'),
  ca: text('a file', 500).describe('The certificates its stamps must lead to, PEM; a path from this folder'),
}).describe('Somebody else signs each day that the evidence existed by then');

const scope = (): z.ZodString =>
  matching(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}(?:\/[A-Za-z0-9][A-Za-z0-9._-]{0,62}(?:\/[\x21-\x7e]{1,200})?)?$/,
    'a gateway, gateway/tier or gateway/tier/model',
  );

export const maintenanceSchema = map({
  scope: either(
    [scope(), list(scope(), 'scopes', 1)],
    'a gateway, gateway/tier or gateway/tier/model, or a list of them',
  )
    .optional()
    .describe('What is worked on: gateway, gateway/tier or gateway/tier/model; every gateway by default'),
  start: text('a time such as 2026-11-01T02:00', 40).describe(
    'When it begins, local time in timezone; with rrule the first time',
  ),
  duration: duration().describe('How long it lasts, such as 2h'),
  rrule: text('a rule such as FREQ=WEEKLY;BYDAY=SU', 300)
    .optional()
    .describe('How it recurs, RFC 5545, in local time; once by default'),
  exdate: list(text('a local time such as 2026-12-27T02:00', 40), 'local times')
    .optional()
    .describe('Starts of rrule at which there is no work, local times; calls these off and no other'),
  rdate: list(text('a local time such as 2026-12-28T02:00', 40), 'local times')
    .optional()
    .describe('Further starts beside rrule, local times; each is announced for itself'),
  probing: z
    .enum(['continue', 'pause'])
    .default('continue')
    .describe(
      'Whether we go on probing meanwhile. What is not probed is evidence for nobody: pause only if asked to',
    ),
  timezone: text('a time zone such as Europe/Berlin', 100).default('UTC'),
  announced: text('a time such as 2026-10-20T09:00', 40)
    .optional()
    .describe('When the provider announced it; by default when Probity first saw this entry'),
  reason: text('a reason', 500).default('planned work'),
}).describe('Planned work the provider announced. Whether it is set aside, each contract says');

/** Contracts are checked where they are read, because a template has to be filled in first. */
const contractSchema = z
  .union(
    [
      z.looseObject({ template: slug().optional().describe('The name of a contract template') }),
      z.array(z.looseObject({})),
    ],
    { error: 'expected a map, or a list of versions' },
  )
  .describe('A contract, or { template: name } with what differs from it; a list holds several versions');

export const configSchema = map({
  region: slug().default('local').describe('Where we stand when we measure'),
  gateway: either(
    [gatewaySchema, list(gatewaySchema, 'gateways', 1)],
    'a gateway, or a list of gateways',
  ).describe('One gateway, or a list'),
  tiers: byName(tierSchema, 'tiers'),
  models: list(modelSchema, 'models', 1),
  prompts: byName(promptSchema, 'prompts').default({}),
  probes: list(probeSchema, 'probes', 1),
  spend: spendSchema.optional(),
  contracts: byName(contractSchema, 'contracts').default({}),
  maintenance: either(
    [maintenanceSchema, list(maintenanceSchema, 'planned work')],
    'planned work, or a list of it',
  )
    .optional()
    .describe('Planned work the provider announced'),
  alerts: alertsSchema.optional(),
  status: statusSchema.optional(),
  retention: retentionSchema.optional(),
  timeStamps: timeStampsSchema.optional(),
}).meta({ title: 'Probity deployment', description: 'A folder of YAML files, merged into this' });

const fromTemplate = z
  .looseObject({ template: slug().describe('The name of a contract template, such as pro-channel') })
  .describe('A contract template, with what differs from it beside');
const editorContract = z.union([fromTemplate, contractTermsSchema]).meta({ id: 'contract' });

/** The JSON Schema that editors use for completion and checking: https://json-schema.org/draft/2020-12 */
export function jsonSchema(): Record<string, unknown> {
  const forEditors = configSchema
    .extend({
      contracts: z
        .record(slug(), z.union([editorContract, z.array(editorContract).min(1)]))
        .default({})
        .describe('Contracts by id: terms, a template, or a list of versions'),
    })
    .meta({ title: 'Probity deployment', description: 'A folder of YAML files, merged into this' });
  return z.toJSONSchema(forEditors, { io: 'input', target: 'draft-2020-12' }) as Record<string, unknown>;
}
