import {
  NO_DISCLOSURE,
  NO_PHASES,
  type Observation,
  type Phases,
} from '../../src/domain/measure/observation.ts';

/** The phases of an ordinary streamed answer on a kept-alive connection. */
export const ORDINARY_PHASES: Phases = {
  ...NO_PHASES,
  sentUs: 200,
  headersUs: 250_000,
  firstByteUs: 250_100,
  firstEventUs: 250_100,
  roleUs: 250_100,
  firstContentUs: 300_000,
  lastTokenUs: 700_000,
  finishUs: 700_000,
  usageUs: 700_100,
  doneUs: 700_100,
  endUs: 700_200,
};

/** A good answer to the prompt "20 + 22", served as asked; every field can be replaced. */
export function observation(changes: Partial<Observation> = {}): Observation {
  return {
    phases: ORDINARY_PHASES,
    ending: { kind: 'complete' },
    status: 200,
    contentType: 'text/event-stream',
    headers: {},
    requestIds: { 'x-client-request-id': 'probity-0' },
    connection: {
      reused: true,
      remoteAddress: '127.0.0.1:443',
      localPort: 50_000,
      alpn: null,
      tlsProtocol: null,
      tlsResumed: null,
      addresses: [],
      certificate: null,
    },
    bodyBytes: 2_000,
    responseBytes: 2_400,
    bodySha256: null,
    head: '',
    tail: '',
    answer: 'It is 42.',
    answerId: 'chatcmpl-1',
    chunks: 12,
    tokenChunks: 9,
    comments: 0,
    longestStallUs: 60_000,
    usage: { promptTokens: 20, completionTokens: 10, reasoningTokens: null, cachedTokens: null },
    finishReason: 'stop',
    doneSeen: true,
    lenientTerminator: false,
    toolCalls: false,
    refusal: false,
    obfuscated: false,
    malformed: null,
    errorBody: null,
    errorInBody: false,
    retryAfterMs: null,
    disclosure: { ...NO_DISCLOSURE, model: 'm', route: 'verified' },
    waitedUs: 0,
    loopDelayUs: 0,
    clockStepMs: 0,
    ...changes,
  };
}

/** Nothing came back. */
export function silence(changes: Partial<Observation> = {}): Observation {
  return observation({
    phases: { ...NO_PHASES, endUs: 5_000 },
    status: null,
    contentType: null,
    connection: { ...observation().connection, reused: false },
    bodyBytes: 0,
    responseBytes: 0,
    answer: '',
    answerId: null,
    chunks: 0,
    tokenChunks: 0,
    longestStallUs: null,
    usage: null,
    finishReason: null,
    doneSeen: false,
    disclosure: NO_DISCLOSURE,
    ...changes,
  });
}

/** An answer with a status that is no success, and a body that says why. */
export function refusal(
  status: number,
  error: { readonly message?: string; readonly type?: string; readonly code?: string } = {},
  changes: Partial<Observation> = {},
): Observation {
  return silence({
    phases: { ...NO_PHASES, sentUs: 200, headersUs: 4_000, firstByteUs: 4_100, endUs: 4_200 },
    status,
    contentType: 'application/json',
    bodyBytes: 100,
    responseBytes: 300,
    errorBody: {
      message: error.message ?? '',
      type: error.type ?? null,
      code: error.code ?? null,
      limitSource: null,
    },
    ...changes,
  });
}
