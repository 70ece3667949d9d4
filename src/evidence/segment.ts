import { createHash, hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { PURPOSES } from '../domain/measure/sample.ts';
import type { ChainSeries, Segment, SegmentVisitor, UnreadablePiece } from '../store/store.ts';
import { canonicalJson } from './canonical-json.ts';
import {
  nameStart,
  PARTS,
  type Part,
  ROW_VERSION,
  type RowName,
  seriesText,
  writeEvidence,
  writeNotRun,
  writeSample,
} from './chain-row.ts';
import { createRowBytes, type RowBytes } from './row-bytes.ts';
import { writeRowIndex } from './row-index.ts';

/** Bytes that are kept for each row, so that one that changed can be named. */
export const MARK_BYTES = 4;

/** The head of what comes before the first segment. */
export const NO_HEAD = '0'.repeat(64);

/** What the rows of one part come to. */
export type HashedPart = {
  readonly rows: number;
  readonly late: number;
  /** SHA-256 of all rows' lines: on-time rows by series, tick and purpose, then late ones in the same order; hex. */
  readonly root: string;
  /** The names in that order. */
  readonly names: () => readonly RowName[];
  /** The mark of a row, or the one it would have under another name. */
  readonly markOf: (row: number, as?: RowName) => number;
};

export type HashedSegment = Readonly<Record<Part, HashedPart>>;

/** Takes the rows of one segment after the other. What `hashed` gives is valid until `clear`. */
export type SegmentHasher = {
  readonly visitor: SegmentVisitor;
  readonly hashed: () => HashedSegment;
  readonly clear: () => void;
};

export function createSegmentHasher(): SegmentHasher {
  const samples = createPart('samples');
  const notRun = createPart('notRun');
  const evidence = createPart('evidence');
  return {
    visitor: {
      sample(row, late) {
        writeSample(samples.bytes, row);
        samples.add(row.series, row.scheduledAt, purposeRank(row.purpose), late);
      },
      notRun(row, late) {
        writeNotRun(notRun.bytes, row);
        notRun.add(row.series, row.scheduledAt, -1, late);
      },
      evidence(row, late) {
        writeEvidence(evidence.bytes, row);
        evidence.add(row.series, row.scheduledAt, purposeRank(row.purpose), late);
      },
    },
    hashed: () => ({ samples: samples.hashed(), notRun: notRun.hashed(), evidence: evidence.hashed() }),
    clear() {
      for (const part of [samples, notRun, evidence]) part.clear();
    },
  };
}

function purposeRank(purpose: (typeof PURPOSES)[number]): number {
  return PURPOSES.indexOf(purpose);
}

type OpenPart = {
  readonly bytes: RowBytes;
  /** The line just written is the row of this name. */
  readonly add: (series: ChainSeries, at: number, purpose: number, late: boolean) => void;
  readonly hashed: () => HashedPart;
  readonly clear: () => void;
};

function createPart(part: Part): OpenPart {
  const bytes = createRowBytes();
  const series: ChainSeries[] = [];
  const ticks: number[] = [];
  const purposes: number[] = [];
  /** Where each row's line ends; it begins where the one before ends. */
  const ends: number[] = [];
  let onTime = new Map<ChainSeries, number[]>();
  let late = new Map<ChainSeries, number[]>();

  const compare = (one: number, other: number): number =>
    (ticks[one] ?? 0) - (ticks[other] ?? 0) || (purposes[one] ?? 0) - (purposes[other] ?? 0);

  /** Rows come series by series and in time more often than not: nothing is sorted that stands in order. */
  const inOrder = (groups: ReadonlyMap<ChainSeries, number[]>): number[] =>
    [...groups]
      .map(([one, rows]) => ({ text: seriesText(one), rows }))
      .sort((one, other) => (one.text < other.text ? -1 : one.text > other.text ? 1 : 0))
      .flatMap(({ rows }) =>
        rows.every((row, i) => i === 0 || compare(rows[i - 1] ?? 0, row) <= 0)
          ? rows
          : rows.toSorted(compare),
      );

  const startOf = (row: number): number => ends[row - 1] ?? 0;
  const nameOf = (row: number): RowName => {
    const own = series[row];
    if (own === undefined) throw new Error('a row of no series');
    return {
      series: own,
      scheduledAt: ticks[row] ?? 0,
      purpose: part === 'notRun' ? null : (PURPOSES[purposes[row] ?? -1] ?? null),
    };
  };

  return {
    bytes,
    add(own, at, purpose, isLate) {
      const groups = isLate ? late : onTime;
      const rows = groups.get(own);
      if (rows === undefined) groups.set(own, [ends.length]);
      else rows.push(ends.length);
      series.push(own);
      ticks.push(at);
      purposes.push(purpose);
      ends.push(bytes.length());
    },
    hashed() {
      const lateRows = inOrder(late);
      const order = inOrder(onTime).concat(lateRows);
      const sum = createHash('sha256');
      let from = 0;
      let to = 0;
      for (const row of order) {
        if (startOf(row) !== to) {
          sum.update(bytes.slice(from, to));
          from = startOf(row);
        }
        to = ends[row] ?? 0;
      }
      sum.update(bytes.slice(from, to));
      return {
        rows: order.length,
        late: lateRows.length,
        root: sum.digest('hex'),
        names: () => order.map(nameOf),
        markOf(position, as) {
          const row = order[position] ?? 0;
          const line = bytes.slice(startOf(row), ends[row] ?? 0);
          if (as === undefined) return crc32(line);
          return crc32(nameStart(part, as) + line.toString().slice(nameStart(part, nameOf(row)).length));
        },
      };
    },
    clear() {
      bytes.clear();
      for (const list of [series, ticks, purposes, ends]) list.length = 0;
      onTime = new Map();
      late = new Map();
    },
  };
}

/** The mark of every row: the CRC-32 of its line, parts one after the other. */
export function marksOf(hashed: HashedSegment): Buffer {
  const marks = Buffer.alloc(PARTS.reduce((rows, part) => rows + hashed[part].rows, 0) * MARK_BYTES);
  let at = 0;
  for (const part of PARTS) {
    const { rows, markOf } = hashed[part];
    for (let row = 0; row < rows; row += 1) at = marks.writeUInt32BE(markOf(row), at);
  }
  return marks;
}

/** SHA-256 of marks and row index, one after the other: whether what names a culprit can be believed. */
export function namesRoot({ marks, index }: Pick<Segment, 'marks' | 'index'>): string {
  return createHash('sha256').update(marks).update(index).digest('hex');
}

/** Stored samples that could not be read when their hour was sealed: a gap that the chain names. */
export type SealedGap = {
  readonly probe: string;
  readonly target: string;
  /** The hour, RFC 3339. */
  readonly hour: string;
  readonly why: string;
  /** SHA-256 of the bytes that could not be read. */
  readonly bytes: string;
};

/** What a header says, version 2: canonical JSON (RFC 8785), whose SHA-256 is the head of the segment. */
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
  readonly names: string;
  readonly gaps: readonly SealedGap[];
};

