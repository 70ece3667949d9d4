import assert from 'node:assert/strict';
import { test } from 'node:test';
import { calmLog } from '../../src/commands/run/calm-log.ts';

test('what goes wrong every second is written once a minute, with how often; anything else at once', () => {
  const lines: { readonly msg: string; readonly repeated?: number }[] = [];
  let now = 0;
  const log = calmLog({ write: (line) => lines.push(JSON.parse(line)) }, () => now);
  for (let second = 0; second <= 60; second += 1) {
    now = second * 1000;
    log.error({ err: new Error('database or disk is full') }, 'not stored');
  }
  log.error({ err: new Error('disk I/O error') }, 'not stored');
  log.warn({}, 'incidents changed');
  log.warn({}, 'incidents changed');
  assert.deepEqual(
    lines.map(({ msg, repeated }) => [msg, repeated]),
    [
      ['not stored', undefined],
      ['not stored', 59],
      ['not stored', undefined],
      ['incidents changed', undefined],
      ['incidents changed', undefined],
    ],
  );
});
