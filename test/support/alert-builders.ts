import {
  type AlertKind,
  type CellEvaluation,
  type CellFacts,
  NO_FACTS,
  type Verdict,
} from '../../src/domain/alert/alert.ts';
import { DEFAULT_INCIDENTS, type IncidentPolicy } from '../../src/domain/alert/alert-policy.ts';
import type { Reading } from '../../src/domain/alert/down-rule.ts';
import { assign } from '../../src/domain/alert/grouping.ts';
import type { Incident, IncidentEvent, Told } from '../../src/domain/alert/incident.ts';
import { messageOf } from '../../src/domain/alert/message.ts';
import { next } from '../../src/domain/alert/transition.ts';
import type { Decision } from '../../src/store/store.ts';

export const START = Date.UTC(2026, 2, 2, 3, 0, 0);
export const SECOND = 1_000;
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export function evaluation(
  cell: string,
  verdict: Verdict,
  at: number,
  fields: Partial<CellEvaluation> = {},
): CellEvaluation {
  return {
    kind: 'target_down',
    group: cell.split('/')[0] ?? cell,
    cell,
    verdict,
    since: verdict === 'bad' ? at : null,
    heardAt: at,
    facts: facts(`${cell} is ${verdict}`),
    ...fields,
  };
}

export function facts(finding: string, fields: Partial<CellFacts> = {}): CellFacts {
  return { ...NO_FACTS, finding, ...fields };
}

export function reading(at: number, fields: Partial<Reading> = {}): Reading {
  return {
    at,
    probe: 'chat',
    region: 'here',
    purpose: 'scheduled',
    outcome: 'ok',
    valid: true,
    status: 200,
    requestId: null,
    ...fields,
  };
}

export function failed(at: number, fields: Partial<Reading> = {}): Reading {
  return reading(at, { outcome: 'gateway.5xx', status: 503, ...fields });
}

/** Everything the pure machine decided, step by step, as a small world of its own. */
export type Story = {
  readonly incidents: Map<string, Incident>;
  readonly told: { readonly at: number; readonly told: Told; readonly incident: string }[];
  readonly events: IncidentEvent[];
  readonly step: (now: number, evaluations: readonly CellEvaluation[], silenced?: boolean) => Told[];
};

export function story(policy: IncidentPolicy = DEFAULT_INCIDENTS): Story {
  const incidents = new Map<string, Incident>();
  const told: { at: number; told: Told; incident: string }[] = [];
  const events: IncidentEvent[] = [];
  const step = (now: number, evaluations: readonly CellEvaluation[], silenced = false): Told[] => {
    const here: Told[] = [];
    const keys = new Set([
      ...evaluations.map((one) => `${one.kind}\n${one.group}`),
      ...[...incidents.values()].map((one) => `${one.kind}\n${one.group}`),
    ]);
    for (const key of keys) {
      const mine = <T extends { kind: AlertKind; group: string }>(all: Iterable<T>): T[] =>
        [...all].filter((one) => `${one.kind}\n${one.group}` === key);
      const assigned = assign(mine(incidents.values()), mine(evaluations), () => silenced, now, policy);
      for (const { incident, evaluation: group } of assigned) {
        const transition = next(incident, group, now, policy);
        if (transition.kind === 'stay') continue;
        incidents.set(transition.incident.id, transition.incident);
        events.push(...transition.events);
        for (const notice of transition.notices) {
          told.push({ at: now, told: notice.told, incident: transition.incident.id });
          here.push(notice.told);
        }
      }
    }
    return here;
  };
  return { incidents, told, events, step };
}

/** The only incident of a story that should have exactly one. */
export function only(incidents: Map<string, Incident>): Incident {
  const [first, ...others] = incidents.values();
  if (first === undefined || others.length > 0)
    throw new Error(`expected one incident, got ${incidents.size}`);
  return first;
}

export const DESCRIBED_CELL = 'acme/pro/deepseek-ai/DeepSeek-V3.2';

/** An outage of which everything is known that a message can tell. */
export function describedIncident(cells: readonly string[] = [DESCRIBED_CELL]): Incident {
  const { step, incidents } = story();
  const bad = cells.map((cell) =>
    evaluation(cell, 'bad', START, {
      facts: facts('requests fail (a 5xx from the gateway), 4 probes in a row, those of a burst among them', {
        measured: {
          windowMs: 60 * MINUTE,
          n: 60,
          k: 9,
          allowedPpm: 1_000,
          burnRate: 150,
          pValue: 3.3e-7,
          intervalPpm: [70_960, 265_740],
        },
        budget: { objective: 'availability 99.9 %', leftSamples: 31, leftMs: 31 * MINUTE, leftPpm: 717_999 },
        stake: {
          contract: 'pro-channel',
          creditPercent: 'at least 10 %',
          creditMoney: 'USD 120.00',
          isCertain: false,
        },
        failures: [
          { at: START + MINUTE, outcome: 'gateway.5xx', status: 503, requestId: 'req_2', region: 'here' },
          { at: START, outcome: 'gateway.5xx', status: 503, requestId: null, region: 'here' },
        ],
      }),
    }),
  );
  step(START + 2 * MINUTE, bad);
  return only(incidents);
}

/** An incident with its timeline, evidence and message, ready for a store. */
export function openedIncident(): { readonly incident: Incident; readonly decision: Decision } {
  const { step, incidents, events } = story();
  const failures = [
    { at: START, outcome: 'gateway.5xx', status: 503, requestId: 'req_7', region: 'here' } as const,
  ];
  step(START, [evaluation('acme/pro/a', 'bad', START, { facts: facts('fails', { failures }) })]);
  const incident = only(incidents);
  const message = messageOf(incident, { told: 'opened', sequence: 1 }, START, false);
  const recipients = [{ channel: 'email', address: 'ada@oncall.example' } as const];
  const decision = {
    incidents: [incident],
    events,
    messages: [{ message, recipients }],
    spendsLink: null,
    at: START,
  };
  return { incident, decision };
}
