import { createHash, hash } from 'node:crypto';
import { PURPOSES } from '../domain/sample.ts';
import type { ChainRows, ChainSeries, Segment, SegmentRows } from '../store/store.ts';
import { canonicalJson } from './canonical-json.ts';
import { evidenceText, notRunText, ROW_VERSION, sampleText, seriesText } from './chain-row.ts';
import { type RowName, writeRowIndex } from './row-index.ts';

/** The three kinds of rows of a segment, each with a root of its own, so that evidence may be pruned before samples. */
export const PARTS = ['samples', 'notRun', 'evidence'] as const;
export type Part = (typeof PARTS)[number];

/** Bytes of a row's hash that are kept for each row. */
export const MARK_BYTES = 4;

/** The head of what comes before the first segment. */
export const NO_HEAD = '0'.repeat(64);

const HASH_BYTES = 32;

/** What the rows of one part come to. */
export type HashedPart = {
  /** On-time rows by series, tick and purpose, then late ones in the same order. */
  readonly rows: readonly RowName[];
  readonly late: number;
  /** The hash of each row, one after the other. */
  readonly hashes: Buffer;
  /** The hash of a row's content under another name. */
  readonly rehash: (row: number, as: RowName) => Buffer;
  /** SHA-256 of all row hashes, one after the other; hex. */
  readonly root: string;
};

export type HashedSegment = Readonly<Record<Part, HashedPart>>;

type Draft = {
  readonly name: RowName;
  readonly order: string;
  /** As it is stored. */
  readonly text: () => string;
  /** As it would be under another name. */
  readonly textAs: (as: RowName) => string;
};

function draftsOf(part: Part, rows: ChainRows): Draft[] {
  switch (part) {
    case 'samples':
      return rows.samples.map((row) => ({
        name: row,
        order: seriesText(row.series),
        text: () => sampleText(row),
        textAs: ({ series, scheduledAt, purpose }) =>
          sampleText({ ...row, series, scheduledAt, purpose: purpose ?? row.purpose }),
      }));
    case 'notRun':
      return rows.notRun.map((row) => ({
        name: { series: row.series, scheduledAt: row.scheduledAt, purpose: null },
        order: seriesText(row.series),
        text: () => notRunText(row),
        textAs: ({ series, scheduledAt }) => notRunText({ ...row, series, scheduledAt }),
      }));
    case 'evidence':
      return rows.evidence.map((row) => ({
        name: row,
        order: seriesText(row.series),
        text: () => evidenceText(row),
        textAs: ({ series, scheduledAt, purpose }) =>
          evidenceText({ ...row, series, scheduledAt, purpose: purpose ?? row.purpose }),
      }));
  }
}

const purposeRank = new Map(PURPOSES.map((purpose, rank) => [purpose, rank]));

function byName(one: Draft, other: Draft): number {
  if (one.order !== other.order) return one.order < other.order ? -1 : 1;
  const { name: a } = one;
  const { name: b } = other;
  if (a.scheduledAt !== b.scheduledAt) return a.scheduledAt - b.scheduledAt;
  if (a.purpose === null || b.purpose === null) return 0;
  return (purposeRank.get(a.purpose) ?? 0) - (purposeRank.get(b.purpose) ?? 0);
}

function hashPart(part: Part, { onTime, late }: SegmentRows): HashedPart {
  const lateDrafts = draftsOf(part, late).sort(byName);
  const drafts = draftsOf(part, onTime).sort(byName).concat(lateDrafts);
  const hashes = Buffer.alloc(drafts.length * HASH_BYTES);
  // A buffer for each of thousands of rows costs more than hashing them.
  for (const [row, { text }] of drafts.entries()) {
    hashes.write(hash('sha256', text(), 'hex'), row * HASH_BYTES, 'hex');
  }
  return {
    rows: drafts.map(({ name }) => name),
    late: lateDrafts.length,
    hashes,
    rehash: (row, as) => hash('sha256', drafts[row]?.textAs(as) ?? '', 'buffer'),
    root: createHash('sha256').update(hashes).digest('hex'),
  };
}

/** The hash of one row of a part. */
export function hashOfRow({ hashes }: HashedPart, row: number): Buffer {
  return hashes.subarray(row * HASH_BYTES, (row + 1) * HASH_BYTES);
}

export function hashSegment(rows: SegmentRows): HashedSegment {
  return {
    samples: hashPart('samples', rows),
    notRun: hashPart('notRun', rows),
    evidence: hashPart('evidence', rows),
  };
}

/** The first bytes of the hash of every row, parts one after the other. */
export function marksOf(hashed: HashedSegment): Buffer {
  const marks = Buffer.alloc(PARTS.reduce((rows, part) => rows + hashed[part].rows.length, 0) * MARK_BYTES);
  let at = 0;
  for (const part of PARTS) {
    const { hashes } = hashed[part];
    for (let from = 0; from < hashes.length; from += HASH_BYTES) {
      at += hashes.copy(marks, at, from, from + MARK_BYTES);
    }
  }
  return marks;
}

/** What a header says, version 1: canonical JSON (RFC 8785), whose SHA-256 is the head of the segment. */
export type SegmentHeader = Readonly<Record<Part, { rows: number; late: number; root: string }>> & {
  readonly v: typeof ROW_VERSION;
  readonly region: string;
  readonly no: number;
  /** RFC 3339, UTC. */
  readonly from: string;
  readonly to: string;
  readonly sealedAt: string;
  /** The head of the segment before; zeros for the first. */
  readonly previous: string;
};

export function headOf(header: string): string {
  return hash('sha256', header, 'hex');
}

export type SegmentPlace = {
  readonly region: string;
  readonly no: number;
  readonly fromAt: number;
  readonly toAt: number;
  readonly previous: string;
  readonly sealedAt: number;
};

/** The segment that seals these rows at its place in the chain. */
export function sealRows(
  place: SegmentPlace,
  rows: SegmentRows,
): Omit<Segment, 'prunedAt' | 'evidencePrunedAt'> {
  const hashed = hashSegment(rows);
  const partHeader = ({ rows: all, late, root }: HashedPart) => ({ rows: all.length, late, root });
  const header: SegmentHeader = {
    v: ROW_VERSION,
    region: place.region,
    no: place.no,
    from: new Date(place.fromAt).toISOString(),
    to: new Date(place.toAt).toISOString(),
    sealedAt: new Date(place.sealedAt).toISOString(),
    previous: place.previous,
    samples: partHeader(hashed.samples),
    notRun: partHeader(hashed.notRun),
    evidence: partHeader(hashed.evidence),
  };
  const text = canonicalJson(header);
  const { region, no, fromAt, toAt } = place;
  return {
    region,
    no,
    fromAt,
    toAt,
    header: text,
    head: headOf(text),
    marks: marksOf(hashed),
    index: writeRowIndex({
      samples: hashed.samples.rows,
      notRun: hashed.notRun.rows,
      evidence: hashed.evidence.rows,
    }),
  };
}

/** The names of rows in words a person can search for. */
export function nameText(part: Part, { series, scheduledAt, purpose }: RowName): string {
  const what = part === 'notRun' ? 'tick that did not run' : part === 'evidence' ? 'evidence' : 'sample';
  return `${what} ${placeText(series)} ${new Date(scheduledAt).toISOString()}${purpose === null ? '' : ` (${purpose})`}`;
}

export function placeText({ probe, target, region }: ChainSeries): string {
  return `${probe} ${target} ${region}`;
}
