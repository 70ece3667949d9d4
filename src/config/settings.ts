import { parseNanos } from '../domain/contract/decimal.ts';
import type { SpendCap } from '../domain/measure/probe.ts';
import { parseDuration } from '../domain/time/duration.ts';
import type { Config, ModelRule, StatusSettings } from './config.ts';
import { isCurrency } from './models.ts';
import { type Reading, readAddress, readTimezone } from './reading.ts';
import { retentionSchema, spendSchema, statusSchema } from './schema.ts';
import { readShape } from './shape.ts';

const DAY_MS = 86_400_000;

export function readSpend(reading: Reading, models: readonly ModelRule[]): SpendCap | null {
  const { problems, root } = reading;
  const priced = models.flatMap((rule) => (rule.price === null ? [] : [rule.price.currency]));
  if (root.spend === undefined) return null;
  const raw = readShape(spendSchema, root.spend, ['spend'], null);
  if (raw === null) return null;
  const place = ['spend', 'perDay'];
  const [amount = '', currency = ''] = raw.perDay.split(' ');
  const perDayNanos = parseNanos(amount);
  if (perDayNanos === null || perDayNanos === 0) {
    problems.error(place, `expected an amount above 0 with at most nine decimals, found "${raw.perDay}"`);
    return null;
  }
  if (!isCurrency(currency)) {
    problems.error(place, `expected an ISO 4217 currency such as USD, found "${currency}"`);
    return null;
  }
  const others = [...new Set(priced)].filter((other) => other !== currency);
  if (priced.length === 0)
    problems.warning(place, 'no model has a price, so nothing is known to be spent', 'key');
  else if (others.length > 0) {
    problems.warning(place, `prices in ${others.join(', ')} are outside of this cap`, 'key');
  }
  return { perDayNanos, currency, onReach: raw.onReach };
}

export function readStatus(reading: Reading): StatusSettings {
  const raw = readShape(statusSchema, reading.root.status ?? {}, ['status'], null) ?? statusSchema.parse({});
  return {
    title: raw.title,
    bind: raw.bind,
    port: raw.port,
    public: raw.public,
    timezone: readTimezone(reading, raw.timezone, ['status', 'timezone']),
    locale: readLocale(reading, raw.locale),
    url:
      raw.url === undefined
        ? null
        : readAddress(reading, raw.url, ['status', 'url'], 'https://status.example.net'),
  };
}

function readLocale(reading: Reading, locale: string): string {
  try {
    if (Intl.DateTimeFormat.supportedLocalesOf(locale).length > 0) return locale;
  } catch {
    // Not even the form of a language tag: told below.
  }
  reading.problems.error(
    ['status', 'locale'],
    `expected a language tag such as en or de-CH, found ${JSON.stringify(locale)}`,
  );
  return 'en';
}

/** A claim is made after the month has closed; evidence that is gone by then proves nothing. */
const LEAST_USEFUL_MS = 62 * DAY_MS;

export function readRetention(reading: Reading): Config['retention'] {
  const path = ['retention'];
  const raw =
    readShape(retentionSchema, reading.root.retention ?? {}, path, null) ?? retentionSchema.parse({});
  const read = (key: 'samples' | 'evidence'): number => {
    const ms = parseDuration(raw[key]);
    if (ms === null || ms < DAY_MS) {
      reading.problems.error([...path, key], `expected a duration of at least 1d, found "${raw[key]}"`);
      return LEAST_USEFUL_MS;
    }
    if (ms < LEAST_USEFUL_MS) {
      reading.problems.warning(
        [...path, key],
        `${raw[key]} is less than two months: a claim may outlive its proof`,
      );
    }
    return ms;
  };
  return { samplesMs: read('samples'), evidenceMs: read('evidence') };
}
