/** Where a claim stands. `no claim`: nothing is owed, or the evidence does not carry it. */
export const CLAIM_STATES = ['no claim', 'ready', 'claimed', 'credited', 'denied'] as const;
export type ClaimState = (typeof CLAIM_STATES)[number];

/** One line of the ledger. Lines are only ever added. */
export type LedgerEntry = {
  readonly no: number;
  readonly contract: string;
  readonly period: string;
  /** `frozen`: the report was made; `state`: somebody moved the claim on; `correction`: samples came after the close. */
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
  credited: ['claimed'],
  denied: ['claimed', 'credited', 'no claim'],
};

export function mayMove(from: ClaimState, to: ClaimState): boolean {
  return MOVES[from].includes(to);
}

export function movesFrom(state: ClaimState): readonly ClaimState[] {
  return MOVES[state];
}

/** The state and the amount in force after all entries of one report, oldest first; `null` without any. */
export function standingOf(
  entries: readonly LedgerEntry[],
): { readonly state: ClaimState; readonly amount: string | null; readonly last: LedgerEntry } | null {
  const last = entries.at(-1);
  if (last === undefined) return null;
  const amount = entries.findLast((entry) => entry.kind !== 'correction' && entry.amount !== null)?.amount;
  return { state: last.state, amount: amount ?? null, last };
}
