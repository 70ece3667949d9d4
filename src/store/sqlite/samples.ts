import type { Database } from 'better-sqlite3';
import { isOutcome, type Outcome, REMARKS, type Remark } from '../../domain/outcome.ts';
import { PURPOSES, type Purpose, type Sample } from '../../domain/sample.ts';
import type { StoredSample } from '../store.ts';
import { doubtText, validityOf } from './closed-lists.ts';
import type { RowKey } from './evidence.ts';
import { packDetail, unpackDetail } from './packed-detail.ts';
import type { SeriesEntry } from './series.ts';
import type { ServedByTable } from './served-by.ts';

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
  readonly has_evidence: 0 | 1;
};

/** What counting needs of one attempt, without the parts that are only shown. */
export type AttemptRow = readonly [
  scheduledAt: number,
  seriesNo: number,
  purposeNo: number,
  outcome: Outcome,
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
  readonly purposes: readonly Purpose[] | null;
  readonly outcomes: readonly Outcome[] | null;
  readonly order: 'oldest-first' | 'newest-first';
  readonly limit: number;
};

export type SamplesTable = {
  /** `false` if a row with this identity was there already. */
  readonly add: (seriesNo: number, sample: Sample) => boolean;
  readonly select: (filter: SampleFilter) => readonly StoredSample[];
  readonly get: (key: RowKey) => StoredSample | null;
  /** All attempts of all series in `[fromAt, toAt)`, by tick, series and purpose. */
  readonly attemptsBetween: (fromAt: number, toAt: number) => IterableIterator<AttemptRow>;
};

/** The number of each purpose in stored rows. Never renumber. */
export const PURPOSE_NO: Readonly<Record<Purpose, number>> = {
  scheduled: 0,
  reprobe: 1,
  confirmation: 2,
  canary: 3,
};

