import type { Phases } from '../../domain/measure/observation.ts';
import { fromOrNull, orNull, readColumn, skipColumn, writeColumn } from './packed-column.ts';
import { type Detail, guessPhase, PHASE_ORDER, phasesOf } from './packed-detail.ts';
import {
  type ByteReader,
  type ByteWriter,
  createByteReader,
  createByteWriter,
  fold,
  unfold,
} from './varint.ts';

/** The columns of table `samples`. */
export type CoreRow = {
  readonly scheduledAt: number;
  readonly purposeNo: number;
  readonly outcome: string;
  readonly doubt: string | null;
  readonly remarks: number;
  readonly lagUs: number;
  readonly ttftUs: number | null;
  readonly totalUs: number | null;
  readonly completionTokens: number | null;
  readonly costNanos: number | null;
  readonly servedByNo: number;
};

/**
 * The samples of one series in one hour, by tick and purpose. Layout of version 1 of `core`, a column each
 * (`packed-column.ts`) unless said otherwise:
 *
 *     version, rows                      numbers
 *     ticks                              first - hour, then change of distance: 0 as long as the cadence holds
 *     purposes
 *     outcomes, doubts                   the distinct texts, then a column of indexes; '' = valid
 *     remarks, lag, ttft, total, completion tokens, cost, served by
 *     status, prompt tokens              of the detail: contracts tell requests apart by them, so that a period is
 *                                        judged from this blob alone
 *
 * Columns that may be `null` hold value + 1, or 0.
 */
const CORE_VERSION = 1;

export function packCore(hourAt: number, rows: readonly CoreRow[], details: readonly Detail[]): Uint8Array {
  const writer = createByteWriter();
  const write = (value: (row: CoreRow) => number): void => writeColumn(writer, rows.map(value));
  const writeShown = (value: (detail: Detail) => number): void => writeColumn(writer, details.map(value));
  writer.unsigned(CORE_VERSION);
  writer.unsigned(rows.length);
  writeTicks(writer, hourAt, rows);
  write((row) => row.purposeNo);
  const outcomes = rows.map((row) => row.outcome);
  writeTexts(writer, outcomes);
  const doubts = rows.map((row) => row.doubt ?? '');
  writeTexts(writer, doubts);
  write((row) => row.remarks);
  write((row) => fold(row.lagUs));
  write((row) => orNull(row.ttftUs));
  write((row) => orNull(row.totalUs));
  write((row) => orNull(row.completionTokens));
  write((row) => orNull(row.costNanos));
  write((row) => row.servedByNo);
  writeShown((detail) => orNull(detail.status));
  writeShown((detail) => orNull(detail.usage?.promptTokens ?? null));
  return writer.finish();
}

/** What is read back of `core`: a column each, in the form in which it is written where that needs no look at other rows. */
export type CoreColumns = {
  readonly length: number;
  readonly ticks: readonly number[];
  readonly purposes: readonly number[];
  readonly outcomes: readonly string[];
  readonly doubts: readonly string[];
  readonly remarks: readonly number[];
  readonly lags: readonly number[];
  readonly ttfts: readonly number[];
  readonly totals: readonly number[];
  readonly tokens: readonly number[];
  readonly costs: readonly number[];
  readonly servedBy: readonly number[];
  readonly statuses: readonly number[];
  readonly promptTokens: readonly number[];
};

export function unpackCore(hourAt: number, bytes: Uint8Array): CoreColumns {
  const reader = createByteReader(bytes);
  const length = readHead(reader, CORE_VERSION, 'core');
  return {
    length,
    ticks: readTicks(reader, hourAt, length),
    purposes: readColumn(reader, length),
    outcomes: readTexts(reader, length),
    doubts: readTexts(reader, length),
    remarks: readColumn(reader, length),
    lags: readColumn(reader, length),
    ttfts: readColumn(reader, length),
    totals: readColumn(reader, length),
    tokens: readColumn(reader, length),
    costs: readColumn(reader, length),
    servedBy: readColumn(reader, length),
    statuses: readColumn(reader, length),
    promptTokens: readColumn(reader, length),
  };
}

/**
 * One row of `core` as it is read back: a place in the columns. A month is millions of rows, and to copy each of them,
 * once or twice, makes closing it dearer. Columns are complete; what no row has is asked for by nobody.
 */
