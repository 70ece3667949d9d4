import type { Database } from 'better-sqlite3';
import type { Evidence } from '../../domain/sample.ts';

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

  return {
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
