import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseContracts } from '../../src/config/parse-contract.ts';
import { type Commitment, commitmentOf } from '../../src/domain/contract/commitment.ts';
import { latencyStanding } from '../../src/domain/live/standing.ts';
import { spreadOf } from '../../src/domain/time/spread.ts';

function read(terms: Readonly<Record<string, unknown>>): Commitment {
  const [versions] = [...parseContracts({ one: terms }, ['contracts']).contracts.values()];
  assert.ok(versions?.[0], 'the contract is readable');
  return commitmentOf(versions[0]);
}

test('the pro channel asks for 99.9 % and two limits that must be undercut', () => {
  const commitment = read({ template: 'pro-channel' });
  assert.equal(commitment.uptimePpm, 999_000);
  assert.deepEqual(commitment.ttftP99, { mostUs: 499_999, statedUs: 500_000, strict: true });
  assert.deepEqual(commitment.totalP99, { mostUs: 799_999, statedUs: 800_000, strict: true });
});

test('a p99 of exactly 500 ms misses "under 500 ms" and keeps "at most 500 ms"', () => {
  const exactly = spreadOf(Array<number>(100).fill(500_000));
  const under = read({ template: 'pro-channel' }).ttftP99;
  const atMost = read({
    template: 'pro-channel',
    latency: [{ id: 'a', metric: 'ttft_ms', form: 'whole_window_percentile', p: 99, op: '<=', value: 500 }],
  }).ttftP99;
  assert.equal(latencyStanding(exactly, under), 'missed');
  assert.equal(latencyStanding(exactly, atMost), 'within');
});

test('terms that need the whole period are not held against an hour', () => {
  const commitment = read({ template: 'openai-style-latency-attainment' });
  assert.equal(commitment.ttftP99, null);
  assert.equal(commitment.totalP99, null);
});
