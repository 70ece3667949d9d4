import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describeSchema, migrate, readMigrations } from './migrate.ts';

// `npm run schema:sql`, after a new migration: writes the schema that all migrations together give.
const db = new Database(':memory:');
migrate(db, readMigrations());
writeFileSync(join(import.meta.dirname, 'schema.sql'), describeSchema(db));
db.close();
