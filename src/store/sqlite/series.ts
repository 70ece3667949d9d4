import type { Database } from 'better-sqlite3';
import type { Target } from '../../domain/measure/target.ts';
import type { TargetRow } from './targets.ts';

type SeriesRow = {
  readonly series_no: number;
  readonly target_no: number;
  readonly probe: string;
  readonly region: string;
  readonly current: 0 | 1;
};

/** One series under the id its target has today. */
export type SeriesEntry = {
  readonly seriesNo: number;
  readonly probe: string;
  readonly target: string;
  /** The id its target had when the series began; a rename leaves it. */
  readonly recordedAs: string;
  readonly region: string;
  readonly current: boolean;
};

export type SeriesTable = {
  readonly readAll: () => readonly SeriesRow[];
  /** The number of the series, which is made known if it was not. */
  readonly number: (probe: string, targetId: string, region: string) => number;
};

export function prepareSeries(db: Database): SeriesTable {
  const allSeries = db.prepare<[], SeriesRow>(`
    select
      series.series_no,
      series.target_no,
      series.probe,
      series.region,
      exists (
        select 1
        from schedules
        where schedules.series_no = series.series_no
          and schedules.to_at_ms is null
      ) as current
    from series
    order by series.series_no
  `);
  const addSeries = db.prepare(`
    insert or ignore into series (
      target_no,
      probe,
      region
    ) values (
      (select target_no from targets where id = @targetId),
      @probe,
      @region
    )
  `);
  const numberOfSeries = db
    .prepare<{ probe: string; targetId: string; region: string }, number>(`
      select series.series_no
      from series
      join targets using (target_no)
      where targets.id = @targetId
        and series.probe = @probe
        and series.region = @region
    `)
    .pluck();

  return {
    readAll: () => allSeries.all(),
    number(probe, targetId, region) {
      addSeries.run({ probe, targetId, region });
      const seriesNo = numberOfSeries.get({ probe, targetId, region });
      if (seriesNo === undefined) throw new Error(`target ${targetId} must be declared before its series`);
      return seriesNo;
    },
  };
}

/** Everything about names and numbers, in memory: a few hundred rows that every read and write needs. */
export type SeriesRegistry = {
  readonly entries: readonly SeriesEntry[];
  readonly entry: (seriesNo: number) => SeriesEntry;
  /** The series an attempt belongs to, by any id its target has had; `undefined` if it was never declared. */
  readonly find: (probe: string, targetId: string, region: string) => number | undefined;
  /** Numbers of all series of a target (by any id it has had; `undefined` = any) and of a probe. */
  readonly select: (targetId?: string, probe?: string) => readonly number[];
  readonly targets: readonly (Target & { readonly current: boolean })[];
  /** Today's id of a target by its number. */
  readonly targetId: (targetNo: number) => string;
  /** The numbers of a target under every id it has had, by any of them; empty if it was never declared. */
  readonly targetNumbers: (id: string) => readonly number[];
  /** The number of a target by the very id; `undefined` if it was never declared. */
  readonly targetNo: (id: string) => number | undefined;
};

export function buildRegistry(
  targetRows: readonly TargetRow[],
  seriesRows: readonly SeriesRow[],
): SeriesRegistry {
  const rowByNo = new Map(targetRows.map((row) => [row.target_no, row]));
  const rowById = new Map(targetRows.map((row) => [row.id, row]));

  const today = (row: TargetRow): TargetRow => {
    let at = row;
    for (let steps = 0; at.successor_no !== null; steps += 1) {
      const next = rowByNo.get(at.successor_no);
      if (next === undefined || steps > targetRows.length) throw new Error(`${row.id} has no last successor`);
      at = next;
    }
    return at;
  };

  const entryByNo = new Map<number, SeriesEntry>();
  const noByName = new Map<string, number>();
  const noByOwnName = new Map<string, number>();
  const nosByTarget = new Map<string, number[]>();
  const currentTargets = new Set<string>();
  for (const row of seriesRows) {
    const own = rowByNo.get(row.target_no);
    if (own === undefined) throw new Error(`series ${row.series_no} has no target`);
    const target = today(own).id;
    const current = row.current === 1;
    entryByNo.set(row.series_no, {
      seriesNo: row.series_no,
      probe: row.probe,
      target,
      recordedAs: own.id,
      region: row.region,
      current,
    });
    noByOwnName.set(nameOf(row.probe, own.id, row.region), row.series_no);
    // The series recorded under today's id goes before those recorded under former ids.
    const name = nameOf(row.probe, target, row.region);
    if (own.id === target || !noByName.has(name)) noByName.set(name, row.series_no);
    const siblings = nosByTarget.get(target);
    if (siblings === undefined) nosByTarget.set(target, [row.series_no]);
    else siblings.push(row.series_no);
    if (current) currentTargets.add(target);
  }

  const formerIds = new Map<string, string[]>();
  for (const row of targetRows.toReversed()) {
    if (row.successor_no === null) continue;
    const { id } = today(row);
    formerIds.set(id, [...(formerIds.get(id) ?? []), row.id]);
  }

  return {
    entries: [...entryByNo.values()],
    entry(seriesNo) {
      const entry = entryByNo.get(seriesNo);
      if (entry === undefined) throw new Error(`series ${seriesNo} is stored but unknown`);
      return entry;
    },
    find(probe, targetId, region) {
      const own = noByOwnName.get(nameOf(probe, targetId, region));
      if (own !== undefined) return own;
      const row = rowById.get(targetId);
      return row === undefined ? undefined : noByName.get(nameOf(probe, today(row).id, region));
    },
    select(targetId, probe) {
      const row = targetId === undefined ? undefined : rowById.get(targetId);
      if (targetId !== undefined && row === undefined) return [];
      const nos = row === undefined ? [...entryByNo.keys()] : (nosByTarget.get(today(row).id) ?? []);
      return probe === undefined ? nos : nos.filter((seriesNo) => entryByNo.get(seriesNo)?.probe === probe);
    },
    targetId(targetNo) {
      const row = rowByNo.get(targetNo);
      if (row === undefined) throw new Error(`target ${targetNo} is stored but unknown`);
      return today(row).id;
    },
    targetNumbers(id) {
      const row = rowById.get(id);
      if (row === undefined) return [];
      const last = today(row);
      return targetRows.filter((one) => today(one) === last).map((one) => one.target_no);
    },
    targetNo: (id) => rowById.get(id)?.target_no,
    targets: targetRows
      .filter((row) => row.successor_no === null)
      .map((row) => ({
        id: row.id,
        gateway: row.gateway,
        tier: row.tier,
        model: row.model,
        requestModel: row.request_model,
        formerIds: formerIds.get(row.id) ?? [],
        current: currentTargets.has(row.id),
      }))
      .sort((one, other) => (one.id < other.id ? -1 : 1)),
  };
}

function nameOf(probe: string, targetId: string, region: string): string {
  return `${probe}\n${targetId}\n${region}`;
}
