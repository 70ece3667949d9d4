import type { Database } from 'better-sqlite3';
import type { Incident, IncidentEvent, IncidentEventKind } from '../../domain/alert/incident.ts';
import type { Interval } from '../../domain/time/interval.ts';
import type { IncidentRef, IncidentsOfCells } from '../store.ts';
import { prepareIncidentCells } from './incident-cells.ts';

export type IncidentsTable = {
  readonly read: (id: string) => Incident | null;
  readonly select: (closedSinceAt: number, limit: number) => readonly Incident[];
  readonly list: (closedSinceAt: number, limit: number) => readonly IncidentRef[];
  readonly selectOf: (cells: readonly string[], range: Interval, limit: number) => IncidentsOfCells;
  /** `false` if the stored version is not the one before. */
  readonly save: (incident: Incident) => boolean;
  readonly addEvents: (events: readonly IncidentEvent[]) => void;
  readonly readEvents: (incident: string) => readonly IncidentEvent[];
  /** `false` if the link was spent before. */
  readonly spendLink: (name: string, at: number) => boolean;
};

type EventRow = {
  readonly incident: string;
  readonly version: number;
  readonly at_ms: number;
  readonly kind: IncidentEventKind;
  readonly cells: string;
  readonly who: string | null;
  readonly note: string;
};

export function prepareIncidents(db: Database): IncidentsTable {
  const incidentById = db
    .prepare<{ id: string }, string>(`
      select body
      from incidents
      where id = @id
    `)
    .pluck();
  const incidentsSince = db
    .prepare<{ closedSinceAt: number; limit: number }, string>(`
      select body
      from incidents
      where closed_at_ms is null
        or closed_at_ms >= @closedSinceAt
      order by
        started_at_ms desc,
        id
      limit +@limit
    `)
    .pluck();
  const refsSince = db.prepare<{ closedSinceAt: number; limit: number }, IncidentRef>(`
    select
      id,
      version
    from (
      select
        id,
        version,
        started_at_ms
      from incidents
      where closed_at_ms is null
      union all
      select
        id,
        version,
        started_at_ms
      from incidents
      where closed_at_ms >= @closedSinceAt
    )
    order by
      started_at_ms desc,
      id
    limit +@limit
  `);
  const addIncident = db.prepare(`
    insert or ignore into incidents (
      id,
      version,
      kind,
      group_name,
      severity,
      phase,
      started_at_ms,
      closed_at_ms,
      body
    ) values (
      @id,
      @version,
      @kind,
      @group,
      @severity,
      @phase,
      @startedAt,
      @closedAt,
      @body
    )
  `);
  const replaceIncident = db.prepare(`
    update incidents
    set
      version = @version,
      phase = @phase,
      started_at_ms = @startedAt,
      closed_at_ms = @closedAt,
      body = @body
    where id = @id
      and version = @version - 1
  `);
  const addEvent = db.prepare(`
    insert into incident_events (
      incident,
      version,
      position,
      at_ms,
      kind,
      cells,
      who,
      note
    ) values (
      @incident,
      @version,
      @position,
      @at,
      @kind,
      @cells,
      @who,
      @note
    )
  `);
  const eventsOfIncident = db.prepare<{ incident: string }, EventRow>(`
    select
      incident,
      version,
      at_ms,
      kind,
      cells,
      who,
      note
    from incident_events
    where incident = @incident
    order by
      version,
      position
  `);
  const spendLink = db.prepare(`
    insert or ignore into spent_links (
      name,
      spent_at_ms
    ) values (
      @name,
      @at
    )
  `);

  const cellsTable = prepareIncidentCells(db);
  const parse = (body: string): Incident => JSON.parse(body) as Incident;
  return {
    read(id) {
      const body = incidentById.get({ id });
      return body === undefined ? null : parse(body);
    },
    select: (closedSinceAt, limit) => incidentsSince.all({ closedSinceAt, limit }).map(parse),
    list: (closedSinceAt, limit) => refsSince.all({ closedSinceAt, limit }),
    selectOf: cellsTable.select,
    save(incident) {
      const { id, version, kind, group, severity, phase, startedAt, closedAt } = incident;
      const body = JSON.stringify(incident);
      const changed =
        version === 1
          ? addIncident.run({ id, version, kind, group, severity, phase, startedAt, closedAt, body })
          : replaceIncident.run({ id, version, phase, startedAt, closedAt, body });
      if (changed.changes !== 1) return false;
      cellsTable.note(incident);
      return true;
    },
    addEvents(events) {
      for (const [position, { incident, version, at, kind, cells, who, note }] of events.entries()) {
        addEvent.run({ incident, version, position, at, kind, cells: JSON.stringify(cells), who, note });
      }
    },
    readEvents: (incident) =>
      eventsOfIncident.all({ incident }).map(({ at_ms, cells, ...row }) => ({
        ...row,
        at: at_ms,
        cells: JSON.parse(cells) as string[],
      })),
    spendLink: (name, at) => spendLink.run({ name, at }).changes === 1,
  };
}
