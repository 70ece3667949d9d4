import type { ErrorBody, Usage } from '../domain/measure/observation.ts';

/** The times a reader can tell, in µs since `t0`. */
export type ReadingTimes = {
  firstCommentUs: number | null;
  firstEventUs: number | null;
  roleUs: number | null;
  firstReasoningUs: number | null;
  firstContentUs: number | null;
  firstToolUs: number | null;
  firstRefusalUs: number | null;
  lastTokenUs: number | null;
  finishUs: number | null;
  usageUs: number | null;
  doneUs: number | null;
};

/** What a reader has understood of one answer so far. Raw: neither redacted nor bounded, except `answer`. */
export type Reading = {
  readonly times: ReadingTimes;
  answer: string;
  answerId: string | null;
  chunks: number;
  tokenChunks: number;
  comments: number;
  longestStallUs: number | null;
  usage: Usage | null;
  finishReason: string | null;
  doneSeen: boolean;
  lenientTerminator: boolean;
  toolCalls: boolean;
  refusal: boolean;
  obfuscated: boolean;
  malformed: string | null;
  error: ErrorBody | null;
  /** The distinct names under which chunks of this answer say they were made, in order; a few at most. */
  readonly models: string[];
  provider: string | null;
  serviceTier: string | null;
  systemFingerprint: string | null;
  /** Attempts the gateway lists in the body, where it does (OpenRouter's `openrouter_metadata.attempts`). */
  bodyAttempts: number | null;
};

export function newReading(): Reading {
  return {
    times: {
      firstCommentUs: null,
      firstEventUs: null,
      roleUs: null,
      firstReasoningUs: null,
      firstContentUs: null,
      firstToolUs: null,
      firstRefusalUs: null,
      lastTokenUs: null,
      finishUs: null,
      usageUs: null,
      doneUs: null,
    },
    answer: '',
    answerId: null,
    chunks: 0,
    tokenChunks: 0,
    comments: 0,
    longestStallUs: null,
    usage: null,
    finishReason: null,
    doneSeen: false,
    lenientTerminator: false,
    toolCalls: false,
    refusal: false,
    obfuscated: false,
    malformed: null,
    error: null,
    models: [],
    provider: null,
    serviceTier: null,
    systemFingerprint: null,
    bodyAttempts: null,
  };
}

/** Reads one answer as it arrives. Times are µs since `t0`, the same for all that came in one read of the socket. */
export type Reader = {
  readonly reading: Reading;
  /** The next piece of text. Throws nothing, whatever the text is. */
  text(piece: string, atUs: number): void;
  /** The body is over, cleanly or not. */
  end(atUs: number): void;
};

/** Answers are kept up to this many characters; what comes later is counted but not kept. */
export const MAX_ANSWER = 16_384;

export function addAnswer(reading: Reading, text: string): void {
  if (reading.answer.length < MAX_ANSWER) {
    reading.answer += text.slice(0, MAX_ANSWER - reading.answer.length);
  }
}

/** A token of some kind arrived: moves `lastTokenUs` and the longest gap between two chunks that carry tokens. */
export function noteToken(reading: Reading, atUs: number): void {
  const last = reading.times.lastTokenUs;
  reading.tokenChunks += 1;
  if (last !== null) {
    const gap = atUs - last;
    if (reading.longestStallUs === null || gap > reading.longestStallUs) reading.longestStallUs = gap;
  }
  reading.times.lastTokenUs = atUs;
}

export function noteMalformed(reading: Reading, what: string): void {
  reading.malformed ??= what;
}
