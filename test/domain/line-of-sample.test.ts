import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseContracts } from '../../src/config/parse-contract.ts';
import { countUnder } from '../../src/domain/contract/counting.ts';
import { lineOfSample } from '../../src/domain/measure/line-of-sample.ts';
import { VALID } from '../../src/domain/measure/outcome.ts';

const { contracts } = parseContracts({ google: { template: 'google-style-bad-minute' } }, ['contracts']);
const google = contracts.get('google')?.[0];

/** How the contract counts an attempt of ours that was given up so late. */
function countingOf(gaveUpMs: number | null) {
  assert.ok(google);
  const servedBy = { model: null, region: null, serviceTier: null };
  const line = lineOfSample({
    probe: 'chat',
    target: 'acme/pro/m',
    region: 'local',
    scheduledAt: 0,
    outcome: 'timeout.total',
    validity: VALID,
    status: 200,
    ttftUs: null,
    totalUs: null,
    promptTokens: null,
    completionTokens: null,
    gaveUpMs,
    servedBy,
  });
  return countUnder(google, line);
}

test('a contract that leaves out clients which gave up within 60 s leaves out our own that did', () => {
  assert.equal(countingOf(59_999).counting, 'excluded');
  assert.deepEqual(
    countingOf(59_999).flags.filter((flag) => flag.includes('clientTimeout')),
    [],
  );
});

test('one that waited the 60 s counts against the other side, and nothing about it is guessed', () => {
  assert.equal(countingOf(60_000).counting, 'bad');
  assert.deepEqual(
    countingOf(60_000).flags.filter((flag) => flag.includes('clientTimeout')),
    [],
  );
});
