import type { Attempt } from '../domain/measure/attempt.ts';
import type { Disclosure, Ending, ErrorBody, Observation, Phases } from '../domain/measure/observation.ts';
import { bodyEdges, bodySha256 } from './body-capture.ts';
import type { Exchange } from './exchange.ts';
import { readDisclosure, requestIds } from './gateway-kinds.ts';
import { type ConnectTimes, describeConnection, type Lane } from './lane.ts';
import { MAX_ANSWER } from './reading.ts';
import { type Cleaner, cleanHeaders } from './redact.ts';
import { retryAfterMs } from './retry-after.ts';

/** What the prober knows of itself during the exchange. */
export type OwnFacts = {
  readonly requestId: string;
  readonly waitedUs: number;
  readonly loopDelayUs: number;
  readonly clockStepMs: number;
  /** Wall clock at the end, epoch ms. */
  readonly endedAt: number;
};

/**
 * Turns an exchange into an observation: redacted, bounded, plain data.
 *
 * Headers, edges and digest of the body are worked out when first asked for: of a thousand good answers hardly one is
 * looked at that closely. They are own enumerable properties, so copying to another thread or to JSON asks for them.
 */
export function observe(
  attempt: Attempt,
  exchange: Exchange,
  lane: Lane,
  own: OwnFacts,
  clean: Cleaner,
): Observation {
  const { reading } = exchange.reader;
  const { headers, status } = exchange;
  const disclosure = readDisclosure(attempt.gateway, headers, reading, attempt.target);
  const edges = once(() => bodyEdges(exchange.capture, clean));
  const keptHeaders = once(() => cleanHeaders(headers, clean));
  const digest = once(() => bodySha256(exchange.capture));
  const errorBody = reading.error === null ? null : cleanError(reading.error, clean);
  return {
    phases: phasesOf(exchange, lane.connecting),
    ending: cleanEnding(exchange.ending, clean),
    status,
    contentType: cleanOrNull(firstOf(headers['content-type']), clean, 128),
    get headers() {
      return keptHeaders();
    },
    requestIds: cleanValues(requestIds(attempt.gateway, headers, own.requestId), clean),
    connection: describeConnection(lane),
    bodyBytes: exchange.capture.bytes,
    responseBytes: lane.socket === null ? 0 : lane.socket.bytesRead - lane.bytesBefore,
    get bodySha256() {
      return digest();
    },
    get head() {
      return edges().head;
    },
    get tail() {
      return edges().tail;
    },
    answer: cleanAnswer(reading.answer, clean),
    answerId: cleanOrNull(reading.answerId, clean, 256),
    chunks: reading.chunks,
    tokenChunks: reading.tokenChunks,
    comments: reading.comments,
    longestStallUs: longestStall(exchange),
    usage: reading.usage,
    finishReason: cleanOrNull(reading.finishReason, clean, 64),
    doneSeen: reading.doneSeen,
    lenientTerminator: reading.lenientTerminator,
    toolCalls: reading.toolCalls,
    refusal: reading.refusal,
    obfuscated: reading.obfuscated,
    malformed: cleanOrNull(reading.malformed, clean, 256),
    errorBody,
    errorInBody: errorBody !== null && status !== null && status < 300,
    retryAfterMs: retryAfterMs(headers, own.endedAt),
    disclosure: cleanDisclosure(disclosure, clean),
    waitedUs: own.waitedUs,
    loopDelayUs: own.loopDelayUs,
    clockStepMs: own.clockStepMs,
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

function phasesOf(exchange: Exchange, connecting: ConnectTimes | null): Phases {
  const since = (at: number | null | undefined): number | null =>
    at == null ? null : Math.round((at - exchange.t0) * 1000);
  const times = exchange.reader.reading.times;
  return {
    dnsStartUs: since(connecting?.dnsStart),
    dnsEndUs: since(connecting?.dnsEnd),
    tcpUs: since(connecting?.tcp),
    connectedUs: since(connecting?.connected),
    sentUs: exchange.sentUs,
    headersUs: exchange.headersUs,
    firstByteUs: exchange.firstByteUs,
    firstCommentUs: times.firstCommentUs,
    firstEventUs: times.firstEventUs,
    roleUs: times.roleUs,
    firstReasoningUs: times.firstReasoningUs,
    firstContentUs: times.firstContentUs,
    firstToolUs: times.firstToolUs,
    firstRefusalUs: times.firstRefusalUs,
    lastTokenUs: times.lastTokenUs,
    finishUs: times.finishUs,
    usageUs: times.usageUs,
    doneUs: times.doneUs,
    endUs: exchange.endUs,
  };
}

/** A gap that our deadline or a broken connection cut short was at least that long. */
function longestStall(exchange: Exchange): number | null {
  const { reading } = exchange.reader;
  const last = reading.times.lastTokenUs;
  if (exchange.ending.kind === 'complete' || last === null || exchange.endUs === null) {
    return reading.longestStallUs;
  }
  return Math.max(reading.longestStallUs ?? 0, exchange.endUs - last);
}

function firstOf(value: string | string[] | undefined): string | null {
  return (Array.isArray(value) ? value[0] : value) ?? null;
}

/** An answer of full length was cut when it was read. */
function cleanAnswer(answer: string, clean: Cleaner): string {
  return answer.length < MAX_ANSWER ? clean(answer, MAX_ANSWER) : clean.cut(answer, MAX_ANSWER, 'first');
}

function cleanOrNull(text: string | null, clean: Cleaner, maxLength: number): string | null {
  return text === null ? null : clean(text, maxLength);
}

function cleanValues(values: Readonly<Record<string, string>>, clean: Cleaner): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, clean(value, 256)]));
}

function cleanEnding(ending: Ending, clean: Cleaner): Ending {
  switch (ending.kind) {
    case 'error':
      return { ...ending, code: clean(ending.code, 64), message: clean(ending.message, 512) };
    case 'fault':
      return { ...ending, message: clean(ending.message, 512) };
    case 'complete':
    case 'deadline':
    case 'bound':
    case 'cancelled':
      return ending;
  }
}

function cleanError(error: ErrorBody, clean: Cleaner): ErrorBody {
  return {
    message: clean(error.message, 2048),
    type: cleanOrNull(error.type, clean, 128),
    code: cleanOrNull(error.code, clean, 128),
    limitSource: cleanOrNull(error.limitSource, clean, 128),
  };
}

function cleanDisclosure(disclosure: Disclosure, clean: Cleaner): Disclosure {
  return {
    ...disclosure,
    model: cleanOrNull(disclosure.model, clean, 256),
    provider: cleanOrNull(disclosure.provider, clean, 256),
    region: cleanOrNull(disclosure.region, clean, 64),
    serviceTier: cleanOrNull(disclosure.serviceTier, clean, 64),
    systemFingerprint: cleanOrNull(disclosure.systemFingerprint, clean, 128),
  };
}
