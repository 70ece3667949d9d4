import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attempt } from '../../src/domain/measure/attempt.ts';
import type { Judgement } from '../../src/domain/measure/classify.ts';
import { costNanos, toSample } from '../../src/domain/measure/judge.ts';
import { NO_PHASES } from '../../src/domain/measure/observation.ts';
import { VALID, type Validity } from '../../src/domain/measure/outcome.ts';
import type { Price, SlowLimits } from '../../src/domain/measure/probe.ts';
import { attemptAt } from '../support/attempts.ts';
import { observation, refusal } from '../support/observations.ts';

const attempt: Attempt = attemptAt('http://127.0.0.1:1/v1');
const OK: Judgement = { outcome: 'ok', validity: VALID, remarks: [] };
const DOWN: Judgement = { outcome: 'gateway.5xx', validity: VALID, remarks: [] };
const PRICE: Price = { inputNanosPerToken: 250, outputNanosPerToken: 1_000, currency: 'USD' };

test('a good answer carries its times and no evidence', () => {
  const sample = toSample(attempt, observation(), OK, 1_000, null);
  assert.equal(sample.ttftUs, 300_000);
  assert.equal(sample.totalUs, 700_100);
  assert.equal(sample.evidence, null);
});

test('the wait inside the prober is lag of ours, not latency of theirs', () => {
  assert.equal(toSample(attempt, observation({ waitedUs: 300 }), OK, 1_000, null).lagUs, 1_300);
});

test('a failure carries evidence and, without an end, no total', () => {
  const cut = observation({
    ending: { kind: 'deadline', deadline: 'stall' },
    doneSeen: false,
    phases: { ...NO_PHASES, firstContentUs: 5, endUs: 90 },
  });
  const sample = toSample(attempt, cut, { ...DOWN, outcome: 'timeout.stall' }, 0, null);
  assert.equal(sample.totalUs, null);
  assert.deepEqual(sample.evidence?.ending, { kind: 'deadline', deadline: 'stall' });
});

test('a refusal that was read to its end has a total', () => {
  assert.equal(toSample(attempt, refusal(503), DOWN, 0, null).totalUs, 4_200);
});

test('a good answer as slow as a limit keeps no evidence, one µs slower than either does', () => {
  const { ttftUs: first } = toSample(attempt, observation(), OK, 0, null);
  assert.ok(first !== null);
  const kept = (limits: SlowLimits): boolean =>
    toSample(attempt, observation(), OK, 0, null, limits).evidence !== null;
  assert.equal(kept({ ttftUs: first, totalUs: 700_100 }), false);
  assert.equal(kept({ ttftUs: null, totalUs: 700_099 }), true);
  assert.equal(kept({ ttftUs: first - 1, totalUs: null }), true);
});

test('an answer from a cache keeps its evidence; one that we doubt because of ourselves has none to show', () => {
  const judged = (validity: Validity): Judgement => ({ ...OK, validity });
  const cached = judged({ kind: 'excluded', reason: 'cache_hit' });
  assert.notEqual(toSample(attempt, observation(), cached, 0, null).evidence, null);
  const blocked = judged({ kind: 'suspect', reason: 'event_loop_delay' });
  assert.equal(toSample(attempt, observation(), blocked, 0, null).evidence, null);
});

test('cost is tokens by price on both sides', () => {
  const usage = { promptTokens: 20, completionTokens: 10, reasoningTokens: 4, cachedTokens: null };
  assert.equal(costNanos(usage, PRICE), 20 * 250 + 10 * 1_000);
});

test('a side that is not told costs nothing, no usage is an unknown cost', () => {
  const embedding = { promptTokens: 8, completionTokens: null, reasoningTokens: null, cachedTokens: null };
  assert.equal(costNanos(embedding, PRICE), 2_000);
  assert.equal(costNanos(null, PRICE), null);
  assert.equal(costNanos({ ...embedding, promptTokens: Number.MAX_SAFE_INTEGER }, PRICE), null);
  assert.equal(costNanos(embedding, null), null);
  assert.equal(costNanos({ ...embedding, promptTokens: null }, PRICE), null);
});
