import { closeSync, openSync, readSync } from 'node:fs';

/**
 * What a checkpoint would copy out of SQLite's write-ahead log into the database if it came now, in bytes: every page in
 * the log once. https://www.sqlite.org/fileformat2.html#the_write_ahead_log
 *
 * Checkpoints come every some minutes, all at once. What was written in a stretch of time, plus what is owed at its end,
 * minus what was owed at its beginning, is what the stretch cost, wherever a checkpoint fell.
 */
export function owedToCheckpoint(database: string): number {
  const file = openSync(`${database}-wal`, 'r');
  try {
    const header = Buffer.alloc(32);
    if (readSync(file, header, 0, 32, 0) < 32) return 0;
    const pageSize = header.readUInt32BE(8);
    const salts = header.subarray(16, 24);
    const pages = new Set<number>();
    const frame = Buffer.alloc(24);
    for (let at = 32; readSync(file, frame, 0, 24, at) === 24; at += 24 + pageSize) {
      // What follows was left there by an earlier round through the file.
      if (!frame.subarray(8, 16).equals(salts)) break;
      pages.add(frame.readUInt32BE(0));
    }
    return pages.size * pageSize;
  } finally {
    closeSync(file);
  }
}
