import { z } from 'zod';
import { ALERT_KINDS, SEVERITIES } from '../domain/alert/alert.ts';
import { tuningSchema } from './alert-tuning-schema.ts';
import {
  byName,
  duration,
  either,
  flag,
  list,
  map,
  matching,
  secretRef,
  slug,
  text,
  webAddress,
  whole,
} from './schema-parts.ts';

export const WEEKDAYS = [
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
  'sunday',
] as const;

const mailbox = (): z.ZodString => matching(/^[^\s@<>,;"]{1,64}@[^\s@<>,;"]{1,190}$/, 'a mail address');
const localTime = (): z.ZodString => matching(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'a time of day such as "08:30"');
const zone = (): z.ZodString => text('a time zone such as Europe/Berlin', 100);

const recipients = list(
  matching(
    /^(?:webhook:[A-Za-z0-9][A-Za-z0-9._-]{0,62}|[^\s@<>,;":]{1,64}@[^\s@<>,;"]{1,190})$/,
    'a mail address, or webhook:id',
  ),
  'recipients',
);

export const smtpSchema = map({
  host: text('a host name', 255),
  port: whole(1, 65_535).default(587),
  security: z
    .enum(['starttls', 'tls', 'none'])
    .default('starttls')
    .describe('starttls is required, not tried; none is for a server on loopback'),
  user: text('a user name', 255).optional(),
  password: secretRef().optional(),
  ca: text('a path', 1_000)
    .optional()
    .describe(
      "PEM file of the certificates to trust instead of the system's, relative to the deployment folder",
    ),
});

export const routeSchema = map({
  id: slug(),
  severities: list(z.enum(SEVERITIES), 'severities').default([]).describe('Any by default'),
  scopes: list(text('gateway, gateway/tier or gateway/tier/model', 400), 'scopes')
    .default([])
    .describe('Any by default'),
  to: recipients.min(1, { error: 'expected at least one recipient' }),
  escalateTo: recipients.default([]).describe('Who hears when nobody acknowledges'),
});

export const alertsSchema = map({
  mail: map({
    from: mailbox().default('probity@localhost'),
    smtp: smtpSchema.optional().describe('Without it, mail is written as .eml files into the data folder'),
  }).optional(),
  webhooks: byName(
    map({
      url: webAddress(),
      secret: secretRef().optional().describe('Signs each message with HMAC-SHA256'),
    }),
    'webhooks',
  ).default({}),
  routes: list(routeSchema, 'routes').default([]),
  escalateAfter: either([duration(), z.literal('never')], 'a duration such as 15m, or never')
    .default('15m')
    .describe('A page nobody acknowledged goes to escalateTo after this'),
  quietHours: map({ from: localTime(), to: localTime(), timezone: zone() })
    .optional()
    .describe(
      'Tickets wait until these hours are over; pages do not, but a month that is lost is told once and then left until the morning',
    ),
  digest: map({
    weekday: z.enum(WEEKDAYS).default('monday'),
    at: localTime().default('08:00'),
    timezone: zone().default('UTC'),
  })
    .optional()
    .describe('A weekly summary'),
  off: list(z.enum(ALERT_KINDS), 'kinds of alert').default([]).describe('Kinds that are switched off'),
  enabled: flag().default(true),
  ...tuningSchema.shape,
});
