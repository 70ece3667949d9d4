import { ALERTS, type CellEvaluation, type CellFacts } from './alert.ts';
import type { IncidentPolicy } from './alert-policy.ts';
import { extentOf } from './extent.ts';
import {
  type Acknowledgement,
  activeCells,
  type GroupEvaluation,
  type Incident,
  type IncidentCell,
  type IncidentEvent,
  type IncidentEventKind,
  incidentId,
  type Notice,
  type Silence,
  type Told,
  type Transition,
} from './incident.ts';

/**
 * Decides what becomes of an incident. `incident` is the one these cells belong to, `null` if there is none; nothing but
 * a `bad` cell opens one. The same state and evaluation always give the same answer, so a decision lost before its
 * commit is simply made again. `now` may lie before any time in the incident: then nothing elapses.
 */
export function next(
  incident: Incident | null,
  evaluation: GroupEvaluation,
  now: number,
  policy: IncidentPolicy,
): Transition {
  const before = incident ?? open(evaluation, now);
  if (before === null) return { kind: 'stay' };
  const draft = draftOf(incident, before, now);
  if (incident === null) note(draft, 'opened', before.cells.map(cellName));
  else updateCells(draft, evaluation);
  movePhase(draft, evaluation, policy);
  tell(draft, evaluation, policy);
  return finish(draft);
}

/** Somebody says they look after it. Of a closed incident nothing changes. */
export function acknowledge(incident: Incident, by: Acknowledgement): Transition {
  if (incident.phase === 'closed') return { kind: 'stay' };
  const draft = draftOf(incident, incident, by.at);
  note(draft, 'acknowledged', [], by.why, by.who);
  change(draft, { acknowledgement: by });
  return finish(draft);
}

/** Somebody wants no more messages about it for a while. */
export function silence(incident: Incident, by: Silence): Transition {
  if (incident.phase === 'closed') return { kind: 'stay' };
  const draft = draftOf(incident, incident, by.at);
  note(draft, 'silenced', [], by.why, by.who);
  change(draft, { silence: by });
  return finish(draft);
}

function open(evaluation: GroupEvaluation, now: number): Incident | null {
  const cells = evaluation.cells
    .filter((one) => one.verdict === 'bad')
    .map((one) => newCell(one, now))
    .sort((a, b) => a.since - b.since || (a.cell < b.cell ? -1 : 1));
  const first = cells[0];
  if (first === undefined) return null;
  return {
    id: incidentId(evaluation.kind, evaluation.group, first.cell, first.since),
    version: 0,
    kind: evaluation.kind,
    group: evaluation.group,
    severity: ALERTS[evaluation.kind].severity,
    phase: 'gathering',
    startedAt: first.since,
    confirmedAt: now,
    announcedAt: null,
    announcedCells: 0,
    steadySince: null,
    closedAt: null,
    reopenings: 0,
    cells,
    siblings: evaluation.siblings,
    messages: 0,
    lastMessageAt: null,
    reminders: 0,
    escalatedAt: null,
    acknowledgement: null,
    silence: null,
  };
}

function newCell(evaluation: CellEvaluation, now: number): IncidentCell {
  return {
    cell: evaluation.cell,
    since: evaluation.since ?? now,
    recoveredAt: null,
    facts: evaluation.facts,
  };
}

function cellName(cell: IncidentCell): string {
  return cell.cell;
}

/** One transition in the making: the state so far, and what led to it. */
type Draft = {
  readonly before: Incident | null;
  state: Incident;
  readonly now: number;
  readonly events: IncidentEvent[];
  readonly notices: Notice[];
};

function draftOf(before: Incident | null, state: Incident, now: number): Draft {
  return { before, state, now, events: [], notices: [] };
}

function change(draft: Draft, fields: Partial<Incident>): void {
  draft.state = { ...draft.state, ...fields };
}

function note(
  draft: Draft,
  kind: IncidentEventKind,
  cells: readonly string[] = [],
  text = '',
  who: string | null = null,
): void {
  const { id, version } = draft.state;
  draft.events.push({ incident: id, version: version + 1, at: draft.now, kind, cells, who, note: text });
}