export function headOf(header: string): string {
  return hash('sha256', header, 'hex');
}

export function gapOf({ series, hourAt, message, bytes }: UnreadablePiece): SealedGap {
  const sum = createHash('sha256');
  for (const piece of bytes) sum.update(piece);
  return {
    probe: series.probe,
    target: series.target,
    hour: new Date(hourAt).toISOString(),
    why: message,
    bytes: sum.digest('hex'),
  };
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
export function sealSegment(
  place: SegmentPlace,
  hashed: HashedSegment,
  unreadable: readonly UnreadablePiece[],
): Omit<Segment, 'prunedAt' | 'evidencePrunedAt'> {
  const marks = marksOf(hashed);
  const index = writeRowIndex({
    samples: hashed.samples.names(),
    notRun: hashed.notRun.names(),
    evidence: hashed.evidence.names(),
  });
  const partHeader = ({ rows, late, root }: HashedPart) => ({ rows, late, root });
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
    names: namesRoot({ marks, index }),
    gaps: unreadable.map(gapOf),
  };
  const text = canonicalJson(header);
  const { region, no, fromAt, toAt } = place;
  return { region, no, fromAt, toAt, header: text, head: headOf(text), marks, index };
}

/** The names of rows in words a person can search for. */
export function nameText(part: Part, { series, scheduledAt, purpose }: RowName): string {
  const what = part === 'notRun' ? 'tick that did not run' : part === 'evidence' ? 'evidence' : 'sample';
  return `${what} ${placeText(series)} ${new Date(scheduledAt).toISOString()}${purpose === null ? '' : ` (${purpose})`}`;
}

export function placeText({ probe, target, region }: ChainSeries): string {
  return `${probe} ${target} ${region}`;
}
