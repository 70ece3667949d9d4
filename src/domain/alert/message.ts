import { OUTCOMES } from '../measure/outcome.ts';
import { parseTargetId } from '../measure/target.ts';
import {
  counted,
  duration,
  instantUtc,
  minuteUtc,
  oneLine,
  percent,
  probability,
  roughPercent,
} from '../wording.ts';
import {
  ALERTS,
  type CellFacts,
  type Failure,
  type Measured,
  OURSELVES,
  type Severity,
  type Stake,
} from './alert.ts';
import { ofAll } from './alert-rule.ts';
import { adviceOf, prefixOf } from './alert-words.ts';
import { type Extent, extentOf } from './extent.ts';
import { activeCells, type Incident, type IncidentCell, type Notice, type Told } from './incident.ts';

/** What a message is about; the ones after the incidents' are sent once and need no answer. */
export const TOPICS = [
  'opened',
  'grew',
  'reminder',
  'escalated',
  'reopened',
  'recovered',
  'period_closed',
  'claim_deadline',
  'report_corrected',
  'weekly_digest',
  'test',
] as const;
export type Topic = (typeof TOPICS)[number];

/** Finished but for its links: plain text everywhere, nothing that a template must not escape. Kept as it was sent. */
export type Message = {
  /** The same key is the same message: it is committed once and delivered under one Message-ID. */
  readonly key: string;
  /** Messages of one thread belong together in a mail client; the thread is named by its incident. */
  readonly thread: string | null;
  readonly topic: Topic;
  readonly severity: Severity;
  readonly at: number;
  /** Simulated: every surface says so. */
  readonly practice: boolean;
  readonly subject: string;
  /** What the reader should do, the first line; empty where there is nothing to say. */
  readonly advice: string;
  readonly headline: string;
  readonly facts: readonly { readonly label: string; readonly text: string }[];
  readonly cells: readonly MessageCell[];
  /** Cells that are not listed for want of room. */
  readonly moreCells: number;
  readonly failures: readonly MessageFailure[];
  /** A path of our own pages, `/incidents/…`; whoever sends it knows the origin. */
  readonly path: string | null;
  /** Whether somebody may acknowledge it. */
  readonly acknowledgeable: boolean;
};

export type MessageCell = {
  readonly name: string;
  readonly state: 'bad' | 'recovered';
  /** Empty where room is short. */
  readonly finding: string;
};

export type MessageFailure = {
  readonly at: number;
  readonly cell: string;
  /** Outcome, status and where it was seen, in words. */
  readonly what: string;
  readonly requestId: string | null;
};

/** Subjects are cut here; the first words carry the meaning, for a watch shows some forty characters. */
const SUBJECT_MAX = 110;
const CELLS_MAX = 400;
const CELLS_WITH_FINDING = 20;
const FAILURES_MAX = 10;
const NAME_MAX = 100;

/** The message of a notice. `now` is the moment of the transition. */
export function messageOf(incident: Incident, notice: Notice, now: number, practice: boolean): Message {
  const active = activeCells(incident);
  const shown = notice.told === 'recovered' || active.length === 0 ? incident.cells : active;
  const extent = extentOf(
    shown.map(({ cell }) => cell),
    incident.siblings,
  );
  return {
    key: `${incident.id}:${notice.sequence}`,
    thread: incident.id,
    topic: notice.told,
    severity: incident.severity,
    at: now,
    practice,
    subject: subjectOf(incident, notice.told, extent, now, practice),
    advice: adviceOf(incident, notice.told),
    headline: headlineOf(incident, notice.told, extent, shown, now),
    facts: factsOf(incident, notice.told, shown, now),
    cells: shown.slice(0, CELLS_MAX).map(({ cell, recoveredAt, facts }, index) => ({
      name: oneLine(cell, NAME_MAX),
      state: recoveredAt === null ? 'bad' : 'recovered',
      finding: index < CELLS_WITH_FINDING ? oneLine(facts.finding, 300) : '',
    })),
    moreCells: Math.max(0, shown.length - CELLS_MAX),
    failures: failuresOf(shown),
    path: `/incidents/${incident.id}`,
    acknowledgeable: incident.phase !== 'closed',
  };
}

function subjectOf(incident: Incident, told: Told, extent: Extent, now: number, practice: boolean): string {
  const [first, still, over] = prefixOf(incident);
  const place = ownPart(incident) ?? placeOf(extent);
  const there = place === '' ? '' : `: ${place}`;
  const lasted = duration(now - incident.startedAt);
  const known = whatIsKnown(incident, extent);
  const words: Record<Told, string> = {
    opened: `${first}${there}${known}`,
    grew: `${still}, now ${place}${known}`,
    reminder: `${still} for ${lasted}${there}`,
    escalated: `Nobody reacted, ${first.toLowerCase()}${there}, for ${lasted}`,
    reopened: `${first} again${there}`,
    recovered: `${over}${there}, after ${lasted}`,
  };
  return oneLine(`${practice ? '[practice] ' : ''}${words[told]}`, SUBJECT_MAX);
}

