import type { Remark } from '../domain/measure/outcome.ts';
import type { Purpose, Sample, ServedBy } from '../domain/measure/sample.ts';

/** A series under the id its target had when it was recorded: a later rename changes nothing that was sealed. */
export type ChainSeries = { readonly probe: string; readonly target: string; readonly region: string };

/** A stored sample, complete but for its evidence, which is sealed beside it. */
export type ChainSample = Pick<Sample, 'lagUs' | 'ttftUs' | 'totalUs' | 'costNanos'> & {
  readonly series: ChainSeries;
  readonly scheduledAt: number;
  readonly purpose: Purpose;
  readonly outcome: string;
  /** `null` = valid, else kind and reason. */
  readonly doubt: string | null;
  readonly remarks: readonly Remark[];
  readonly servedBy: ServedBy;
  readonly detail: Pick<
    Sample,
    | 'status'
    | 'phases'
    | 'longestStallUs'
    | 'chunks'
    | 'tokenChunks'
    | 'usage'
    | 'reused'
    | 'retries'
    | 'loopDelayUs'
    | 'clockStepMs'
  >;
};

export type ChainNotRun = {
  readonly series: ChainSeries;
  readonly scheduledAt: number;
  readonly reason: string;
};

export type ChainEvidence = {
  readonly series: ChainSeries;
  readonly scheduledAt: number;
  readonly purpose: Purpose;
  /** The JSON text as it is stored. */
  readonly body: string;
};

/**
 * Is shown every row of a segment, one at a time, in no particular order, and keeps none of them. `late`: of earlier,
 * already sealed time, and arrived since the segment before; the others are of the segment's own time.
 */
export type SegmentVisitor = {
  readonly sample: (row: ChainSample, late: boolean) => void;
  readonly notRun: (row: ChainNotRun, late: boolean) => void;
  readonly evidence: (row: ChainEvidence, late: boolean) => void;
};

/** A stored piece that cannot be read at all, with all samples of one series in one hour. */
export type UnreadablePiece = {
  readonly series: ChainSeries;
  readonly hourAt: number;
  readonly message: string;
  /** As they are stored, one after the other. */
  readonly bytes: readonly Uint8Array[];
};

export type SegmentRead = {
  readonly unreadable: readonly UnreadablePiece[];
  /** Changes whenever a row that belongs here arrives; sealing checks it again. */
  readonly stamp: string;
};

/** The stored samples of one series in one hour that cannot be read: lost, and shown as not measured. */
export type UnreadableHour = {
  readonly region: string;
  readonly probe: string;
  readonly target: string;
  /** The hour's first instant, epoch ms. */
  readonly hourAt: number;
  readonly why: string;
  /** The segment that names it as a gap, and when that was sealed; `null`: it was met by reading alone. */
  readonly sealed: { readonly segment: number; readonly at: number } | null;
};

/** One link of a region's chain. */
export type Segment = {
  readonly region: string;
  /** 0, 1, 2 … without a gap. */
  readonly no: number;
  /** Inclusive, epoch ms, a whole hour; the end of the segment before. */
  readonly fromAt: number;
  /** Exclusive. */
  readonly toAt: number;
  /** Canonical JSON; its SHA-256 is the head. */
  readonly header: string;
  /** Hex. */
  readonly head: string;
  /** The first bytes of each row's hash, so that a row that changed can be named. Not part of the head. */
  readonly marks: Uint8Array;
  /** Which rows the marks belong to. Not part of the head. */
  readonly index: Uint8Array;
  /** When its rows were deleted by retention; the header stays. */
  readonly prunedAt: number | null;
  readonly evidencePrunedAt: number | null;
};

/** A head that a time-stamping authority has signed. */
export type StampedHead = {
  readonly region: string;
  readonly segment: number;
  /** Epoch ms, by the authority's clock. */
  readonly at: number;
  /** As its certificate names it. */
  readonly authority: string;
  /** DER. */
  readonly token: Uint8Array;
};

/** The part of the store that the evidence chain is made of and kept in. */
export type ChainStore = {
  /** Every region that ever had a series, by name. */
  readonly readRegions: () => Promise<readonly string[]>;
  /** The first hour at or after `fromAt` in which any region has a row; `null` if there is none. */
  readonly readNextHour: (fromAt: number) => Promise<number | null>;
  readonly readLastSegment: (region: string) => Promise<Segment | null>;
  /** Segments in order from `fromNo` on. */
  readonly readSegments: (
    region: string,
    query: { readonly fromNo: number; readonly limit: number },
  ) => Promise<readonly Segment[]>;
  /** The segment that covers the last instant before `at`; `null` if the chain does not reach so far. */
  readonly readSegmentUntil: (region: string, at: number) => Promise<Segment | null>;
  /** Shows what a segment holds. `no` `null`: what the next one would hold. */
  readonly readSegmentRows: (
    query: {
      readonly region: string;
      readonly no: number | null;
      readonly fromAt: number;
      readonly toAt: number;
    },
    visitor: SegmentVisitor,
  ) => Promise<SegmentRead>;
  /**
   * Adds the next segment, which takes all late rows that wait, and notes its gaps. `taken`: somebody else added one first; `changed`: a
   * row arrived since the stamp. In both cases nothing was done.
   */
  readonly addSegment: (
    segment: Omit<Segment, 'prunedAt' | 'evidencePrunedAt'>,
    read: SegmentRead,
  ) => Promise<'added' | 'taken' | 'changed'>;
  /** Every stored hour known to be unreadable, oldest first: the gaps of all chains, and what reading met since opening. */
  readonly readUnreadable: () => Promise<readonly UnreadableHour[]>;
  /** Keeps a time-stamp; one that is there already stays. */
  readonly addTimeStamp: (stamp: StampedHead) => Promise<void>;
  readonly readTimeStamp: (region: string, segment: number) => Promise<StampedHead | null>;
  /** All of a region's, in order. One or two a day. */
  readonly readTimeStamps: (region: string) => Promise<readonly StampedHead[]>;
  /**
   * One bounded piece of retention: deletes the rows (or the evidence alone) of the oldest sealed segment that ended
   * at or before the limit. Only sealed rows are ever deleted. Resolves to whether there was something to do.
   */
  readonly prune: (limits: {
    readonly samplesBeforeAt: number;
    readonly evidenceBeforeAt: number;
    readonly at: number;
  }) => Promise<boolean>;
};
