import type { CellEvaluation } from './alert.ts';
import type { IncidentPolicy } from './alert-policy.ts';
import { activeCells, type GroupEvaluation, type Incident } from './incident.ts';

/** An incident (`null`: one still to be opened) with what the rules say about the cells that belong to it. */
export type Assignment = { readonly incident: Incident | null; readonly evaluation: GroupEvaluation };

/**
 * Sorts the evaluations of one kind and group to incidents, so that one outage is one incident:
 *
 * 1. a cell stays with the unclosed incident that lists it;
 * 2. a bad cell without one reopens the incident that listed it and closed lately;
 * 3. it joins an incident whose bad cells began within `togetherMs` of it, or that already holds half of the group;
 * 4. the rest, cells that began together, open one incident.
 *
 * `incidents` are those of the kind and group that are not closed, or closed lately. A cell an incident lists but nobody
 * evaluates any more has left the configuration, and is `gone`.
 */
export function assign(
  incidents: readonly Incident[],
  evaluations: readonly CellEvaluation[],
  silenced: (cells: readonly string[]) => boolean,
  now: number,
  policy: IncidentPolicy,
): readonly Assignment[] {
  const [sample] = evaluations;
  const [first] = incidents;
  const kind = sample?.kind ?? first?.kind;
  const group = sample?.group ?? first?.group;
  if (kind === undefined || group === undefined) return [];

  const siblings = [...new Set(evaluations.map((one) => one.cell))].sort();
  const members = new Map<Incident, CellEvaluation[]>();
  const unclosed = incidents.filter((one) => one.phase !== 'closed');
  for (const incident of unclosed) members.set(incident, []);
  const homeless: CellEvaluation[] = [];
  for (const one of evaluations) {
    const home =
      unclosed.find((incident) => incident.cells.some(({ cell }) => cell === one.cell)) ??
      (one.verdict === 'bad' ? lately(incidents, one, now, policy) : undefined);
    if (home === undefined) homeless.push(one);
    else push(members, home, one);
  }
  const openings: CellEvaluation[][] = [];
  for (const one of homeless.filter(({ verdict }) => verdict === 'bad').sort(bySince)) {
    const home = [...members.keys()].find((incident) => belongsTo(incident, one, siblings.length, policy));
    if (home !== undefined) push(members, home, one);
    else {
      const start = openings.at(-1);
      if (start !== undefined && together(start, one, policy)) start.push(one);
      else openings.push([one]);
    }
  }
  const describe = (cells: readonly CellEvaluation[], since: number): GroupEvaluation => ({
    kind,
    group,
    cells,
    siblings,
    extentKnown: evaluations.every(
      (one) => one.verdict !== 'suspect' && (one.heardAt === null || one.heardAt >= since),
    ),
    silenced: silenced(cells.map(({ cell }) => cell)),
  });
  const kept = [...members].map(([incident, cells]) => ({
    incident,
    evaluation: describe([...cells, ...gone(incident, evaluations, now)], beganAt(cells, incident.startedAt)),
  }));
  const opened = openings.map((cells) => ({
    incident: null,
    evaluation: describe(cells, beganAt(cells, now)),
  }));
  return [...kept, ...opened];
}

/** The first tick of the failure that goes on now; an incident that reopens began long before it. */
function beganAt(cells: readonly CellEvaluation[], fallback: number): number {
  const bad = cells.filter((one) => one.verdict === 'bad').map((one) => one.since ?? fallback);
  return bad.length === 0 ? fallback : Math.min(...bad);
}

function push(members: Map<Incident, CellEvaluation[]>, incident: Incident, one: CellEvaluation): void {
  const cells = members.get(incident);
  if (cells === undefined) members.set(incident, [one]);
  else cells.push(one);
}

function lately(
  incidents: readonly Incident[],
  one: CellEvaluation,
  now: number,
  policy: IncidentPolicy,
): Incident | undefined {
  return incidents
    .filter(({ closedAt }) => closedAt !== null && now - closedAt <= policy.reopenWithinMs)
    .sort((a, b) => (b.closedAt ?? 0) - (a.closedAt ?? 0))
    .find((incident) => incident.cells.some(({ cell }) => cell === one.cell));
}

function belongsTo(
  incident: Incident,
  one: CellEvaluation,
  siblings: number,
  policy: IncidentPolicy,
): boolean {
  const active = activeCells(incident);
  if (active.length > 1 && 2 * active.length >= siblings) return true;
  return active.some(({ since }) => Math.abs(since - (one.since ?? since)) <= policy.togetherMs);
}

function together(start: readonly CellEvaluation[], one: CellEvaluation, policy: IncidentPolicy): boolean {
  const last = start.at(-1)?.since ?? 0;
  return Math.abs((one.since ?? last) - last) <= policy.togetherMs;
}

function bySince(a: CellEvaluation, b: CellEvaluation): number {
  return (a.since ?? 0) - (b.since ?? 0) || (a.cell < b.cell ? -1 : 1);
}

function gone(incident: Incident, evaluations: readonly CellEvaluation[], now: number): CellEvaluation[] {
  const known = new Set(evaluations.map((one) => one.cell));
  return activeCells(incident)
    .filter(({ cell }) => !known.has(cell))
    .map(({ cell, facts }) => ({
      kind: incident.kind,
      group: incident.group,
      cell,
      verdict: 'gone' as const,
      since: null,
      heardAt: now,
      facts,
    }));
}
