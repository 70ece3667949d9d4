import { NO_PHASES, type Phases } from '../../src/domain/measure/observation.ts';
import { VALID } from '../../src/domain/measure/outcome.ts';
import type { Evidence, NotRun, Sample, ServedBy } from '../../src/domain/measure/sample.ts';
import { type Target, targetId } from '../../src/domain/measure/target.ts';
import type { SeriesDeclaration } from '../../src/store/store.ts';

/** Monday 2 March 2026, 00:00 UTC. */
export const MONDAY = Date.UTC(2026, 2, 2);
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export function target(model: string, over: Partial<Target> = {}): Target {
  return {
    id: targetId('acme', 'pro', model),
    gateway: 'acme',
    tier: 'pro',
    model,
    requestModel: `Pro/${model}`,
    formerIds: [],
    ...over,
  };
}

export function declaration(model: string, over: Partial<SeriesDeclaration> = {}): SeriesDeclaration {
  return {
    probe: 'chat-stream',
    target: target(model),
    region: 'eu-west',
    schedule: { kind: 'every', everyMs: MINUTE, phaseMs: 0 },
    ...over,
  };
}

export const STREAM_PHASES: Phases = {
  ...NO_PHASES,
  sentUs: 210,
  headersUs: 281_400,
  firstByteUs: 281_431,
  firstEventUs: 281_431,
  roleUs: 281_431,
  firstContentUs: 302_118,
  lastTokenUs: 699_020,
  finishUs: 699_020,
  usageUs: 699_311,
  doneUs: 699_311,
  endUs: 699_402,
};

export const SERVED_BY: ServedBy = {
  model: 'chat-small',
  provider: 'acme',
  region: null,
  serviceTier: null,
  systemFingerprint: 'fp_1',
  route: 'verified',
};

/** A healthy streamed sample of `acme/pro/chat-small` at the first tick of Monday. */
export function sample(over: Partial<Sample> = {}): Sample {
  return {
    probe: 'chat-stream',
    target: 'acme/pro/chat-small',
    region: 'eu-west',
    scheduledAt: MONDAY,
    purpose: 'scheduled',
    lagUs: 412,
    outcome: 'ok',
    validity: VALID,
    remarks: [],
    status: 200,
    phases: STREAM_PHASES,
    ttftUs: 302_118,
    totalUs: 699_311,
    longestStallUs: 20_687,
    chunks: 22,
    tokenChunks: 19,
    usage: { promptTokens: 31, completionTokens: 24, reasoningTokens: null, cachedTokens: 0 },
    reused: true,
    retries: null,
    servedBy: SERVED_BY,
    loopDelayUs: 1_204,
    clockStepMs: 0,
    costNanos: 13_750,
    evidence: null,
    ...over,
  };
}

/** A 503 that kept its evidence. */
export function failure(over: Partial<Sample> = {}): Sample {
  return sample({
    outcome: 'gateway.5xx',
    status: 503,
    phases: { ...NO_PHASES, sentUs: 190, headersUs: 8_120, firstByteUs: 8_140, endUs: 8_300 },
    ttftUs: null,
    totalUs: null,
    longestStallUs: null,
    chunks: 0,
    tokenChunks: 0,
    usage: null,
    costNanos: null,
    evidence: EVIDENCE,
    ...over,
  });
}

export const EVIDENCE: Evidence = {
  ending: { kind: 'complete' },
  headers: { 'content-type': 'application/json', 'x-request-id': 'req_7' },
  requestIds: { 'x-request-id': 'req_7' },
  connection: {
    reused: true,
    remoteAddress: '192.0.2.7',
    localPort: 40_112,
    alpn: 'http/1.1',
    tlsProtocol: 'TLSv1.3',
    tlsResumed: false,
    addresses: ['192.0.2.7'],
    certificate: null,
  },
  contentType: 'application/json',
  bodyBytes: 52,
  bodySha256: 'ab'.repeat(32),
  head: '{"error":{"message":"no healthy upstream “again”"}}',
  tail: '',
  answer: '',
  errorBody: { message: 'no healthy upstream “again”', type: null, code: null, limitSource: null },
  finishReason: null,
  retryAfterMs: 1_500,
};

export function notRun(over: Partial<NotRun> = {}): NotRun {
  return {
    probe: 'chat-stream',
    target: 'acme/pro/chat-small',
    region: 'eu-west',
    scheduledAt: MONDAY,
    reason: 'missed',
    ...over,
  };
}
