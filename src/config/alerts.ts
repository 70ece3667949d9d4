import type { Recipient } from '../domain/alert/alert-policy.ts';
import { readTime, readTuning } from './alert-tuning.ts';
import { alertsSchema, WEEKDAYS } from './alerts-schema.ts';
import { readCertificates } from './certificates.ts';
import type { AlertSettings, GatewaySettings, TierSettings } from './config.ts';
import { didYouMean } from './nearest.ts';
import { isLoopback, minuteOfDay, type Reading, readAddress, readTimezone, refuseTwins } from './reading.ts';
import { readShape } from './shape.ts';
import { unknownName } from './tiers.ts';
import type { Path } from './yaml-source.ts';

const MINUTE_MS = 60_000;
const WEEK_MS = 7 * 86_400_000;

type RawAlerts = ReturnType<(typeof alertsSchema)['parse']>;

export function readAlerts(
  reading: Reading,
  gateways: readonly GatewaySettings[],
  tiers: readonly TierSettings[],
): AlertSettings {
  const path = ['alerts'];
  const raw = readShape(alertsSchema, reading.root.alerts ?? {}, path, null) ?? alertsSchema.parse({});
  const routes = raw.routes.map((value, index) => ({ path: [...path, 'routes', index], value }));
  refuseTwins(reading, routes, 'route');
  const webhooks = Object.keys(raw.webhooks);
  return {
    enabled: raw.enabled,
    off: raw.off,
    from: raw.mail?.from ?? 'probity@localhost',
    smtp: readSmtp(reading, raw.mail?.smtp, [...path, 'mail', 'smtp']),
    webhooks: Object.entries(raw.webhooks).flatMap(([name, value]) => {
      const place = [...path, 'webhooks', name];
      const url = readAddress(reading, value.url, [...place, 'url'], 'https://hooks.example.net/probity');
      const secret = value.secret === undefined ? null : reading.secret(value.secret, [...place, 'secret']);
      return url === null ? [] : [{ name, url, secret }];
    }),
    routes: routes.map(({ path: place, value }) => {
      value.scopes.forEach((scope, index) => {
        refuseUnknownScope(reading, scope, gateways, tiers, [...place, 'scopes', index]);
      });
      return {
        id: value.id,
        severities: value.severities,
        scopes: value.scopes,
        to: value.to.map((to, index) => readRecipient(reading, to, webhooks, [...place, 'to', index])),
        escalateTo: value.escalateTo.map((to, index) =>
          readRecipient(reading, to, webhooks, [...place, 'escalateTo', index]),
        ),
      };
    }),
    escalateAfterMs:
      raw.escalateAfter === 'never'
        ? null
        : readTime(reading, raw.escalateAfter, [...path, 'escalateAfter'], MINUTE_MS, WEEK_MS),
    quietHours:
      raw.quietHours === undefined
        ? null
        : {
            timezone: readTimezone(reading, raw.quietHours.timezone, [...path, 'quietHours', 'timezone']),
            fromMinute: minuteOfDay(raw.quietHours.from),
            toMinute: minuteOfDay(raw.quietHours.to),
          },
    digest:
      raw.digest === undefined
        ? null
        : {
            weekday: WEEKDAYS.indexOf(raw.digest.weekday) + 1,
            minuteOfDay: minuteOfDay(raw.digest.at),
            timezone: readTimezone(reading, raw.digest.timezone, [...path, 'digest', 'timezone']),
          },
    tuning: readTuning(reading, raw, path),
  };
}

function readSmtp(
  reading: Reading,
  raw: NonNullable<RawAlerts['mail']>['smtp'],
  path: Path,
): AlertSettings['smtp'] {
  if (raw === undefined) return null;
  if ((raw.user === undefined) !== (raw.password === undefined)) {
    reading.problems.error(path, 'user and password go together; one is missing', 'key');
  }
  if (raw.security === 'none' && !isLoopback(raw.host)) {
    reading.problems.warning([...path, 'security'], `mail to ${raw.host} crosses the network unencrypted`);
  }
  return {
    host: raw.host,
    port: raw.port,
    security: raw.security,
    user: raw.user ?? null,
    password: raw.password === undefined ? null : reading.secret(raw.password, [...path, 'password']),
    ca: raw.ca === undefined ? null : readCertificates(reading, raw.ca, [...path, 'ca']),
  };
}

function readRecipient(reading: Reading, text: string, webhooks: readonly string[], path: Path): Recipient {
  if (!text.startsWith('webhook:')) return { channel: 'email', address: text };
  const name = text.slice('webhook:'.length);
  if (!webhooks.includes(name)) reading.problems.error(path, unknownName('webhook', name, webhooks));
  return { channel: 'webhook', name };
}

/** The model part of a scope may be one that is still to be discovered. */
function refuseUnknownScope(
  reading: Reading,
  scope: string,
  gateways: readonly GatewaySettings[],
  tiers: readonly TierSettings[],
  path: Path,
): void {
  const [gateway = '', tier] = scope.split('/');
  const known = gateways.map(({ id }) => id);
  if (!known.includes(gateway)) reading.problems.error(path, unknownName('gateway', gateway, known));
  else if (tier !== undefined && !tiers.some(({ id }) => id === tier)) {
    const ids = tiers.map(({ id }) => id);
    reading.problems.error(path, `unknown tier ${JSON.stringify(tier)}${didYouMean(tier, ids)}`);
  }
}
