import type { Database } from 'better-sqlite3';
import type { Outcome } from '../../domain/measure/outcome.ts';
import type { Purpose, Sample } from '../../domain/measure/sample.ts';
import { doubtText, remarkBits } from './closed-lists.ts';
import type { RowKey } from './evidence.ts';
import { type Detail, packDetail, unpackDetail, unpackFacts } from './packed-detail.ts';
import type { CoreRow } from './packed-hour.ts';
import { forEachSampleTable, ofEachSampleTable, SAMPLE_TABLES, sampleTableOf } from './sample-tables.ts';
import type { ServedByTable } from './served-by.ts';

/** A stored sample before numbers become names. `readDetail` unpacks what is only shown, when it is wanted. */
export type StoredRow = CoreRow & {
  readonly seriesNo: number;
  readonly readDetail: () => Detail;
  /** The parts of the detail that contracts tell requests apart by. */
  readonly readFacts: () => CountedFacts;
};

export type CountedFacts = { readonly status: number | null; readonly promptTokens: number | null };

/** What counting needs of one attempt, without the parts that are only shown. */
export type AttemptRow = readonly [
  scheduledAt: number,
  seriesNo: number,
  purposeNo: number,
  outcome: string,
  doubt: string | null,
  ttftUs: number | null,
  totalUs: number | null,
  costNanos: number | null,
];

export type SampleFilter = {
  readonly fromAt: number;
  readonly toAt: number;
  /** `null` asks for all. */
  readonly series: readonly number[] | null;
  readonly purposes: readonly number[] | null;
  readonly outcomes: readonly Outcome[] | null;
  readonly order: 'oldest-first' | 'newest-first';
  /** -1 = no limit. */
  readonly limit: number;
};

/** The number of each purpose in stored rows. Never renumber. */
export const PURPOSE_NO: Readonly<Record<Purpose, number>> = {
  scheduled: 0,
  reprobe: 1,
  confirmation: 2,
  canary: 3,
};

export type SamplesTable = {
  /** `false` if a row with this identity was there already. */
  readonly add: (seriesNo: number, sample: Sample) => boolean;
  readonly select: (filter: SampleFilter) => readonly StoredRow[];
  readonly get: (key: RowKey) => StoredRow | null;
  /** Everything in `[fromAt, toAt)`, series by series, each by tick and purpose. */
  readonly bySeries: (fromAt: number, toAt: number) => Iterable<StoredRow>;
  /** All attempts of all series in `[fromAt, toAt)`, by tick, series and purpose. */
  readonly attemptsBetween: (fromAt: number, toAt: number) => Iterable<AttemptRow>;
  /** What the attempts of each series in `[fromAt, toAt)` cost. */
  readonly costsBetween: (
    fromAt: number,
    toAt: number,
  ) => readonly (readonly [seriesNo: number, costNanos: number])[];
  /** How many rows there are in `[fromAt, toAt)`. */
  readonly count: (fromAt: number, toAt: number) => number;
  /** The earliest tick at or after `fromAt` of which there is a row; `null` without any. */
  readonly firstTick: (fromAt: number) => number | null;
  /** Everything in `[fromAt, toAt)` of the first `limit` series with a number above `after` that have something there. */
  readonly ofNextSeries: (fromAt: number, toAt: number, after: number, limit: number) => readonly StoredRow[];
  /** Removes one row, if it is there. */
  readonly delete: (key: RowKey) => void;
  /**
   * Removes the rows of one hour that are kept elsewhere from now on; both series are inclusive. `isWhole`: there are no
   * others in that hour.
   */
  readonly remove: (hour: Hour, firstSeriesNo: number, lastSeriesNo: number, isWhole: boolean) => void;
};

/** More rows than this SQLite would sort in a file. */
const SORTED_AT_ONCE = 50_000;
/** Each piece reads the whole range; beyond so many, a file is cheaper. */
const MOST_PIECES = 8;

type Hour = { readonly fromAt: number; readonly toAt: number };

