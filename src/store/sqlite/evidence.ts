import type { Database } from 'better-sqlite3';
import type { Evidence } from '../../domain/measure/sample.ts';

export type RowKey = {
  readonly scheduledAt: number;
  readonly seriesNo: number;
  readonly purposeNo: number;
};

export type EvidenceTable = {
  /** The caller stores it only with a sample that was new. */
  readonly add: (key: RowKey, evidence: Evidence) => void;
  readonly has: (key: RowKey) => boolean;
  readonly read: (key: RowKey) => Evidence | null;
  /** The JSON text as it is stored. */
  readonly readText: (key: RowKey) => string | null;
  /** Of all series in `[fromAt, toAt)`. */
  readonly between: (fromAt: number, toAt: number) => readonly (RowKey & { readonly body: string })[];
};

export function prepareEvidence(db: Database): EvidenceTable {
  const addEvidence = db.prepare(`
    insert into evidence (
      scheduled_at_ms,
      series_no,
      purpose,
      body
    ) values (
      @scheduledAt,
      @seriesNo,
      @purposeNo,
      @body
    )
  `);
  const evidenceOfSample = db
    .prepare<RowKey, string>(`
      select body
      from evidence
      where scheduled_at_ms = @scheduledAt
        and series_no = @seriesNo
        and purpose = @purposeNo
    `)
    .pluck();
  const hasEvidence = db
    .prepare<RowKey, 1>(`
      select 1
      from evidence
      where scheduled_at_ms = @scheduledAt
        and series_no = @seriesNo
        and purpose = @purposeNo
    `)
    .pluck();

  const evidenceBetween = db.prepare<
    { fromAt: number; toAt: number },
    { scheduled_at_ms: number; series_no: number; purpose: number; body: string }
  >(`
    select
      scheduled_at_ms,
      series_no,
      purpose,
      body
    from evidence
    where scheduled_at_ms >= @fromAt
      and scheduled_at_ms < @toAt
  `);

  return {
    readText: (key) => evidenceOfSample.get(key) ?? null,
    between: (fromAt, toAt) =>
      evidenceBetween.all({ fromAt, toAt }).map((row) => ({
        scheduledAt: row.scheduled_at_ms,
        seriesNo: row.series_no,
        purposeNo: row.purpose,
        body: row.body,
      })),
    add(key, evidence) {
      addEvidence.run({ ...key, body: JSON.stringify(evidence) });
    },
    has: (key) => hasEvidence.get(key) !== undefined,
    read(key) {
      const body = evidenceOfSample.get(key);
      // Written by `add` alone, from a value of this type.
      return body === undefined ? null : (JSON.parse(body) as Evidence);
    },
  };
}
