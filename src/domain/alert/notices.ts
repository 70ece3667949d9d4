import { counted } from '../wording.ts';
import type { Stake } from './alert.ts';
import { type Message, notice } from './message.ts';

/** A period that is over, as far as its messages need it. */
export type ClosedPeriod = {
  readonly contract: string;
  /** As people name it, e.g. `2026-10`. */
  readonly period: string;
  readonly practice: boolean;
  /** When the period ended, epoch ms. */
  readonly endedAt: number;
  /** One sentence for each objective, the verdict first. */
  readonly verdicts: readonly string[];
  readonly stake: Stake | null;
  /** The earliest reading that can still be kept; `null` if there is nothing to claim, or no deadline left. */
  readonly claimBy: {
    /** Exclusive end of it, epoch ms. */
    readonly endsAt: number;
    /** As people read it, e.g. `2026-10-31 (UTC, that day included)`. */
    readonly text: string;
    /** `false`: an earlier reading is past already. */
    readonly isEarliest: boolean;
  } | null;
  /** Somebody has claimed already. */
  readonly claimed: boolean;
};

/** Days before the deadline on which somebody is reminded. */
export const CLAIM_REMINDER_DAYS: readonly number[] = [14, 7, 3, 1];

const DAY_MS = 86_400_000;

/**
 * The messages a closed period calls for at an instant: its closing, and the latest reminder of its deadline. Asking again
 * gives the same keys, so each is committed once; reminders that were slept through are not made up for.
 */
export function periodNotices(closed: ClosedPeriod, now: number): readonly Message[] {
  if (now < closed.endedAt) return [];
  const { contract, period, practice, stake, claimBy } = closed;
  const path = `/reports/${encodeURIComponent(period)}/${encodeURIComponent(contract)}`;
  const worth = [stake?.creditPercent ?? null, stake?.creditMoney ?? null]
    .filter((one) => one !== null)
    .join(', ');
  const facts = [
    ...closed.verdicts.map((text) => ({ label: 'Verdict', text })),
    ...(worth === '' ? [] : [{ label: 'Credit', text: worth }]),
    ...(claimBy === null ? [] : [{ label: 'Claim by', text: readingText(claimBy) }]),
  ];
  const messages = [
    notice({
      key: `period:${contract}:${period}`,
      topic: 'period_closed',
      severity: 'report',
      at: closed.endedAt,
      practice,
      subject: `${period} ${contract}: ${worth === '' ? 'no credit' : `credit ${worth}`}`,
      headline: `The period ${period} of ${contract} is over. The statement is frozen.`,
      facts,
      path,
    }),
  ];
  if (claimBy === null || closed.claimed || now >= claimBy.endsAt) return messages;
  const left = claimBy.endsAt - now;
  const due = CLAIM_REMINDER_DAYS.filter((days) => left <= days * DAY_MS).at(-1);
  if (due === undefined) return messages;
  messages.push(
    notice({
      key: `claim:${contract}:${period}:${due}${claimBy.isEarliest ? '' : `:${claimBy.endsAt}`}`,
      topic: 'claim_deadline',
      severity: 'ticket',
      at: claimBy.endsAt - due * DAY_MS,
      practice,
      subject: `Claim ${period} of ${contract} within ${counted(due, 'day')}${worth === '' ? '' : `: ${worth}`}`,
      headline: `The claim for ${period} of ${contract} must be in by ${readingText(claimBy)}.`,
      facts,
      path,
    }),
  );
  return messages;
}

/** An entry of the ledger that changes what follows from a frozen report. */
type ReportChange = {
  readonly contract: string;
  readonly period: string;
  readonly practice: boolean;
  readonly no: number;
  readonly at: number;
  readonly who: string;
  /** Empty: nobody said why. */
  readonly reason: string;
  /** What is owed now, with its currency; `null`: nothing. */
  readonly worth: string | null;
};

/** Tells that a frozen report was withdrawn or corrected. Asking again gives the same key. */
export function correctionNotice(
  change: ReportChange & { readonly kind: 'withdrawn' | 'corrected' },
): Message {
  const { contract, period, kind, worth } = change;
  return changeNotice(change, {
    subject: `the report was ${kind}`,
    headline:
      kind === 'withdrawn'
        ? `Do not use the report of ${period} for ${contract}: it was withdrawn. No reminder of its claim follows.`
        : `What is owed for ${period} of ${contract} was corrected to ${worth ?? 'nothing'}. The frozen report stays as it was.`,
    facts: [],
  });
}

/** Tells that a report holds again, to those who were told that it was withdrawn. Asking again gives the same key. */
export function takenBackNotice(
  change: ReportChange & {
    /** `null`: it has been claimed, or no deadline is left. */
    readonly claimBy: ClosedPeriod['claimBy'];
  },
): Message {
  const { contract, period, worth, claimBy } = change;
  return changeNotice(change, {
    subject: 'the report holds again',
    headline: `The report of ${period} for ${contract} holds again: its withdrawal was taken back.${claimBy === null ? '' : ' Reminders of its claim follow.'}`,
    facts: [
      ...(worth === null ? [] : [{ label: 'Owed', text: worth }]),
      ...(claimBy === null ? [] : [{ label: 'Claim by', text: readingText(claimBy) }]),
    ],
  });
}

function changeNotice(
  { contract, period, no, at, who, reason, practice }: ReportChange,
  { subject, headline, facts }: Pick<Message, 'subject' | 'headline' | 'facts'>,
): Message {
  return notice({
    key: `corrected:${contract}:${period}:${no}`,
    topic: 'report_corrected',
    severity: 'report',
    at,
    practice,
    subject: `${period} ${contract}: ${subject}`,
    headline,
    facts: [
      ...facts,
      ...(reason === '' ? [] : [{ label: 'Reason', text: reason }]),
      { label: 'By', text: who },
    ],
    path: `/reports/${encodeURIComponent(period)}/${encodeURIComponent(contract)}`,
  });
}

function readingText({ text, isEarliest }: NonNullable<ClosedPeriod['claimBy']>): string {
  return `${text}, ${isEarliest ? 'by the earliest reading' : 'by a later reading: the earliest is past'}`;
}