type SampleRow = {
  readonly scheduled_at_ms: number;
  readonly series_no: number;
  readonly purpose: number;
  readonly outcome: string;
  readonly doubt: string | null;
  readonly remarks: number;
  readonly lag_us: number;
  readonly ttft_us: number | null;
  readonly total_us: number | null;
  readonly completion_tokens: number | null;
  readonly cost_nanos: number | null;
  readonly served_by_no: number;
  readonly detail: Uint8Array;
};

type FilterParameters = {
  readonly fromAt: number;
  readonly toAt: number;
  readonly series: string | null;
  readonly purposes: string | null;
  readonly outcomes: string | null;
  readonly limit: number;
};

/** `giveWay` is called between two rows of a long reading. */
export function prepareSamples(
  db: Database,
  servedBy: ServedByTable,
  giveWay: () => void = () => {},
): SamplesTable {
  // Not `or ignore`: that would also swallow a row without a value where one must be.
  const addSample = forEachSampleTable((table) =>
    db.prepare(`
    insert into ${table} (
      scheduled_at_ms,
      series_no,
      purpose,
      outcome,
      doubt,
      remarks,
      lag_us,
      ttft_us,
      total_us,
      completion_tokens,
      cost_nanos,
      served_by_no,
      detail
    ) values (
      @scheduledAt,
      @seriesNo,
      @purposeNo,
      @outcome,
      @doubt,
      @remarks,
      @lagUs,
      @ttftUs,
      @totalUs,
      @completionTokens,
      @costNanos,
      @servedByNo,
      @detail
    )
    on conflict (scheduled_at_ms, series_no, purpose) do nothing
  `),
  );
  const samplesOldestFirst = db.prepare<FilterParameters, SampleRow>(`
    select *
    from samples
    where scheduled_at_ms >= @fromAt
      and scheduled_at_ms < @toAt
      and (@series is null or series_no in (select value from json_each(@series)))
      and (@purposes is null or purpose in (select value from json_each(@purposes)))
      and (@outcomes is null or outcome in (select value from json_each(@outcomes)))
    order by scheduled_at_ms, series_no, purpose
    limit +@limit
  `);
  const samplesNewestFirst = db.prepare<FilterParameters, SampleRow>(`
    select *
    from samples
    where scheduled_at_ms >= @fromAt
      and scheduled_at_ms < @toAt
      and (@series is null or series_no in (select value from json_each(@series)))
      and (@purposes is null or purpose in (select value from json_each(@purposes)))
      and (@outcomes is null or outcome in (select value from json_each(@outcomes)))
    order by scheduled_at_ms desc, series_no desc, purpose desc
    limit +@limit
  `);
  // The planner would walk the whole range; these are asked for the few failures of one target.
  const failures = ofEachSampleTable(
    (table) => `
      select *
      from ${table} indexed by ${table}_failed
      where outcome <> 'ok'
        and outcome in (select value from json_each(@outcomes))
        and series_no in (select value from json_each(@series))
        and scheduled_at_ms >= @fromAt
        and scheduled_at_ms < @toAt
        and (@purposes is null or purpose in (select value from json_each(@purposes)))`,
  );
  const failuresOldestFirst = db.prepare<FilterParameters, SampleRow>(`
    ${failures}
    order by scheduled_at_ms, series_no, purpose
    limit +@limit
  `);
  const failuresNewestFirst = db.prepare<FilterParameters, SampleRow>(`
    ${failures}
    order by scheduled_at_ms desc, series_no desc, purpose desc
    limit +@limit
  `);
  const sampleWithKey = db.prepare<RowKey, SampleRow>(`
    select *
    from samples
    where scheduled_at_ms = @scheduledAt
      and series_no = @seriesNo
      and purpose = @purposeNo
  `);
  const countBetween = db
    .prepare<Hour, number>(
      'select count(*) from samples where scheduled_at_ms >= @fromAt and scheduled_at_ms < @toAt',
    )
    .pluck();
  const lastSeriesNo = db.prepare<[], number | null>('select max(series_no) from series').pluck();
  const samplesBySeries = db.prepare<Hour & { afterNo: number; toNo: number }, SampleRow>(`
    select *
    from samples
    where scheduled_at_ms >= @fromAt
      and scheduled_at_ms < @toAt
      and series_no > @afterNo
      and series_no <= @toNo
    order by series_no, scheduled_at_ms, purpose
  `);
  const attemptsBetween = db
    .prepare<{ fromAt: number; toAt: number }, AttemptRow>(`
      select
        scheduled_at_ms,
        series_no,
        purpose,
        outcome,
        doubt,
        ttft_us,
        total_us,
        cost_nanos
      from samples
      where scheduled_at_ms >= @fromAt
        and scheduled_at_ms < @toAt
      order by scheduled_at_ms, series_no, purpose
    `)
    .raw();
  const costsBetween = db
    .prepare<{ fromAt: number; toAt: number }, readonly [number, number]>(`
      select
        series_no,
        sum(cost_nanos)
      from samples
      where scheduled_at_ms >= @fromAt
        and scheduled_at_ms < @toAt
        and cost_nanos is not null
      group by series_no
    `)
    .raw();
  const firstTick = db
    .prepare<{ fromAt: number }, number | null>(`
      select min(at)
      from (${ofEachSampleTable((table) => `select min(scheduled_at_ms) as at from ${table} where scheduled_at_ms >= @fromAt`)})
    `)
    .pluck();
  const samplesOfNextSeries = db.prepare<
    { fromAt: number; toAt: number; after: number; limit: number },
    SampleRow
  >(`
    select *
    from samples
    where scheduled_at_ms >= @fromAt
      and scheduled_at_ms < @toAt
      and series_no in (
        select distinct series_no
        from samples
        where scheduled_at_ms >= @fromAt
          and scheduled_at_ms < @toAt
          and series_no > @after
        order by series_no
        limit +@limit
      )
    order by scheduled_at_ms, series_no, purpose
  `);
  const deleteSample = forEachSampleTable((table) =>
    db.prepare<RowKey>(`
      delete from ${table}
      where scheduled_at_ms = @scheduledAt
        and series_no = @seriesNo
        and purpose = @purposeNo
    `),
  );
  const removeSamples = forEachSampleTable((table) =>
    db.prepare(`
      delete from ${table}
      where scheduled_at_ms >= @fromAt
        and scheduled_at_ms < @toAt
        and series_no between @firstSeriesNo and @lastSeriesNo
    `),
  );
  const holdsOthers = forEachSampleTable((table) =>
    db
      .prepare<Hour, 0 | 1>(`
        select exists (select 1 from ${table} where scheduled_at_ms < @fromAt)
          or exists (select 1 from ${table} where scheduled_at_ms >= @toAt)
      `)
      .pluck(),
  );
  const empty = forEachSampleTable((table) => db.prepare(`delete from ${table}`));

  return {
    add(seriesNo, sample) {
      const completionTokens = sample.usage?.completionTokens ?? null;
      const added = addSample[sampleTableOf(sample.scheduledAt)].run({
        scheduledAt: sample.scheduledAt,
        seriesNo,
        purposeNo: PURPOSE_NO[sample.purpose],
        outcome: sample.outcome,
        doubt: doubtText(sample.validity),
        remarks: remarkBits(sample.remarks),
        lagUs: sample.lagUs,
        ttftUs: sample.ttftUs,
        totalUs: sample.totalUs,
        completionTokens,
        costNanos: sample.costNanos,
        servedByNo: servedBy.number(sample.servedBy),
        detail: packDetail(sample, { ttftUs: sample.ttftUs, totalUs: sample.totalUs, completionTokens }),
      });
      return added.changes === 1;
    },
    select(filter) {
      const parameters = {
        fromAt: filter.fromAt,
        toAt: filter.toAt,
        series: filter.series === null ? null : JSON.stringify(filter.series),
        purposes: filter.purposes === null ? null : JSON.stringify(filter.purposes),
        outcomes: filter.outcomes === null ? null : JSON.stringify(filter.outcomes),
        limit: filter.limit,
      };
      const newestFirst = filter.order === 'newest-first';
      const statement = wantsOnlyFailuresOfSeries(filter)
        ? newestFirst
          ? failuresNewestFirst
          : failuresOldestFirst
        : newestFirst
          ? samplesNewestFirst
          : samplesOldestFirst;
      return statement.all(parameters).map(storedRowOf);
    },
    get(key) {
      const row = sampleWithKey.get(key);
      return row === undefined ? null : storedRowOf(row);
    },
    *bySeries(fromAt, toAt) {
      const pieces = Math.ceil((countBetween.get({ fromAt, toAt }) ?? 0) / SORTED_AT_ONCE);
      const width = Math.ceil((lastSeriesNo.get() ?? 0) / Math.min(pieces, MOST_PIECES));
      for (let piece = 0; piece < Math.min(pieces, MOST_PIECES); piece += 1) {
        const series = { afterNo: piece * width, toNo: (piece + 1) * width };
        for (const row of samplesBySeries.iterate({ fromAt, toAt, ...series })) {
          giveWay();
          yield storedRowOf(row);
        }
      }
    },
    costsBetween: (fromAt, toAt) => costsBetween.all({ fromAt, toAt }),
    attemptsBetween: (fromAt, toAt) => attemptsBetween.iterate({ fromAt, toAt }),
    count: (fromAt, toAt) => countBetween.get({ fromAt, toAt }) ?? 0,
    firstTick: (fromAt) => firstTick.get({ fromAt }) ?? null,
    ofNextSeries(fromAt, toAt, after, limit) {
      const found: StoredRow[] = [];
      for (const row of samplesOfNextSeries.iterate({ fromAt, toAt, after, limit })) {
        giveWay();
        found.push(storedRowOf(row));
      }
      return found;
    },
    delete(key) {
      deleteSample[sampleTableOf(key.scheduledAt)].run(key);
    },
    remove(hour, firstSeriesNo, lastSeriesNo, isWhole) {
      const home = sampleTableOf(hour.fromAt);
      if (isWhole && holdsOthers[home].get(hour) === 0) empty[home].run();
      // Whatever was moved by hand must be gone too, or it would be packed for ever.
      for (const table of SAMPLE_TABLES) removeSamples[table].run({ ...hour, firstSeriesNo, lastSeriesNo });
    },
  };
}

