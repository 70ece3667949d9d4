import type { ByteReader, ByteWriter } from './varint.ts';

/**
 * One column of whole numbers: either each value in turn, or runs of (how often, value), whichever is shorter.
 * Columns that hardly change cost a few bytes however many rows there are.
 */
const PLAIN = 0;
const RUNS = 1;

export function writeColumn(writer: ByteWriter, values: readonly number[]): void {
  const runs = runsOf(values);
  const plainBytes = values.reduce((bytes, value) => bytes + bytesOf(value), 0);
  const runBytes = runs.reduce((bytes, [times, value]) => bytes + bytesOf(times) + bytesOf(value), 0);
  if (plainBytes <= runBytes) {
    writer.unsigned(PLAIN);
    for (const value of values) writer.unsigned(value);
    return;
  }
  writer.unsigned(RUNS);
  for (const [times, value] of runs) {
    writer.unsigned(times);
    writer.unsigned(value);
  }
}

/** Reads `length` values; the length is not part of the column. */
export function readColumn(reader: ByteReader, length: number): number[] {
  const kind = reader.unsigned();
  const values = new Array<number>(length);
  if (kind === PLAIN) {
    for (let index = 0; index < length; index += 1) values[index] = reader.unsigned();
    return values;
  }
  if (kind !== RUNS) throw new Error(`packed column has kind ${kind}`);
  for (let index = 0; index < length; ) {
    const end = index + reader.unsigned();
    const value = reader.unsigned();
    if (end > length || end === index) throw new RangeError('packed column has a run of the wrong length');
    values.fill(value, index, end);
    index = end;
  }
  return values;
}

/** Passes over `length` values without keeping them. */
export function skipColumn(reader: ByteReader, length: number): void {
  if (reader.unsigned() === PLAIN) {
    for (let left = length; left > 0; left -= 1) reader.unsigned();
    return;
  }
  for (let left = length; left > 0; ) {
    left -= reader.unsigned();
    reader.unsigned();
  }
}

/** `null` is 0, every other value moves up by one. */
export function orNull(value: number | null): number {
  return value === null ? 0 : value + 1;
}

export function fromOrNull(stored: number): number | null {
  return stored === 0 ? null : stored - 1;
}

function runsOf(values: readonly number[]): [times: number, value: number][] {
  const runs: [number, number][] = [];
  for (const value of values) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === value) last[0] += 1;
    else runs.push([1, value]);
  }
  return runs;
}

function bytesOf(value: number): number {
  let bytes = 1;
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) bytes += 1;
  return bytes;
}
