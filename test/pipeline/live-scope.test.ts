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

test('nothing is promised for asking which models there are', () => {
  const scope = createLiveScope({ versionsOf: () => [version(1, '99.9', null)], plannedWorkOf: () => [] });
  const list = { id: 'acme/pro/(models)', gateway: 'acme', tier: 'pro', model: '(models)' };
  assert.equal(scope.termsOf(list, 0).plan.promised, false);
  assert.equal(scope.termsOf(TARGET, 0).plan.promised, true);
});

test('work on one model is set aside where each model is judged, not where all are judged as one', () => {
  const span = { fromAt: Date.UTC(2026, 9, 5), toAt: Date.UTC(2026, 9, 6) };
  const setAside = (dimensions: string): number => {
    const contract = contractOf(`
id: pro
version: "1"
scope: { dimensions: [${dimensions}] }
window: { kind: calendar_month, timezone: UTC }
availability: { method: occurrences, target: "99.9" }
maintenance: { mode: remove_from_denominator }
`);
    const scope = createLiveScope({
      versionsOf: () => [contract],
      plannedWorkOf: (asked) =>
        asked === TARGET.id ? [{ ...span, announcedAt: null, reason: 'disks' }] : [],
    });
    return scope.maintenanceIn(TARGET.id, scope.termsOf(TARGET, span.fromAt), span).length;
  };
  assert.deepEqual([setAside('tier, model'), setAside('tier')], [1, 0]);
});
