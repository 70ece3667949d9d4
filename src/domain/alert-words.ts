import { type AlertKind, OURSELVES } from './alert.ts';
import { activeCells, type Incident, type Told } from './incident.ts';
import type { Outcome } from './outcome.ts';

/** How a subject begins: at first, later, and when it is over. A watch shows little more. */
export const PREFIX: Readonly<Record<AlertKind, readonly [first: string, still: string, over: string]>> = {
  target_down: ['Down', 'Still down', 'Up again'],
  burn_fast: ['Failing often', 'Still failing often', 'Failing no more'],
  burn_slow: ['Budget at risk', 'Budget still at risk', 'Budget safe again'],
  latency_at_risk: ['Slow', 'Still slow', 'Fast again'],
  breach_certain: ['Breach certain', 'Breach certain', 'Breach certain'],
  own_fault: ['Our fault', 'Still our fault', 'Mended'],
  no_data: ['No data', 'Still no data', 'Data again'],
  coverage_low: ['Coverage low', 'Coverage still low', 'Coverage fine'],
  prober_silent: ['Prober silent', 'Prober still silent', 'Prober back'],
  spend_reached: ['Spend cap reached', 'Spend cap reached', 'Spend cap reached'],
  disk_nearly_full: ['Disk nearly full', 'Disk still nearly full', 'Disk has room'],
  mail_undeliverable: ['Mail undeliverable', 'Mail still undeliverable', 'Mail delivers again'],
};

/** What the person who was just woken should do. */
const ADVICE: Readonly<Record<AlertKind, string>> = {
  target_down:
    'Send its traffic elsewhere if you can, then report it to the gateway with the request ids below.',
  burn_fast:
    'Some requests fail and some pass: retry or move traffic, and report it to the gateway with the request ids below.',
  burn_slow: 'No hurry: at this pace the budget of the period will not last. Ask the gateway for the cause.',
  latency_at_risk: 'No hurry: answers are slower than promised. Ask the gateway for the cause.',
  breach_certain:
    'Nothing to do tonight: the period is lost. Its report will hold the proof and the deadline of the claim.',
  own_fault: 'This is ours to mend: until then nothing is measured with this key.',
  no_data: 'See whether Probity runs and reaches the gateway: nothing is known about these targets.',
  coverage_low: 'Find out why probes are lost: a period that is not watched proves nothing.',
  prober_silent: 'Look at the log of Probity and restart it: nothing is being measured.',
  spend_reached:
    'Nothing must be done: full cadence is back at midnight UTC. Raise spend.perDay for more today.',
  disk_nearly_full: 'Make room on the disk of the data folder, or samples will be lost.',
  mail_undeliverable: 'Mend the channel: what it could not deliver is listed by "probity incidents".',
};

const OWN_FAULTS: Partial<Readonly<Record<Outcome, string>>> = {
  'config.auth': 'Replace the key: the gateway refuses it, and until then nothing is measured with it.',
  'config.billing': 'Top up the account of this key: until then nothing is measured with it.',
  'config.request': 'Correct the probe: the gateway refuses its request, so nothing is measured.',
  'ratelimit.own': 'Probe less often or raise the quota of this key: probes are refused for want of it.',
};

/** The first line of a message: what to do about it. */
export function adviceOf(incident: Incident, told: Told): string {
  const { kind, group } = incident;
  if (told === 'recovered') {
    return kind === 'target_down' || kind === 'burn_fast'
      ? 'Nothing to do: traffic can come back.'
      : 'Nothing to do.';
  }
  const fault = (activeCells(incident)[0] ?? incident.cells[0])?.facts.failures[0]?.outcome;
  const own =
    kind !== 'own_fault'
      ? undefined
      : fault !== undefined
        ? OWN_FAULTS[fault]
        : group === OURSELVES
          ? 'Look at the disk of the data folder, and for a backup from before.'
          : undefined;
  const advice = own ?? ADVICE[kind];
  return told === 'reminder' || told === 'escalated'
    ? `${advice} Acknowledge it if you look after it: then reminders stop.`
    : advice;
}
