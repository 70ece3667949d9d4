import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AlertKind } from '../../src/domain/alert/alert.ts';
import { type AlertPolicy, DEFAULT_ALERT_POLICY } from '../../src/domain/alert/alert-policy.ts';
import { decide } from '../../src/domain/alert/decide.ts';
import type { Incident } from '../../src/domain/alert/incident.ts';
import { acknowledge } from '../../src/domain/alert/transition.ts';
import { evaluation, MINUTE, START } from '../support/alert-builders.ts';

/** A night from 22:00 to 07:00 in which `START` is three o'clock. */
const NIGHT: AlertPolicy = {
  ...DEFAULT_ALERT_POLICY,
  routes: [
    {
      id: 'on-call',
      severities: [],
      scopes: [],
      to: [{ channel: 'email', address: 'ada@oncall.example' }],
      escalateTo: [{ channel: 'email', address: 'bob@oncall.example' }],
    },
  ],
  delivery: {
    ...DEFAULT_ALERT_POLICY.delivery,
    quietHours: { timezone: 'UTC', fromMinute: 22 * 60, toMinute: 7 * 60 },
  },
};

/** What is told of cells that are bad from three o'clock on, as `HH:MM subject`; the second cell joins five minutes later. */
function tellings(
  kind: AlertKind,
  policy: AlertPolicy,
  change: (incident: Incident, at: number) => Incident = (incident) => incident,
): string[] {
  const incidents = new Map<string, Incident>();
  const told: string[] = [];
  for (let at = START; at < START + 5 * 60 * MINUTE; at += MINUTE) {
    const cells = at < START + 5 * MINUTE ? ['acme/pro/a'] : ['acme/pro/a', 'acme/pro/b'];
    const decided = decide({
      evaluations: cells.map((cell) => evaluation(cell, 'bad', at, { kind, group: 'acme' })),
      incidents: [...incidents.values()].map((one) => change(one, at)),
      renamed: new Map(),
      isSilenced: () => false,
      isPractice: () => false,
      now: at,
      policy,
    });
    for (const incident of decided.incidents) incidents.set(incident.id, incident);
    for (const { message } of decided.messages) {
      told.push(`${new Date(at).toISOString().slice(11, 16)} ${message.topic}`);
    }
  }
  return told;
}

test('a month that is lost at night is told once, and again only when the night is over', () => {
  assert.deepEqual(tellings('breach_certain', NIGHT), ['03:00 opened', '07:00 grew', '07:01 escalated']);
});

test('whoever acknowledges it before the morning stops what would have followed', () => {
  const seen = { who: 'ada', why: '', at: START + 90 * MINUTE, untilAt: null };
  const told = tellings('breach_certain', NIGHT, (incident, at) => {
    if (at < seen.at || incident.acknowledgement !== null) return incident;
    const transition = acknowledge(incident, seen);
    return transition.kind === 'change' ? transition.incident : incident;
  });
  assert.ok(!told.some((one) => one.endsWith('escalated')), told.join(', '));
});

test('an outage wakes the second list at any hour, and so does a lost month where no hours are quiet', () => {
  const daylight = ['03:00 opened', '03:10 grew', '03:15 escalated'];
  assert.deepEqual(tellings('target_down', NIGHT).slice(0, 3), daylight);
  const always = { ...NIGHT, delivery: { ...NIGHT.delivery, quietHours: null } };
  assert.deepEqual(tellings('breach_certain', always), daylight);
});