export class PackedCoreRow implements CoreRow {
  readonly columns: CoreColumns;
  readonly index: number;

  constructor(columns: CoreColumns, index: number) {
    this.columns = columns;
    this.index = index;
  }

  get scheduledAt(): number {
    return this.columns.ticks[this.index] ?? 0;
  }

  get purposeNo(): number {
    return this.columns.purposes[this.index] ?? 0;
  }

  get outcome(): string {
    return this.columns.outcomes[this.index] ?? '';
  }

  get doubt(): string | null {
    return this.columns.doubts[this.index] || null;
  }

  get remarks(): number {
    return this.columns.remarks[this.index] ?? 0;
  }

  get lagUs(): number {
    return unfold(this.columns.lags[this.index] ?? 0);
  }

  get ttftUs(): number | null {
    return fromOrNull(this.columns.ttfts[this.index] ?? 0);
  }

  get totalUs(): number | null {
    return fromOrNull(this.columns.totals[this.index] ?? 0);
  }

  get completionTokens(): number | null {
    return fromOrNull(this.columns.tokens[this.index] ?? 0);
  }

  get costNanos(): number | null {
    return fromOrNull(this.columns.costs[this.index] ?? 0);
  }

  get servedByNo(): number {
    return this.columns.servedBy[this.index] ?? 0;
  }

  get status(): number | null {
    return fromOrNull(this.columns.statuses[this.index] ?? 0);
  }

  get promptTokens(): number | null {
    return fromOrNull(this.columns.promptTokens[this.index] ?? 0);
  }
}

/** What the rows of `core` cost together, those of unknown cost left out. */
export function unpackCost(bytes: Uint8Array): number {
  const reader = createByteReader(bytes);
  const length = readHead(reader, CORE_VERSION, 'core');
  const skip = (columns: number): void => {
    for (let left = columns; left > 0; left -= 1) skipColumn(reader, length);
  };
  // Ticks, purposes; outcomes and doubts with their texts; remarks, lag, ttft, total, completion tokens.
  skip(2);
  for (let texts = 2; texts > 0; texts -= 1) {
    for (let left = reader.unsigned(); left > 0; left -= 1) reader.text();
    skip(1);
  }
  skip(5);
  return readColumn(reader, length).reduce((sum, stored) => sum + (fromOrNull(stored) ?? 0), 0);
}

/**
 * What is only shown of the same rows, in the same order. Layout of version 1 of `detail`:
 *
 *     version, rows                      numbers
 *     reached                            one bit per phase, in the order of PHASE_ORDER
 *     offsets                            for each phase a column over the rows that reached it: value - guess, folded
 *     token chunks, chunks - token chunks, loop delay, stall, usage present, reasoning and cached tokens, reused,
 *     retries, clock step
 */
const DETAIL_VERSION = 1;

export function packDetails(core: readonly CoreRow[], details: readonly Detail[]): Uint8Array {
  const writer = createByteWriter();
  writer.unsigned(DETAIL_VERSION);
  writer.unsigned(details.length);
  writePhases(writer, core, details);
  const write = (value: (detail: Detail) => number): void => writeColumn(writer, details.map(value));
  write((detail) => detail.tokenChunks);
  write((detail) => fold(detail.chunks - detail.tokenChunks));
  write((detail) => detail.loopDelayUs);
  write((detail) => orNull(detail.longestStallUs));
  write((detail) => (detail.usage === null ? 0 : 1));
  write((detail) => orNull(detail.usage?.reasoningTokens ?? null));
  write((detail) => orNull(detail.usage?.cachedTokens ?? null));
  write((detail) => (detail.reused ? 1 : 0));
  write((detail) => orNull(detail.retries));
  write((detail) => fold(detail.clockStepMs));
  return writer.finish();
}

