import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { OperatorError } from '../world.ts';
import { type CsvRecord, createCsvReader } from './csv-lines.ts';
import { createLineReader, fromCsv, type LineFault, type SampleLine } from './sample-line.ts';

export type SampleFormat = 'ndjson' | 'csv';

/** A line that could not be used. `line` is 1-based. */
export type BadLine = { readonly line: number; readonly message: string };

export type FileSummary = {
  /** Lines that held something; blank lines and a CSV header are not counted. */
  readonly lines: number;
  readonly bad: number;
  /** The first of them; all are counted in `bad`. */
  readonly badLines: readonly BadLine[];
  /** Fields that mean nothing to an evaluation, each named once. */
  readonly unknownFields: readonly string[];
};

export type SampleSource = {
  readonly chunks: AsyncIterable<Buffer>;
  /** Bytes to come, if that is known. */
  readonly size: number | null;
};

/** More bad lines than this are counted, but not listed. */
const MOST_LISTED = 20;
/** A line longer than this is no sample; it is skipped without being held in memory. */
const MOST_LINE_BYTES = 1 << 20;
const CHUNK_BYTES = 1 << 16;

/** A file, decompressed if its name ends in `.gz`, or standard input for `-`. */
export async function openSamples(path: string, onBytes: (bytes: number) => void): Promise<SampleSource> {
  if (path === '-') return { chunks: process.stdin, size: null };
  const { size } = await stat(path);
  const raw = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  raw.on('data', (chunk) => onBytes(chunk.length));
  if (!path.endsWith('.gz')) return { chunks: raw, size };
  const unzipped = createGunzip();
  raw.on('error', (error) => unzipped.destroy(error));
  return { chunks: raw.pipe(unzipped), size };
}

/** What the name says the format is; NDJSON unless it ends in `.csv`. */
export function formatOf(path: string): SampleFormat {
  return /\.csv(\.gz)?$/i.test(path) ? 'csv' : 'ndjson';
}

const NEWLINE = 10;

type Tally = { lines: number; bad: number; readonly badLines: BadLine[] };

/** A file may hold anything, and what is quoted from it must not steer a terminal. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Co}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u{${code.toString(16)}}`;
  });
}

function note(tally: Tally, line: number, message: string): void {
  tally.bad += 1;
  if (tally.badLines.length < MOST_LISTED) tally.badLines.push({ line, message: printable(message) });
}

function isFault(read: SampleLine | LineFault): read is LineFault {
  return 'fault' in read;
}

async function readNdjson(
  chunks: AsyncIterable<Buffer>,
  tally: Tally,
  read: (record: unknown) => SampleLine | LineFault,
  onLine: (line: SampleLine) => void,
): Promise<void> {
  let number = 0;
  const take = (text: string): void => {
    number += 1;
    if (text === '' || text === '\r' || text.trim() === '') return;
    tally.lines += 1;
    let record: unknown;
    try {
      record = JSON.parse(text);
    } catch (error) {
      note(tally, number, `not JSON: ${error instanceof Error ? error.message : String(error)}`);
      return;
    }
    const line = read(record);
    if (isFault(line)) note(tally, number, line.fault);
    else onLine(line);
  };
  let held: Buffer[] = [];
  let heldBytes = 0;
  let isSkipping = false;
  let isFirst = true;
  for await (const chunk of chunks) {
    const start = isFirst && chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf ? 3 : 0;
    isFirst = false;
    const last = chunk.lastIndexOf(NEWLINE);
    if (last < 0) {
      if (heldBytes + chunk.length > MOST_LINE_BYTES) isSkipping = true;
      if (isSkipping) held = [];
      else held.push(chunk.subarray(start));
      heldBytes += chunk.length;
      continue;
    }
    // Whole lines only are decoded: a character of several bytes may lie across two chunks.
    const head = chunk.subarray(start, last);
    const whole = held.length === 0 ? head : Buffer.concat([...held, head]);
    const texts = whole.toString('utf8').split('\n');
    if (isSkipping) {
      number += 1;
      tally.lines += 1;
      note(tally, number, `longer than ${MOST_LINE_BYTES} bytes`);
      isSkipping = false;
      texts.shift();
    }
    for (const text of texts) take(text);
    const rest = chunk.subarray(last + 1);
    held = rest.length === 0 ? [] : [Buffer.from(rest)];
    heldBytes = rest.length;
  }
  if (isSkipping) {
    tally.lines += 1;
    note(tally, number + 1, `longer than ${MOST_LINE_BYTES} bytes`);
  } else if (held.length > 0) take(Buffer.concat(held).toString('utf8'));
}

async function readCsv(
  chunks: AsyncIterable<Buffer>,
  tally: Tally,
  read: (record: unknown) => SampleLine | LineFault,
  onLine: (line: SampleLine) => void,
): Promise<void> {
  const reader = createCsvReader(MOST_LINE_BYTES);
  let columns: readonly string[] | null = null;
  const ofCells = (names: readonly string[], cells: readonly string[]): SampleLine | LineFault =>
    cells.length === names.length
      ? read(fromCsv(names, cells))
      : { fault: `expected ${names.length} cells as in the header, found ${cells.length}` };
  const take = ({ line: number, cells, fault }: CsvRecord): void => {
    if (columns === null) {
      columns = headerOf(cells);
      return;
    }
    tally.lines += 1;
    const line = fault === null ? ofCells(columns, cells) : { fault };
    if (isFault(line)) note(tally, number, line.fault);
    else onLine(line);
  };
  const decoder = new TextDecoder();
  for await (const chunk of chunks) {
    for (const record of reader.push(decoder.decode(chunk, { stream: true }))) take(record);
  }
  for (const record of reader.push(decoder.decode())) take(record);
  for (const record of reader.end()) take(record);
}

function headerOf(cells: readonly string[]): readonly string[] {
  const columns = cells.map((cell) => cell.trim());
  // Read as they are, all lines of the file would be one header, and it would hold no line.
  if (columns.some((one) => one.includes('\r'))) {
    throw new OperatorError('line 1: its lines end with a carriage return alone; expected line feeds');
  }
  const twice = columns.find((one, i) => one !== '' && columns.indexOf(one) !== i);
  if (twice !== undefined) {
    throw new OperatorError(`line 1: the header names ${printable(twice)} twice; which one counts?`);
  }
  if (columns.includes('at')) return columns;
  const shown = printable(columns.join(',').slice(0, 100));
  throw new OperatorError(
    `line 1: expected a header with a column "at", such as at,status,totalMs; found ${shown}`,
  );
}

/** Reads every line of a source, in constant memory. Lines that cannot be used are counted and the first ones listed. */
export async function readSamples(
  chunks: AsyncIterable<Buffer>,
  format: SampleFormat,
  onLine: (line: SampleLine) => void,
): Promise<FileSummary> {
  const tally: Tally = { lines: 0, bad: 0, badLines: [] };
  const reader = createLineReader();
  if (format === 'csv') await readCsv(chunks, tally, reader.read, onLine);
  else await readNdjson(chunks, tally, reader.read, onLine);
  return { ...tally, unknownFields: [...reader.unknownFields].map(printable).sort() };
}
