import type { Bucket } from '../../domain/live/bucket.ts';
import type { BucketAnswer } from '../../domain/live/question-sums.ts';
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
 */
const VERSION = 1;

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
  writer.unsigned(VERSION);
  for (const counts of [bucket.outcomes, bucket.doubts, bucket.notRun]) {
    const entries = Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1));
    writer.unsigned(entries.length);
    for (const [name, count] of entries) {
      writer.text(name);
      writer.unsigned(count);
    }
  }
  writer.unsigned(bucket.answers.length);
  for (const answer of bucket.answers) writeAnswer(writer, fromAt, answer);
  return writer.finish();
}

export function unpackBucket(fromAt: number, bytes: Uint8Array): Bucket {
  const reader = createByteReader(bytes);
  const version = reader.unsigned();
  if (version !== VERSION)
    throw new Error(`packed bucket has version ${version}, this program reads ${VERSION}`);
  const record = (): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (let left = reader.unsigned(); left > 0; left -= 1) {
      const name = reader.text();
      counts[name] = reader.unsigned();
    }
    return counts;
  };
  const [outcomes, doubts, notRun] = [record(), record(), record()];
  const answers = Array.from({ length: reader.unsigned() }, () => readAnswer(reader, fromAt));
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
