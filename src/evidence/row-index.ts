import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { PURPOSES } from '../domain/measure/sample.ts';
import type { ChainSeries } from '../store/store.ts';
import { type Part, type RowName, seriesText } from './chain-row.ts';

/** Column by column, because ticks of one series follow each other at equal distances and so nearly vanish. */
type Columns = {
  readonly series: readonly (readonly [probe: string, target: string, region: string])[];
  /** Number in `series` and how many rows follow. */
  readonly runs: readonly (readonly [series: number, rows: number])[];
  /** Each tick minus the one before. */
  readonly ticks: readonly number[];
  readonly purposes: readonly number[];
};

/** Names all rows of a segment, in the order of their marks. JSON, deflated. */
export function writeRowIndex(parts: Readonly<Record<Part, readonly RowName[]>>): Uint8Array {
  const text = JSON.stringify({
    v: 1,
    samples: columnsOf(parts.samples),
    notRun: columnsOf(parts.notRun),
    evidence: columnsOf(parts.evidence),
  });
  return deflateRawSync(text, { level: 1 });
}

/** Throws if the bytes are not what `writeRowIndex` wrote. */
export function readRowIndex(bytes: Uint8Array): Readonly<Record<Part, readonly RowName[]>> {
  const parsed: Record<Part, Columns> & { v: number } = JSON.parse(inflateRawSync(bytes).toString());
  if (parsed.v !== 1) throw new Error(`the row index has version ${parsed.v}, this program reads 1`);
  return {
    samples: rowsOf(parsed.samples),
    notRun: rowsOf(parsed.notRun),
    evidence: rowsOf(parsed.evidence),
  };
}

function columnsOf(rows: readonly RowName[]): Columns {
  const numbers = new Map<string, number>();
  const series: [string, string, string][] = [];
  const runs: [number, number][] = [];
  const ticks: number[] = [];
  const purposes: number[] = [];
  let before = 0;
  for (const row of rows) {
    const text = seriesText(row.series);
    let number = numbers.get(text);
    if (number === undefined) {
      number = series.length;
      numbers.set(text, number);
      series.push([row.series.probe, row.series.target, row.series.region]);
    }
    const run = runs.at(-1);
    if (run !== undefined && run[0] === number) run[1] += 1;
    else runs.push([number, 1]);
    ticks.push(row.scheduledAt - before);
    before = row.scheduledAt;
    purposes.push(row.purpose === null ? -1 : PURPOSES.indexOf(row.purpose));
  }
  return { series, runs, ticks, purposes };
}

function rowsOf({ series, runs, ticks, purposes }: Columns): RowName[] {
  const named = series.map(([probe, target, region]): ChainSeries => ({ probe, target, region }));
  const rows: RowName[] = [];
  let before = 0;
  for (const [number, count] of runs) {
    const own = named[number];
    if (own === undefined) throw new Error('the row index names a series it does not list');
    for (let i = 0; i < count; i += 1) {
      const at = rows.length;
      before += ticks[at] ?? Number.NaN;
      rows.push({ series: own, scheduledAt: before, purpose: PURPOSES[purposes[at] ?? -1] ?? null });
    }
  }
  return rows;
}
