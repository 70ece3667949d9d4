/**
 * The raw facts of one attempt on the wire. No judgement: `classify` reads it, nothing here knows of contracts.
 * All times are whole microseconds since `t0`, the moment just before the request was handed to the HTTP client,
 * on a monotonic clock; `null` means "never reached".
 */
export type Phases = {
  readonly dnsStartUs: number | null;
  readonly dnsEndUs: number | null;
  readonly tcpUs: number | null;
  /** TLS done, or for plain HTTP the same as `tcpUs`; `null` on a reused connection. */
  readonly connectedUs: number | null;
  readonly sentUs: number | null;
  /** Status line and headers. May be a keep-alive lie: some gateways send 200 before the upstream answers. */
  readonly headersUs: number | null;
  readonly firstByteUs: number | null;
  readonly firstCommentUs: number | null;
  readonly firstEventUs: number | null;
  readonly roleUs: number | null;
  readonly firstReasoningUs: number | null;
  readonly firstContentUs: number | null;
  readonly firstToolUs: number | null;
  readonly firstRefusalUs: number | null;
  readonly lastTokenUs: number | null;
  readonly finishUs: number | null;
  readonly usageUs: number | null;
  readonly doneUs: number | null;
  readonly endUs: number | null;
};

export const PHASE_NAMES = [
  'dnsStartUs',
  'dnsEndUs',
  'tcpUs',
  'connectedUs',
  'sentUs',
  'headersUs',
  'firstByteUs',
  'firstCommentUs',
  'firstEventUs',
  'roleUs',
  'firstReasoningUs',
  'firstContentUs',
  'firstToolUs',
  'firstRefusalUs',
  'lastTokenUs',
  'finishUs',
  'usageUs',
  'doneUs',
  'endUs',
] as const satisfies readonly (keyof Phases)[];

export const NO_PHASES: Phases = Object.freeze(
  Object.fromEntries(PHASE_NAMES.map((name) => [name, null])) as unknown as Phases,
);

/** How the exchange ended, as seen from the socket. */
export type Ending =
  | { readonly kind: 'complete' }
  /** One of our own deadlines fired. */
  | { readonly kind: 'deadline'; readonly deadline: 'connect' | 'headers' | 'firstToken' | 'stall' | 'total' }
  /** A transport error. `code` is the platform's or the HTTP client's code, e.g. `ECONNREFUSED`, `UND_ERR_SOCKET`. */
  | {
      readonly kind: 'error';
      readonly stage: 'dns' | 'connect' | 'tls' | 'request' | 'response';
      readonly code: string;
      readonly message: string;
    }
  /** We stopped reading because the answer exceeded a bound of ours. */
  | { readonly kind: 'bound'; readonly bound: 'headers' | 'body' | 'event' }
  | { readonly kind: 'cancelled' }
  /** A fault of ours while probing; `message` is for the log. */
  | { readonly kind: 'fault'; readonly message: string };

export type Usage = {
  readonly promptTokens: number | null;
  readonly completionTokens: number | null;
  readonly reasoningTokens: number | null;
  readonly cachedTokens: number | null;
};

/** What the answer says about how it was produced. `null` = the gateway did not say. */
export type Disclosure = {
  readonly model: string | null;
  readonly provider: string | null;
  readonly region: string | null;
  readonly serviceTier: string | null;
  readonly systemFingerprint: string | null;
  readonly cache: 'hit' | 'miss' | 'bypass' | null;
  readonly retries: number | null;
  readonly fallbacks: number | null;
  /** The gateway's own share of the duration, if it says so. */
  readonly overheadMs: number | null;
  /** Is the model named above what really ran, or only an echo of our request? */
  readonly route: 'verified' | 'mismatch' | 'unverified';
};

export const NO_DISCLOSURE: Disclosure = Object.freeze({
  model: null,
  provider: null,
  region: null,
  serviceTier: null,
  systemFingerprint: null,
  cache: null,
  retries: null,
  fallbacks: null,
  overheadMs: null,
  route: 'unverified',
});

export type Connection = {
  readonly reused: boolean;
  readonly remoteAddress: string | null;
  readonly localPort: number | null;
  readonly alpn: string | null;
  readonly tlsProtocol: string | null;
  readonly tlsResumed: boolean | null;
  readonly addresses: readonly string[];
  /** Subject, validity end and SHA-256 fingerprint of the peer's certificate, if TLS got that far. */
  readonly certificate: { subject: string; validTo: string; fingerprint: string } | null;
};

/** An error object found in the body, whatever the status was. */
export type ErrorBody = {
  readonly message: string;
  readonly type: string | null;
  readonly code: string | null;
  readonly limitSource: string | null;
};

export type Observation = {
  readonly phases: Phases;
  readonly ending: Ending;
  readonly status: number | null;
  readonly contentType: string | null;
  /** Response headers, names in lower case, values already redacted and bounded. */
  readonly headers: Readonly<Record<string, string>>;
  readonly requestIds: Readonly<Record<string, string>>;
  readonly connection: Connection;
  readonly bodyBytes: number;
  /**
   * Bytes that arrived on the socket since `t0`, headers (and on a new connection the TLS handshake) included;
   * 0 on a reused connection that failed = stale socket.
   */
  readonly responseBytes: number;
  /** SHA-256 of the whole body as received, hex; `null` if there was none. */
  readonly bodySha256: string | null;
  /** First and last 2 KiB of the body, redacted; `tail` is empty when `head` holds everything. */
  readonly head: string;
  readonly tail: string;
  readonly answer: string;
  readonly answerId: string | null;
  readonly chunks: number;
  readonly tokenChunks: number;
  readonly comments: number;
  readonly longestStallUs: number | null;
  readonly usage: Usage | null;
  readonly finishReason: string | null;
  readonly doneSeen: boolean;
  readonly lenientTerminator: boolean;
  readonly toolCalls: boolean;
  /** Did the chunks carry padding against size analysis? It changes chunk sizes, nothing else. */
  readonly obfuscated: boolean;
  readonly refusal: boolean;
  readonly malformed: string | null;
  readonly errorBody: ErrorBody | null;
  /** Did the error arrive inside a 200 answer or stream? */
  readonly errorInBody: boolean;
  readonly retryAfterMs: number | null;
  readonly disclosure: Disclosure;
  /** From being asked to `t0`: time we needed ourselves, for example to find a connection. Never theirs. */
  readonly waitedUs: number;
  /** Longest block of the probing thread inside this probe's own window. */
  readonly loopDelayUs: number;
  /** Wall clock minus monotonic clock, change over the window. */
  readonly clockStepMs: number;
};

/** The first token of any kind: what "time to first token" means here. Role chunks and comments are not tokens. */
export function ttftUs(phases: Phases): number | null {
  let first: number | null = null;
  for (const at of [
    phases.firstReasoningUs,
    phases.firstContentUs,
    phases.firstToolUs,
    phases.firstRefusalUs,
  ]) {
    if (at !== null && (first === null || at < first)) first = at;
  }
  return first;
}

/** The whole exchange as a user feels it: `[DONE]` if it came, else the end of the body. */
export function totalUs(phases: Phases): number | null {
  return phases.doneUs ?? phases.endUs;
}
