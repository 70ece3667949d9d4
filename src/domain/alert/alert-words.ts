import type { Outcome } from '../measure/outcome.ts';
import { type AlertKind, OURSELVES } from './alert.ts';
import type { Incident, Told } from './incident.ts';

/** How a subject begins: at first, later, and when it is over. A watch shows little more. */
const PREFIX: Readonly<Record<AlertKind, readonly [first: string, still: string, over: string]>> = {
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
  own_fault: 'This is ours to mend: what is lost meanwhile counts as not measured.',
  no_data: 'See whether Probity runs and reaches the gateway: nothing is known about these targets.',
  coverage_low: 'Find out why probes are lost: a period that is not watched proves nothing.',
  prober_silent: 'Look at the log of Probity and restart it: nothing is being measured.',
  spend_reached:
    'Nothing must be done: full cadence is back at midnight UTC. Raise spend.perDay for more today.',
  disk_nearly_full: 'Make room on the disk of the data folder, or samples will be lost.',
  mail_undeliverable: 'Mend the channel: what it could not deliver is listed by "probity incidents".',
};

/** The parts of ourselves that have faults of their own. */
const OWN_PARTS: Readonly<Record<string, string>> = {
  'data folder': 'Stop Probity, put the data folder back from a backup, and start it again.',
  'stored samples': 'Look at the disk of the data folder, and for a backup from before.',
  prober: 'Nothing to do at once, it was started again. Look at the log of Probity for the reason.',
};

const OWN_FAULTS: Partial<Readonly<Record<Outcome, { readonly subject: string; readonly advice: string }>>> =
  {
    'config.auth': {
      subject: 'Our key is refused',
      advice: 'Replace the key: the gateway refuses it, and until then nothing is measured with it.',
    },
    'config.billing': {
      subject: 'Our credit is used up',
      advice: 'Top up the account of this key: until then nothing is measured with it.',
    },
    'config.request': {
      subject: 'Our probe is refused',
      advice: 'Correct the probe: the gateway refuses its request, so nothing is measured.',
    },
    'ratelimit.own': {
      subject: 'Our rate limit is hit',
      advice: 'Probe less often or raise the quota of this key: probes are refused for want of it.',
    },
  };

/** How the subjects about an incident begin. */
export function prefixOf(incident: Incident): (typeof PREFIX)[AlertKind] {
  const [first, still, over] = PREFIX[incident.kind];
  return [ownFaultOf(incident)?.subject ?? first, still, over];
}

/** The first line of a message: what to do about it. */
export function adviceOf(incident: Incident, told: Told): string {
  const { kind } = incident;
  if (told === 'recovered') {
    return kind === 'target_down' || kind === 'burn_fast'
      ? 'Nothing to do: traffic can come back.'
      : 'Nothing to do.';
  }
  const advice = ownFaultOf(incident)?.advice ?? ownPartOf(incident) ?? ADVICE[kind];
  return told === 'reminder' || told === 'escalated'
    ? `${advice} Acknowledge it if you look after it: then reminders stop.`
    : advice;
}

/** Which fault of our key, where its answers say. */
function ownFaultOf({ kind, cells }: Incident): { readonly subject: string; readonly advice: string } | null {
  const fault = (cells.find(({ recoveredAt }) => recoveredAt === null) ?? cells[0])?.facts.failures[0];
  return kind !== 'own_fault' || fault === undefined ? null : (OWN_FAULTS[fault.outcome] ?? null);
}

function ownPartOf({ kind, group, cells }: Incident): string | null {
  return kind === 'own_fault' && group === OURSELVES ? (OWN_PARTS[cells[0]?.cell ?? ''] ?? null) : null;
}
