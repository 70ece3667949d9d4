import type { StatusView } from '../src/domain/view/status-view.ts';
import { capitalised, countOf, type Times } from './format.ts';
import { type Html, html } from './html.ts';

export type Verdict = {
  readonly kind: 'measured' | 'unmeasured';
  readonly tone: 'within' | 'missed' | 'undecided' | 'none';
  readonly headline: string;
  readonly eyebrow: (times: Times) => string;
  readonly explanation: ((times: Times) => Html) | null;
};

/** What the minutes on a page are called; after a start they are not an hour yet. */
export function hourName({ isHourRead }: Pick<StatusView, 'isHourRead'>): string {
  return isHourRead ? 'last hour' : 'last minutes';
}

/** The sentence at the top: whether the commitments are kept; or, before anything else, that nobody can know. */
export function verdictOf(view: StatusView): Verdict {
  const eyebrow = (times: Times): string =>
    `${capitalised(hourName(view))}, ${times.minute(view.fromAt)}–${times.minute(view.at)} ${times.zone(view.at)}`;
  if (view.targets.length === 0) {
    return {
      kind: 'unmeasured',
      tone: 'none',
      headline: 'Nothing to measure yet',
      eyebrow: () => 'No targets',
      explanation: () =>
        view.prober.kind === 'never'
          ? html`What to probe is being worked out; this page fills by itself. <code>probity check</code> prints what will be probed.`
          : html`The configuration names no target. <code>probity check</code> prints what it would probe.`,
    };
  }
  const { prober } = view;
  if (view.samples === 0 && prober.kind !== 'silent') {
    return {
      kind: 'unmeasured',
      tone: 'none',
      headline: 'Waiting for the first samples',
      eyebrow,
      explanation: () =>
        html`${countOf(view.targets.length, 'target')} will be probed. This page fills by itself as answers arrive.`,
    };
  }
  if (prober.kind === 'silent') {
    return {
      kind: 'unmeasured',
      tone: 'undecided',
      headline: 'Nobody is measuring',
      eyebrow,
      explanation: (times) =>
        html`The prober was last heard at <strong>${times.full(prober.lastSignAt)} ${times.zone(prober.lastSignAt)}</strong>. Whether the targets answer is unknown since then; silence is never counted as uptime.`,
    };
  }
  return { kind: 'measured', eyebrow, explanation: null, ...sentence(view), ...periodSentence(view) };
}

function sentence(view: StatusView): Pick<Verdict, 'tone' | 'headline'> {
  const { within, missed, undecided, none } = view.byStanding;
  const promised = within + missed + undecided;
  if (promised === 0) {
    const answering = view.byHealth.up + view.byHealth.unsteady;
    return answering === none
      ? { tone: 'within', headline: none === 1 ? 'The target answers' : `All ${none} targets answer` }
      : { tone: 'missed', headline: `${none - answering} of ${countOf(none, 'target')} not answering` };
  }
  if (missed > 0)
    return { tone: 'missed', headline: `${missed} of ${countOf(promised, 'commitment')} off target` };
  if (undecided === 0) {
    return {
      tone: 'within',
      headline: promised === 1 ? 'The commitment is on target' : `All ${promised} commitments on target`,
    };
  }
  return {
    tone: 'undecided',
    headline: `${within} of ${countOf(promised, 'commitment')} on target, ${undecided} undecided`,
  };
}

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;

/** `November so far`, if all contracts share one running month; `null` before everything is counted. */
function periodName(view: StatusView): string | null {
  if (view.evaluated === null || view.evaluated.pendingHours > 0 || view.preparingPpm !== null) return null;
  const labels = new Set(
    view.targets.flatMap(({ live, periodStanding }) =>
      live === null || periodStanding === 'none' ? [] : (live.objectives[0]?.period.label ?? []),
    ),
  );
  const [label] = labels;
  if (label === undefined) return null;
  const month = MONTHS[Number(/^\d{4}-(\d{2})$/.exec(label)?.[1]) - 1];
  return labels.size === 1 && month !== undefined ? month : 'This period';
}

/** Whether the running period is being kept, which is what money depends on; nothing before it is counted. */
function periodSentence(view: StatusView): Partial<Pick<Verdict, 'tone' | 'headline' | 'eyebrow'>> {
  const name = periodName(view);
  if (name === null) return {};
  const { 'on track': onTrack, behind, breached, undecided } = view.byPeriod;
  const promised = onTrack + behind + breached + undecided;
  const rest = [
    behind > 0 ? `${behind} behind` : '',
    breached > 0 ? `${breached} breached` : '',
    undecided > 0 ? `${undecided} undecided` : '',
  ].filter(Boolean);
  const all = promised === 1 ? 'the commitment is on track' : `all ${promised} commitments on track`;
  const headline =
    rest.length === 0 ? all : `${onTrack} of ${countOf(promised, 'commitment')} on track, ${rest.join(', ')}`;
  return {
    tone: behind + breached > 0 ? 'missed' : undecided > 0 ? 'undecided' : 'within',
    headline: `${name} so far: ${headline}`,
    eyebrow: (times) =>
      `Contract period, up to ${times.minute(view.evaluated?.toAt ?? view.at)} ${times.zone(view.at)}`,
  };
}
