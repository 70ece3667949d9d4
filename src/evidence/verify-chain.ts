import type { ChainSeries, Segment, Store } from '../store/store.ts';
import { PARTS, ROW_VERSION } from './chain-row.ts';
import { type Diagnosis, diagnose } from './diagnose.ts';
import {
  createSegmentHasher,
  gapOf,
  headOf,
  NO_HEAD,
  namesRoot,
  type SealedGap,
  type SegmentHasher,
  type SegmentHeader,
} from './segment.ts';

export type VerifyStore = Pick<
  Store,
  'readRegions' | 'readNextHour' | 'readSegments' | 'readSegmentRows' | 'readLastSegment'
>;

/** Something that is not as it was sealed. */
export type Finding = {
  readonly region: string;
  /** `null`: outside of any segment. */
  readonly segment: number | null;
  /** The segment's time, RFC 3339. */
  readonly span: string | null;
  /** What was found, in one line that names the row where there is one. */
  readonly what: string;
};

export type ChainReport = {
  readonly regions: readonly {
    readonly region: string;
    readonly segments: number;
    readonly rows: number;
    readonly late: number;
    readonly pruned: number;
    readonly evidencePruned: number;
    /** Stored hours of one series that could not be read when they were sealed. */
    readonly gaps: number;
    /** Exclusive end of what is sealed, epoch ms. */
    readonly sealedUntil: number | null;
    readonly head: string | null;
  }[];
  readonly findings: readonly Finding[];
  /** Findings beyond those that are listed. */
  readonly moreFindings: number;
};

/** A head that was written down elsewhere: in a frozen report, by the other side. */
export type KnownHead = {
  readonly region: string;
  readonly no: number;
  readonly head: string;
  readonly from: string;
};

const AT_ONCE = 50;
const FINDINGS_LISTED = 200;

/**
 * Recomputes every region's chain from the rows, a segment at a time, and names what is not as it was sealed. Memory is
 * bounded by the rows of one hour.
 */
export async function verifyChain(
  store: VerifyStore,
  known: readonly KnownHead[],
  onSegment: (done: { readonly region: string; readonly no: number; readonly rows: number }) => void,
): Promise<ChainReport> {
  const regions: ChainReport['regions'][number][] = [];
  const findings: Finding[] = [];
  let moreFindings = 0;
  const hasher = createSegmentHasher();
  const add = (finding: Finding): void => {
    if (findings.length < FINDINGS_LISTED) findings.push(finding);
    else moreFindings += 1;
  };
  for (const region of await store.readRegions()) {
    const sums = { segments: 0, rows: 0, late: 0, pruned: 0, evidencePruned: 0, gaps: 0 };
    let before: Segment | null = null;
    for (let fromNo = 0; ; ) {
      const segments: readonly Segment[] = await store.readSegments(region, { fromNo, limit: AT_ONCE });
      for (const segment of segments) {
        for (const what of await checkSegment(store, hasher, segment, before, sums)) {
          add({ region, segment: segment.no, span: spanText(segment), what });
        }
        for (const one of known) {
          if (one.region !== region || one.no !== segment.no || one.head === segment.head) continue;
          add({
            region,
            segment: segment.no,
            span: spanText(segment),
            what: `the head is ${segment.head}, but ${one.from} holds ${one.head}: the chain was written anew`,
          });
        }
        sums.segments += 1;
        before = segment;
        onSegment({ region, no: segment.no, rows: sums.rows });
      }
      if (segments.length < AT_ONCE) break;
      fromNo = (segments.at(-1)?.no ?? fromNo) + 1;
    }
    for (const one of known) {
      if (one.region !== region || one.no < sums.segments) continue;
      add({
        region,
        segment: one.no,
        span: null,
        what: `the segment is missing, but ${one.from} holds its head`,
      });
    }
    const first = (await store.readSegments(region, { fromNo: 0, limit: 1 }))[0];
    const earliest = await store.readNextHour(Number.MIN_SAFE_INTEGER);
    if (first !== undefined && earliest !== null && earliest < first.fromAt) {
      const told = ({
        series,
        scheduledAt,
      }: {
        readonly series: ChainSeries;
        readonly scheduledAt: number;
      }) => {
        const at = new Date(scheduledAt).toISOString();
        const what = `row of ${series.probe} ${series.target} at ${at} was inserted: it lies before the chain begins`;
        add({ region, segment: null, span: null, what });
      };
      const isOnTime = (row: Parameters<typeof told>[0], late: boolean): void => {
        if (!late) told(row);
      };
      await store.readSegmentRows(
        { region, no: null, fromAt: earliest, toAt: first.fromAt },
        { sample: isOnTime, notRun: isOnTime, evidence: isOnTime },
      );
    }
    regions.push({ region, ...sums, sealedUntil: before?.toAt ?? null, head: before?.head ?? null });
  }
  return { regions, findings, moreFindings };
}