/** Such a question is answered from an index of failures instead of from everything in the range. */
export function wantsOnlyFailuresOfSeries(filter: SampleFilter): boolean {
  return filter.series !== null && filter.outcomes !== null && !filter.outcomes.includes('ok');
}

function storedRowOf(row: SampleRow): StoredRow {
  const anchors = {
    ttftUs: row.ttft_us,
    totalUs: row.total_us,
    completionTokens: row.completion_tokens,
  };
  return {
    scheduledAt: row.scheduled_at_ms,
    seriesNo: row.series_no,
    purposeNo: row.purpose,
    outcome: row.outcome,
    doubt: row.doubt,
    remarks: row.remarks,
    lagUs: row.lag_us,
    ...anchors,
    costNanos: row.cost_nanos,
    servedByNo: row.served_by_no,
    readDetail: () => unpackDetail(row.detail, anchors),
    readFacts: () => unpackFacts(row.detail),
  };
}

export function factsOf({ status, usage }: Detail): CountedFacts {
  return { status, promptTokens: usage?.promptTokens ?? null };
}

/** A sample that is not stored yet in the form in which stored ones are packed. */
export function rowOfSample(seriesNo: number, sample: Sample, servedByNo: number): StoredRow {
  return {
    scheduledAt: sample.scheduledAt,
    seriesNo,
    purposeNo: PURPOSE_NO[sample.purpose],
    outcome: sample.outcome,
    doubt: doubtText(sample.validity),
    remarks: remarkBits(sample.remarks),
    lagUs: sample.lagUs,
    ttftUs: sample.ttftUs,
    totalUs: sample.totalUs,
    completionTokens: sample.usage?.completionTokens ?? null,
    costNanos: sample.costNanos,
    servedByNo,
    readDetail: () => sample,
    readFacts: () => factsOf(sample),
  };
}
