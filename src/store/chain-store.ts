import type { Remark } from '../domain/outcome.ts';
import type { Purpose, Sample, ServedBy } from '../domain/sample.ts';

/** A series under the id its target had when it was recorded: a later rename changes nothing that was sealed. */
export type ChainSeries = { readonly probe: string; readonly target: string; readonly region: string };

/** A stored sample, complete but for its evidence, which is sealed beside it. */
export type ChainSample = Pick<
  Sample,
  | 'lagUs'
  | 'ttftUs'
  | 'totalUs'
  | 'costNanos'
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
> & {
  readonly series: ChainSeries;
  readonly scheduledAt: number;
  readonly purpose: Purpose;
  readonly outcome: string;
  /** `null` = valid, else kind and reason. */
  readonly doubt: string | null;
  readonly remarks: readonly Remark[];
  readonly servedBy: ServedBy;
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

/** In no particular order. */
export type ChainRows = {
  readonly samples: readonly ChainSample[];
  readonly notRun: readonly ChainNotRun[];
  readonly evidence: readonly ChainEvidence[];
};

export type SegmentRows = {
  /** Rows of the segment's own time that were there when it was sealed. */
  readonly onTime: ChainRows;
  /** Rows of earlier, already sealed time that arrived since the segment before. */
  readonly late: ChainRows;
  /** Stored pieces that cannot be read at all, with all samples of one series in one hour. */
  readonly unreadable: readonly {
    readonly series: ChainSeries;
    readonly hourAt: number;
    readonly message: string;
  }[];
  /** Changes whenever a row that belongs here arrives; sealing checks it again. */
  readonly stamp: string;
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
  /** What a segment holds. `no` `null`: what the next one would hold. */
  readonly readSegmentRows: (query: {
    readonly region: string;
    readonly no: number | null;
    readonly fromAt: number;
    readonly toAt: number;
  }) => Promise<SegmentRows>;
  /**
   * Adds the next segment, which takes all late rows that wait. `taken`: somebody else added one first; `changed`: a
   * row arrived since the stamp. In both cases nothing was done.
   */
  readonly addSegment: (
    segment: Omit<Segment, 'prunedAt' | 'evidencePrunedAt'>,
    stamp: string,
  ) => Promise<'added' | 'taken' | 'changed'>;
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
