import type { StatusView } from '../src/domain/status-view.ts';
import { countOf, type Times } from './format.ts';
import { type Html, html } from './html.ts';

export type Verdict = {
  readonly kind: 'measured' | 'unmeasured';
  readonly tone: 'within' | 'missed' | 'undecided' | 'none';
  readonly headline: string;
  readonly eyebrow: (times: Times) => string;
  readonly explanation: ((times: Times) => Html) | null;
};

/** The sentence at the top: whether the commitments are kept; or, before anything else, that nobody can know. */
export function verdictOf(view: StatusView): Verdict {
  const eyebrow = (times: Times): string =>
    `Last hour, ${times.minute(view.fromAt)}–${times.minute(view.at)} ${times.zone(view.at)}`;
  if (view.targets.length === 0) {
    return {
      kind: 'unmeasured',
      tone: 'none',
      headline: 'Nothing to measure yet',
      eyebrow: () => 'No targets',
      explanation: () =>
        html`The configuration names no target. <code>probity check</code> prints what it would probe.`,
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
  return { kind: 'measured', eyebrow, explanation: null, ...sentence(view) };
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
