import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Observation } from '../../src/domain/measure/observation.ts';
import type { Outcome, Remark, Validity } from '../../src/domain/measure/outcome.ts';
import { createProber, type Prober } from '../../src/prober/prober.ts';
import { type AttemptChanges, attemptAt } from '../support/attempts.ts';
import { probeAndJudge } from '../support/judged-probe.ts';
import {
  type MisbehavingGateway,
  startMisbehavingGateway,
  type TrueTimes,
  testCertificate,
} from '../support/misbehaving-gateway.ts';
import type { Misbehaviour } from '../support/misbehaviours.ts';

type Row = {
  readonly when: Misbehaviour;
  readonly asked?: AttemptChanges;
  readonly outcome: Outcome;
  readonly validity?: Validity;
  readonly remarks?: readonly Remark[];
  readonly http2?: boolean;
  /** What the observation must show beside the outcome. */
  readonly shows: (seen: Observation, truth: TrueTimes) => void;
};

const SHORT = { firstTokenMs: 250, stallMs: 150, totalMs: 2_000 } as const;
const SHORT_TOTAL = { firstTokenMs: 250, stallMs: 150, totalMs: 400 } as const;

const excluded = (reason: Extract<Validity, { kind: 'excluded' }>['reason']): Validity => ({
  kind: 'excluded',
  reason,
});

function us(value: number | null): number {
  assert.notEqual(value, null);
  return value ?? Number.NaN;
}

/**
 * The first token was seen after it was handed to the server's socket, and before the server could know that the next
 * one had been: whatever the machine is doing, only the order is certain.
 */
function tokenTimesAreTrue(seen: Observation, truth: TrueTimes): void {
  const first = truth.tokens[0];
  assert.ok(first !== undefined);
  const sinceReceived = (at: number): number => Math.round((at - truth.received) * 1000);
  const firstSeen = us(seen.phases.firstReasoningUs ?? seen.phases.firstContentUs ?? seen.phases.firstToolUs);
  assert.ok(firstSeen >= sinceReceived(first.before), 'no token is seen before it is sent');
  assert.ok(us(seen.phases.headersUs) >= sinceReceived(truth.wroteHeaders ?? Number.NaN));
  assert.ok(us(seen.phases.headersUs) <= firstSeen);
}

