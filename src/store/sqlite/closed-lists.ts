import type { Database } from 'better-sqlite3';
import {
  DOUBTS,
  isOutcome,
  NOT_RUN_REASONS,
  OUTCOME_CODES,
  type Outcome,
  REMARKS,
  type Remark,
  type Validity,
} from '../../domain/measure/outcome.ts';

/** Fills the tables of allowed words from the program's own lists. Words are only ever added. */
export function fillClosedLists(db: Database): void {
  const addOutcome = db.prepare('insert or ignore into outcomes (outcome) values (@word)');
  const addDoubt = db.prepare('insert or ignore into doubts (doubt) values (@word)');
  const addReason = db.prepare('insert or ignore into not_run_reasons (reason) values (@word)');
  db.transaction(() => {
    for (const word of OUTCOME_CODES) addOutcome.run({ word });
    for (const reason of DOUBTS) {
      addDoubt.run({ word: doubtText({ kind: 'suspect', reason }) });
      addDoubt.run({ word: doubtText({ kind: 'excluded', reason }) });
    }
    for (const word of NOT_RUN_REASONS) addReason.run({ word });
  }).immediate();
}

/** The column `doubt`: `null` for a valid sample, else kind and reason. */
export function doubtText(validity: Validity): string | null {
  return validity.kind === 'valid' ? null : `${validity.kind} ${validity.reason}`;
}

const VALID: Validity = { kind: 'valid' };

const DOUBTFUL: ReadonlyMap<string, Validity> = new Map(
  DOUBTS.flatMap((reason) =>
    (['suspect', 'excluded'] as const).map((kind): [string, Validity] => [
      `${kind} ${reason}`,
      { kind, reason },
    ]),
  ),
);

/** The inverse of `doubtText`. */
export function validityOf(doubt: string | null): Validity {
  if (doubt === null) return VALID;
  const validity = DOUBTFUL.get(doubt);
  if (validity === undefined) throw new Error(`the stored doubt "${doubt}" is unknown to this program`);
  return validity;
}

export function outcomeOf(text: string): Outcome {
  if (!isOutcome(text)) throw new Error(`the stored outcome "${text}" is unknown to this program`);
  return text;
}

/** One bit per remark, in the order of the list, which is append-only. */
export function remarkBits(remarks: readonly Remark[]): number {
  return remarks.reduce((bits, remark) => bits | (1 << REMARKS.indexOf(remark)), 0);
}

/** The inverse of `remarkBits`. */
export function remarksOf(bits: number): readonly Remark[] {
  return bits === 0 ? [] : REMARKS.filter((_, index) => (bits & (1 << index)) !== 0);
}
