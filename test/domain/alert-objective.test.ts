import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseContracts } from '../../src/config/parse-contract.ts';
import { alertObjectivesOf, type JudgedSample } from '../../src/domain/alert/alert-objective.ts';
import type { Contract } from '../../src/domain/contract/contract.ts';
import type { Sample } from '../../src/domain/measure/sample.ts';
import { sample } from '../store/builders.ts';

function attempt(over: Partial<Sample> = {}): JudgedSample {
  const { usage, ...facts } = sample(over);
  return {
    ...facts,
    promptTokens: usage?.promptTokens ?? null,
    completionTokens: usage?.completionTokens ?? null,
    gaveUpMs: null,
  };
}

function template(name: string): Contract {
  const { contracts, problems } = parseContracts({ [name]: { template: name } }, ['contracts']);
  assert.deepEqual(problems, []);
  const [contract] = contracts.get(name) ?? [];
  assert.ok(contract);
  return contract;
}

test('a contract with an uptime and two p99 is three objectives, with what each allows', () => {
  const objectives = alertObjectivesOf(template('pro-channel'));
  assert.deepEqual(
    objectives.map(({ kind, label, allowedPpm }) => [kind, label, allowedPpm]),
    [
      ['availability', 'availability >= 99.9 %', 1_000],
      ['latency', 'p99 TTFT < 500 ms', 10_000],
      ['latency', 'p99 total < 800 ms', 10_000],
    ],
  );
});

test('a floor allows the share below its percentile, a ceiling the share above', () => {
  const speed = { id: 'speed', metric: 'tokens_per_s', tpsBasis: 'total', form: 'whole_window_percentile' };
  const latency = [{ ...speed, p: 10, op: '>', value: 20 }];
  const { contracts, problems } = parseContracts({ c: { template: 'pro-channel', latency } }, ['contracts']);
  assert.deepEqual(problems, []);
  const [contract] = contracts.get('c') ?? [];
  assert.ok(contract);
  const [, own] = alertObjectivesOf(contract);
  assert.deepEqual([own?.label, own?.allowedPpm], ['p10 speed > 20 tokens/s', 100_000]);
});

const JUDGED: readonly (readonly [sentence: string, fields: Partial<Sample>, verdicts: readonly string[]])[] =
  [
    ['a quick answer is good for all', { ttftUs: 499_999, totalUs: 799_999 }, ['good', 'good', 'good']],
    [
      'one at the limits misses both, for the contract says less than',
      { ttftUs: 500_000, totalUs: 800_000 },
      ['good', 'bad', 'bad'],
    ],
    [
      'our own fault is none of them',
      { outcome: 'config.auth', status: 401, ttftUs: null, totalUs: null },
      ['excluded', 'excluded', 'excluded'],
    ],
    [
      'doubt about ourselves excludes',
      { validity: { kind: 'suspect', reason: 'clock_step' } },
      ['excluded', 'excluded', 'excluded'],
    ],
    [
      'a cached answer says something of availability, nothing of latency',
      { validity: { kind: 'excluded', reason: 'cache_hit' } },
      ['good', 'excluded', 'excluded'],
    ],
  ];

for (const [sentence, fields, verdicts] of JUDGED) {
  test(sentence, () => {
    const objectives = alertObjectivesOf(template('pro-channel'));
    assert.deepEqual(
      objectives.map(({ judge }) => judge(attempt(fields))),
      verdicts,
    );
  });
}

test('a failure is bad for availability', () => {
  const [availability] = alertObjectivesOf(template('pro-channel'));
  assert.equal(
    availability?.judge(attempt({ outcome: 'gateway.5xx', status: 503, ttftUs: null, totalUs: null })),
    'bad',
  );
});

test('a share of windows cannot be watched sample by sample, and is left to the period', () => {
  const objectives = alertObjectivesOf(template('openai-style-latency-attainment'));
  assert.ok(objectives.every(({ kind }) => kind === 'availability'));
});
