import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sendDigest } from '../../src/pipeline/alerting/weekly-digest.ts';
import { DAY, HOUR, MINUTE, START } from '../support/alert-builders.ts';
import { createAlertStage, ON_CALL, STAGE_POLICY } from '../support/alert-stage.ts';

// START is a Monday, 03:00 UTC.
const POLICY = { ...STAGE_POLICY, digest: { weekday: 1, minuteOfDay: 8 * 60, timezone: 'UTC' } };
const DUE = START + 5 * HOUR + 7 * DAY;

test('once a week the people of tickets hear what happened, once', async () => {
  // The day before the first sample is not what this is about.
  const stage = await createAlertStage({ policy: { ...STAGE_POLICY, off: ['coverage_low'] } });
  stage.now = START + DAY;
  for (let minute = 0; minute < 30; minute += 1) {
    for (const target of stage.targets) {
      if (target === 'acme/pro/a' && minute < 5) await stage.fail(target);
      else await stage.probe(target);
    }
    stage.now += MINUTE;
    await stage.evaluate();
  }
  assert.equal(await sendDigest(stage.store, POLICY, false, DUE - 1), false, 'not yet');
  assert.equal(await sendDigest(stage.store, POLICY, false, DUE + MINUTE), true);
  assert.equal(await sendDigest(stage.store, POLICY, false, DUE + HOUR), false, 'once');
  const [digest] = await stage.store.readDeliveries({ message: 'digest:2026-03-09' });
  assert.deepEqual(digest?.recipient, ON_CALL);
  assert.equal(digest?.message.subject, 'Week to 2026-03-09: 1 incident, 5 of 90 probes failed');
  assert.deepEqual(
    digest?.message.facts.map(({ label, text }) => `${label}: ${text}`),
    [
      'Incidents: Down 1',
      'Still open: 0',
      'Targets: 3, of which 0 without data',
      'Undelivered: 0 given up, 2 on their way',
      'Failed: acme/pro/a: 5 of n = 30 (16.6667 %)',
    ],
  );
});

test('a digest that was slept through for more than a day is not made up for', async () => {
  const stage = await createAlertStage();
  assert.equal(await sendDigest(stage.store, POLICY, false, DUE + DAY + 1), false);
  assert.equal(await sendDigest(stage.store, STAGE_POLICY, false, DUE), false, 'nobody asked for one');
});
