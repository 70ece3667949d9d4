import { type IncidentLine, incidentLine } from '../domain/view/incident-view.ts';
import type { IncidentRef, Store } from '../store/store.ts';
import { breathe } from './breathe.ts';

export type IncidentLines = {
  /** A line for each, in the same order. */
  readonly read: (incidents: readonly IncidentRef[]) => Promise<IncidentLine[]>;
};

/** More than any list shows. */
const KEPT = 2_000;

/** What lists say of incidents. Each state of one is read once; one of hundreds of cells takes a millisecond, so one by one. */
export function createIncidentLines(store: Pick<Store, 'readIncident'>): IncidentLines {
  const kept = new Map<string, { readonly version: number; readonly line: IncidentLine }>();

  const readOne = async ({ id, version }: IncidentRef): Promise<IncidentLine | null> => {
    const known = kept.get(id);
    if (known?.version === version) return known.line;
    const incident = await store.readIncident(id);
    if (incident === null) return null;
    const line = incidentLine(incident);
    kept.delete(id);
    kept.set(id, { version: incident.version, line });
    const oldest = kept.size > KEPT ? kept.keys().next().value : undefined;
    if (oldest !== undefined) kept.delete(oldest);
    await breathe();
    return line;
  };

  return {
    async read(incidents) {
      const lines: IncidentLine[] = [];
      for (const ref of incidents) {
        const line = await readOne(ref);
        if (line !== null) lines.push(line);
      }
      return lines;
    },
  };
}