/** Of what concerns ourselves, the part: `email` of `channel/email`, nothing of `disk`, for the kind says it already. */
function ownPart({ kind, group, cells: [first, ...others] }: Incident): string | null {
  if (kind === 'own_fault' || group !== OURSELVES || first === undefined || others.length > 0) return null;
  return oneLine(first.cell.split('/').slice(1).join('/'), 50);
}

/** What follows the place: since when, or where a window was counted, how many. */
function whatIsKnown(incident: Incident, extent: Extent): string {
  if (ALERTS[incident.kind].begins === 'seen') {
    return `, since ${minuteUtc(incident.startedAt).slice(11)}`;
  }
  if (incident.kind === 'breach_certain') return `, ${incident.group.split('\n')[2] ?? ''}`;
  const measured = extent.level === 'cell' ? incident.cells[0]?.facts.measured : null;
  return measured == null ? '' : `, ${measured.k} of ${measured.n} in ${duration(measured.windowMs)}`;
}

/** `DeepSeek-V3.2 (pro)`, `3 of 8 in acme/pro`, `all 8 in acme/pro`. */
export function placeOf(extent: Extent): string {
  if (extent.level === 'cell') return shortCell(extent.name);
  const where = extent.name === '' ? '' : ` in ${oneLine(extent.name, 40)}`;
  return `${extent.whole ? `all ${extent.cells}` : `${extent.cells} of ${extent.of}`}${where}`;
}

function shortCell(cell: string): string {
  const parts = parseTargetId(cell);
  if (parts === null) return oneLine(cell, 50);
  return oneLine(`${parts.model.split('/').at(-1)} (${parts.tier})`, 50);
}

function headlineOf(
  incident: Incident,
  told: Told,
  extent: Extent,
  shown: readonly IncidentCell[],
  now: number,
): string {
  const lasted = duration(now - incident.startedAt);
  const place =
    extent.level === 'cell'
      ? oneLine(extent.name, NAME_MAX)
      : `${extent.whole ? 'All' : `${extent.cells} of`} ${counted(extent.whole ? extent.cells : extent.of, 'cell')}` +
        (extent.name === '' ? '' : ` of ${oneLine(extent.name, NAME_MAX)}`);
  const finding = oneLine(shown[0]?.facts.finding ?? '', 300);
  switch (told) {
    case 'opened':
      if (ownPart(incident) !== null) return `${finding}.`;
      return extent.level === 'cell' ? `${place}: ${finding}.` : `${place}. The first: ${finding}.`;
    case 'grew':
      return `${place} by now.`;
    case 'reminder':
      return `${place}: for ${lasted} now, and nobody has acknowledged it.`;
    case 'escalated':
      return `${place}: for ${lasted}, and nobody has acknowledged it. You are the second list.`;
    case 'reopened':
      return `${place}: the trouble is back (${counted(incident.reopenings, 'relapse')}).`;
    case 'recovered':
      return `${place}: over. It lasted ${duration((incident.steadySince ?? now) - incident.startedAt)}.`;
  }
}

function factsOf(
  incident: Incident,
  told: Told,
  shown: readonly IncidentCell[],
  now: number,
): Message['facts'] {
  const facts: { label: string; text: string }[] = [];
  const say = (label: string, text: string | null): void => {
    if (text !== null) facts.push({ label, text: oneLine(text, 400) });
  };
  const first = shown[0]?.facts ?? null;
  const about =
    ALERTS[incident.kind].about === 'ours' ? 'ours, not the gateway’s' : 'the gateway’s, not ours';
  say(
    ALERTS[incident.kind].begins === 'seen' ? 'Since' : 'Noticed',
    `${instantUtc(incident.startedAt)} (${duration(now - incident.startedAt)} ago)`,
  );
  say('Fault', about);
  if (told === 'recovered' && incident.steadySince !== null) {
    say('Good since', instantUtc(incident.steadySince));
  }
  // Of what is over, the count of its worst moment would read like one of now.
  say('How sure', first?.measured == null || told === 'recovered' ? null : certainty(first.measured));
  say('Budget left', budgetText(first));
  say('At stake', stakeText(shown));
  if (incident.reopenings > 0 && told !== 'recovered') {
    say(
      'Flapping',
      `back ${counted(incident.reopenings, 'time')}; told to be over only when it has stayed good for longer`,
    );
  }
  if (incident.acknowledgement !== null) {
    const { who, why, untilAt } = incident.acknowledgement;
    const until = untilAt === null ? '' : `, until ${minuteUtc(untilAt)}`;
    say('Acknowledged', `by ${who}${why === '' ? '' : `: ${why}`}${until}`);
  }
  say('Incident', incident.id);
  return facts;
}

