import type Database from 'better-sqlite3';

/**
 * For moving rows that were checked when they came: while foreign keys are looked after, SQLite deletes a table's rows
 * one by one. Between transactions only. The two statements are prepared once: each switch walks through every statement
 * that is left, and one prepared for each switch is left until memory is collected.
 */
export function foreignKeySwitch(db: Database.Database): <Result>(body: () => Result) => Result {
  const off = db.prepare('pragma foreign_keys = off');
  const on = db.prepare('pragma foreign_keys = on');
  return (body) => {
    off.run();
    try {
      return body();
    } finally {
      if (db.open) on.run();
    }
  };
}
