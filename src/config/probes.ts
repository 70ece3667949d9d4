import type { z } from 'zod';
import type { Deadlines, Prompt } from '../domain/measure/probe.ts';
import { formatDuration, parseDuration } from '../domain/time/duration.ts';
import type { Cadence, ModelRule, ProbeRule } from './config.ts';
import { matcher } from './globs.ts';
import { elementsOf, idsIn, namesIn, type Reading, readTimezone, refuseTwins } from './reading.ts';
import { probeSchema } from './schema.ts';
import { guessOrKnown, unknownName } from './tiers.ts';
import type { Path } from './yaml-source.ts';

type RawProbe = z.output<typeof probeSchema>;

const LEAST_INTERVAL_MS = 1_000;
const MOST_INTERVAL_MS = 7 * 86_400_000;
const MOST_TIMEOUT_MS = 3_600_000;
const MOST_IN_FLIGHT = 100;

export function readProbes(
  reading: Reading,
  prompts: readonly Prompt[],
  models: readonly ModelRule[],
): ProbeRule[] {
  const probes = elementsOf(reading, 'probes', probeSchema);
  refuseTwins(reading, probes, 'probe');
  return probes.flatMap(({ path, value }) => {
    const cadence = readCadence(reading, value, path);
    const deadlines = readDeadlines(reading, value.timeout, [...path, 'timeout']);
    const prompt = readPrompt(reading, value, path, prompts);
    refuseStream(reading, value, path);
    tellUnmatched(reading, value, path, models);
    if (cadence === null || deadlines === null || prompt === undefined) return [];
    const spacingMs = parseDuration(value.confirmation.spacing) ?? 0;
    return [
      {
        probe: {
          id: value.id,
          operation: value.operation,
          prompt,
          connection: value.connection,
          http2: value.http2,
          deadlines,
          maxInFlight: value.maxInFlight ?? enoughInFlight(cadence, deadlines),
          confirmation: { probes: value.confirmation.probes, spacingMs },
        },
        cadence,
        models: value.models,
        tiers: value.tiers,
        gateways: value.gateways,
      },
    ];
  });
}

/** So many that answers hanging until their total deadline cost no tick. */
function enoughInFlight(cadence: Cadence, deadlines: Deadlines): number {
  const gapMs = cadence.kind === 'every' ? cadence.everyMs : Math.max(cadence.spreadMs, LEAST_INTERVAL_MS);
  return Math.min(MOST_IN_FLIGHT, Math.ceil(deadlines.totalMs / gapMs) + 1);
}

function readCadence(reading: Reading, value: RawProbe, path: Path): Cadence | null {
  const { problems } = reading;
  if (value.every !== undefined && value.cron !== undefined) {
    problems.error([...path, 'cron'], 'every and cron are both given; keep one', 'key');
    return null;
  }
  if (value.cron !== undefined) return readCron(reading, value.cron, value.timezone, path);
  if (value.timezone !== undefined) {
    problems.error([...path, 'timezone'], 'only a cron pattern has a time zone', 'key');
  }
  if (value.every === undefined) {
    if (!problems.isDoubtful(path))
      problems.error([...path, 'every'], 'missing: expected every or cron', 'key');
    return null;
  }
  return readInterval(reading, value.every, [...path, 'every']);
}

function readInterval(reading: Reading, every: string, path: Path): Cadence | null {
  const everyMs = parseDuration(every);
  if (everyMs === null) {
    reading.problems.error(
      path,
      `expected a duration such as 60s, from large to small units, found "${every}"`,
    );
  } else if (everyMs < LEAST_INTERVAL_MS || everyMs > MOST_INTERVAL_MS) {
    const bounds = `${formatDuration(LEAST_INTERVAL_MS)} to ${formatDuration(MOST_INTERVAL_MS)}`;
    reading.problems.error(path, `expected an interval of ${bounds}, found "${every}"`);
  } else return { kind: 'every', everyMs };
  return null;
}

/** Any instant will do, but always the same: the spread of a series must survive a restart. */
const CRON_FROM_AT = Date.UTC(2026, 0, 1);
const MOST_SPREAD_MS = 60_000;

