import { PURPOSES, type Purpose } from '../../domain/measure/sample.ts';
import type { StoredSample } from '../store.ts';
import { outcomeOf, remarksOf, validityOf } from './closed-lists.ts';
import type { EvidenceTable } from './evidence.ts';
import { PURPOSE_NO, type StoredRow } from './samples.ts';
import type { SeriesRegistry } from './series.ts';
import type { ServedByTable } from './served-by.ts';

/** Gives a stored row its names back. */
export function nameSample(
  row: StoredRow,
  registry: SeriesRegistry,
  servedBy: ServedByTable,
  evidence: EvidenceTable,
): StoredSample {
  const { scheduledAt, seriesNo, purposeNo } = row;
  const { probe, target, region } = registry.entry(seriesNo);
  return {
    probe,
    target,
    region,
    scheduledAt,
    purpose: purposeOf(purposeNo),
    lagUs: row.lagUs,
    outcome: outcomeOf(row.outcome),
    validity: validityOf(row.doubt),
    remarks: remarksOf(row.remarks),
    ttftUs: row.ttftUs,
    totalUs: row.totalUs,
    servedBy: servedBy.value(row.servedByNo),
    costNanos: row.costNanos,
    hasEvidence: evidence.has({ scheduledAt, seriesNo, purposeNo }),
    ...row.readDetail(),
  };
}

/** The inverse of `PURPOSE_NO`. */
export function purposeOf(purposeNo: number): Purpose {
  const purpose = BY_NO[purposeNo];
  if (purpose === undefined) throw new Error(`the stored purpose ${purposeNo} is unknown to this program`);
  return purpose;
}

const BY_NO: readonly Purpose[] = PURPOSES.toSorted((one, other) => PURPOSE_NO[one] - PURPOSE_NO[other]);
