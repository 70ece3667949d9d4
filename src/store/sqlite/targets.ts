import type { Database } from 'better-sqlite3';
import { parseTargetId, type Target } from '../../domain/measure/target.ts';

export type TargetRow = {
  readonly target_no: number;
  readonly id: string;
  readonly gateway: string;
  readonly tier: string;
  readonly model: string;
  readonly request_model: string;
  readonly successor_no: number | null;
};

export type TargetsTable = {
  readonly readAll: () => readonly TargetRow[];
  /** Makes the target known as one in its own right. */
  readonly declare: (target: Target) => void;
  /** Makes `target`, already declared, the successor of all its former ids, whether they were known or not. */
  readonly succeed: (target: Target) => void;
};

export function prepareTargets(db: Database): TargetsTable {
  const allTargets = db.prepare<[], TargetRow>(`
    select
      target_no,
      id,
      gateway,
      tier,
      model,
      request_model,
      successor_no
    from targets
    order by target_no
  `);
  const declareTarget = db.prepare(`
    insert into targets (
      id,
      gateway,
      tier,
      model,
      request_model
    ) values (
      @id,
      @gateway,
      @tier,
      @model,
      @requestModel
    )
    on conflict (id) do update set
      model = excluded.model,
      request_model = excluded.request_model,
      successor_no = null
  `);
  const succeedTarget = db.prepare(`
    insert into targets (
      id,
      gateway,
      tier,
      model,
      request_model,
      successor_no
    ) values (
      @id,
      @gateway,
      @tier,
      @model,
      @model,
      (select target_no from targets where id = @successor)
    )
    on conflict (id) do update set
      successor_no = excluded.successor_no
  `);

  return {
    readAll: () => allTargets.all(),
    declare({ id, gateway, tier, model, requestModel }) {
      declareTarget.run({ id, gateway, tier, model, requestModel });
    },
    succeed(target) {
      // Oldest first: the order of the numbers is then the order of the names.
      for (const id of target.formerIds.toReversed()) {
        const parts = parseTargetId(id);
        if (parts === null)
          throw new Error(`"${id}" is not the id of a target: gateway/tier/model was expected`);
        succeedTarget.run({ ...parts, id, successor: target.id });
      }
    },
  };
}