type Sums = { rows: number; late: number; pruned: number; evidencePruned: number; gaps: number };

async function checkSegment(
  store: VerifyStore,
  hasher: SegmentHasher,
  segment: Segment,
  before: Segment | null,
  sums: Sums,
): Promise<readonly string[]> {
  const found: string[] = [...checkLink(segment, before)];
  const header = readHeader(segment.header);
  if (header === null) return [...found, 'the header cannot be read'];
  if (header.v !== ROW_VERSION) {
    return [...found, `it is sealed in form ${header.v}; this program reads form ${ROW_VERSION}`];
  }
  sums.gaps += header.gaps.length;
  for (const part of PARTS) {
    sums.rows += header[part].rows;
    sums.late += header[part].late;
  }
  if (segment.prunedAt !== null) {
    sums.pruned += 1;
    return found;
  }
  if (segment.evidencePrunedAt !== null) sums.evidencePruned += 1;
  const { region, no, fromAt, toAt } = segment;
  hasher.clear();
  const { unreadable } = await store.readSegmentRows({ region, no, fromAt, toAt }, hasher.visitor);
  const hashed = hasher.hashed();
  const pieces = unreadable.map((piece) => ({ piece, gap: gapOf(piece) }));
  for (const gap of header.gaps) {
    if (!pieces.some((one) => isSameGap(one.gap, gap))) found.push(gapChanged(gap));
  }
  const lost = pieces.filter(({ gap }) => !header.gaps.some((one) => isSameGap(gap, one)));
  const parts = PARTS.filter((part) => part !== 'evidence' || segment.evidencePrunedAt === null);
  const areNamesGood = namesRoot(segment) === header.names;
  if (parts.every((part) => hashed[part].root === header[part].root)) {
    if (!areNamesGood) {
      found.push('all rows are as sealed, but the list that would name a changed one is damaged');
    }
    return found;
  }
  const diagnoses: readonly Diagnosis[] = diagnose(
    segment,
    header,
    hashed,
    lost.map(({ piece }) => piece),
    parts,
  );
  if (!areNamesGood) found.push('the list that names changed rows is damaged too: what follows may be wrong');
  return [...found, ...diagnoses];
}

function isSameGap(one: SealedGap, other: SealedGap): boolean {
  const { probe, target, hour, bytes } = other;
  return one.probe === probe && one.target === target && one.hour === hour && one.bytes === bytes;
}

function gapChanged({ probe, target, hour }: SealedGap): string {
  return `the packed samples of ${probe} ${target} from ${hour} could not be read when they were sealed, and are not the same bytes now`;
}

function checkLink(segment: Segment, before: Segment | null): string[] {
  const found: string[] = [];
  const header = readHeader(segment.header);
  if (headOf(segment.header) !== segment.head) found.push('the header was changed: its hash is not the head');
  if (header === null) return found;
  if (header.previous !== (before?.head ?? NO_HEAD)) {
    found.push('it does not follow the segment before: a segment was changed, removed or put in between');
  }
  const expectedNo = before === null ? 0 : before.no + 1;
  if (segment.no !== expectedNo || header.no !== segment.no || header.region !== segment.region) {
    found.push(`segment ${expectedNo} was expected here`);
  }
  if (
    header.from !== new Date(segment.fromAt).toISOString() ||
    header.to !== new Date(segment.toAt).toISOString() ||
    (before !== null && before.toAt !== segment.fromAt)
  ) {
    found.push('its time is not what the header says, or does not begin where the segment before ends');
  }
  return found;
}

function readHeader(text: string): SegmentHeader | null {
  try {
    return JSON.parse(text) as SegmentHeader;
  } catch {
    return null;
  }
}

function spanText({ fromAt, toAt }: Segment): string {
  return `${new Date(fromAt).toISOString()}/${new Date(toAt).toISOString()}`;
}
