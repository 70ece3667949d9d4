import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from 'better-sqlite3';

export type Migration = { readonly version: number; readonly name: string; readonly sql: string };

/** Marks the file as ours ("PROB"), so that another program's database is never migrated. */
export const APPLICATION_ID = 0x50524f42;

const FOLDER = join(import.meta.dirname, 'migrations');
const FILE_NAME = /^(\d{4})_[a-z0-9_]+\.sql$/;

/** All migrations in order. Their versions are 1, 2, 3 … without a gap; anything else is a fault of this program. */
export function readMigrations(): readonly Migration[] {
  return readdirSync(FOLDER)
    .sort()
    .map((name, index) => {
      const version = Number(FILE_NAME.exec(name)?.[1]);
      if (version !== index + 1) throw new Error(`migration ${name} should be number ${index + 1}`);
      return { version, name, sql: readFileSync(join(FOLDER, name), 'utf8') };
    });
}

/** What the database says of itself before it is touched. */
export function readSchemaState(db: Database): { applicationId: number; version: number; empty: boolean } {
  const objects = db.prepare<[], number>('select count(*) from sqlite_schema').pluck().get() ?? 0;
  const applicationId = Number(db.pragma('application_id', { simple: true }));
  if (objects === 0 || applicationId !== APPLICATION_ID) {
    return { applicationId, version: 0, empty: objects === 0 };
  }
  const version = db.prepare<[], number>('select max(version) from schema_versions').pluck().get() ?? 0;
  return { applicationId, version, empty: false };
}

/**
 * Brings the schema up to date, forward only. Each migration is one transaction whose first statement takes its
 * version row, so two processes that start together cannot both apply it.
 */
export function migrate(db: Database, migrations: readonly Migration[]): void {
  db.transaction(() => {
    db.pragma(`application_id = ${APPLICATION_ID}`);
    db.exec(`create table if not exists schema_versions (
      version integer primary key,
      name text not null
    ) strict`);
  }).immediate();
  const take = db.prepare('insert or ignore into schema_versions (version, name) values (@version, @name)');
  for (const { version, name, sql } of migrations) {
    db.transaction(() => {
      if (take.run({ version, name }).changes === 1) db.exec(sql);
    }).immediate();
  }
}

/** The schema as SQL text, the form that is committed as `schema.sql` and reviewed. */
export function describeSchema(db: Database): string {
  const statements = db
    .prepare<[], string>(`
      select sql
      from sqlite_schema
      where sql is not null
        and name not like 'sqlite%'
      order by rowid
    `)
    .pluck()
    .all();
  return `${statements.map((sql) => `${sql};`).join('\n\n')}\n`;
}