function send(draft: Draft, told: Told, fields: Partial<Incident> = {}): void {
  const sequence = draft.state.messages + 1;
  draft.notices.push({ told, sequence });
  change(draft, { messages: sequence, lastMessageAt: draft.now, ...fields });
}

function finish({ state, events, notices }: Draft): Transition {
  // Newer figures alone are no change: they are in the samples, and the next message is made from them.
  if (events.length === 0 && notices.length === 0) return { kind: 'stay' };
  return { kind: 'change', incident: { ...state, version: state.version + 1 }, events, notices };
}

function updateCells(draft: Draft, evaluation: GroupEvaluation): void {
  const known = new Map(draft.state.cells.map((one) => [one.cell, one]));
  const joined: string[] = [];
  const eased: string[] = [];
  for (const one of evaluation.cells) {
    const cell = known.get(one.cell);
    if (one.verdict === 'bad') {
      const isNew = cell === undefined || cell.recoveredAt !== null;
      if (isNew) joined.push(one.cell);
      const since = isNew ? (one.since ?? draft.now) : Math.min(cell.since, one.since ?? cell.since);
      known.set(one.cell, { cell: one.cell, since, recoveredAt: null, facts: one.facts });
    } else if ((one.verdict === 'good' || one.verdict === 'gone') && cell?.recoveredAt === null) {
      known.set(one.cell, { ...cell, recoveredAt: draft.now, facts: atTheEnd(cell, one) });
      eased.push(one.cell);
    }
  }
  change(draft, { cells: [...known.values()], siblings: evaluation.siblings });
  if (draft.state.phase === 'closed' || draft.state.phase === 'recovering') return;
  if (joined.length > 0) note(draft, 'joined', joined);
  if (eased.length > 0 && activeCells(draft.state).length > 0) note(draft, 'eased', eased);
}

/** What was found stays; what is left of the budget, what is at stake and the last failures are those of now. */
function atTheEnd(cell: IncidentCell, { facts }: CellEvaluation): CellFacts {
  const hasLater = (facts.failures[0]?.at ?? 0) >= (cell.facts.failures[0]?.at ?? cell.since);
  return {
    ...cell.facts,
    budget: facts.budget ?? cell.facts.budget,
    stake: facts.stake ?? cell.facts.stake,
    failures: hasLater ? facts.failures : cell.facts.failures,
  };
}

function movePhase(draft: Draft, evaluation: GroupEvaluation, policy: IncidentPolicy): void {
  const { state } = draft;
  const active = activeCells(state);
  if (active.length > 0) relapse(draft, active.map(cellName));
  else recover(draft, evaluation, policy);
}

function relapse(draft: Draft, cells: readonly string[]): void {
  const { state, now } = draft;
  if (state.phase === 'closed') {
    note(draft, 'reopened', cells);
    change(draft, {
      phase: 'gathering',
      confirmedAt: now,
      announcedAt: null,
      announcedCells: 0,
      closedAt: null,
      steadySince: null,
      reopenings: state.reopenings + 1,
      reminders: 0,
      escalatedAt: null,
      acknowledgement: null,
    });
  } else if (state.phase === 'recovering') {
    note(draft, 'relapsed', cells);
    change(draft, { phase: state.announcedAt === null ? 'gathering' : 'open', steadySince: null });
  }
}

function recover(draft: Draft, evaluation: GroupEvaluation, policy: IncidentPolicy): void {
  const gone = evaluation.cells.length > 0 && evaluation.cells.every((one) => one.verdict === 'gone');
  if (draft.state.phase === 'gathering' || draft.state.phase === 'open') {
    // What nobody watches any more is not good again.
    if (!gone) note(draft, 'recovering');
    change(draft, { phase: 'recovering', steadySince: draft.now });
  }
  const { phase, steadySince, reopenings } = draft.state;
  if (phase !== 'recovering' || steadySince === null) return;
  if (!gone && draft.now - steadySince < steadyMs(policy, reopenings)) return;
  note(draft, 'closed', [], gone ? NO_LONGER_WATCHED : '');
  change(draft, { phase: 'closed', closedAt: draft.now });
}

