import type { Incident } from '../domain/alert/incident.ts';
import type { Store } from '../store/store.ts';
import { OperatorError } from './world.ts';

/** The incident a person means: its id, or any part of it that fits only one, unclosed ones first. */
export async function findIncident(store: Store, wanted: string): Promise<Incident> {
  const exact = await store.readIncident(wanted);
  if (exact !== null) return exact;
  const fitting = (await store.readIncidents({ closedSinceAt: 0 })).filter(({ id }) => id.includes(wanted));
  const unclosed = fitting.filter(({ phase }) => phase !== 'closed');
  const [only, ...others] = unclosed.length > 0 ? unclosed : fitting;
  if (only === undefined) {
    throw new OperatorError(`no incident ${JSON.stringify(wanted)}; "probity incidents" lists them`);
  }
  if (others.length > 0) {
    const ids = [only, ...others].slice(0, 5).map(({ id }) => id);
    throw new OperatorError(`${JSON.stringify(wanted)} fits several incidents: ${ids.join(', ')}`);
  }
  return only;
}
