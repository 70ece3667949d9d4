import type { Database } from 'better-sqlite3';
import type { ScopeSilence } from '../store.ts';

export type SilencesTable = {
  readonly add: (silence: Omit<ScopeSilence, 'no'>) => number;
  readonly end: (no: number, at: number) => boolean;
  readonly inForce: (at: number) => readonly ScopeSilence[];
};

export function prepareSilences(db: Database): SilencesTable {
  const addSilence = db.prepare(`
    insert into silences (
      scope,
      kind,
      from_at_ms,
      until_at_ms,
      who,
      why
    ) values (
      @scope,
      @kind,
      @fromAt,
      @untilAt,
      @who,
      @why
    )
  `);
  const endSilence = db.prepare(`
    update silences
    set until_at_ms = max(from_at_ms, @at)
    where silence_no = @no
      and until_at_ms > @at
  `);
  const silencesInForce = db.prepare<{ at: number }, ScopeSilence>(`
    select
      silence_no as no,
      scope,
      kind,
      from_at_ms as fromAt,
      until_at_ms as untilAt,
      who,
      why
    from silences
    where from_at_ms <= @at
      and until_at_ms > @at
    order by silence_no
  `);

  return {
    add: (silence) => Number(addSilence.run(silence).lastInsertRowid),
    end: (no, at) => endSilence.run({ no, at }).changes === 1,
    inForce: (at) => silencesInForce.all({ at }),
  };
}