/** `9 bad of n = 540 in 6 h (1.67 %, 95 % interval 0.765 % to 3.15 %). By chance alone, were 0.1 % the truth: 3.3e-7`. */
export function certainty(measured: Measured): string {
  const { n, k, windowMs, intervalPpm, pValue, allowedPpm } = measured;
  if (n === 0) return 'nothing was measured';
  const share = roughPercent((k / n) * 1_000_000, 'nearest');
  const interval =
    intervalPpm === null
      ? ''
      : `, 95 % interval ${roughPercent(intervalPpm[0], 'down')} to ${roughPercent(intervalPpm[1], 'up')}`;
  const luck =
    pValue === null || allowedPpm === null
      ? ''
      : `. By chance alone, were ${percent(allowedPpm)} the truth: ${probability(pValue)}`;
  return `${k} bad of n = ${n} in ${duration(windowMs)} (${share}${interval})${luck}`;
}

function budgetText(facts: CellFacts | null): string | null {
  const budget = facts?.budget;
  if (budget == null) return null;
  const { leftSamples, leftMs, leftPpm } = budget;
  const objective = `${budget.objective}${ofAll(budget.of)}`;
  if (leftPpm < 0 || (leftSamples ?? 0) < 0) {
    return leftSamples === null || leftSamples >= 0
      ? `none of ${objective}`
      : `none of ${objective}: ${counted(-leftSamples, 'probe')} too many failed`;
  }
  const more = [
    leftSamples === null ? null : counted(leftSamples, 'more probe'),
    leftMs === null ? null : duration(leftMs),
  ].filter((part) => part !== null);
  // Down, never up: a budget must not look fuller than it is.
  const share = percent(Math.floor(leftPpm / 1000) * 1000);
  const may = more.length === 0 ? '' : `: ${more[0]} may fail${more.length > 1 ? ` (${more[1]})` : ''}`;
  return `${share} of ${objective}${may}`;
}

/** `pro-channel: at least 10 % credit, USD 120.00, if the period is missed`. */
export function stakeWords({ contract, creditPercent, creditMoney, isCertain }: Stake): string {
  const worth = [creditPercent === null ? null : `${creditPercent} credit`, creditMoney].filter(
    (one) => one !== null,
  );
  const when = isCertain ? '' : ', if the period is missed';
  return `${contract}: ${worth.length === 0 ? 'a credit' : worth.join(', ')}${when}`;
}

/** Every stake once; cells of one contract mostly have the same. */
function stakeText(shown: readonly IncidentCell[]): string | null {
  const stakes = new Set(
    shown.flatMap(({ facts }) => (facts.stake === null ? [] : [stakeWords(facts.stake)])),
  );
  return stakes.size === 0 ? null : [...stakes].join('; ');
}

function failuresOf(shown: readonly IncidentCell[]): readonly MessageFailure[] {
  return shown
    .flatMap(({ cell, facts }) => facts.failures.map((failure) => ({ cell, failure })))
    .sort((a, b) => b.failure.at - a.failure.at || (a.cell < b.cell ? -1 : 1))
    .slice(0, FAILURES_MAX)
    .map(({ cell, failure }) => ({
      at: failure.at,
      cell: oneLine(cell, NAME_MAX),
      what: whatOf(failure),
      requestId: failure.requestId === null ? null : oneLine(failure.requestId, 120),
    }));
}

function whatOf({ outcome, status, region }: Failure): string {
  const code = status === null ? '' : `, HTTP ${status}`;
  return oneLine(`${OUTCOMES[outcome].means} (${outcome}${code}, from ${region})`, 200);
}

/** A message that is not about an incident: sent once, keyed by what it says. */
export function notice(
  fields: Pick<Message, 'key' | 'topic' | 'severity' | 'at' | 'practice' | 'subject' | 'headline'> &
    Partial<Pick<Message, 'advice' | 'facts' | 'cells' | 'path'>>,
): Message {
  return {
    thread: null,
    advice: '',
    facts: [],
    cells: [],
    moreCells: 0,
    failures: [],
    path: null,
    acknowledgeable: false,
    ...fields,
    subject: oneLine(`${fields.practice ? '[practice] ' : ''}${fields.subject}`, SUBJECT_MAX),
    headline: oneLine(fields.headline, 500),
  };
}
