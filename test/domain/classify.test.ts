import assert from 'node:assert/strict';
import { test } from 'node:test';
import { classify, type Expectation, NO_EXPECTATION } from '../../src/domain/measure/classify.ts';
import {
  type Ending,
  NO_DISCLOSURE,
  NO_PHASES,
  type Observation,
} from '../../src/domain/measure/observation.ts';
import { OUTCOMES, type Outcome, type Remark, type Validity } from '../../src/domain/measure/outcome.ts';
import type { Operation } from '../../src/domain/measure/probe.ts';
import { ORDINARY_PHASES, observation, refusal, silence } from '../support/observations.ts';

type Row = {
  readonly seen: Observation;
  readonly outcome: Outcome;
  readonly validity?: Validity;
  readonly remarks?: readonly Remark[];
  readonly operation?: Operation;
  readonly expected?: Partial<Expectation>;
};

const VALID: Validity = { kind: 'valid' };
const served = { ...NO_DISCLOSURE, model: 'm', route: 'verified' } as const;

function failed(stage: Extract<Ending, { kind: 'error' }>['stage'], code: string, message = code): Ending {
  return { kind: 'error', stage, code, message };
}

function missed(deadline: Extract<Ending, { kind: 'deadline' }>['deadline']): Ending {
  return { kind: 'deadline', deadline };
}

