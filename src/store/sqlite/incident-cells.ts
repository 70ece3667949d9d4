import type { Database } from 'better-sqlite3';
import type { Incident } from '../../domain/alert/incident.ts';
import type { Interval } from '../../domain/time/interval.ts';
import type { IncidentRef, IncidentsOfCells } from '../store.ts';

export type IncidentCellsTable = {
  /** What an incident is about, in place of what was noted before. */
  readonly note: (incident: Pick<Incident, 'id' | 'cells'>) => void;
  /** The incidents that one of these cells was part of in a range, the newest first, and how many there are. */
  readonly select: (cells: readonly string[], range: Interval, limit: number) => IncidentsOfCells;
};

export function prepareIncidentCells(db: Database): IncidentCellsTable {
  const forgetOthers = db.prepare(`
    delete from incident_cells
    where incident = @incident
      and cell not in (select value from json_each(@cells))
  `);
  const addMissing = db.prepare(`
    insert or ignore into incident_cells (
      incident,
      cell
    )
    select
      @incident,
      value
    from json_each(@cells)
  `);
  // The incidents of the range come first, by its end: they are few where the range is short or of now.
  const ofCells = `exists (
    select 1
    from incident_cells
    where incident = incidents.id
      and cell in (select value from json_each(@cells))
  )`;
  const touching = db.prepare<{ cells: string; fromAt: number; toAt: number }, IncidentRef>(`
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
        and started_at_ms < @toAt
        and ${ofCells}
      union all
      select
        id,
        version,
        started_at_ms
      from incidents
      where closed_at_ms >= @fromAt
        and started_at_ms < @toAt
        and ${ofCells}
    )
    order by
      started_at_ms desc,
      id
  `);

  return {
    note({ id, cells }) {
      const names = { incident: id, cells: JSON.stringify(cells.map(({ cell }) => cell)) };
      forgetOthers.run(names);
      addMissing.run(names);
    },
    select(cells, { fromAt, toAt }, limit) {
      const found = touching.all({ cells: JSON.stringify(cells), fromAt, toAt });
      return { incidents: found.slice(0, limit), total: found.length };
    },
  };
}