export function prepareSamples(
  db: Database,
  servedBy: ServedByTable,
  entryOf: (seriesNo: number) => SeriesEntry,
): SamplesTable {
  const addSample = db.prepare(`
    insert or ignore into samples (
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
  `);

  type FilterParameters = {
    readonly fromAt: number;
    readonly toAt: number;
    readonly series: string | null;
    readonly purposes: string | null;
    readonly outcomes: string | null;
    readonly limit: number;
  };
  const samplesOldestFirst = db.prepare<FilterParameters, SampleRow>(`
    select
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
      detail,
      exists (
        select 1
        from evidence
        where evidence.scheduled_at_ms = samples.scheduled_at_ms
          and evidence.series_no = samples.series_no
          and evidence.purpose = samples.purpose
      ) as has_evidence
    from samples
    where scheduled_at_ms >= @fromAt
      and scheduled_at_ms < @toAt
      and (@series is null or series_no in (select value from json_each(@series)))
      and (@purposes is null or purpose in (select value from json_each(@purposes)))
      and (@outcomes is null or outcome in (select value from json_each(@outcomes)))
    order by scheduled_at_ms, series_no, purpose
    limit @limit
  `);
  const samplesNewestFirst = db.prepare<FilterParameters, SampleRow>(`
    select
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
      detail,
      exists (
        select 1
        from evidence
        where evidence.scheduled_at_ms = samples.scheduled_at_ms
          and evidence.series_no = samples.series_no
          and evidence.purpose = samples.purpose
      ) as has_evidence
    from samples
    where scheduled_at_ms >= @fromAt
      and scheduled_at_ms < @toAt
      and (@series is null or series_no in (select value from json_each(@series)))
      and (@purposes is null or purpose in (select value from json_each(@purposes)))
      and (@outcomes is null or outcome in (select value from json_each(@outcomes)))
    order by scheduled_at_ms desc, series_no desc, purpose desc
    limit @limit
  `);

  type FailureParameters = FilterParameters & { readonly series: string };
  const failuresOldestFirst = db.prepare<FailureParameters, SampleRow>(`
    select
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
      detail,
      exists (
        select 1
        from evidence
        where evidence.scheduled_at_ms = samples.scheduled_at_ms
          and evidence.series_no = samples.series_no
          and evidence.purpose = samples.purpose
      ) as has_evidence
    from samples indexed by samples_failed
    where outcome <> 'ok'
      and series_no in (select value from json_each(@series))
      and scheduled_at_ms >= @fromAt
      and scheduled_at_ms < @toAt
      and (@purposes is null or purpose in (select value from json_each(@purposes)))
      and outcome in (select value from json_each(@outcomes))
    order by scheduled_at_ms, series_no, purpose
    limit @limit
  `);
  const failuresNewestFirst = db.prepare<FailureParameters, SampleRow>(`
    select
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
      detail,
      exists (
        select 1
        from evidence
        where evidence.scheduled_at_ms = samples.scheduled_at_ms
          and evidence.series_no = samples.series_no
          and evidence.purpose = samples.purpose
      ) as has_evidence
    from samples indexed by samples_failed
    where outcome <> 'ok'
      and series_no in (select value from json_each(@series))
      and scheduled_at_ms >= @fromAt
      and scheduled_at_ms < @toAt
      and (@purposes is null or purpose in (select value from json_each(@purposes)))
      and outcome in (select value from json_each(@outcomes))
    order by scheduled_at_ms desc, series_no desc, purpose desc
    limit @limit
  `);

  const sampleWithKey = db.prepare<RowKey, SampleRow>(`
    select
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
      detail,
      exists (
        select 1
        from evidence
        where evidence.scheduled_at_ms = samples.scheduled_at_ms
          and evidence.series_no = samples.series_no
          and evidence.purpose = samples.purpose
      ) as has_evidence
    from samples
    where scheduled_at_ms = @scheduledAt
      and series_no = @seriesNo
      and purpose = @purposeNo
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

  const sampleOf = (row: SampleRow): StoredSample => {
    const { probe, target, region } = entryOf(row.series_no);
    const detail = unpackDetail(row.detail, {
      ttftUs: row.ttft_us,
      totalUs: row.total_us,
      completionTokens: row.completion_tokens,
    });
    return {
      probe,
      target,
      region,
      scheduledAt: row.scheduled_at_ms,
      purpose: purposeOf(row.purpose),
      lagUs: row.lag_us,
      outcome: outcomeOf(row.outcome),
      validity: validityOf(row.doubt),
      remarks: remarksOf(row.remarks),
      ttftUs: row.ttft_us,
      totalUs: row.total_us,
      servedBy: servedBy.value(row.served_by_no),
      costNanos: row.cost_nanos,
      hasEvidence: row.has_evidence === 1,
      ...detail,
    };
  };

  return {
    add(seriesNo, sample) {
      const completionTokens = sample.usage?.completionTokens ?? null;
      const added = addSample.run({
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
        purposes:
          filter.purposes === null
            ? null
            : JSON.stringify(filter.purposes.map((purpose) => PURPOSE_NO[purpose])),
        outcomes: filter.outcomes === null ? null : JSON.stringify(filter.outcomes),
        limit: filter.limit,
      };
      const newestFirst = filter.order === 'newest-first';
      const { series } = parameters;
      if (series !== null && filter.outcomes !== null && !filter.outcomes.includes('ok')) {
        const failures = newestFirst ? failuresNewestFirst : failuresOldestFirst;
        return failures.all({ ...parameters, series }).map(sampleOf);
      }
      return (newestFirst ? samplesNewestFirst : samplesOldestFirst).all(parameters).map(sampleOf);
    },
    get(key) {
      const row = sampleWithKey.get(key);
      return row === undefined ? null : sampleOf(row);
    },
    attemptsBetween: (fromAt, toAt) => attemptsBetween.iterate({ fromAt, toAt }),
  };
}

function purposeOf(purposeNo: number): Purpose {
  const purpose = PURPOSES.find((known) => PURPOSE_NO[known] === purposeNo);
  if (purpose === undefined) throw new Error(`the stored purpose ${purposeNo} is unknown to this program`);
  return purpose;
}

function outcomeOf(text: string): Outcome {
  if (!isOutcome(text)) throw new Error(`the stored outcome "${text}" is unknown to this program`);
  return text;
}

function remarkBits(remarks: readonly Remark[]): number {
  return remarks.reduce((bits, remark) => bits | (1 << REMARKS.indexOf(remark)), 0);
}

function remarksOf(bits: number): readonly Remark[] {
  return bits === 0 ? [] : REMARKS.filter((_, index) => (bits & (1 << index)) !== 0);
}
