import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Outcome, VALID, type Validity } from '../../src/domain/measure/outcome.ts';
import { type Attempted, type Health, healthOf } from '../../src/domain/view/health.ts';

const NOW = Date.UTC(2026, 9, 3, 14);
const STALE_MS = 180_000;
const SUSPECT: Validity = { kind: 'suspect', reason: 'event_loop_delay' };
const CACHED: Validity = { kind: 'excluded', reason: 'cache_hit' };

const at = (agoMs: number, outcome: Outcome, validity: Validity = VALID): Attempted => ({
  scheduledAt: NOW - agoMs,
  outcome,
  validity,
});

type Row = readonly [
  sentence: string,
  attempts: readonly Attempted[],
  lastFailedAgoMs: number | null,
  expected: Health,
];

const ROWS: readonly Row[] = [
  ['a target never probed is waiting', [], null, 'waiting'],
  ['an answer a moment ago is up', [at(5_000, 'ok')], null, 'up'],
  ['an answer exactly as old as allowed is up', [at(STALE_MS, 'ok')], null, 'up'],
  ['an answer a moment older tells nothing of now', [at(STALE_MS + 1, 'ok')], null, 'unmeasured'],
  ['one failure is failing', [at(5_000, 'gateway.5xx')], 5_000, 'failing'],
  [
    'two failures are failing',
    [at(5_000, 'gateway.5xx'), at(9_000, 'net.reset'), at(15_000, 'ok')],
    5_000,
    'failing',
  ],
  ['three failures are down', [at(1, 'gateway.5xx'), at(2, 'net.reset'), at(3, 'timeout.total')], 1, 'down'],
  [
    'doubt about ourselves between failures neither breaks nor makes the run',
    [
      at(1, 'gateway.5xx'),
      at(2, 'ok', SUSPECT),
      at(3, 'net.reset'),
      at(4, 'config.auth'),
      at(5, 'net.reset'),
    ],
    1,
    'down',
  ],
  ['an old failure does not last', [at(STALE_MS + 1, 'gateway.5xx')], STALE_MS + 1, 'unmeasured'],
  ['an answer after a failure ten minutes ago is unsteady', [at(5_000, 'ok')], 600_000, 'unsteady'],
  ['a moment later it is up', [at(5_000, 'ok')], 600_001, 'up'],
  [
    'a key of ours that is refused says nothing of the target',
    [at(5_000, 'config.auth')],
    null,
    'unmeasured',
  ],
  ['a doubtful answer says nothing', [at(5_000, 'ok', SUSPECT)], null, 'unmeasured'],
  ['an answer whose latency is spoilt still answers', [at(5_000, 'ok', CACHED)], null, 'up'],
  [
    'before a doubtful answer the last telling one decides',
    [at(5_000, 'ok', SUSPECT), at(65_000, 'ok')],
    null,
    'up',
  ],
];

for (const [sentence, attempts, lastFailedAgoMs, expected] of ROWS) {
  test(sentence, () => {
    const lastFailedAt = lastFailedAgoMs === null ? null : NOW - lastFailedAgoMs;
    assert.equal(healthOf(attempts, lastFailedAt, STALE_MS, NOW), expected);
  });
}
