import { stableHash } from '../time/schedule.ts';
import type { AlertKind, CellEvaluation, CellFacts, Severity } from './alert.ts';

/**
 * `gathering`: confirmed, waiting a moment for neighbours so that one outage is one message. `open`: announced.
 * `recovering`: every cell is good, and must stay so for a while. `closed`: over, but a relapse soon reopens it.
 */
export const INCIDENT_PHASES = ['gathering', 'open', 'recovering', 'closed'] as const;
export type IncidentPhase = (typeof INCIDENT_PHASES)[number];

export type IncidentCell = {
  readonly cell: string;
  /** The first bad tick. */
  readonly since: number;
  readonly recoveredAt: number | null;
  readonly facts: CellFacts;
};

/** Somebody looks after it: no reminders, no escalation, until `untilAt` (`null`: until it is over). */
export type Acknowledgement = {
  readonly who: string;
  readonly why: string;
  readonly at: number;
  readonly untilAt: number | null;
};

/** Nobody is told, until `untilAt`. What was announced is still told to be over. */
export type Silence = {
  readonly who: string;
  readonly why: string;
  readonly at: number;
  readonly untilAt: number;
};

export type Incident = {
  /** `20261103-0a3f9kz`: the day it began and a hash of what it is about; the same facts give the same id. */
  readonly id: string;
  /** Grows by one with every committed change; a writer with an old version is refused. */
  readonly version: number;
  readonly kind: AlertKind;
  readonly group: string;
  readonly severity: Severity;
  readonly phase: IncidentPhase;
  /** The first bad tick of any cell. */
  readonly startedAt: number;
  readonly confirmedAt: number;
  /** When the opening was told; `null` while gathering or silenced. */
  readonly announcedAt: number | null;
  /** Cells in the last message that listed them. */
  readonly announcedCells: number;
  /** Since when every cell is good. */
  readonly steadySince: number | null;
  readonly closedAt: number | null;
  readonly reopenings: number;
  readonly cells: readonly IncidentCell[];
  /** Cells the group had when it was last looked at, so that "all of them" can be said. */
  readonly siblings: readonly string[];
  /** Messages so far; the number makes each message's key unique. */
  readonly messages: number;
  readonly lastMessageAt: number | null;
  readonly reminders: number;
  readonly escalatedAt: number | null;
  readonly acknowledgement: Acknowledgement | null;
  readonly silence: Silence | null;
};

/** What the rules say about one group at one instant, with what applies to all of it. */
export type GroupEvaluation = {
  readonly kind: AlertKind;
  readonly group: string;
  /** Cells that belong to this incident: its own, and those that join it. */
  readonly cells: readonly CellEvaluation[];
  /** Every cell under watch in the group, by name. */
  readonly siblings: readonly string[];
  /** Every neighbour has been heard since the incident began, and none is still suspect. */
  readonly extentKnown: boolean;
  /** A silence on its scope is in force. */
  readonly silenced: boolean;
};

export const INCIDENT_EVENTS = [
  'opened',
  'joined',
  'eased',
  'announced',
  'grew',
  'reminded',
  'escalated',
  'recovering',
  'relapsed',
  'closed',
  'reopened',
  'acknowledged',
  'silenced',
] as const;
export type IncidentEventKind = (typeof INCIDENT_EVENTS)[number];

/** One line of an incident's timeline. */
export type IncidentEvent = {
  readonly incident: string;
  /** The version of the incident this event led to. */
  readonly version: number;
  readonly at: number;
  readonly kind: IncidentEventKind;
  /** Cells concerned; empty = the incident as a whole. */
  readonly cells: readonly string[];
  readonly who: string | null;
  readonly note: string;
};

/** Changes that are worth a message. */
export const TOLD = ['opened', 'grew', 'reminder', 'escalated', 'reopened', 'recovered'] as const;
export type Told = (typeof TOLD)[number];

/** What must be sent because of a transition. `sequence` counts the messages of the incident from 1. */
export type Notice = { readonly told: Told; readonly sequence: number };

export type Transition =
  | { readonly kind: 'stay' }
  | {
      readonly kind: 'change';
      readonly incident: Incident;
      readonly events: readonly IncidentEvent[];
      readonly notices: readonly Notice[];
    };

/** A stable, speakable name of an incident. */
export function incidentId(kind: AlertKind, group: string, cell: string, startedAt: number): string {
  const day = new Date(startedAt).toISOString().slice(0, 10).replaceAll('-', '');
  const hash = stableHash(`${kind}\n${group}\n${cell}\n${startedAt}`).toString(36).padStart(7, '0');
  return `${day}-${hash}`;
}

/** Cells that are bad as far as we know. */
export function activeCells(incident: Incident): readonly IncidentCell[] {
  return incident.cells.filter((one) => one.recoveredAt === null);
}

/** A target was renamed: its incidents follow it. `null` if none of these cells is concerned. */
export function renameCells(incident: Incident, names: ReadonlyMap<string, string>): Incident | null {
  if (!incident.cells.some((one) => names.has(one.cell))) return null;
  const cells = incident.cells.map((one) => ({ ...one, cell: names.get(one.cell) ?? one.cell }));
  return { ...incident, cells };
}