function readCron(reading: Reading, cron: string, zone: string | undefined, path: Path): Cadence | null {
  const place = [...path, 'cron'];
  const timezone = zone === undefined ? 'UTC' : readTimezone(reading, zone, [...path, 'timezone']);
  try {
    const grid = reading.cron(cron, timezone);
    let at = grid.after(CRON_FROM_AT);
    if (at === null) {
      reading.problems.error(place, `"${cron}" names no instant at all`);
      return null;
    }
    let spreadMs = MOST_SPREAD_MS;
    for (let count = 0; at !== null && count < 100; count += 1) {
      const next = grid.after(at);
      if (next !== null) spreadMs = Math.min(spreadMs, next - at);
      at = next;
    }
    return { kind: 'cron', cron, timezone, spreadMs };
  } catch (error) {
    const reason = (error instanceof Error ? error.message : String(error)).replace(/^CronPattern: /, '');
    reading.problems.error(
      place,
      `expected a cron pattern such as "*/30 * * * * *", found "${cron}": ${reason}`,
    );
    return null;
  }
}

function readDeadlines(reading: Reading, raw: RawProbe['timeout'], path: Path): Deadlines | null {
  const read = (key: keyof RawProbe['timeout']): number | null => {
    const ms = parseDuration(raw[key]);
    if (ms !== null && ms >= 1 && ms <= MOST_TIMEOUT_MS) return ms;
    reading.problems.error([...path, key], `expected a duration of 1ms to 1h, found "${raw[key]}"`);
    return null;
  };
  const [firstTokenMs, stallMs, totalMs] = [read('firstToken'), read('stall'), read('total')];
  if (firstTokenMs === null || stallMs === null || totalMs === null) return null;
  for (const [key, ms] of [
    ['firstToken', firstTokenMs],
    ['stall', stallMs],
  ] as const) {
    if (ms > totalMs) {
      reading.problems.error(
        [...path, key],
        `is ${raw[key]}, longer than the total of ${raw.total}: it could never pass`,
      );
    }
  }
  return { firstTokenMs, stallMs, totalMs };
}

/** `undefined` after telling what is wrong. */
function readPrompt(
  reading: Reading,
  value: RawProbe,
  path: Path,
  prompts: readonly Prompt[],
): Prompt | null | undefined {
  const { problems } = reading;
  const place = [...path, 'prompt'];
  const known = namesIn(reading, 'prompts');
  if (value.operation === 'models') {
    if (value.prompt === undefined) return null;
    problems.error(place, 'the operation models asks nothing; leave the prompt out', 'key');
    return undefined;
  }
  if (value.prompt === undefined) {
    if (!problems.isDoubtful(path)) {
      problems.error(place, `missing: the operation ${value.operation} needs the id of a prompt`, 'key');
    }
    return undefined;
  }
  if (!known.includes(value.prompt)) {
    problems.error(place, unknownName('prompt', value.prompt, known));
    return undefined;
  }
  const prompt = prompts.find((candidate) => candidate.id === value.prompt);
  if (prompt !== undefined && prompt.expectContains !== null && value.operation === 'embeddings') {
    problems.error(place, `the prompt "${prompt.id}" expects an answer in words, but embeddings are numbers`);
    return undefined;
  }
  return prompt;
}

function refuseStream(reading: Reading, value: RawProbe, path: Path): void {
  if (value.stream === undefined) return;
  const streams = value.operation === 'chat' || value.operation === 'responses';
  if (streams === value.stream) return;
  const advice = value.operation === 'chat' ? '; chat-json is the one that does not' : '';
  reading.problems.error(
    [...path, 'stream'],
    streams
      ? `the operation ${value.operation} always streams${advice}`
      : `the operation ${value.operation} cannot stream`,
  );
}

/** A pattern that matches nothing is a mistake, unless models are still to be discovered. */
function tellUnmatched(reading: Reading, value: RawProbe, path: Path, models: readonly ModelRule[]): void {
  const tell = (key: 'models' | 'tiers' | 'gateways', names: readonly string[], what: string): void => {
    if (names.length === 0) return;
    value[key].forEach((pattern, index) => {
      if (names.some(matcher([pattern]))) return;
      reading.problems.error(
        [...path, key, index],
        `no ${what} matches ${JSON.stringify(pattern)}${guessOrKnown(pattern, names)}`,
      );
    });
  };
  tell('tiers', namesIn(reading, 'tiers'), 'tier');
  tell('gateways', idsIn(reading, 'gateway'), 'gateway');
  if (models.some((rule) => rule.kind === 'discover')) return;
  tell(
    'models',
    models.flatMap((rule) => (rule.kind === 'named' ? [rule.id] : [])),
    'model',
  );
}
