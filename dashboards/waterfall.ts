import { type Observation, totalUs, ttftUs } from '../src/domain/measure/observation.ts';
import { OUTCOMES } from '../src/domain/measure/outcome.ts';
import type { Sample } from '../src/domain/measure/sample.ts';
import { formatCount, formatUs, NO_DATA, shorten } from './format.ts';
import { visible } from './visible.ts';

export type Tint = 'good' | 'bad' | 'doubtful' | 'faint' | 'strong';

/** Wraps a piece of text in whatever shows the tint where the lines are read; the text itself stays. */
export type Paint = (tint: Tint, text: string) => string;

export const NO_PAINT: Paint = (_, text) => text;

export type WaterfallOptions = {
  /** Columns of the whole drawing. */
  readonly width: number;
  readonly paint: Paint;
};

/** One stretch of the exchange, from one phase to the next, µs since dispatch. */
export type Stretch = { readonly name: string; readonly fromUs: number; readonly toUs: number };

/** One probe, drawn for a terminal: what came of it, where the time went, and who says so. */
export function waterfall(sample: Sample, observation: Observation, options: WaterfallOptions): string[] {
  const { paint, width } = options;
  const told = facts(sample, observation);
  const longest = Math.max(NAME_WIDTH, ...told.map(([name]) => name.length));
  return [
    paint('strong', `${oneLine(sample.target)}  ${paint('faint', oneLine(sample.probe))}`),
    verdictLine(sample, paint),
    '',
    ...bars(stretches(observation), width, paint),
    '',
    ...told.map(([name, value]) => `  ${paint('faint', name.padEnd(longest))} ${value}`),
  ];
}

const NAME_WIDTH = 16;
const TIME_WIDTH = 10;

function verdictLine(sample: Sample, paint: Paint): string {
  const { outcome, validity } = sample;
  const tint =
    validity.kind === 'suspect' ? 'doubtful' : OUTCOMES[outcome].counts === 'good' ? 'good' : 'bad';
  const parts = [
    paint(tint, outcome),
    paint('faint', OUTCOMES[outcome].means),
    sample.status === null ? '' : `HTTP ${sample.status}`,
    validity.kind === 'valid' ? '' : paint('doubtful', `${validity.kind}: ${validity.reason}`),
  ];
  return parts.filter((part) => part !== '').join('  ');
}

/**
 * Where the time went, in order and without gaps between what was reached. A stretch that ended with our giving up
 * is called by what was waited for.
 */
export function stretches({ phases, ending, connection }: Observation): Stretch[] {
  const found: Stretch[] = [];
  let at = 0;
  const until = (name: string, to: number | null): void => {
    if (to === null || to < at) return;
    if (to > at || found.length === 0) found.push({ name, fromUs: at, toUs: to });
    at = to;
  };
  const isTls = connection.tlsProtocol !== null;
  const first = ttftUs(phases);
  if (phases.dnsStartUs !== null) until('name lookup', phases.dnsEndUs);
  if (!connection.reused) {
    until('connect', phases.tcpUs);
    if (isTls) until('TLS', phases.connectedUs);
  }
  until('send', phases.sentUs);
  until('wait for headers', phases.headersUs);
  until('wait for token', first);
  if (phases.firstReasoningUs === first) until('reasoning', phases.firstContentUs);
  until('tokens', phases.lastTokenUs);
  const end = totalUs(phases);
  const gaveUp = ending.kind !== 'complete' && phases.doneUs === null;
  until(gaveUp ? lostIn(found) : first === null ? 'body' : 'to the end', end);
  return found;
}

function lostIn(found: readonly Stretch[]): string {
  switch (found.at(-1)?.name) {
    case undefined:
      return 'before connect';
    case 'name lookup':
      return 'connecting';
    case 'connect':
      return 'after connect';
    case 'TLS':
    case 'send':
      return 'no headers';
    case 'wait for headers':
      return 'no token';
    default:
      return 'no end';
  }
}

/** Eighths of a block: a bar is drawn to an eighth of a column. */
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const;

function bars(all: readonly Stretch[], width: number, paint: Paint): string[] {
  const end = all.at(-1)?.toUs ?? 0;
  const columns = Math.max(10, width - NAME_WIDTH - TIME_WIDTH - 5);
  return all.map(({ name, fromUs, toUs }) => {
    const from = end === 0 ? 0 : Math.floor((fromUs / end) * columns);
    const bar = drawn(end === 0 ? 0 : ((toUs - fromUs) / end) * columns);
    const room = ' '.repeat(Math.max(0, columns - from - [...bar].length));
    const took = formatUs(toUs - fromUs).padStart(TIME_WIDTH);
    return `  ${paint('faint', name.padEnd(NAME_WIDTH))} ${' '.repeat(from)}${paint('strong', bar)}${room}${took}`;
  });
}