export function unpackDetails(core: CoreColumns, bytes: Uint8Array): readonly Detail[] {
  const reader = createByteReader(bytes);
  const length = readHead(reader, DETAIL_VERSION, 'detail');
  if (length !== core.length) throw new Error(`packed detail has ${length} rows, its core ${core.length}`);
  const rows = Array.from({ length }, (_, index) => new PackedCoreRow(core, index));
  const phases = readPhases(reader, rows);
  const tokenChunks = readColumn(reader, length);
  const otherChunks = readColumn(reader, length);
  const loopDelays = readColumn(reader, length);
  const stalls = readColumn(reader, length);
  const usages = readColumn(reader, length);
  const reasoningTokens = readColumn(reader, length);
  const cachedTokens = readColumn(reader, length);
  const reused = readColumn(reader, length);
  const retries = readColumn(reader, length);
  const clockSteps = readColumn(reader, length);
  return rows.map((row, index) => ({
    status: row.status,
    phases: at(phases, index),
    longestStallUs: fromOrNull(at(stalls, index)),
    chunks: at(tokenChunks, index) + unfold(at(otherChunks, index)),
    tokenChunks: at(tokenChunks, index),
    usage:
      at(usages, index) === 0
        ? null
        : {
            promptTokens: row.promptTokens,
            completionTokens: row.completionTokens,
            reasoningTokens: fromOrNull(at(reasoningTokens, index)),
            cachedTokens: fromOrNull(at(cachedTokens, index)),
          },
    reused: at(reused, index) === 1,
    retries: fromOrNull(at(retries, index)),
    loopDelayUs: at(loopDelays, index),
    clockStepMs: unfold(at(clockSteps, index)),
  }));
}

function writeTicks(writer: ByteWriter, hourAt: number, rows: readonly CoreRow[]): void {
  let before = hourAt;
  let distance = 0;
  const changes = rows.map(({ scheduledAt }) => {
    const change = scheduledAt - before - distance;
    distance = scheduledAt - before;
    before = scheduledAt;
    return fold(change);
  });
  writeColumn(writer, changes);
}

function readTicks(reader: ByteReader, hourAt: number, length: number): number[] {
  let before = hourAt;
  let distance = 0;
  return readColumn(reader, length).map((change) => {
    distance += unfold(change);
    before += distance;
    return before;
  });
}

function writeTexts(writer: ByteWriter, values: readonly string[]): void {
  const distinct = [...new Set(values)];
  writer.unsigned(distinct.length);
  for (const text of distinct) writer.text(text);
  writeColumn(
    writer,
    values.map((value) => distinct.indexOf(value)),
  );
}

function readTexts(reader: ByteReader, length: number): string[] {
  const distinct = Array.from({ length: reader.unsigned() }, () => reader.text());
  return readColumn(reader, length).map((index) => at(distinct, index));
}

function writePhases(writer: ByteWriter, core: readonly CoreRow[], details: readonly Detail[]): void {
  const reached: number[] = [];
  const offsets: number[][] = PHASE_ORDER.map(() => []);
  for (const [index, { phases }] of details.entries()) {
    let mask = 0;
    let before = 0;
    for (const [bit, name] of PHASE_ORDER.entries()) {
      const value = phases[name];
      if (value === null) continue;
      mask |= 1 << bit;
      at(offsets, bit).push(fold(value - guessPhase(bit, before, at(core, index))));
      before = value;
    }
    reached.push(mask);
  }
  writeColumn(writer, reached);
  for (const values of offsets) if (values.length > 0) writeColumn(writer, values);
}

function readPhases(reader: ByteReader, core: readonly CoreRow[]): Phases[] {
  const reached = readColumn(reader, core.length);
  const offsets = PHASE_ORDER.map((_, bit) => {
    const rows = reached.reduce((count, mask) => count + ((mask >> bit) & 1), 0);
    return rows === 0 ? [] : readColumn(reader, rows);
  });
  const next = PHASE_ORDER.map(() => 0);
  return reached.map((mask, index) => {
    let before = 0;
    const values = PHASE_ORDER.map((_, bit): number | null => {
      if (((mask >> bit) & 1) === 0) return null;
      const position = at(next, bit);
      next[bit] = position + 1;
      before = guessPhase(bit, before, at(core, index)) + unfold(at(at(offsets, bit), position));
      return before;
    });
    return phasesOf(values);
  });
}

function readHead(reader: ByteReader, version: number, part: string): number {
  const found = reader.unsigned();
  if (found !== version)
    throw new Error(`packed ${part} has version ${found}, this program reads ${version}`);
  return reader.unsigned();
}

function at<Value>(values: readonly Value[], index: number): Value {
  const value = values[index];
  if (value === undefined) throw new RangeError(`packed rows have no value at ${index}`);
  return value;
}
