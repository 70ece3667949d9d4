import type { Database } from 'better-sqlite3';
import type { Evidence } from '../../domain/measure/sample.ts';
import { packEvidence, unpackEvidence } from './packed-evidence.ts';

export type RowKey = {
  readonly scheduledAt: number;
  readonly seriesNo: number;
  readonly purposeNo: number;
};

type StoredBody = { readonly body: string; readonly packed: Uint8Array | null };

export type EvidenceTable = {
  /** The caller stores it only with a sample that was new, or could not be read any more: what was there already stays. */
  readonly add: (key: RowKey, evidence: Evidence) => void;
  readonly has: (key: RowKey) => boolean;
  /** `null` also for evidence whose stored bytes cannot be read any more. */
  readonly read: (key: RowKey) => Evidence | null;
  /** The JSON text that was recorded; of bytes that cannot be read any more, a text that says so. */
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
      body,
      packed
    ) values (
      @scheduledAt,
      @seriesNo,
      @purposeNo,
      'null',
      @packed
    )
    on conflict (scheduled_at_ms, series_no, purpose) do nothing
  `);
  const evidenceOfSample = db.prepare<RowKey, StoredBody>(`
    select
      body,
      packed
    from evidence
    where scheduled_at_ms = @scheduledAt
      and series_no = @seriesNo
      and purpose = @purposeNo
  `);
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
    StoredBody & { readonly scheduled_at_ms: number; readonly series_no: number; readonly purpose: number }
  >(`
    select
      scheduled_at_ms,
      series_no,
      purpose,
      body,
      packed
    from evidence
    where scheduled_at_ms >= @fromAt
      and scheduled_at_ms < @toAt
  `);

  return {
    readText(key) {
      const stored = evidenceOfSample.get(key);
      return stored === undefined ? null : (textOf(stored) ?? unreadable(stored));
    },
    between: (fromAt, toAt) =>
      evidenceBetween.all({ fromAt, toAt }).map((row) => ({
        scheduledAt: row.scheduled_at_ms,
        seriesNo: row.series_no,
        purposeNo: row.purpose,
        body: textOf(row) ?? unreadable(row),
      })),
    add(key, evidence) {
      addEvidence.run({ ...key, packed: packEvidence(JSON.stringify(evidence)) });
    },
    has: (key) => hasEvidence.get(key) !== undefined,
    read(key) {
      const stored = evidenceOfSample.get(key);
      const text = stored === undefined ? null : textOf(stored);
      // Written by `add` alone, from a value of this type.
      return text === null ? null : (JSON.parse(text) as Evidence);
    },
  };
}

/** `null` if the bytes are damaged. */
function textOf({ body, packed }: StoredBody): string | null {
  if (packed === null) return body;
  try {
    return unpackEvidence(packed);
  } catch {
    return null;
  }
}

/** Stands for a damaged body, so that sealing and verifying go on and tell of this row alone. */
function unreadable({ packed }: StoredBody): string {
  return JSON.stringify({ unreadable: Buffer.from(packed ?? []).toString('hex') });
}
