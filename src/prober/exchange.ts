import type { Dispatcher } from 'undici';
import type { Ending } from '../domain/measure/observation.ts';
import type { Deadlines } from '../domain/measure/probe.ts';
import { addToCapture, type BodyCapture, createBodyCapture } from './body-capture.ts';
import { type DeadlineWatch, type Progress, watchDeadlines } from './deadlines.ts';
import type { RawHeaders } from './gateway-kinds.ts';
import type { Lane } from './lane.ts';
import { microsSince, monotonicMs } from './monotonic.ts';
import type { OperationPlan } from './operations.ts';
import { newReading, type Reader } from './reading.ts';
import { createUtf8Text } from './utf8-text.ts';
import { createFailureReader } from './whole-body.ts';

export type ExchangeRequest = {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly plan: OperationPlan;
  readonly deadlines: Deadlines;
  readonly connectMs: number;
};

/** Everything that happened on one lane for one request, unjudged and not yet redacted. */
export type Exchange = {
  /** Monotonic ms just before the request was handed to the HTTP client. */
  readonly t0: number;
  ending: Ending;
  status: number | null;
  headers: RawHeaders;
  sentUs: number | null;
  headersUs: number | null;
  firstByteUs: number | null;
  endUs: number | null;
  readonly capture: BodyCapture;
  reader: Reader;
};

/** Stops an exchange from outside. */
export type Running = { cancel(): void };

const NO_READER: Reader = { reading: newReading(), text() {}, end() {} };

/**
 * Sends one request and reads its answer to the end, to a deadline or to a bound. `onOver` is called exactly once, in
 * the turn of the event loop in which the exchange ended; after anything but a complete answer the lane must be
 * destroyed.
 */
export function runExchange(
  lane: Lane,
  request: ExchangeRequest,
  onOver: (exchange: Exchange) => void,
): Running {
  const progress: Progress = { connected: false, headers: false, lastToken: null, done: null };
  const utf8 = createUtf8Text();
  let over = false;
  let deadlines: DeadlineWatch | null = null;
  const t0 = monotonicMs();
  const exchange: Exchange = {
    t0,
    ending: { kind: 'cancelled' },
    status: null,
    headers: {},
    sentUs: null,
    headersUs: null,
    firstByteUs: null,
    endUs: null,
    capture: createBodyCapture(),
    reader: NO_READER,
  };

  const settle = (ending: Ending): void => {
    if (over) return;
    over = true;
    deadlines?.clear();
    exchange.ending = ending;
    const now = microsSince(t0);
    // After `[DONE]` the end of the body may never have come; then it has no time.
    if (ending.kind !== 'complete' || progress.done === null) exchange.endUs ??= now;
    exchange.reader.text(utf8.rest(), now);
    exchange.reader.end(now);
    onOver(exchange);
  };

  const onOverflow = (): void => settle({ kind: 'bound', bound: 'event' });

  const handler: Dispatcher.DispatchHandler = {
    onRequestStart() {
      progress.connected = true;
    },
    onRequestSent() {
      exchange.sentUs ??= microsSince(t0);
    },
    onResponseStart(_, status, headers) {
      if (over || status < 200) return;
      exchange.headersUs = microsSince(t0);
      exchange.status = status;
      exchange.headers = headers;
      exchange.reader = chooseReader(request.plan, status, headers, onOverflow);
      progress.headers = true;
    },
    onResponseData(_, chunk) {
      // One time for everything that came in one read, taken before any of it is looked at.
      const now = monotonicMs();
      if (over) return;
      const atUs = Math.round((now - t0) * 1000);
      exchange.firstByteUs ??= atUs;
      const { capture, reader } = exchange;
      addToCapture(capture, chunk);
      const { reading } = reader;
      const tokens = reading.tokenChunks;
      reader.text(utf8.next(chunk), atUs);
      if (reading.tokenChunks > tokens) {
        const first = progress.lastToken === null;
        progress.lastToken = now;
        if (first) deadlines?.progressed();
      }
      if (reading.doneSeen && progress.done === null) {
        progress.done = now;
        deadlines?.progressed();
      }
      if (capture.bytes > request.plan.maxBodyBytes) settle({ kind: 'bound', bound: 'body' });
    },
    onResponseEnd() {
      if (over) return;
      exchange.endUs = microsSince(t0);
      settle({ kind: 'complete' });
    },
    onResponseError(_, error) {
      settle(endingOf(error, lane, exchange.status));
    },
  };
  try {
    lane.client.dispatch(
      { path: request.path, method: request.plan.method, headers: request.headers, body: request.body },
      handler,
    );
  } catch (error) {
    settle({ kind: 'fault', message: error instanceof Error ? error.message : String(error) });
  }
  if (!over) {
    deadlines = watchDeadlines(
      t0,
      request.deadlines,
      request.connectMs,
      request.plan.streams,
      progress,
      (deadline) => settle(deadline === 'afterDone' ? { kind: 'complete' } : { kind: 'deadline', deadline }),
    );
  }
  return { cancel: () => settle({ kind: 'cancelled' }) };
}

function chooseReader(
  plan: OperationPlan,
  status: number,
  headers: RawHeaders,
  onOverflow: () => void,
): Reader {
  if (status > 299) return createFailureReader(null);
  const encoding = one(headers['content-encoding']);
  if (encoding !== null && encoding.toLowerCase() !== 'identity') {
    return createFailureReader(`content-encoding ${encoding} although identity was asked for`);
  }
  const type = one(headers['content-type']);
  if (plan.streams && !/^\s*text\/event-stream\b/i.test(type ?? '')) {
    return createFailureReader(`${type ?? 'no content-type'} instead of text/event-stream`);
  }
  return plan.reader(onOverflow);
}

function one(value: string | string[] | undefined): string | null {
  return (Array.isArray(value) ? value[0] : value) ?? null;
}

type PlatformError = Error & { readonly code?: unknown; readonly errors?: readonly unknown[] };

function endingOf(error: PlatformError, lane: Lane, status: number | null): Ending {
  const code = codeOf(error);
  if (code === 'UND_ERR_HEADERS_OVERFLOW') return { kind: 'bound', bound: 'headers' };
  // Our own request was impossible: no answer of theirs can cause these.
  if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED' || error.name === 'AssertionError') {
    return { kind: 'fault', message: error.message };
  }
  return { kind: 'error', stage: stageOf(lane, status), code, message: messageOf(error) };
}

/** undici does not always fill in the code of its HTTP parser, only the reason. */
function codeOf(error: PlatformError): string {
  if (typeof error.code === 'string') return error.code;
  if (error.name !== 'HTTPParserError') return error.name;
  return /EOF/i.test(error.message) ? 'HPE_INVALID_EOF_STATE' : 'HPE_INVALID_RESPONSE';
}

function stageOf(lane: Lane, status: number | null): Extract<Ending, { kind: 'error' }>['stage'] {
  const { connecting } = lane;
  if (connecting !== null && connecting.connected === null) {
    if (connecting.dnsFailed) return 'dns';
    return connecting.tcp === null ? 'connect' : 'tls';
  }
  return status === null ? 'request' : 'response';
}

/** All the attempts of a connection to several addresses, not only "AggregateError". */
function messageOf(error: PlatformError): string {
  if (Array.isArray(error.errors) && error.errors.length > 0) {
    return error.errors.map((each) => (each instanceof Error ? each.message : String(each))).join('; ');
  }
  return error.message;
}