const ROWS: Readonly<Record<string, Row>> = {
  'a complete answer is ok': { seen: observation(), outcome: 'ok' },

  // Our own faults.
  'a fault inside the prober is ours': {
    seen: silence({ ending: { kind: 'fault', message: 'x' } }),
    outcome: 'client.fault',
    validity: { kind: 'excluded', reason: 'own_fault' },
  },
  'a request we cancelled is ours': {
    seen: silence({ ending: { kind: 'cancelled' } }),
    outcome: 'client.cancelled',
    validity: { kind: 'excluded', reason: 'own_fault' },
  },
  'running out of file descriptors is our fault, not a failed connection': {
    seen: silence({ ending: failed('connect', 'EMFILE') }),
    outcome: 'client.fault',
    validity: { kind: 'excluded', reason: 'own_fault' },
  },
  'no route out of this machine is our network': {
    seen: silence({ ending: failed('connect', 'ENETUNREACH') }),
    outcome: 'client.network',
    validity: { kind: 'excluded', reason: 'own_network' },
  },
  'a name that does not resolve while the witness is down too is our network': {
    seen: silence({ ending: failed('dns', 'EAI_AGAIN') }),
    expected: { witness: 'down' },
    outcome: 'client.network',
    validity: { kind: 'excluded', reason: 'own_network' },
  },
  'a deadline without one byte while the witness is down is our network': {
    seen: silence({ ending: missed('headers') }),
    expected: { witness: 'down' },
    outcome: 'client.network',
    validity: { kind: 'excluded', reason: 'own_network' },
  },
  'a 503 is theirs even while the witness is down: their answer did reach us': {
    seen: refusal(503),
    expected: { witness: 'down' },
    outcome: 'gateway.5xx',
  },
  'a kept-alive connection that dies without one byte is stale, which is ours': {
    seen: silence({
      ending: failed('request', 'UND_ERR_SOCKET', 'other side closed'),
      connection: { ...observation().connection, reused: true },
    }),
    outcome: 'client.stale_socket',
    validity: { kind: 'excluded', reason: 'stale_socket' },
  },
  'a kept-alive HTTP/2 session that says goodbye before any headers is stale': {
    seen: silence({
      ending: failed('request', 'ERR_HTTP2_SESSION_ERROR', 'GOAWAY'),
      responseBytes: 17,
      connection: { ...observation().connection, reused: true },
    }),
    outcome: 'client.stale_socket',
    validity: { kind: 'excluded', reason: 'stale_socket' },
  },
  'a kept-alive connection that dies after the first byte is not stale': {
    seen: silence({
      ending: failed('request', 'ECONNRESET'),
      responseBytes: 1,
      connection: { ...observation().connection, reused: true },
    }),
    outcome: 'net.reset',
  },

  // The way to the gateway.
  'a name that does not resolve is a DNS failure when the witness is fine': {
    seen: silence({ ending: failed('dns', 'ENOTFOUND') }),
    expected: { witness: 'up' },
    outcome: 'net.dns',
  },
  'a resolver that does not answer before the deadline is a DNS failure': {
    seen: silence({ ending: missed('connect'), phases: { ...NO_PHASES, dnsStartUs: 10, endUs: 5_000 } }),
    outcome: 'net.dns',
  },
  'a refused connection is a failure to connect': {
    seen: silence({ ending: failed('connect', 'ECONNREFUSED') }),
    outcome: 'net.connect',
  },
  'a connection that is not made before the deadline is a failure to connect': {
    seen: silence({
      ending: missed('connect'),
      phases: { ...NO_PHASES, dnsStartUs: 10, dnsEndUs: 20, endUs: 5_000 },
    }),
    outcome: 'net.connect',
  },
  'a TLS handshake that is not done before the deadline is a TLS failure': {
    seen: silence({ ending: missed('connect'), phases: { ...NO_PHASES, tcpUs: 30, endUs: 5_000 } }),
    outcome: 'net.tls',
  },
  'an expired certificate is a TLS failure': {
    seen: silence({ ending: failed('tls', 'CERT_HAS_EXPIRED'), responseBytes: 1_500 }),
    outcome: 'net.tls',
  },
  'a fresh connection that is reset before headers is a reset': {
    seen: silence({ ending: failed('request', 'ECONNRESET') }),
    outcome: 'net.reset',
  },
  'something that does not speak HTTP is malformed': {
    seen: silence({ ending: failed('request', 'HPE_INVALID_CONSTANT'), responseBytes: 20 }),
    outcome: 'provider.malformed',
  },
  'response headers beyond our bound are malformed': {
    seen: silence({ ending: { kind: 'bound', bound: 'headers' } }),
    outcome: 'provider.malformed',
  },

  // Deadlines.
  'no headers before the deadline': {
    seen: silence({ ending: missed('headers') }),
    outcome: 'timeout.headers',
  },
  'headers and comments but no token before the deadline': {
    seen: observation({ ending: missed('firstToken'), tokenChunks: 0, finishReason: null, doneSeen: false }),
    outcome: 'timeout.first_token',
  },
  'tokens, then silence': {
    seen: observation({ ending: missed('stall'), finishReason: null, doneSeen: false }),
    outcome: 'timeout.stall',
  },
  'still answering at the total deadline': {
    seen: observation({ ending: missed('total'), finishReason: null, doneSeen: false }),
    outcome: 'timeout.total',
  },
  'a gateway that reports its own timeout': { seen: refusal(408), outcome: 'timeout.gateway' },

  // Refusals.
  'a request refused as wrong is ours': {
    seen: refusal(400, { message: 'bad field' }),
    outcome: 'config.request',
  },
  'a model that is not found is ours to look at': { seen: refusal(404), outcome: 'config.request' },
  'a wrong method is ours': { seen: refusal(405), outcome: 'config.request' },
  'a prompt too large is ours': { seen: refusal(413), outcome: 'config.request' },
  'an unprocessable request is ours': { seen: refusal(422), outcome: 'config.request' },
  'a permanent redirect means that our base URL is wrong': { seen: refusal(308), outcome: 'config.request' },
  'a temporary redirect is an answer that cannot be read': {
    seen: refusal(302),
    outcome: 'provider.malformed',
  },
  'a refused key is ours': { seen: refusal(401), outcome: 'config.auth' },
  'a forbidden request is ours': { seen: refusal(403, { message: 'no access' }), outcome: 'config.auth' },
  'a prompt flagged by moderation proves nothing': {
    seen: refusal(403, { message: 'Your chosen model requires moderation and your input was flagged' }),
    outcome: 'policy.filtered',
    validity: { kind: 'excluded', reason: 'filtered' },
  },
  'a content filter that refuses with 400 proves nothing': {
    seen: refusal(400, { code: 'content_filter' }),
    outcome: 'policy.filtered',
    validity: { kind: 'excluded', reason: 'filtered' },
  },
  'no credit left is ours': { seen: refusal(402), outcome: 'config.billing' },
  'a 429 for a used-up account is billing, not a rate limit': {
    seen: refusal(429, { code: 'insufficient_quota', message: 'You exceeded your current quota' }),
    outcome: 'config.billing',
  },
  'a 429 with nothing remaining is our own limit': {
    seen: refusal(429, {}, { headers: { 'x-ratelimit-remaining-requests': '0' } }),
    outcome: 'ratelimit.own',
  },
  'a 429 that names our organisation is our own limit': {
    seen: refusal(429, {
      message: 'Rate limit reached for gpt-x in organization org-abc on requests per min',
    }),
    outcome: 'ratelimit.own',
  },
  'a 429 that says nothing is taken as ours: no claim without proof': {
    seen: refusal(429, { message: 'Too Many Requests' }),
    outcome: 'ratelimit.own',
  },
  'a 429 with requests remaining is capacity': {
    seen: refusal(
      429,
      { message: 'Too Many Requests' },
      { headers: { 'x-ratelimit-remaining-requests': '49' } },
    ),
    outcome: 'ratelimit.capacity',
  },
  'a 429 from an overloaded engine is capacity': {
    seen: refusal(429, { message: 'The engine is currently overloaded, please try again later' }),
    outcome: 'ratelimit.capacity',
  },
  'a 429 from upstream is capacity': {
    seen: refusal(429, { message: 'm is temporarily rate-limited upstream' }),
    outcome: 'ratelimit.capacity',
  },
  'a 500 without a name is the gateway': { seen: refusal(500), outcome: 'gateway.5xx' },
  'a 502 is the gateway': { seen: refusal(502), outcome: 'gateway.5xx' },
  'a 503 is the gateway': { seen: refusal(503), outcome: 'gateway.5xx' },
  'a 504 is the gateway': { seen: refusal(504), outcome: 'gateway.5xx' },
  'a 522 of the edge is the gateway': { seen: refusal(522), outcome: 'gateway.5xx' },
  'a 500 that names the provider is the provider': {
    seen: refusal(500, { message: 'litellm.InternalServerError: AnthropicException - boom' }),
    outcome: 'provider.5xx',
  },
  'a 529 is an overloaded provider': { seen: refusal(529), outcome: 'provider.overloaded' },
  'a 503 with overloaded_error is an overloaded provider': {
    seen: refusal(503, { type: 'overloaded_error' }),
    outcome: 'provider.overloaded',
  },
  'a 499 we did not cause counts against the gateway': { seen: refusal(499), outcome: 'gateway.5xx' },
  'a 503 whose body never ends is still a 503': {
    seen: refusal(503, {}, { ending: missed('total') }),
    outcome: 'gateway.5xx',
  },

  // Errors under a 200.
  'an error in the middle of a stream is theirs': {
    seen: observation({
      finishReason: null,
      errorInBody: true,
      errorBody: { message: 'boom', type: null, code: '429', limitSource: null },
    }),
    outcome: 'provider.midstream_error',
  },
  'an error under a 200 that names a refused key is ours, if no token came': {
    seen: observation({
      tokenChunks: 0,
      finishReason: null,
      errorInBody: true,
      errorBody: { message: 'no', type: 'authentication_error', code: null, limitSource: null },
    }),
    outcome: 'config.auth',
  },
  'an error under a 200 with a 503 in it is theirs': {
    seen: observation({
      tokenChunks: 0,
      finishReason: null,
      errorInBody: true,
      errorBody: { message: 'no', type: null, code: '503', limitSource: null },
    }),
    outcome: 'provider.midstream_error',
  },

  // Answers that are not whole.
  'a clean end without a finish reason is truncated': {
    seen: observation({ finishReason: null, doneSeen: false }),
    outcome: 'provider.truncated',
  },
  '[DONE] without a finish reason is truncated': {
    seen: observation({ finishReason: null }),
    outcome: 'provider.truncated',
  },
  'a role chunk and then the end is truncated': {
    seen: observation({ chunks: 1, tokenChunks: 0, finishReason: null, doneSeen: false, usage: null }),
    outcome: 'provider.truncated',
  },
  'a connection that breaks inside the answer is aborted': {
    seen: observation({ ending: failed('response', 'UND_ERR_SOCKET'), finishReason: null, doneSeen: false }),
    outcome: 'provider.aborted',
  },
  'a connection that breaks after the finish reason but before [DONE] is aborted': {
    seen: observation({ ending: failed('response', 'UND_ERR_SOCKET'), doneSeen: false }),
    outcome: 'provider.aborted',
  },
  'a connection that breaks after [DONE] broke nothing': {
    seen: observation({ ending: failed('response', 'UND_ERR_SOCKET') }),
    outcome: 'ok',
  },
  '[DONE] without a token is empty': {
    seen: observation({ tokenChunks: 0, finishReason: null, usage: null, answer: '' }),
    outcome: 'provider.empty',
  },
  'a finish reason without a token is empty': {
    seen: observation({ tokenChunks: 0, answer: '' }),
    outcome: 'provider.empty',
  },
  'a 200 without a body is empty': {
    seen: observation({ chunks: 0, tokenChunks: 0, finishReason: null, doneSeen: false, usage: null }),
    outcome: 'provider.empty',
  },
  'HTML under a 200 is malformed': {
    seen: observation({
      malformed: 'text/html',
      chunks: 0,
      tokenChunks: 0,
      finishReason: null,
      doneSeen: false,
    }),
    outcome: 'provider.malformed',
  },
  'a body beyond our bound is malformed': {
    seen: observation({ ending: { kind: 'bound', bound: 'body' }, finishReason: null, doneSeen: false }),
    outcome: 'provider.malformed',
  },

  // Whole answers that are not plainly good.
  'a filtered answer proves nothing': {
    seen: observation({ finishReason: 'content_filter' }),
    outcome: 'policy.filtered',
    validity: { kind: 'excluded', reason: 'filtered' },
  },
  'a refusal proves nothing': {
    seen: observation({ refusal: true }),
    outcome: 'policy.filtered',
    validity: { kind: 'excluded', reason: 'filtered' },
  },
  'a cache hit proves nothing': {
    seen: observation({ disclosure: { ...served, cache: 'hit' } }),
    outcome: 'excluded.cache_hit',
    validity: { kind: 'excluded', reason: 'cache_hit' },
  },
  'an answer id seen before is a cache hit whatever the headers say': {
    seen: observation({ disclosure: { ...served, cache: 'miss' } }),
    expected: { answerSeenBefore: true },
    outcome: 'excluded.cache_hit',
    validity: { kind: 'excluded', reason: 'cache_hit' },
  },
  'a cache miss is ok': { seen: observation({ disclosure: { ...served, cache: 'miss' } }), outcome: 'ok' },
  'another model than asked for is a fallback, and its times are not used': {
    seen: observation({ disclosure: { ...served, model: 'other', route: 'mismatch' } }),
    outcome: 'route.fallback',
    validity: { kind: 'excluded', reason: 'fallback' },
  },
  'a wrong sum is a wrong answer, and its times are used': {
    seen: observation({ answer: 'It is 41.' }),
    expected: { contains: '42' },
    outcome: 'quality.wrong_answer',
  },
  'the right sum is ok': { seen: observation(), expected: { contains: '42' }, outcome: 'ok' },
  'an answer cut by our own token limit is not wrong': {
    seen: observation({ answer: 'Let me think', finishReason: 'length' }),
    expected: { contains: '42' },
    outcome: 'ok',
  },
  'embeddings need vectors, not a finish reason': {
    operation: 'embeddings',
    seen: observation({ finishReason: null, doneSeen: false, tokenChunks: 1, chunks: 0, answer: '' }),
    expected: { contains: '42' },
    outcome: 'ok',
  },
  'no vector is an empty answer': {
    operation: 'embeddings',
    seen: observation({ finishReason: null, doneSeen: false, tokenChunks: 0, chunks: 0 }),
    outcome: 'provider.empty',
  },
  'a JSON answer without a finish reason is truncated': {
    operation: 'chat-json',
    seen: observation({ finishReason: null, doneSeen: false, tokenChunks: 1, chunks: 0 }),
    outcome: 'provider.truncated',
  },
  'a JSON answer needs no [DONE]': {
    operation: 'chat-json',
    seen: observation({ doneSeen: false, tokenChunks: 1, chunks: 0 }),
    outcome: 'ok',
  },
  'a list of models is not held to the model asked for': {
    operation: 'models',
    seen: observation({
      finishReason: null,
      doneSeen: false,
      tokenChunks: 3,
      chunks: 0,
      usage: null,
      disclosure: NO_DISCLOSURE,
    }),
    outcome: 'ok',
  },

  // Remarks.
  'a finish reason without [DONE] is good, with a remark': {
    seen: observation({ doneSeen: false }),
    outcome: 'ok',
    remarks: ['no_done'],
  },
  'a forgotten last blank line is good, with a remark': {
    seen: observation({ lenientTerminator: true }),
    outcome: 'ok',
    remarks: ['lenient_terminator'],
  },
  'reasoning that is counted but not streamed is remarked': {
    seen: observation({
      usage: { promptTokens: 20, completionTokens: 10, reasoningTokens: 8, cachedTokens: null },
    }),
    outcome: 'ok',
    remarks: ['hidden_reasoning'],
  },
  'six tokens in one chunk were not streamed': {
    seen: observation({
      phases: { ...ORDINARY_PHASES, lastTokenUs: 300_000 },
      tokenChunks: 1,
      usage: { promptTokens: 20, completionTokens: 6, reasoningTokens: null, cachedTokens: null },
    }),
    outcome: 'ok',
    remarks: ['not_streaming'],
  },
  'five tokens in one chunk may have been': {
    seen: observation({
      phases: { ...ORDINARY_PHASES, lastTokenUs: 300_000 },
      tokenChunks: 1,
      usage: { promptTokens: 20, completionTokens: 5, reasoningTokens: null, cachedTokens: null },
    }),
    outcome: 'ok',
  },
  'retries inside the gateway are remarked': {
    seen: observation({ disclosure: { ...served, retries: 1 } }),
    outcome: 'ok',
    remarks: ['hidden_retry'],
  },
  'no retries are not': { seen: observation({ disclosure: { ...served, retries: 0 } }), outcome: 'ok' },
  'a lower service tier than paid for is remarked, and its times are not used': {
    seen: observation({ disclosure: { ...served, serviceTier: 'default' } }),
    expected: { serviceTier: 'priority' },
    outcome: 'ok',
    validity: { kind: 'excluded', reason: 'tier_downgraded' },
    remarks: ['tier_downgraded'],
  },
  'silence about the service tier proves nothing': {
    seen: observation(),
    expected: { serviceTier: 'priority' },
    outcome: 'ok',
  },
  'a route nobody vouches for is remarked': {
    seen: observation({ disclosure: { ...served, route: 'unverified' } }),
    outcome: 'ok',
    remarks: ['route_unverified'],
  },
  'cached prompt tokens make the times unusable': {
    seen: observation({
      usage: { promptTokens: 2_000, completionTokens: 10, reasoningTokens: null, cachedTokens: 1_920 },
    }),
    outcome: 'ok',
    validity: { kind: 'excluded', reason: 'cache_hit' },
    remarks: ['prompt_cached'],
  },
  'missing usage is remarked': {
    seen: observation({ usage: null }),
    outcome: 'ok',
    remarks: ['usage_missing'],
  },
  'padding against size analysis is remarked': {
    seen: observation({ obfuscated: true }),
    outcome: 'ok',
    remarks: ['obfuscated'],
  },

  // Doubt about ourselves, at its edges.
  'a block of exactly 20 ms is no reason to doubt': {
    seen: observation({ loopDelayUs: 20_000 }),
    outcome: 'ok',
  },
  'a block of 20 ms and 1 µs is': {
    seen: observation({ loopDelayUs: 20_001 }),
    outcome: 'ok',
    validity: { kind: 'suspect', reason: 'event_loop_delay' },
  },
  'for a first token after 10 s a block of 200 ms is allowed': {
    seen: observation({ phases: { ...ORDINARY_PHASES, firstContentUs: 10_000_000 }, loopDelayUs: 200_000 }),
    outcome: 'ok',
  },
  'and one of 200 ms and 1 µs is not': {
    seen: observation({ phases: { ...ORDINARY_PHASES, firstContentUs: 10_000_000 }, loopDelayUs: 200_001 }),
    outcome: 'ok',
    validity: { kind: 'suspect', reason: 'event_loop_delay' },
  },
  'a 503 stays valid after a short block: we cannot have made them say that': {
    seen: refusal(503, {}, { loopDelayUs: 500_000 }),
    outcome: 'gateway.5xx',
  },
  'a flood stays valid although reading it blocked us': {
    seen: observation({ ending: { kind: 'bound', bound: 'body' }, doneSeen: false, loopDelayUs: 500_000 }),
    outcome: 'provider.malformed',
  },
  'an answer without a token stays valid after a short block': {
    seen: observation({ tokenChunks: 0, loopDelayUs: 500_000 }),
    outcome: 'provider.empty',
  },
  'a reset after a short block is doubtful: we may have been too slow': {
    seen: silence({ ending: failed('request', 'ECONNRESET'), loopDelayUs: 500_000 }),
    outcome: 'net.reset',
    validity: { kind: 'suspect', reason: 'event_loop_delay' },
  },
  'after standing still for two seconds nothing is believed, not even a 503': {
    seen: refusal(503, {}, { loopDelayUs: 2_000_000 }),
    outcome: 'gateway.5xx',
    validity: { kind: 'suspect', reason: 'suspended' },
  },
  'a clock step of exactly 1 s is allowed': { seen: observation({ clockStepMs: -1_000 }), outcome: 'ok' },
  'a clock step of more than 1 s is not': {
    seen: observation({ clockStepMs: -1_001 }),
    outcome: 'ok',
    validity: { kind: 'suspect', reason: 'clock_step' },
  },
  'a start exactly 1 s late is allowed': {
    seen: observation(),
    expected: { lagUs: 1_000_000 },
    outcome: 'ok',
  },
  'a start more than 1 s late is not': {
    seen: observation(),
    expected: { lagUs: 1_000_001 },
    outcome: 'ok',
    validity: { kind: 'suspect', reason: 'late_start' },
  },
  'doubt about ourselves goes before what the answer disclosed': {
    seen: observation({ disclosure: { ...served, cache: 'hit' }, loopDelayUs: 100_000 }),
    outcome: 'excluded.cache_hit',
    validity: { kind: 'suspect', reason: 'event_loop_delay' },
  },
};

for (const [sentence, row] of Object.entries(ROWS)) {
  test(sentence, () => {
    const judged = classify(
      row.seen,
      { operation: row.operation ?? 'chat' },
      { ...NO_EXPECTATION, ...row.expected },
    );
    assert.deepEqual(judged, {
      outcome: row.outcome,
      validity: row.validity ?? VALID,
      remarks: row.remarks ?? [],
    });
  });
}

test('every outcome of the closed list has a row', () => {
  const covered = new Set(Object.values(ROWS).map((row) => row.outcome));
  assert.deepEqual(
    Object.keys(OUTCOMES).filter((outcome) => !covered.has(outcome as Outcome)),
    [],
  );
});
