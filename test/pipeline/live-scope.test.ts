import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLiveScope } from '../../src/pipeline/live/live-scope.ts';
import { contractOf } from '../support/contract-bench.ts';

const TARGET = { id: 'acme/pro/chat', gateway: 'acme', tier: 'pro', model: 'chat' };

function version(number: number, target: string, inForceFrom: string | null) {
  const since = inForceFrom === null ? '' : `inForceFrom: "${inForceFrom}"\n`;
  return contractOf(`
id: pro
version: "${number}"
${since}window: { kind: calendar_month, timezone: Europe/Berlin }
availability: { method: occurrences, target: "${target}" }
`);
}

test('a month is judged by the version in force at its start, live as when it closes', () => {
  const versions = [version(1, '99.9', null), version(2, '99.99', '2026-10-15')];
  const scope = createLiveScope({ versionsOf: () => versions, plannedWorkOf: () => [] });
  const versionAt = (at: string): string => scope.termsOf(TARGET, Date.parse(at)).plan.contract.version;
  assert.equal(versionAt('2026-10-14T12:00:00Z'), '1');
  assert.equal(versionAt('2026-10-20T12:00:00Z'), '1');
  // November begins at midnight in Berlin, an hour earlier in UTC.
  assert.equal(versionAt('2026-10-31T22:59:59Z'), '1');
  assert.equal(versionAt('2026-10-31T23:00:00Z'), '2');
});

test('a first version that begins inside a month is shown at once', () => {
  const versions = [version(1, '99.9', '2026-10-15'), version(2, '99.99', '2027-01-01')];
  const scope = createLiveScope({ versionsOf: () => versions, plannedWorkOf: () => [] });
  assert.equal(scope.termsOf(TARGET, Date.parse('2026-10-20T12:00:00Z')).plan.contract.version, '1');
  assert.equal(scope.termsOf(TARGET, Date.parse('2026-10-10T12:00:00Z')).plan.promised, false);
});
