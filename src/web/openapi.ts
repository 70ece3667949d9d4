import { COMPARE_SPANS } from '../domain/view/compare-view.ts';
import { SPANS } from '../domain/view/target-view.ts';
import { INCIDENT_REFS, INCIDENT_SCHEMAS } from './openapi-incidents.ts';
import { OBJECTIVE_SCHEMAS } from './openapi-objectives.ts';
import { REPORT_SCHEMAS } from './openapi-reports.ts';
import { ref, SCHEMAS, type Schema } from './openapi-schemas.ts';

type Answers = Readonly<Record<string, Schema>>;

/**
 * The API as an OpenAPI 3.1 document. The tests hold every route and real answers against it.
 * https://spec.openapis.org/oas/v3.1.1.html
 */
export function openApi(practice: boolean): Schema {
  return {
    openapi: '3.1.1',
    info: {
      title: 'Probity',
      version: '1',
      summary: 'What the pages show, for machines.',
      description: `All instants are milliseconds since 1970 UTC, all durations whole microseconds unless named otherwise, all shares parts per million. \`null\` means no data, never zero. Ids keep their slashes in a path; each segment is percent-encoded. Answers carry an \`ETag\`; ask with \`If-None-Match\`.${practice ? ' This deployment is practice: its gateway is simulated.' : ''}`,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    paths: PATHS,
    components: { schemas: { ...SCHEMAS, ...INCIDENT_SCHEMAS, ...REPORT_SCHEMAS, ...OBJECTIVE_SCHEMAS } },
  };
}

const json = (schema: Schema, description: string): Schema => ({
  description,
  content: { 'application/json': { schema } },
});

const ERRORS = {
  invalid: { '400': json(ref('Error'), 'The question cannot be answered; the message says why.') },
  noReport: { '404': json(ref('Error'), 'No report of that period and contract is frozen.') },
  noIncident: { '404': json(ref('Error'), 'No incident has that id.') },
  unknown: { '404': json(ref('Error'), 'No target has that id, today or formerly.') },
};
const UNCHANGED = { '304': { description: 'What the reader has is still true.' } };

function get(
  operationId: string,
  summary: string,
  responses: Answers,
  parameters: readonly Schema[] = [],
): Schema {
  return { get: { operationId, summary, ...(parameters.length === 0 ? {} : { parameters }), responses } };
}

const inQuery = (name: string, description: string, schema: Schema): Schema => ({
  name,
  in: 'query',
  description,
  schema,
});

const targetId: Schema = {
  name: 'id',
  in: 'path',
  required: true,
  description: 'Id of a target, its slashes kept.',
  schema: { type: 'string' },
  example: 'global-apis/pro/deepseek-ai/DeepSeek-V3.2',
};

const instant: Schema = {
  anyOf: [
    { type: 'string', format: 'date-time' },
    { type: 'integer', minimum: 0 },
  ],
};

const PATHS: Readonly<Record<string, Schema>> = {
  '/api/v1/status': get('readStatus', 'Every target: state, uptime, latency, the last hour by the minute', {
    '200': json(ref('Status'), 'The edition the overview shows.'),
    ...UNCHANGED,
  }),
  '/api/v1/targets': get('listTargets', 'Every target in brief', {
    '200': json(ref('Targets'), 'In the order of the configuration.'),
    ...UNCHANGED,
  }),
  '/api/v1/targets/{id}': get(
    'readTarget',
    'One target: latency over time, last and slowest attempt, failures with evidence',
    {
      '200': json(ref('TargetDetail'), 'What its page shows.'),
      ...UNCHANGED,
      ...ERRORS.invalid,
      ...ERRORS.unknown,
    },
    [
      targetId,
      inQuery('span', 'How far to look back.', { type: 'string', enum: Object.keys(SPANS), default: '1h' }),
      inQuery('from', 'Instead of a span: inclusive, with `to`. At most 100 days.', instant),
      inQuery('to', 'Exclusive, with `from`.', instant),
    ],
  ),
  '/api/v1/compare': get(
    'compareTiers',
    'Tier against tier for every model',
    { '200': json(ref('Compare'), 'What the page shows.'), ...UNCHANGED, ...ERRORS.invalid },
    [
      inQuery('span', 'How far to look back. Beyond a day latencies are at most 0.4 % high.', {
        type: 'string',
        enum: Object.keys(COMPARE_SPANS),
        default: '24h',
      }),
    ],
  ),
  '/api/v1/objectives': get(
    'readObjectives',
    'Every objective over every rolling window and the running period, with its budget',
    {
      '200': json(ref('Objectives'), 'The latest evaluation.'),
      ...ERRORS.invalid,
      ...ERRORS.unknown,
      '503': json(
        ref('Error'),
        'Nothing has been evaluated yet, or too many are asking just now; try again after `Retry-After` seconds.',
      ),
    },
    [
      inQuery('target', 'Id of a target, today or formerly: only its objectives, with what they prove.', {
        type: 'string',
      }),
    ],
  ),
  '/api/v1/samples': get(
    'readSamples',
    'Attempts of any purpose, newest first',
    {
      '200': json(ref('Samples'), 'Attempts whose tick lies in `[from, to)`.'),
      ...ERRORS.invalid,
      ...ERRORS.unknown,
      '503': json(
        ref('Error'),
        'Too many are reading samples just now; try again after `Retry-After` seconds.',
      ),
    },
    [
      inQuery(
        'target',
        'Id of a target; by default all. Attempts of more than two to three hours ago are read target by target: without one the answer ends there with `more: true`, and a range that lies wholly before is refused.',
        { type: 'string' },
      ),
      inQuery(
        'from',
        'Inclusive. ISO 8601 with a zone, or milliseconds since 1970; by default an hour before `to`.',
        instant,
      ),
      inQuery('to', 'Exclusive. By default now. To go on, set it to the last tick received.', instant),
      inQuery(
        'limit',
        'How many at most, unless one tick alone has more: attempts of one tick are never parted.',
        { type: 'integer', minimum: 1, maximum: 1_000, default: 100 },
      ),
    ],
  ),
  '/api/v1/stream': get(
    'followEditions',
    'Server-sent events: one `edition` whenever there is something new',
    {
      '200': {
        description: '`event: edition`, `data: {"no": …, "at": …}`. Ask for the status again when one comes.',
        content: { 'text/event-stream': { schema: { type: 'string' } } },
      },
      '503': { description: 'Too many readers; try again after `Retry-After` seconds.' },
    },
  ),
  '/api/v1/incidents': get('readIncidents', 'Open incidents, and those of the last 90 days; newest first', {
    '200': json(INCIDENT_REFS.incidents, 'What the list shows.'),
    ...UNCHANGED,
  }),
  '/api/v1/incidents/{id}': get(
    'readIncident',
    'One incident: cells with their evidence, timeline, who was told',
    { '200': json(INCIDENT_REFS.incident, 'What its page shows.'), ...UNCHANGED, ...ERRORS.noIncident },
    [{ name: 'id', in: 'path', required: true, schema: { type: 'string' }, example: '20261103-0a3f9kz' }],
  ),
  '/api/v1/reports': get('listReports', 'Every frozen report in brief, the latest first', {
    '200': json(ref('Reports'), 'Whether each contract was kept; what is owed is for the owner.'),
    ...UNCHANGED,
  }),
  '/api/v1/reports/{period}/{contract}': get(
    'readReport',
    'One frozen report: objectives, coverage, exclusions and incidents, without money',
    { '200': json(ref('Report'), 'What its public page shows.'), ...UNCHANGED, ...ERRORS.noReport },
    [
      { name: 'period', in: 'path', required: true, schema: { type: 'string' }, example: '2026-10' },
      { name: 'contract', in: 'path', required: true, schema: { type: 'string' }, example: 'pro-channel' },
    ],
  ),
  '/api/v1/openapi.json': get('readDocument', 'This document', {
    '200': json({ type: 'object' }, 'OpenAPI 3.1.'),
    ...UNCHANGED,
  }),
  '/healthz': get('readLiveness', 'Does the process answer?', { '200': json(ref('Health'), 'It does.') }),
  '/readyz': get('readReadiness', 'Can the store be read, and is anybody measuring?', {
    '200': json(ref('Ready'), 'Yes.'),
    '503': json(ref('NotReady'), 'No, and why.'),
  }),
};
