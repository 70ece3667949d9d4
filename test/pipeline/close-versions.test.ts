import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseContracts } from '../../src/config/parse-contract.ts';
import type { Window } from '../../src/domain/contract/contract.ts';
import { DAY, declaration, failure, HOUR } from '../store/builders.ts';
import { closeAt, closingOf, openStore, reportOf, termsFor } from '../support/closing.ts';
import { FEBRUARY, PRO } from '../support/month.ts';

/** What the second version, in force from 15 February on, calls a window, and what is judged by which version. */
const CHANGES: readonly (readonly [name: string, window: Window, judged: readonly string[]])[] = [
  [
    'a quarter',
    { kind: 'calendar_quarter', timezone: 'UTC', anchorDay: 1 },
    ['3: 2027-02-01T00:00:00Z/2027-03-01T00:00:00Z', '4: 2027-04-01T00:00:00Z/2027-07-01T00:00:00Z'],
  ],
  [
    'a cycle that begins in the month before',
    { kind: 'billing_cycle', timezone: 'UTC', anchorDay: 20 },
    ['3: 2027-02-01T00:00:00Z/2027-03-01T00:00:00Z', '4: 2027-03-20T00:00:00Z/2027-04-20T00:00:00Z'],
  ],
];

for (const [name, window, judged] of CHANGES) {
  test(`no day is judged twice where the next version calls something else a window: ${name}`, async () => {
    const later = { ...PRO, version: '4', inForceFrom: '2027-02-15', window };
    const store = openStore();
    const schedule = { kind: 'every', everyMs: 6 * HOUR, phaseMs: 0 } as const;
    await store.declareSeries([declaration('chat-small', { schedule })], FEBRUARY);
    await store.record({ samples: [failure({ scheduledAt: FEBRUARY })], notRun: [] });
    const closing = { ...closingOf(store, termsFor([PRO, later])), store };
    await closeAt(closing, FEBRUARY + (window.kind === 'calendar_quarter' ? 151 : 80) * DAY);
    const found = [];
    for (const { period } of await store.listReports()) {
      const { contract, period: own } = await reportOf(store, 'pro', period);
      found.push(`${contract.version}: ${own.from}/${own.to}`);
    }
    assert.deepEqual(found.reverse(), judged);
    await store.close();
  });
}

test('a change of windows that leaves a stretch to nobody is told before it happens', () => {
  const versions = (inForceFrom: string, window: object) => {
    const terms = { template: 'pro-channel', version: '1' };
    const changed = { ...terms, version: '2', inForceFrom, window };
    return parseContracts({ pro: [terms, changed] }).problems.map(({ message }) => message);
  };
  const quarter = { kind: 'calendar_quarter', timezone: 'UTC' };
  assert.deepEqual(versions('2027-02-15', quarter), [
    'version 2 changes what a window is: 2027-03-01T00:00:00Z to 2027-04-01T00:00:00Z lies in no window of either version and gets no report',
  ]);
  assert.deepEqual(versions('2027-04-01', quarter), []);
  // An hour that two calendars disagree about is no gap.
  assert.deepEqual(versions('2027-02-15', { kind: 'calendar_month', timezone: 'Europe/Berlin' }), []);
});
