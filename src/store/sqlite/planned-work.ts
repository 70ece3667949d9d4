import type { Database } from 'better-sqlite3';
import type { RememberedWork } from '../../domain/contract/maintenance.ts';
import type { DeclaredWorkChanges, PlannedWork, WhichWork } from '../store.ts';

export type PlannedWorkTable = {
  readonly add: (work: Omit<PlannedWork, 'no' | 'cancelledAt' | 'plannedToAt'>) => number;
  readonly cancel: (no: number, at: number) => boolean;
  readonly overlapping: (fromAt: number, toAt: number, which: WhichWork) => readonly PlannedWork[];
  readonly declared: () => readonly RememberedWork[];
  readonly declare: (changes: DeclaredWorkChanges) => void;
};

type RememberedRow = Omit<RememberedWork, 'withdrawn'> & { readonly withdrawn: number };

export function preparePlannedWork(db: Database): PlannedWorkTable {
  const addWork = db.prepare(`
    insert into planned_work (
      scope,
      from_at_ms,
      to_at_ms,
      announced_at_ms,
      who,
      reason,
      entered_at_ms
    ) values (
      @scope,
      @fromAt,
      @toAt,
      @announcedAt,
      @who,
      @reason,
      @enteredAt
    )
  `);
  const cancelWork = db.prepare(`
    update planned_work
    set cancelled_at_ms = @at
    where work_no = @no
      and cancelled_at_ms is null
      and to_at_ms > @at
  `);
  const workInTime = db.prepare<{ fromAt: number; toAt: number; all: number }, PlannedWork>(`
    select
      work_no as no,
      scope,
      from_at_ms as fromAt,
      min(to_at_ms, coalesce(cancelled_at_ms, to_at_ms)) as toAt,
      to_at_ms as plannedToAt,
      announced_at_ms as announcedAt,
      who,
      reason,
      entered_at_ms as enteredAt,
      cancelled_at_ms as cancelledAt
    from planned_work
    where from_at_ms < @toAt
      and to_at_ms > @fromAt
      and (
        @all = 1
        or cancelled_at_ms is null
        or (cancelled_at_ms > from_at_ms and cancelled_at_ms > @fromAt)
      )
    order by
      from_at_ms,
      work_no
  `);

  const addDeclared = db.prepare(`
    insert into planned_work (
      source,
      scope,
      from_at_ms,
      to_at_ms,
      announced_at_ms,
      who,
      reason,
      entered_at_ms
    ) values (
      @source,
      @scope,
      @fromAt,
      @toAt,
      @announcedAt,
      @who,
      @reason,
      @at
    )
  `);
  const markWithdrawn = db.prepare(`
    update planned_work
    set withdrawn = 1
    where work_no = @no
  `);
  const everDeclared = db.prepare<[], RememberedRow>(`
    select
      work_no as no,
      source,
      from_at_ms as fromAt,
      to_at_ms as toAt,
      entered_at_ms as enteredAt,
      cancelled_at_ms as cancelledAt,
      withdrawn
    from planned_work
    where source is not null
    order by work_no
  `);
  const declare = db.transaction(({ add, withdraw, who, at }: DeclaredWorkChanges): void => {
    for (const no of withdraw) if (cancelWork.run({ no, at }).changes === 1) markWithdrawn.run({ no });
    for (const work of add) addDeclared.run({ ...work, who, at });
  });

  return {
    declared: () => everDeclared.all().map((row) => ({ ...row, withdrawn: row.withdrawn === 1 })),
    declare: (changes) => declare.immediate(changes),
    add: (work) => Number(addWork.run(work).lastInsertRowid),
    cancel: (no, at) => cancelWork.run({ no, at }).changes === 1,
    overlapping: (fromAt, toAt, which) => workInTime.all({ fromAt, toAt, all: which === 'all' ? 1 : 0 }),
  };
}