/** Never nothing: what took any time at all shows as a line. */
function drawn(columns: number): string {
  const eighths = Math.max(1, Math.round(columns * 8));
  return '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '');
}

function facts(sample: Sample, observation: Observation): [name: string, value: string][] {
  const { usage, disclosure, connection, errorBody } = observation;
  const rows: [string, string | null][] = [
    ['first token', sample.ttftUs === null ? null : formatUs(sample.ttftUs)],
    ['total', sample.totalUs === null ? null : formatUs(sample.totalUs)],
    ['tokens', tokensText(sample)],
    ['longest gap', sample.longestStallUs === null ? null : formatUs(sample.longestStallUs)],
    ['answer', observation.answer === '' ? null : oneLine(observation.answer)],
    ['finish reason', observation.finishReason],
    [
      'error',
      errorBody === null
        ? endingText(observation)
        : [errorBody.code, errorBody.message].filter(Boolean).join(' '),
    ],
    ['unreadable', observation.malformed],
    ['wait asked for', observation.retryAfterMs === null ? null : formatUs(observation.retryAfterMs * 1000)],
    ['remarks', sample.remarks.length === 0 ? null : sample.remarks.join(', ')],
    ['model', disclosure.model === null ? null : `${disclosure.model} (${disclosure.route})`],
    ['provider', disclosure.provider],
    ['served in', disclosure.region],
    ['service tier', disclosure.serviceTier],
    ['cache', disclosure.cache],
    ['retries', disclosure.retries === null ? null : String(disclosure.retries)],
    ['fallbacks', disclosure.fallbacks === null ? null : String(disclosure.fallbacks)],
    ['gateway share', disclosure.overheadMs === null ? null : formatUs(disclosure.overheadMs * 1000)],
    ['prompt cached', usage?.cachedTokens ? `${formatCount(usage.cachedTokens)} tokens` : null],
    ['connection', connectionText(connection)],
    [
      'certificate',
      connection.certificate === null
        ? null
        : `${connection.certificate.subject}, until ${connection.certificate.validTo}`,
    ],
    ...Object.entries(observation.requestIds),
    [
      'our own delay',
      `${formatUs(sample.loopDelayUs)} longest block, ${formatUs(sample.lagUs)} before dispatch`,
    ],
  ];
  return rows.flatMap(([name, value]) =>
    value === null || value === '' ? [] : [[oneLine(name), oneLine(value)]],
  );
}

function endingText({ ending }: Observation): string | null {
  switch (ending.kind) {
    case 'complete':
      return null;
    case 'deadline':
      return `our deadline for ${ending.deadline} passed`;
    case 'error':
      return ending.message.includes(ending.code) ? ending.message : `${ending.code}: ${ending.message}`;
    case 'bound':
      return `the ${ending.bound} went beyond our bound`;
    case 'cancelled':
      return 'cancelled';
    case 'fault':
      return ending.message;
  }
}

/** Decoding speed is over what was streamed after the first token: `(n - 1) / (last - first)`. */
function tokensText({ usage, ttftUs: first, phases, tokenChunks, remarks }: Sample): string | null {
  const count = usage?.completionTokens ?? null;
  if (count === null) return tokenChunks === 0 ? null : `${NO_DATA} (${formatCount(tokenChunks)} chunks)`;
  const spanUs = first === null || phases.lastTokenUs === null ? 0 : phases.lastTokenUs - first;
  // Hidden reasoning is counted but never streamed: a speed made of it would be a boast.
  const speed = spanUs > 0 && count > 1 && !remarks.includes('hidden_reasoning');
  const rate = speed ? `, ${(((count - 1) * 1_000_000) / spanUs).toFixed(1)} tokens/s after the first` : '';
  const reasoning = usage?.reasoningTokens ? `, ${formatCount(usage.reasoningTokens)} of them reasoning` : '';
  return `${formatCount(count)} in ${formatCount(tokenChunks)} chunks${reasoning}${rate}`;
}

function connectionText({ reused, remoteAddress, alpn, tlsProtocol }: Observation['connection']): string {
  const protocol = [tlsProtocol, alpn].filter((part) => part !== null).join(' ');
  return [reused ? 'kept open' : 'new', remoteAddress, protocol].filter(Boolean).join(', ');
}

/** On one line, without anything that could steer a terminal. */
function oneLine(text: string): string {
  return shorten(visible(text).replace(/\s+/g, ' ').trim(), 200);
}
