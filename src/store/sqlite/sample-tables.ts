const HOUR_MS = 3_600_000;

/**
 * Rows stand in four tables of one shape, by the hour of their tick. An hour is packed as a whole; a table that holds
 * nothing else is then emptied as a whole, which writes next to nothing, while deleting its rows would write all of
 * its pages once more. The view `samples` shows all four. Never renumber.
 */
export const SAMPLE_TABLES = ['samples_0', 'samples_1', 'samples_2', 'samples_3'] as const;

export type SampleTable = (typeof SAMPLE_TABLES)[number];

/** Where a row with this tick is stored. */
export function sampleTableOf(scheduledAt: number): SampleTable {
  const table = SAMPLE_TABLES[Math.floor(scheduledAt / HOUR_MS) & 3];
  if (table === undefined) throw new RangeError(`no tick: ${scheduledAt}`);
  return table;
}

/** Asks each table by itself, where a question to the view would not use an index. */
export function ofEachSampleTable(select: (table: SampleTable) => string): string {
  return SAMPLE_TABLES.map(select).join('\nunion all\n');
}

/** One statement prepared for each table. */
export function forEachSampleTable<Statement>(
  prepare: (table: SampleTable) => Statement,
): Readonly<Record<SampleTable, Statement>> {
  return {
    samples_0: prepare('samples_0'),
    samples_1: prepare('samples_1'),
    samples_2: prepare('samples_2'),
    samples_3: prepare('samples_3'),
  };
}
