import type { Bucket } from '../../domain/live/bucket.ts';
import type { BucketAnswer } from '../../domain/live/question-sums.ts';
import { RUN_HEAD, type SliceRuns } from '../../domain/live/slice-runs.ts';
import { type ByteReader, type ByteWriter, createByteReader, createByteWriter } from './varint.ts';

/**
 * A bucket in one blob, numbers of variable length. Layout of version 1:
 *
 *     version
 *     outcomes, doubts, not run      each: how many, then name and count
 *     answers                        how many, then for each its kind and its counters in the order below
 *       availability                 failed by size: how many numbers, then they; down: how many, then each as the
 *                                    distance to the one before it, the first to the bucket's start
 *       percentile                   the histogram: how many pairs, then the distance of each index and its count
 *
 * Version 2 is written where slices are kept. Behind each answer of availability and of attainment it has:
 *
 *       slices                       the length of a slice, 0 where none are kept; else the counts per run, how many runs,
 *                                    then for each its distance to the end of the run before it (the first: to the
 *                                    bucket's start), its number of slices, and their counts
 */
const VERSION = 1;
const VERSION_WITH_SLICES = 2;

const KINDS = ['availability', 'percentile', 'attainment'] as const;

/** Never reorder: append, and raise the version. */
const AVAILABILITY = [
  'good',
  'bad',
  'excluded',
  'heldSlices',
  'missedSlices',
  'assumedGood',
  'assumedBad',
  'setAside',
  'withData',
] as const;
const PERCENTILE = ['timed', 'passed', 'failed', 'untimed'] as const;
const ATTAINMENT = ['held', 'missed', 'assumedGood', 'assumedBad', 'setAside'] as const;

export function packBucket(fromAt: number, bucket: Bucket): Uint8Array {
  const writer = createByteWriter();
  const hasSlices = bucket.answers.some((one) => one.kind !== 'percentile' && one.slices !== undefined);
  writer.unsigned(hasSlices ? VERSION_WITH_SLICES : VERSION);
  for (const counts of [bucket.outcomes, bucket.doubts, bucket.notRun]) {
    const entries = Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1));
    writer.unsigned(entries.length);
    for (const [name, count] of entries) {
      writer.text(name);
      writer.unsigned(count);
    }
  }
  writer.unsigned(bucket.answers.length);
  for (const answer of bucket.answers) {
    writeAnswer(writer, fromAt, answer);
    if (hasSlices && answer.kind !== 'percentile') writeSlices(writer, fromAt, answer.slices);
  }
  return writer.finish();
}

export function unpackBucket(fromAt: number, bytes: Uint8Array): Bucket {
  const reader = createByteReader(bytes);
  const version = reader.unsigned();
  if (version !== VERSION && version !== VERSION_WITH_SLICES)
    throw new Error(
      `packed bucket has version ${version}, this program reads ${VERSION} to ${VERSION_WITH_SLICES}`,
    );
  const record = (): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (let left = reader.unsigned(); left > 0; left -= 1) {
      const name = reader.text();
      counts[name] = reader.unsigned();
    }
    return counts;
  };
  const [outcomes, doubts, notRun] = [record(), record(), record()];
  const answers = Array.from({ length: reader.unsigned() }, (): BucketAnswer => {
    const answer = readAnswer(reader, fromAt);
    if (version === VERSION || answer.kind === 'percentile') return answer;
    const slices = readSlices(reader, fromAt);
    return slices === null ? answer : { ...answer, slices };
  });
  return { outcomes, doubts, notRun, answers };
}

function writeAnswer(writer: ByteWriter, fromAt: number, answer: BucketAnswer): void {
  writer.unsigned(KINDS.indexOf(answer.kind));
  switch (answer.kind) {
    case 'availability': {
      for (const key of AVAILABILITY) writer.unsigned(answer.counts[key]);
      writer.unsigned(answer.failedBySize.length);
      for (const value of answer.failedBySize) writer.unsigned(value);
      writer.unsigned(answer.down.length);
      let before = fromAt;
      for (const at of answer.down) {
        writer.unsigned(at - before);
        before = at;
      }
      return;
    }
    case 'percentile': {
      for (const key of PERCENTILE) writer.unsigned(answer.counts[key]);
      writer.unsigned(answer.histogram.length / 2);
      let before = 0;
      for (let i = 0; i < answer.histogram.length; i += 2) {
        const index = answer.histogram[i] ?? 0;
        writer.unsigned(index - before);
        writer.unsigned(answer.histogram[i + 1] ?? 0);
        before = index;
      }
      return;
    }
    case 'attainment':
      for (const key of ATTAINMENT) writer.unsigned(answer.counts[key]);
  }
}

function readCounts<Key extends string>(reader: ByteReader, keys: readonly Key[]): Record<Key, number> {
  return Object.fromEntries(keys.map((key) => [key, reader.unsigned()])) as Record<Key, number>;
}

function readAnswer(reader: ByteReader, fromAt: number): BucketAnswer {
  const kind = KINDS[reader.unsigned()];
  switch (kind) {
    case 'availability': {
      const counts = readCounts(reader, AVAILABILITY);
      const failedBySize = Array.from({ length: reader.unsigned() }, () => reader.unsigned());
      let at = fromAt;
      const down = Array.from({ length: reader.unsigned() }, () => {
        at += reader.unsigned();
        return at;
      });
      return { kind, counts, failedBySize, down };
    }
    case 'percentile': {
      const counts = readCounts(reader, PERCENTILE);
      const length = 2 * reader.unsigned();
      const histogram = new Array<number>(length);
      let index = 0;
      for (let i = 0; i < length; i += 2) {
        index += reader.unsigned();
        histogram[i] = index;
        histogram[i + 1] = reader.unsigned();
      }
      return { kind, counts, histogram };
    }
    case 'attainment':
      return { kind, counts: readCounts(reader, ATTAINMENT) };
    default:
      throw new Error('packed bucket has an answer of an unknown kind');
  }
}

function writeSlices(writer: ByteWriter, fromAt: number, slices: SliceRuns | undefined): void {
  writer.unsigned(slices?.sliceMs ?? 0);
  if (slices === undefined) return;
  const { sliceMs, width, runs } = slices;
  const length = RUN_HEAD + width;
  writer.unsigned(width);
  writer.unsigned(runs.length / length);
  let before = fromAt;
  for (let start = 0; start < runs.length; start += length) {
    const at = runs[start] ?? 0;
    writer.unsigned(at - before);
    for (let i = start + 1; i < start + length; i += 1) writer.unsigned(runs[i] ?? 0);
    before = at + (runs[start + 1] ?? 0) * sliceMs;
  }
}

function readSlices(reader: ByteReader, fromAt: number): SliceRuns | null {
  const sliceMs = reader.unsigned();
  if (sliceMs === 0) return null;
  const width = reader.unsigned();
  const length = RUN_HEAD + width;
  const runs = new Array<number>(length * reader.unsigned());
  let before = fromAt;
  for (let start = 0; start < runs.length; start += length) {
    const at = before + reader.unsigned();
    runs[start] = at;
    for (let i = start + 1; i < start + length; i += 1) runs[i] = reader.unsigned();
    before = at + (runs[start + 1] ?? 0) * sliceMs;
  }
  return { sliceMs, width, runs };
}
