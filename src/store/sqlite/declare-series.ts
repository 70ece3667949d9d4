import type { Target } from '../../domain/measure/target.ts';
import { type Schedule, sameSchedule } from '../../domain/time/schedule.ts';
import type { SeriesDeclaration } from '../store.ts';
import type { SchedulesTable } from './schedules.ts';
import type { SeriesTable } from './series.ts';
import type { TargetsTable } from './targets.ts';

export type DeclarationTables = {
  readonly targets: TargetsTable;
  readonly series: SeriesTable;
  readonly schedules: SchedulesTable;
};

/** The body of `Store.declareSeries`; the caller holds the transaction. */
export function declareSeries(
  tables: DeclarationTables,
  declarations: readonly SeriesDeclaration[],
  at: number,
): void {
  const declared = new Map(declarations.map(({ target }) => [target.id, target]));
  refuseAmbiguousNames(declared);
  for (const target of declared.values()) tables.targets.declare(target);
  for (const target of declared.values()) tables.targets.succeed(target);

  const wanted = new Map<number, Schedule>();
  for (const { probe, target, region, schedule } of declarations) {
    const seriesNo = tables.series.number(probe, target.id, region);
    if (wanted.has(seriesNo)) {
      throw new Error(`probe ${probe} of target ${target.id} in region ${region} is declared twice`);
    }
    wanted.set(seriesNo, schedule);
  }

  const begin = new Map(wanted);
  for (const span of tables.schedules.inForce()) {
    const schedule = wanted.get(span.seriesNo);
    if (schedule !== undefined && sameSchedule(schedule, span.schedule)) {
      begin.delete(span.seriesNo);
      continue;
    }
    const changeAt = Math.max(at, span.fromAt);
    tables.schedules.end(span, changeAt);
    if (schedule !== undefined) {
      tables.schedules.begin(span.seriesNo, schedule, changeAt);
      begin.delete(span.seriesNo);
    }
  }
  for (const [seriesNo, schedule] of begin) {
    tables.schedules.begin(seriesNo, schedule, Math.max(at, tables.schedules.lastEnd(seriesNo) ?? at));
  }
}

function refuseAmbiguousNames(declared: ReadonlyMap<string, Target>): void {
  const claimedBy = new Map<string, string>();
  for (const target of declared.values()) {
    for (const former of target.formerIds) {
      if (declared.has(former)) {
        throw new Error(`${former} is declared as a target and as a former id of ${target.id}`);
      }
      const other = claimedBy.get(former);
      if (other !== undefined && other !== target.id) {
        throw new Error(`${former} is declared as a former id of ${other} and of ${target.id}`);
      }
      claimedBy.set(former, target.id);
    }
  }
}
