import { SAMPLE_TABLES } from '../../src/store/sqlite/sample-tables.ts';

/** Statements that change `samples`, as statements on the tables behind it: only one of them holds the row meant. */
export function onSampleTables(sql: string): string {
  return sql
    .split(';')
    .flatMap((statement) =>
      /\bsamples\b/.test(statement)
        ? SAMPLE_TABLES.map((table) => statement.replaceAll(/\bsamples\b/g, table))
        : [statement],
    )
    .join(';');
}
