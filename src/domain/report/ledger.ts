/** Where a claim stands. `no claim`: nothing is owed, or the evidence does not carry it. */
export const CLAIM_STATES = ['no claim', 'ready', 'claimed', 'credited', 'denied'] as const;
export type ClaimState = (typeof CLAIM_STATES)[number];

/** One line of the ledger. Lines are only ever added. */
export type LedgerEntry = {
  readonly no: number;
  readonly contract: string;
  readonly period: string;
  /**
   * `frozen`: the report was made; `state`: somebody moved the claim on; `correction`: samples came after the close, or, where
   * `who` is somebody, that person withdrew the report (`amount` is `null`) or set another amount.
   */
  readonly kind: 'frozen' | 'state' | 'correction';
  readonly state: ClaimState;
  /** A decimal in `currency`; `null`: not known. */
  readonly amount: string | null;
  readonly currency: string | null;
  readonly at: number;
  /** `null`: the program itself. */
  readonly who: string | null;
  readonly note: string;
  /** The same key is the same entry. */
  readonly key: string;
};

/** The states a claim may move to from each. A denied claim may be made again, and a mistaken move taken back. */
const MOVES: Readonly<Record<ClaimState, readonly ClaimState[]>> = {
  'no claim': ['ready', 'claimed'],
  ready: ['claimed', 'no claim'],
  claimed: ['credited', 'denied', 'ready'],
  credited: ['claimed', 'no claim'],
  denied: ['claimed', 'credited', 'no claim'],
};

/**
 * The states to which a claim may move after all entries of its report, oldest first. Nothing is claimed from a withdrawn report:
 * it can be made ready, which takes the withdrawal back, and what was credited can be paid back, which does not.
 */
export function movesAfter(entries: readonly LedgerEntry[]): readonly ClaimState[] {
  const state = entries.at(-1)?.state ?? 'no claim';
  return correctionOf(entries)?.kind === 'withdrawn' && state === 'no claim' ? ['ready'] : MOVES[state];
}

/**
 * The state and the amount in force after all entries of one report, oldest first; `null` without any. What was credited was
 * credited, whatever is corrected afterwards.
 */
export function standingOf(
  entries: readonly LedgerEntry[],
): { readonly state: ClaimState; readonly amount: string | null; readonly last: LedgerEntry } | null {
  const last = entries.at(-1);
  if (last === undefined) return null;
  const until = last.state === 'credited' ? entries.findLastIndex(({ kind }) => kind === 'state') : -1;
  const heard = until < 0 ? entries : entries.slice(0, until + 1);
  const isWithdrawn = correctionOf(heard)?.kind === 'withdrawn';
  const told = heard.findLast((entry) =>
    isByHand(entry)
      ? entry.amount !== null || isWithdrawn
      : entry.kind !== 'correction' && entry.amount !== null,
  );
  return { state: last.state, amount: told?.amount ?? null, last };
}

function isByHand({ kind, who }: LedgerEntry): boolean {
  return kind === 'correction' && who !== null;
}

/** What somebody said of a frozen report afterwards. The report itself stays as it was frozen. */
export type Correction = {
  readonly kind: 'withdrawn' | 'corrected';
  readonly at: number;
  /** Shown to everybody who may read the report. */
  readonly reason: string;
};

/** What people call an entry. */
export function entryWord(entry: LedgerEntry): string {
  return entry.kind === 'state' ? entry.state : (correctionBy(entry)?.kind ?? entry.kind);
}

/** What an entry corrects; `null`: nothing. */
export function correctionBy(entry: LedgerEntry): Correction | null {
  if (!isByHand(entry)) return null;
  const kind = entry.amount === null ? 'withdrawn' : 'corrected';
  return { kind, at: entry.at, reason: entry.note };
}

/** Whether the last of all entries of one report, oldest first, takes a withdrawal back: from then on the report holds again. */
export function takesBack(entries: readonly LedgerEntry[]): boolean {
  const isWithdrawnAfter = (until: number): boolean =>
    correctionOf(entries.slice(0, until))?.kind === 'withdrawn';
  return (
    entries.at(-1)?.kind === 'state' &&
    isWithdrawnAfter(entries.length - 1) &&
    !isWithdrawnAfter(entries.length)
  );
}

/**
 * The correction in force after all entries of one report, oldest first. A claim that is taken up again takes a withdrawal back,
 * and what was corrected before is in force again.
 */
export function correctionOf(entries: readonly LedgerEntry[]): Correction | null {
  const last = entries.findLast(
    (entry) => isByHand(entry) || (entry.kind === 'state' && entry.state !== 'no claim'),
  );
  const inForce = entries.findLast((entry) => isByHand(entry) && (entry.amount !== null || entry === last));
  return inForce === undefined ? null : correctionBy(inForce);
}
