import type { Correction } from '../domain/report/ledger.ts';
import { minuteUtc } from '../domain/wording.ts';

export type CorrectionNote = { readonly name: string; readonly text: string };

/** What such notes are called, so that one that no longer holds can be found. */
export const NOTE_NAMES = ['WITHDRAWN.txt', 'CORRECTED.txt'] as const;

/** The file beside those of a report that tells what was said of it afterwards: they stay as they were signed. `worth`: what is owed. */
export function correctionNote(
  contract: string,
  period: string,
  { kind, at, reason }: Correction,
  worth: string,
): CorrectionNote {
  const told =
    kind === 'withdrawn'
      ? 'It does not hold: do not claim on it, and do not hand it on.'
      : `Owed is ${worth}, not what it says.`;
  return {
    name: kind === 'withdrawn' ? 'WITHDRAWN.txt' : 'CORRECTED.txt',
    text: `The report of ${period} for ${contract} was ${kind} on ${minuteUtc(at)}.

${told}
Reason: ${reason}

The files beside this note stay as they were frozen and signed.
What happened since: probity ledger ${period} ${contract}
`,
  };
}