const ROWS: Readonly<Record<string, Row>> = {
  'an ordinary stream is ok, with every phase in order': {
    when: 'good',
    outcome: 'ok',
    shows(seen, truth) {
      tokenTimesAreTrue(seen, truth);
      const { phases } = seen;
      const order = [
        phases.sentUs,
        phases.headersUs,
        phases.firstByteUs,
        phases.firstEventUs,
        phases.roleUs,
        phases.firstContentUs,
        phases.lastTokenUs,
        phases.finishUs,
        phases.usageUs,
        phases.doneUs,
        phases.endUs,
      ].map(us);
      assert.deepEqual(
        order,
        [...order].sort((a, b) => a - b),
      );
      assert.ok(us(phases.roleUs) < us(phases.firstContentUs), 'the role chunk is no token');
      assert.equal(seen.tokenChunks, 2);
      assert.deepEqual(seen.usage, {
        promptTokens: 21,
        completionTokens: 2,
        reasoningTokens: null,
        cachedTokens: null,
      });
      assert.equal(seen.requestIds['x-request-id'], 'req-their-own');
      assert.equal(seen.requestIds['x-client-request-id'], truth.headers['x-client-request-id']);
      assert.match(seen.bodySha256 ?? '', /^[0-9a-f]{64}$/);
      assert.ok(us(seen.longestStallUs) > 0);
    },
  },
  'headers held back until the first token are seen with it': {
    when: 'headers-held-until-first-token',
    outcome: 'ok',
    shows: (seen, truth) => tokenTimesAreTrue(seen, truth),
  },
  'an early 200 and keep-alive comments are no token': {
    when: 'early-200-and-pings',
    outcome: 'ok',
    shows(seen, truth) {
      assert.equal(seen.comments, 3);
      assert.ok(us(seen.phases.firstCommentUs) < us(seen.phases.firstContentUs));
      tokenTimesAreTrue(seen, truth);
    },
  },
  'a role chunk long before the first token is no token': {
    when: 'role-chunk-long-before-token',
    outcome: 'ok',
    shows(seen, truth) {
      assert.ok(us(seen.phases.roleUs) < us(seen.phases.firstContentUs));
      tokenTimesAreTrue(seen, truth);
    },
  },
  'reasoning is a token, but not an answer token': {
    when: 'reasoning-then-content',
    outcome: 'ok',
    shows(seen, truth) {
      assert.ok(us(seen.phases.firstReasoningUs) < us(seen.phases.firstContentUs));
      assert.equal(seen.usage?.reasoningTokens, 7);
      assert.doesNotMatch(seen.answer, /Adding/);
      tokenTimesAreTrue(seen, truth);
    },
  },
  'reasoning that is paid for but not streamed is remarked': {
    when: 'hidden-reasoning',
    outcome: 'ok',
    remarks: ['hidden_reasoning'],
    shows: (seen) => assert.equal(seen.phases.firstReasoningUs, null),
  },
  'a tool call is a token': {
    when: 'tool-call',
    asked: { probe: { prompt: { id: 'x', messages: [], maxTokens: 1, expectContains: null } } },
    outcome: 'ok',
    shows(seen) {
      assert.equal(seen.toolCalls, true);
      assert.notEqual(seen.phases.firstToolUs, null);
      assert.equal(seen.finishReason, 'tool_calls');
    },
  },
  'a refusal is a token, and proves nothing': {
    when: 'refusal',
    outcome: 'policy.filtered',
    validity: excluded('filtered'),
    shows: (seen) => assert.notEqual(seen.phases.firstRefusalUs, null),
  },
  'a filtered answer proves nothing': {
    when: 'content-filter',
    outcome: 'policy.filtered',
    validity: excluded('filtered'),
    shows: (seen) => assert.equal(seen.finishReason, 'content_filter'),
  },
  'an answer cut by our own token limit is ok': {
    when: 'cut-by-our-token-limit',
    outcome: 'ok',
    shows: (seen) => assert.equal(seen.finishReason, 'length'),
  },
  'two tokens in a chunk are counted by usage, not by chunks': {
    when: 'two-tokens-per-chunk',
    outcome: 'ok',
    shows(seen) {
      assert.equal(seen.usage?.completionTokens, 8);
      assert.equal(seen.tokenChunks, 4);
    },
  },
  'a stream that comes in one write was not streamed': {
    when: 'whole-stream-in-one-write',
    outcome: 'ok',
    remarks: ['not_streaming'],
    shows(seen) {
      assert.equal(seen.tokenChunks, 8);
      assert.equal(seen.phases.firstContentUs, seen.phases.lastTokenUs);
    },
  },
  'a character split between two packets stays whole': {
    when: 'event-split-inside-a-character',
    outcome: 'ok',
    shows(seen, truth) {
      assert.match(seen.answer, / → ✓$/);
      tokenTimesAreTrue(seen, truth);
    },
  },
  'a finish reason without [DONE] is ok with a remark': {
    when: 'no-done',
    outcome: 'ok',
    remarks: ['no_done'],
    shows: (seen) => assert.equal(seen.phases.doneUs, null),
  },
  'a missing last blank line is ok with a remark': {
    when: 'no-final-blank-line',
    outcome: 'ok',
    remarks: ['lenient_terminator'],
    shows: (seen) => assert.equal(seen.doneSeen, true),
  },
  'a connection kept open after [DONE] takes nothing from the answer': {
    when: 'done-but-connection-kept-open',
    asked: { probe: { deadlines: { firstTokenMs: 5_000, stallMs: 5_000, totalMs: 5_000 } } },
    outcome: 'ok',
    shows(seen) {
      assert.equal(seen.phases.endUs, null);
      assert.notEqual(seen.phases.doneUs, null);
    },
  },
  'a clean end without finish reason is truncated': {
    when: 'no-finish-reason',
    outcome: 'provider.truncated',
    shows: (seen) => assert.deepEqual(seen.ending, { kind: 'complete' }),
  },
  'missing usage is remarked': {
    when: 'no-usage',
    outcome: 'ok',
    remarks: ['usage_missing'],
    shows: (seen) => assert.equal(seen.usage, null),
  },
  'an error object in the middle of a stream is theirs, [DONE] or not': {
    when: 'error-object-midstream',
    outcome: 'provider.midstream_error',
    shows(seen) {
      assert.deepEqual(seen.errorBody, {
        message: 'upstream died',
        type: null,
        code: '502',
        limitSource: null,
      });
      assert.match(seen.head, /upstream died/);
    },
  },
  'an error event in the middle of a stream is theirs': {
    when: 'error-event-midstream',
    outcome: 'provider.midstream_error',
    shows: (seen) => assert.equal(seen.errorBody?.type, 'overloaded_error'),
  },
  'finish reason "error" is theirs': {
    when: 'finish-reason-error',
    outcome: 'provider.midstream_error',
    shows(seen) {
      assert.equal(seen.finishReason, 'error');
      assert.equal(seen.errorBody?.message, 'provider disconnected');
    },
  },
  'a refused key that is told under a 200 is ours': {
    when: 'refused-key-under-200',
    outcome: 'config.auth',
    shows(seen) {
      assert.equal(seen.status, 200);
      assert.equal(seen.errorInBody, true);
    },
  },
  'a complete answer without a token is empty': {
    when: 'empty-completion',
    outcome: 'provider.empty',
    shows: (seen) => assert.equal(seen.usage?.completionTokens, 0),
  },
  'a 200 without a body is empty': {
    when: 'empty-body',
    outcome: 'provider.empty',
    shows: (seen) => assert.equal(seen.bodySha256, null),
  },
  'an HTML page under a 200 is malformed': {
    when: 'html-200',
    outcome: 'provider.malformed',
    shows(seen) {
      assert.equal(seen.contentType, 'text/html');
      assert.match(seen.head, /Maintenance/);
    },
  },
  'an HTML page that calls itself an event stream is malformed': {
    when: 'html-as-event-stream',
    outcome: 'provider.malformed',
    shows: (seen) => assert.match(seen.head, /Maintenance/),
  },
  'a JSON error that calls itself an event stream is an error': {
    when: 'json-error-as-event-stream',
    outcome: 'provider.midstream_error',
    shows: (seen) => assert.equal(seen.errorBody?.message, 'no worker'),
  },
  'an event that is no JSON is malformed': {
    when: 'malformed-event',
    outcome: 'provider.malformed',
    shows: (seen) => assert.match(seen.malformed ?? '', /event 3/),
  },
  'a compressed answer nobody asked for is malformed, not unpacked': {
    when: 'gzip-although-identity',
    outcome: 'provider.malformed',
    shows: (seen) => assert.match(seen.malformed ?? '', /gzip/),
  },
  'sixty-four megabytes packed into sixty-four kilobytes stay packed': {
    when: 'zip-bomb',
    outcome: 'provider.malformed',
    shows(seen) {
      assert.match(seen.malformed ?? '', /gzip/);
      assert.ok(seen.bodyBytes > 0 && seen.bodyBytes < 100_000);
      assert.equal(seen.answer, '');
    },
  },
  'bytes that are no UTF-8 are malformed, and do no harm': {
    when: 'invalid-utf8',
    outcome: 'provider.malformed',
    shows: (seen) => assert.equal(seen.finishReason, 'stop'),
  },
  'our own rate limit is ours, with the wait in seconds understood': {
    when: 'rate-limited-own',
    outcome: 'ratelimit.own',
    shows(seen) {
      assert.equal(seen.retryAfterMs, 7_000);
      assert.equal(seen.headers['x-ratelimit-remaining-requests'], '0');
    },
  },
  'a 429 from lack of capacity is theirs, with the wait as a date understood': {
    when: 'rate-limited-until-a-date',
    outcome: 'ratelimit.capacity',
    shows: (seen) => assert.equal(seen.retryAfterMs, 10_000),
  },
  'no credit left is ours': {
    when: 'no-credit',
    outcome: 'config.billing',
    shows: (seen) => assert.equal(seen.errorBody?.limitSource, 'openrouter_in_flight_budget'),
  },
  'a refused key is ours, and is nowhere in the evidence': {
    when: 'refused-key',
    outcome: 'config.auth',
    shows(seen) {
      const everything = JSON.stringify(seen);
      assert.doesNotMatch(everything, /0123456789abcdef/);
      assert.equal(seen.headers['set-cookie'], '[redacted]');
      assert.match(seen.errorBody?.message ?? '', /^Incorrect API key provided: Bearer \[redacted\]$/);
    },
  },
  'a request refused as wrong is ours': {
    when: 'refused-request',
    outcome: 'config.request',
    shows: (seen) => assert.equal(seen.errorBody?.message, 'max_tokens is not allowed'),
  },
  'a model that does not exist is ours': {
    when: 'no-such-model',
    outcome: 'config.request',
    shows: (seen) => assert.equal(seen.errorBody?.code, 'model_not_found'),
  },
  'an overloaded provider is theirs': {
    when: 'overloaded',
    outcome: 'provider.overloaded',
    shows: (seen) => assert.equal(seen.status, 529),
  },
  'an unavailable gateway is theirs, in whatever format it says so': {
    when: 'unavailable',
    outcome: 'gateway.5xx',
    shows: (seen) => assert.match(seen.head, /upstream connect error/),
  },
  'a 500 that names the provider is the provider': {
    when: 'provider-500',
    outcome: 'provider.5xx',
    shows: (seen) => assert.match(seen.errorBody?.message ?? '', /OpenAIException/),
  },
  'a gateway that reports its own timeout': {
    when: 'gateway-timeout-408',
    outcome: 'timeout.gateway',
    shows: (seen) => assert.equal(seen.status, 408),
  },
  'silence between two tokens is a stall': {
    when: 'stall-between-tokens',
    asked: { probe: { deadlines: SHORT } },
    outcome: 'timeout.stall',
    shows(seen) {
      assert.deepEqual(seen.ending, { kind: 'deadline', deadline: 'stall' });
      assert.ok(us(seen.longestStallUs) >= 149_000);
    },
  },
  'comments do not end a stall': {
    when: 'stall-with-comments',
    asked: { probe: { deadlines: SHORT } },
    outcome: 'timeout.stall',
    shows: (seen) => assert.ok(seen.comments > 0),
  },
  'comments for ever never become a token': {
    when: 'comments-for-ever',
    asked: { probe: { deadlines: SHORT } },
    outcome: 'timeout.first_token',
    shows(seen) {
      assert.ok(seen.comments > 0);
      assert.deepEqual(seen.ending, { kind: 'deadline', deadline: 'firstToken' });
    },
  },
  'tokens for ever end at the total deadline': {
    when: 'tokens-for-ever',
    asked: { probe: { deadlines: SHORT_TOTAL } },
    outcome: 'timeout.total',
    shows: (seen) => assert.ok(seen.tokenChunks > 1),
  },
  'headers and then nothing': {
    when: 'headers-then-silence',
    asked: { probe: { deadlines: SHORT } },
    outcome: 'timeout.first_token',
    shows: (seen) => assert.equal(seen.status, 200),
  },
  'nothing at all': {
    when: 'never-answers',
    asked: { probe: { deadlines: SHORT } },
    outcome: 'timeout.headers',
    shows(seen) {
      assert.equal(seen.status, null);
      assert.ok(us(seen.phases.endUs) >= 249_000);
    },
  },
  'a connection that breaks inside the answer is aborted': {
    when: 'aborted-midbody',
    outcome: 'provider.aborted',
    shows(seen) {
      assert.equal(seen.ending.kind, 'error');
      assert.ok(seen.bodyBytes > 0);
    },
  },
  'a fresh connection that is reset before headers': {
    when: 'reset-before-headers',
    asked: { attempt: { freshConnection: true } },
    outcome: 'net.reset',
    shows(seen) {
      assert.equal(seen.connection.reused, false);
      assert.equal(seen.responseBytes, 0);
    },
  },
  'a peer that does not speak HTTP is malformed': {
    when: 'not-http',
    outcome: 'provider.malformed',
    shows: (seen) => assert.match(seen.ending.kind === 'error' ? seen.ending.code : '', /^HPE_/),
  },
  'a redirect is not followed, round in circles or not': {
    when: 'redirect-loop',
    outcome: 'provider.malformed',
    shows: (seen) => assert.equal(seen.status, 302),
  },
  'a permanent redirect is ours to follow, in the configuration': {
    when: 'moved-permanently',
    outcome: 'config.request',
    shows: (seen) => assert.equal(seen.headers.location, 'https://elsewhere.test/v1'),
  },
  'a header of ten megabytes is not read to its end': {
    when: 'ten-megabyte-header',
    outcome: 'provider.malformed',
    shows(seen) {
      assert.deepEqual(seen.ending, { kind: 'bound', bound: 'headers' });
      assert.ok(seen.responseBytes < 1_000_000);
    },
  },
  'headers without end are not read on, however short each is': {
    when: 'headers-without-end',
    outcome: 'provider.malformed',
    shows(seen) {
      assert.deepEqual(seen.ending, { kind: 'bound', bound: 'headers' });
      assert.ok(seen.responseBytes < 1_000_000);
    },
  },
  'headers that come byte by byte for ever are waited for until our deadline': {
    when: 'headers-byte-by-byte',
    asked: { probe: { deadlines: SHORT } },
    outcome: 'timeout.headers',
    shows: (seen) => assert.ok(seen.responseBytes > 0),
  },
  'early hints for ever are no answer': {
    when: 'early-hints-without-end',
    asked: { probe: { deadlines: SHORT } },
    outcome: 'timeout.headers',
    shows: (seen) => assert.equal(seen.phases.headersUs, null),
  },
  'an event that comes byte by byte for ever is no token': {
    when: 'event-byte-by-byte',
    asked: { probe: { deadlines: SHORT } },
    outcome: 'timeout.first_token',
    shows(seen) {
      assert.deepEqual(seen.ending, { kind: 'deadline', deadline: 'firstToken' });
      assert.equal(seen.tokenChunks, 0);
      assert.ok(seen.bodyBytes > 0);
    },
  },
  'a chunk whose header never ends holds no token': {
    when: 'chunk-header-without-end',
    asked: { probe: { deadlines: SHORT } },
    outcome: 'timeout.first_token',
    shows: (seen) => assert.equal(seen.bodyBytes, 0),
  },
  'an endless body is not read to its end': {
    when: 'endless-body',
    outcome: 'provider.malformed',
    shows(seen) {
      assert.deepEqual(seen.ending, { kind: 'bound', bound: 'body' });
      assert.ok(seen.bodyBytes < 2_000_000);
      assert.ok(seen.answer.length <= 16_384);
      assert.ok(Buffer.byteLength(seen.head) <= 2_048 && Buffer.byteLength(seen.tail) <= 2_048);
    },
  },
  'an endless event is not read to its end': {
    when: 'endless-event',
    outcome: 'provider.malformed',
    shows: (seen) => assert.deepEqual(seen.ending, { kind: 'bound', bound: 'event' }),
  },
  'a wrong sum is a wrong answer': {
    when: 'wrong-sum',
    outcome: 'quality.wrong_answer',
    shows: (seen) => assert.match(seen.answer, /^\d+$/),
  },
  'a cached answer behind LiteLLM proves nothing': {
    when: 'cache-hit-litellm',
    asked: { gateway: { kind: 'litellm' } },
    outcome: 'excluded.cache_hit',
    validity: excluded('cache_hit'),
    remarks: ['route_unverified'],
    shows: (seen, truth) => {
      assert.equal(seen.disclosure.cache, 'hit');
      assert.deepEqual(JSON.parse(truth.body).cache, { 'no-cache': true, 'no-store': true });
      assert.equal(truth.headers['x-litellm-num-retries'], '0');
    },
  },
  'a semantically cached answer behind Portkey proves nothing': {
    when: 'cache-hit-portkey',
    asked: { gateway: { kind: 'portkey' } },
    outcome: 'excluded.cache_hit',
    validity: excluded('cache_hit'),
    shows: (_, truth) => assert.equal(truth.headers['x-portkey-cache-force-refresh'], 'true'),
  },
  'a cached answer behind OpenRouter proves nothing': {
    when: 'cache-hit-openrouter',
    asked: { gateway: { kind: 'openrouter' } },
    outcome: 'excluded.cache_hit',
    validity: excluded('cache_hit'),
    shows: (_, truth) => assert.equal(JSON.parse(truth.body).provider.allow_fallbacks, false),
  },
  'a cached answer behind Cloudflare proves nothing': {
    when: 'cache-hit-cloudflare',
    asked: { gateway: { kind: 'cloudflare' } },
    outcome: 'excluded.cache_hit',
    validity: excluded('cache_hit'),
    shows: (_, truth) => assert.equal(truth.headers['cf-aig-skip-cache'], 'true'),
  },
  'a cached answer behind Kong proves nothing': {
    when: 'cache-hit-kong',
    asked: { gateway: { kind: 'kong' } },
    outcome: 'excluded.cache_hit',
    validity: excluded('cache_hit'),
    shows: (seen) => assert.equal(seen.disclosure.cache, 'hit'),
  },
  'a cache header the operator named is believed': {
    when: 'cache-hit-named',
    asked: { gateway: { disclosure: { cache: 'X-Acme-Cache' } } },
    outcome: 'excluded.cache_hit',
    validity: excluded('cache_hit'),
    shows: (seen) => assert.equal(seen.disclosure.cache, 'hit'),
  },
  'a cache miss is ok': {
    when: 'cache-miss',
    outcome: 'ok',
    shows: (seen) => assert.equal(seen.disclosure.cache, 'miss'),
  },
  'a prompt the provider had cached makes the times unusable': {
    when: 'cached-prompt',
    outcome: 'ok',
    validity: excluded('cache_hit'),
    remarks: ['prompt_cached'],
    shows: (seen) => assert.equal(seen.usage?.cachedTokens, 1_920),
  },
  'another model than asked for is a fallback': {
    when: 'another-model',
    outcome: 'route.fallback',
    validity: excluded('fallback'),
    shows: (seen) => assert.equal(seen.disclosure.model, 'm-mini'),
  },
  'another model under a name the operator knows is not': {
    when: 'another-model',
    asked: { target: { servedAs: ['m-mini'] } },
    outcome: 'ok',
    shows: (seen) => assert.equal(seen.disclosure.route, 'verified'),
  },
  'a fallback LiteLLM admits to is a fallback, although the body says otherwise': {
    when: 'another-provider-litellm',
    asked: { gateway: { kind: 'litellm' } },
    outcome: 'route.fallback',
    validity: excluded('fallback'),
    shows: (seen) => assert.equal(seen.disclosure.model, 'm'),
  },
  'behind LiteLLM the model in the body proves nothing': {
    when: 'good',
    asked: { gateway: { kind: 'litellm' } },
    outcome: 'ok',
    remarks: ['route_unverified'],
    shows: (seen) => assert.equal(seen.disclosure.route, 'unverified'),
  },
  'behind LiteLLM the model in the header does': {
    when: 'named-model-litellm',
    asked: { gateway: { kind: 'litellm' } },
    outcome: 'ok',
    shows: (seen) => assert.equal(seen.disclosure.route, 'verified'),
  },
  'retries inside the gateway are remarked': {
    when: 'hidden-retry',
    asked: { gateway: { kind: 'litellm' } },
    outcome: 'ok',
    remarks: ['hidden_retry', 'route_unverified'],
    shows: (seen) => assert.equal(seen.disclosure.retries, 2),
  },
  'a lower service tier than asked for is remarked, and its times are not used': {
    when: 'tier-downgraded',
    asked: { target: { serviceTier: 'priority' } },
    outcome: 'ok',
    validity: excluded('tier_downgraded'),
    remarks: ['tier_downgraded'],
    shows(seen, truth) {
      assert.equal(seen.disclosure.serviceTier, 'default');
      assert.equal(JSON.parse(truth.body).service_tier, 'priority');
    },
  },
  'padding in the chunks is remarked': {
    when: 'obfuscated',
    outcome: 'ok',
    remarks: ['obfuscated'],
    shows: (seen) => assert.equal(seen.obfuscated, true),
  },
  'an answer in one piece has no time to first token': {
    when: 'good-json',
    asked: { probe: { operation: 'chat-json' } },
    outcome: 'ok',
    shows(seen, truth) {
      assert.equal(seen.phases.firstContentUs, null);
      assert.notEqual(seen.phases.endUs, null);
      assert.equal(JSON.parse(truth.body).stream, undefined);
    },
  },
  'a stream that comes as one JSON object is malformed: a streaming client cannot read it': {
    when: 'good-json',
    outcome: 'provider.malformed',
    shows: (seen) => assert.match(seen.malformed ?? '', /application\/json instead of text\/event-stream/),
  },
  'half a JSON object is malformed': {
    when: 'truncated-json',
    asked: { probe: { operation: 'chat-json' } },
    outcome: 'provider.malformed',
    shows: (seen) => assert.match(seen.head, /^\{"id"/),
  },
  'an error in one piece under a 200 is theirs': {
    when: 'json-error-under-200',
    asked: { probe: { operation: 'chat-json' } },
    outcome: 'provider.midstream_error',
    shows: (seen) => assert.equal(seen.errorBody?.message, 'boom'),
  },
  'embeddings are ok when there is a vector': {
    when: 'embeddings',
    asked: { probe: { operation: 'embeddings' } },
    outcome: 'ok',
    shows(seen, truth) {
      assert.equal(seen.usage?.promptTokens, 9);
      assert.match(truth.path, /\/embeddings$/);
    },
  },
  'no vector is an empty answer': {
    when: 'no-embeddings',
    asked: { probe: { operation: 'embeddings' } },
    outcome: 'provider.empty',
    shows: (seen) => assert.equal(seen.tokenChunks, 0),
  },
  'a list of models is ok when there is one': {
    when: 'models',
    asked: { probe: { operation: 'models', prompt: null } },
    outcome: 'ok',
    shows(seen, truth) {
      assert.equal(seen.tokenChunks, 3);
      assert.equal(truth.body, '');
    },
  },
  'a Responses stream is read in its own words': {
    when: 'responses',
    asked: { probe: { operation: 'responses' } },
    outcome: 'ok',
    shows(seen, truth) {
      tokenTimesAreTrue(seen, truth);
      assert.equal(seen.finishReason, 'stop');
      assert.equal(seen.usage?.completionTokens, 2);
      assert.ok(us(seen.phases.roleUs) < us(seen.phases.firstContentUs));
      assert.equal(seen.answerId, 'resp_1');
      assert.match(truth.path, /\/responses$/);
    },
  },
  'a Responses stream that fails is theirs': {
    when: 'responses-failed',
    asked: { probe: { operation: 'responses' } },
    outcome: 'provider.midstream_error',
    shows: (seen) => assert.equal(seen.errorBody?.message, 'boom'),
  },
  'a Responses stream without its last event is truncated': {
    when: 'responses-cut',
    asked: { probe: { operation: 'responses' } },
    outcome: 'provider.truncated',
    shows: (seen) => assert.equal(seen.finishReason, null),
  },
  'a stream over HTTP/2 is ok and says so': {
    when: 'good',
    http2: true,
    outcome: 'ok',
    shows(seen, truth) {
      assert.equal(seen.connection.alpn, 'h2');
      tokenTimesAreTrue(seen, truth);
    },
  },
  'an HTTP/2 stream that is cancelled looks whole, and is truncated': {
    when: 'h2-reset-cancel',
    http2: true,
    outcome: 'provider.truncated',
    shows: (seen) => assert.ok(seen.tokenChunks > 0),
  },
  'an HTTP/2 stream that is reset without an error looks whole, and is truncated': {
    when: 'h2-reset-no-error',
    http2: true,
    outcome: 'provider.truncated',
    shows: (seen) => assert.ok(seen.tokenChunks > 0),
  },
  'an HTTP/2 stream that is reset with an error is aborted': {
    when: 'h2-reset-internal',
    http2: true,
    outcome: 'provider.aborted',
    shows: (seen) => assert.match(seen.ending.kind === 'error' ? seen.ending.code : '', /HTTP2/),
  },
};

let plain: MisbehavingGateway;
let secure: MisbehavingGateway;
let prober: Prober;

before(async () => {
  plain = await startMisbehavingGateway();
  secure = await startMisbehavingGateway({ certificate: 'good', http2: true });
  prober = createProber({
    // The moment the dated Retry-After of the gateway counts from.
    wallClock: () => Date.UTC(2026, 9, 1),
    connect: { ca: testCertificate('authority.pem') },
  });
  await prober.warmUp();
});

after(async () => {
  await prober.close();
  await plain.close();
  await secure.close();
});

for (const [sentence, row] of Object.entries(ROWS)) {
  test(sentence, async () => {
    const gateway = row.http2 === true ? secure : plain;
    const attempt = attemptAt(gateway.url(row.when), {
      ...row.asked,
      probe: { http2: row.http2 ?? false, connection: 'cold', ...row.asked?.probe },
    });
    const { observation, judged } = await probeAndJudge(prober, attempt);
    assert.deepEqual(judged, {
      outcome: row.outcome,
      validity: row.validity ?? { kind: 'valid' },
      remarks: row.remarks ?? [],
    });
    const truth = gateway.requests.at(-1);
    assert.ok(truth !== undefined);
    row.shows(observation, truth);
  });
}
