import { ALERTS, type CellFacts, type Severity } from '../alert/alert.ts';
import { extentOf } from '../alert/extent.ts';
import {
  type Acknowledgement,
  activeCells,
  type Incident,
  type IncidentEvent,
  type IncidentEventKind,
  type IncidentPhase,
  type Silence,
} from '../alert/incident.ts';
import { certainty, placeOf, type Topic } from '../alert/message.ts';
import type { Audience } from '../report/report-text.ts';

/** One incident as readers may see it. Pages may be public: of mail addresses only the part before the @ is shown. */
export type IncidentLine = {
  readonly id: string;
  readonly label: string;
  readonly place: string;
  readonly severity: Severity;
  readonly about: 'gateway' | 'ours';
  readonly phase: IncidentPhase;
  readonly startedAt: number;
  readonly closedAt: number | null;
  readonly cells: number;
  readonly acknowledgement: Acknowledgement | null;
};

export type IncidentDetail = IncidentLine & {
  readonly reopenings: number;
  /** Whether a credit is at stake, also where its amount is not shown. */
  readonly hasStake: boolean;
  readonly silence: Silence | null;
  readonly findings: readonly {
    readonly cell: string;
    readonly since: number;
    readonly recoveredAt: number | null;
    readonly facts: CellFacts;
    /** Counts, interval and probability in words; `null` where nothing was counted. */
    readonly certainty: string | null;
  }[];
  readonly timeline: readonly {
    readonly at: number;
    readonly kind: IncidentEventKind;
    readonly cells: readonly string[];
    readonly who: string | null;
    readonly note: string;
  }[];
  readonly messages: readonly {
    readonly topic: Topic;
    readonly at: number;
    /** Recipients by what became of their copy. */
    readonly sent: number;
    readonly waiting: number;
    readonly dead: number;
  }[];
};

/** Copies of one message. */
export type MessageCopies = IncidentDetail['messages'][number];

export type IncidentsPageView = {
  readonly site: string;
  readonly practice: boolean;
  readonly locale: string;
  /** IANA name of the zone in which the pages print times. */
  readonly timezone: string;
  readonly now: number;
  readonly incidents: readonly IncidentLine[];
  /** Messages that could not be delivered and were given up. */
  readonly dead: number;
  readonly waiting: number;
};

export type IncidentPageView = Omit<IncidentsPageView, 'incidents' | 'dead' | 'waiting'> & {
  readonly incident: IncidentDetail;
};

export function incidentLine(incident: Incident): IncidentLine {
  const active = activeCells(incident);
  const cells = (active.length > 0 ? active : incident.cells).map(({ cell }) => cell);
  const { id, severity, kind, phase, startedAt, closedAt, acknowledgement } = incident;
  return {
    id,
    label: ALERTS[kind].label,
    place: placeOf(extentOf(cells, incident.siblings)),
    severity,
    about: ALERTS[kind].about,
    phase,
    startedAt,
    closedAt,
    cells: incident.cells.length,
    acknowledgement:
      acknowledgement === null ? null : { ...acknowledgement, who: nameOf(acknowledgement.who) },
  };
}

/** Money is the owner's: to everybody else nothing is at stake. */
export function incidentDetail(
  incident: Incident,
  events: readonly IncidentEvent[],
  messages: readonly MessageCopies[],
  audience: Audience,
): IncidentDetail {
  const { reopenings, silence } = incident;
  return {
    ...incidentLine(incident),
    reopenings,
    hasStake: incident.cells.some(({ facts }) => facts.stake !== null),
    silence: silence === null ? null : { ...silence, who: nameOf(silence.who) },
    findings: incident.cells.map(({ cell, since, recoveredAt, facts }) => ({
      cell,
      since,
      recoveredAt,
      facts: audience === 'owner' ? facts : { ...facts, stake: null },
      certainty: facts.measured === null ? null : certainty(facts.measured),
    })),
    timeline: events.map(({ at, kind, cells, who, note }) => ({
      at,
      kind,
      cells,
      who: who === null ? null : nameOf(who),
      note,
    })),
    messages,
  };
}

function nameOf(who: string): string {
  const at = who.indexOf('@');
  return at > 0 ? who.slice(0, at) : who;
}
