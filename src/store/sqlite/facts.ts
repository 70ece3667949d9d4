import type { Database } from 'better-sqlite3';

export type FactsTable = {
  readonly read: (name: string) => string | null;
  readonly write: (name: string, value: string, at: number) => void;
};

export function prepareFacts(db: Database): FactsTable {
  const factNamed = db
    .prepare<{ name: string }, string>(`
      select value
      from facts
      where name = @name
    `)
    .pluck();
  const writeFact = db.prepare(`
    insert into facts (
      name,
      value,
      written_at_ms
    ) values (
      @name,
      @value,
      @at
    )
    on conflict (name) do update set
      value = excluded.value,
      written_at_ms = excluded.written_at_ms
  `);

  return {
    read: (name) => factNamed.get({ name }) ?? null,
    write(name, value, at) {
      writeFact.run({ name, value, at });
    },
  };
}
