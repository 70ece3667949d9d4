import { quietUntil } from '../time/quiet-hours.ts';
import { ALERTS, type CellEvaluation, severityOf } from './alert.ts';
import { type AlertPolicy, type Recipient, recipientsOf } from './alert-policy.ts';
import { assign } from './grouping.ts';
import { activeCells, type Incident, type IncidentEvent, renameCells } from './incident.ts';
import { type Message, messageOf } from './message.ts';
import { next } from './transition.ts';

/** What is known when a decision is made. */
export type DecisionInput = {
  /** One evaluation per kind and cell that is under watch. */
  readonly evaluations: readonly CellEvaluation[];
  /** Unclosed incidents, and those closed within `reopenWithinMs`. */
  readonly incidents: readonly Incident[];
  /** Former target ids and their present ones. */
  readonly renamed: ReadonlyMap<string, string>;
  readonly isSilenced: (kind: Incident['kind'], cell: string) => boolean;
  /** Whether a group is simulated. */
  readonly isPractice: (group: string) => boolean;
  readonly now: number;
  readonly policy: AlertPolicy;
};

export type Decided = {
  readonly incidents: readonly Incident[];
  readonly events: readonly IncidentEvent[];
  readonly messages: readonly { readonly message: Message; readonly recipients: readonly Recipient[] }[];
};

/** Everything that follows from one round of evaluations: changed incidents, their timelines, and who is told what. */
export function decide(input: DecisionInput): Decided {
  const { now, policy } = input;
  const hasSecondList = policy.routes.some(({ escalateTo }) => escalateTo.length > 0);
  const rules = hasSecondList ? policy.incidents : { ...policy.incidents, escalateAfterMs: null };
  const { quietHours } = policy.delivery;
  const isNight = quietHours !== null && quietUntil(quietHours, now) !== null;
  // A month that is lost is as lost in the morning: it is told once, and whoever sleeps is not told again before.
  const atNight = { ...rules, escalateAfterMs: null, updateEveryMs: Number.POSITIVE_INFINITY };
  const incidents: Incident[] = [];
  const events: IncidentEvent[] = [];
  const messages: Decided['messages'][number][] = [];
  const renamed = new Set<Incident>();
  const current = input.incidents.map((one) => {
    const followed = renameCells(one, input.renamed);
    if (followed !== null) renamed.add(followed);
    return followed ?? one;
  });
  const wanted = input.evaluations.filter(({ kind }) => !policy.off.includes(kind));
  const groups = new Map<string, { evaluations: CellEvaluation[]; incidents: Incident[] }>();
  const groupOf = (kind: string, group: string): { evaluations: CellEvaluation[]; incidents: Incident[] } => {
    const key = `${kind}\n${group}`;
    const found = groups.get(key) ?? { evaluations: [], incidents: [] };
    groups.set(key, found);
    return found;
  };
  for (const one of wanted) groupOf(one.kind, one.group).evaluations.push(one);
  for (const one of current) groupOf(one.kind, one.group).incidents.push(one);

  for (const group of groups.values()) {
    const isQuiet =
      group.incidents.length === 0 && group.evaluations.every(({ verdict }) => verdict !== 'bad');
    if (isQuiet) continue;
    const kind = group.incidents[0]?.kind ?? group.evaluations[0]?.kind;
    if (kind === undefined) continue;
    const own = isNight && ALERTS[kind].recovery === 'silent' ? atNight : rules;
    const silenced = (cells: readonly string[]): boolean =>
      cells.length > 0 && cells.every((cell) => input.isSilenced(kind, cell));
    for (const { incident, evaluation } of assign(group.incidents, group.evaluations, silenced, now, own)) {
      const transition = next(incident, evaluation, now, own);
      if (transition.kind === 'stay') {
        if (incident !== null && renamed.has(incident)) {
          incidents.push({ ...incident, version: incident.version + 1 });
        }
        continue;
      }
      incidents.push(transition.incident);
      events.push(...transition.events);
      for (const told of transition.notices) {
        messages.push({
          message: messageOf(transition.incident, told, now, input.isPractice(transition.incident.group)),
          recipients: recipientsFor(transition.incident, told.told === 'escalated', policy),
        });
      }
    }
  }
  return { incidents, events, messages };
}

/** Those who hear of an incident. What one channel cannot deliver is told through the others, if there are any. */
function recipientsFor(incident: Incident, escalated: boolean, policy: AlertPolicy): readonly Recipient[] {
  const active = activeCells(incident);
  const cells = (active.length > 0 ? active : incident.cells).map(({ cell }) => cell);
  const all = recipientsOf(policy.routes, severityOf(incident.kind), cells, escalated);
  if (incident.kind !== 'mail_undeliverable') return all;
  const failing = new Set(cells.map((cell) => cell.replace('channel/', '')));
  const others = all.filter(({ channel }) => !failing.has(channel));
  return others.length > 0 ? others : all;
}
