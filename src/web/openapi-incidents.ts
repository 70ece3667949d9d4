import { ALERTS, SEVERITIES } from '../domain/alert/alert.ts';
import { INCIDENT_EVENTS, INCIDENT_PHASES } from '../domain/alert/incident.ts';
import { TOPICS } from '../domain/alert/message.ts';
import { OUTCOME_CODES } from '../domain/measure/outcome.ts';
import { count, instant, list, maybe, object, oneOf, ref, type Schema, text } from './openapi-schemas.ts';

const who: Schema = { type: 'string', description: 'Of a mail address only the part before the @.' };
const ppm: Schema = { type: 'integer', description: 'Parts per million.' };

const line = {
  id: text,
  label: oneOf([...new Set(Object.values(ALERTS).map(({ label }) => label))]),
  place: { type: 'string', description: 'In words, e.g. `all 8 in acme/pro`.' },
  severity: oneOf(SEVERITIES),
  about: oneOf(['gateway', 'ours'], 'Whose trouble it is.'),
  phase: oneOf(INCIDENT_PHASES),
  startedAt: instant,
  closedAt: maybe(instant),
  cells: count,
  acknowledgement: maybe(object({ who, why: text, at: instant, untilAt: maybe(instant) })),
} satisfies Readonly<Record<string, Schema>>;

const budget: Schema = object({
  objective: text,
  leftSamples: maybe({ type: 'integer' }),
  leftMs: maybe({ type: 'integer' }),
  leftPpm: ppm,
});

const facts: Schema = object({
  finding: text,
  measured: maybe(
    object({
      windowMs: count,
      n: count,
      k: count,
      allowedPpm: maybe(ppm),
      burnRate: maybe({ type: 'number' }),
      pValue: maybe({ type: 'number' }),
      intervalPpm: maybe(list(ppm)),
    }),
  ),
  budget: maybe({
    ...budget,
    properties: {
      ...(budget.properties as Schema),
      of: maybe({
        ...object({ scope: text, targets: count }),
        description: 'Set where the contract judges several targets as one: the budget is theirs.',
      }),
    },
  }),
  stake: { type: 'null', description: 'Money is shown to the owner only, on the page.' },
  failures: list(
    object({
      at: instant,
      outcome: oneOf(OUTCOME_CODES),
      status: maybe({ type: 'integer', description: 'HTTP status.' }),
      requestId: maybe(text),
      region: text,
    }),
  ),
});

export const INCIDENT_SCHEMAS: Readonly<Record<string, Schema>> = {
  IncidentLine: object(line),
  Incidents: object({
    incidents: list(ref('IncidentLine')),
    dead: { ...count, description: 'Deliveries of messages that were given up.' },
    waiting: { ...count, description: 'Deliveries on their way.' },
  }),
  Incident: object({
    ...line,
    reopenings: count,
    hasStake: { type: 'boolean', description: 'Whether a credit is at stake; the owner sees which.' },
    silence: maybe(object({ who, why: text, at: instant, untilAt: instant })),
    findings: list(
      object({ cell: text, since: instant, recoveredAt: maybe(instant), facts, certainty: maybe(text) }),
    ),
    timeline: list(
      object({ at: instant, kind: oneOf(INCIDENT_EVENTS), cells: list(text), who: maybe(who), note: text }),
    ),
    messages: list(object({ topic: oneOf(TOPICS), at: instant, sent: count, waiting: count, dead: count }), {
      description: 'Messages, with how many recipients have their copy.',
    }),
  }),
};

export const INCIDENT_REFS = { incidents: ref('Incidents'), incident: ref('Incident') } as const;