/** What the timeline says of an incident whose cells have all left the configuration. */
export const NO_LONGER_WATCHED = 'no longer watched';

/** How long a recovery must last: longer with every relapse, so that a flapping target writes a handful of mails. */
export function steadyMs(policy: IncidentPolicy, reopenings: number): number {
  return policy.steadyMs[Math.min(reopenings, policy.steadyMs.length - 1)] ?? 0;
}

/** Whether somebody looks after it now. */
export function isAcknowledged({ acknowledgement }: Incident, now: number): boolean {
  if (acknowledgement === null) return false;
  return acknowledgement.untilAt === null || acknowledgement.untilAt > now;
}

function tell(draft: Draft, evaluation: GroupEvaluation, policy: IncidentPolicy): void {
  const { now } = draft;
  const silenced = evaluation.silenced || (draft.state.silence !== null && draft.state.silence.untilAt > now);
  if (draft.state.phase === 'closed') {
    const closesNow = draft.before !== null && draft.before.phase !== 'closed';
    // What was announced is told to be over even if silenced: nobody should wait for an end that has come.
    if (closesNow && draft.state.announcedAt !== null && ALERTS[draft.state.kind].recovery === 'told') {
      send(draft, 'recovered');
    }
    return;
  }
  if (silenced) return;
  if (draft.state.announcedAt === null) announce(draft, evaluation, policy);
  else if (draft.state.phase === 'open') followUp(draft, policy);
}

/** The opening or reopening: as soon as its extent is known, and never later than `gatherMs`. */
function announce(draft: Draft, evaluation: GroupEvaluation, policy: IncidentPolicy): void {
  const { state, now } = draft;
  const cells = activeCells(state).length;
  const due = evaluation.extentKnown || cells === 0 || now - state.confirmedAt >= policy.gatherMs;
  if (!due) return;
  note(draft, 'announced');
  const phase = state.phase === 'gathering' ? 'open' : state.phase;
  send(draft, state.reopenings === 0 ? 'opened' : 'reopened', {
    phase,
    announcedAt: now,
    announcedCells: cells,
  });
}

function followUp(draft: Draft, policy: IncidentPolicy): void {
  const { state, now } = draft;
  const cells = activeCells(state);
  if (grew(state, now, policy)) {
    note(draft, 'grew', cells.map(cellName));
    send(draft, 'grew', { announcedCells: cells.length });
    return;
  }
  if (isAcknowledged(state, now)) return;
  if (escalates(state, now, policy)) {
    note(draft, 'escalated');
    send(draft, 'escalated', { escalatedAt: now });
    return;
  }
  const wait = policy.remindAfterMs[Math.min(state.reminders, policy.remindAfterMs.length - 1)];
  if (ALERTS[state.kind].recovery === 'silent' || wait === undefined) return;
  if (now - (state.lastMessageAt ?? now) < wait) return;
  note(draft, 'reminded');
  send(draft, 'reminder', { reminders: state.reminders + 1, announcedCells: cells.length });
}

/** Worth another message: twice the cells of the last one, or now all of a tier or gateway. */
function grew(state: Incident, now: number, policy: IncidentPolicy): boolean {
  const cells = activeCells(state).map(cellName);
  if (cells.length <= state.announcedCells) return false;
  if (now - (state.lastMessageAt ?? now) < policy.updateEveryMs) return false;
  return cells.length >= 2 * state.announcedCells || extentOf(cells, state.siblings).whole;
}

function escalates(state: Incident, now: number, policy: IncidentPolicy): boolean {
  if (state.severity !== 'page' || state.escalatedAt !== null || state.announcedAt === null) return false;
  return policy.escalateAfterMs !== null && now - state.announcedAt >= policy.escalateAfterMs;
}
