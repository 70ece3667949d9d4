import { nearest } from '../../config/nearest.ts';
import type { Line } from '../../domain/contract/tally.ts';
import { isOutcome, OUTCOME_CODES } from '../../domain/measure/outcome.ts';
import { parseRfc3339 } from '../../domain/time/instant.ts';

/** One line of a sample file, read. `target` is what it was about, for `--target`. */
export type SampleLine = Line & { readonly target: string | null };

/** Why a line could not be used: what was found, what was expected. */
export type LineFault = { readonly fault: string };

const NO_TAGS: readonly string[] = [];
/** Values of one day in µs: a longer request is a unit mistake. */
const MOST_MS = 86_400_000;
const MOST_COUNT = 1_000_000_000_000;
const US_PER_MS = 1000;
/** What multiplying a decimal may add to it: nobody measures so finely. */
const FLOAT_NOISE_US = 1e-4;
/** Epoch ms below this lie before 1973: seconds, most likely. */
const LEAST_AT = 100_000_000_000;
/** The end of the year 9999; what lies beyond are microseconds, most likely. */
const MOST_AT = 253_402_300_799_999;

/** The fields of a line; anything else is named once and ignored. */
export const FIELDS = [
  'at',
  'status',
  'outcome',
  'ttftMs',
  'totalMs',
  'outputTokens',
  'count',
  'target',
  'serviceTier',
  'stream',
  'promptTokens',
  'clientTimeoutMs',
  'code',
  'model',
  'endpoint',
  'region',
  'tags',
] as const;
const KNOWN: ReadonlySet<string> = new Set(FIELDS);

class Fault extends Error {}

function fail(message: string): never {
  throw new Fault(message);
}

function show(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function atOf(value: unknown): number {
  if (typeof value === 'string') {
    const at = parseRfc3339(value);
    if (at !== null) return at;
    return fail(
      `at: expected an RFC 3339 time with its offset (2026-10-01T00:00:00Z) or epoch ms, found ${show(value)}`,
    );
  }
  if (typeof value === 'number' && Number.isFinite(value)) {
    if (value > MOST_AT) return fail(`at: expected epoch ms, found ${value}, which looks like microseconds`);
    if (value >= LEAST_AT) return Math.floor(value);
    return fail(`at: expected epoch ms, found ${value}, which looks like seconds`);
  }
  return fail(
    value == null ? 'at: missing' : `at: expected an RFC 3339 time or epoch ms, found ${show(value)}`,
  );
}

function textOf(value: unknown, name: string): string | null {
  if (value == null) return null;
  return typeof value === 'string' ? value : fail(`${name}: expected a text, found ${show(value)}`);
}

function wholeOf(value: unknown, name: string, least: number, most: number): number | null {
  if (value == null) return null;
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  return fail(`${name}: expected a whole number from ${least} to ${most}, found ${show(value)}`);
}

function microseconds(value: unknown, name: string): number | null {
  if (value == null) return null;
  if (typeof value === 'number' && value >= 0 && value <= MOST_MS) {
    const us = value * US_PER_MS;
    const whole = Math.round(us);
    return Math.abs(us - whole) < FLOAT_NOISE_US ? whole : us;
  }
  return fail(`${name}: expected milliseconds from 0 to ${MOST_MS}, found ${show(value)}`);
}

function outcomeOf(value: unknown): Line['outcome'] {
  if (value == null) return null;
  if (typeof value === 'string' && isOutcome(value)) return value;
  const near = typeof value === 'string' ? nearest(value, OUTCOME_CODES) : null;
  return fail(
    `outcome: ${show(value)} is not in the closed list${near === null ? '' : `; did you mean ${near}?`}`,
  );
}

function streamOf(value: unknown): boolean | null {
  if (value == null) return null;
  return typeof value === 'boolean' ? value : fail(`stream: expected true or false, found ${show(value)}`);
}

function tagsOf(value: unknown): readonly string[] {
  if (value == null) return NO_TAGS;
  if (Array.isArray(value) && value.every((tag) => typeof tag === 'string')) return value;
  return fail(`tags: expected a list of texts, found ${show(value)}`);
}

/** Reads lines; remembers unknown fields, each once, up to a limit. */
export type LineReader = {
  readonly read: (record: unknown) => SampleLine | LineFault;
  readonly unknownFields: ReadonlySet<string>;
};

const MOST_UNKNOWN = 50;

export function createLineReader(): LineReader {
  const unknownFields = new Set<string>();
  const readRecord = (record: Readonly<Record<string, unknown>>): SampleLine => {
    for (const key in record) {
      if (!KNOWN.has(key) && unknownFields.size < MOST_UNKNOWN) unknownFields.add(key);
    }
    const at = atOf(record.at);
    const status = wholeOf(record.status, 'status', 100, 599);
    const outcome = outcomeOf(record.outcome);
    if (status === null && outcome === null) fail('expected a status or an outcome, found neither');
    const ttftUs = microseconds(record.ttftMs, 'ttftMs');
    const totalUs = microseconds(record.totalMs, 'totalMs');
    return {
      at,
      doubt: null,
      count: wholeOf(record.count, 'count', 1, MOST_COUNT) ?? 1,
      status,
      outcome,
      ttftUs,
      totalUs,
      outputTokens: wholeOf(record.outputTokens, 'outputTokens', 0, 1_000_000_000),
      promptTokens: wholeOf(record.promptTokens, 'promptTokens', 0, 1_000_000_000),
      clientTimeoutMs: wholeOf(record.clientTimeoutMs, 'clientTimeoutMs', 0, MOST_MS),
      serviceTier: textOf(record.serviceTier, 'serviceTier'),
      model: textOf(record.model, 'model'),
      endpoint: textOf(record.endpoint, 'endpoint'),
      region: textOf(record.region, 'region'),
      code: textOf(record.code, 'code'),
      stream: streamOf(record.stream),
      tags: tagsOf(record.tags),
      target: textOf(record.target, 'target'),
    };
  };
  const read = (record: unknown): SampleLine | LineFault => {
    if (typeof record !== 'object' || record === null || Array.isArray(record)) {
      return { fault: `expected an object, found ${show(record)}` };
    }
    try {
      return readRecord(record as Record<string, unknown>);
    } catch (error) {
      if (error instanceof Fault) return { fault: error.message };
      throw error;
    }
  };
  return { read, unknownFields };
}

const NUMBERS: ReadonlySet<string> = new Set([
  'status',
  'ttftMs',
  'totalMs',
  'outputTokens',
  'count',
  'promptTokens',
  'clientTimeoutMs',
]);

/** The values of a CSV row are texts: numbers, flags and lists (`a|b`) become what the same line in JSON would hold. */
export function fromCsv(columns: readonly string[], cells: readonly string[]): Record<string, unknown> {
  const record: Record<string, unknown> = {};
  for (let i = 0; i < columns.length; i += 1) {
    const key = columns[i] ?? '';
    const text = (cells[i] ?? '').trim();
    if (text === '') continue;
    const isNumber = NUMBERS.has(key) || (key === 'at' && /^\d+(\.\d+)?$/.test(text));
    if (isNumber) record[key] = /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
    else if (key === 'stream') record[key] = text === 'true' ? true : text === 'false' ? false : text;
    else if (key === 'tags') record[key] = text.split('|');
    else record[key] = text;
  }
  return record;
}
