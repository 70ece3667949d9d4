import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { MINUTE, MONDAY } from './builders.ts';
import { BATCH, numberedBatch } from './recording-child.ts';

const CHILD = join(import.meta.dirname, 'recording-child.ts');

/** Starts the child and kills it as soon as it has acknowledged `acknowledgements` batches. Returns their numbers. */
async function recordUntilKilled(file: string, first: number, acknowledgements: number): Promise<number[]> {
  const child = spawn(process.execPath, [CHILD, file, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  const acknowledged: number[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const number = /^recorded (\d+)$/.exec(line)?.[1];
    assert.ok(number !== undefined, line);
    acknowledged.push(Number(number));
    // The child does not wait for us: it is killed wherever it happens to be by now.
    if (acknowledged.length === acknowledgements) child.kill('SIGKILL');
  }
  const [, signal] = await closed;
  assert.equal(signal, 'SIGKILL');
  return acknowledged;
}

function minutesOf(numbers: Iterable<number>): number[] {
  return [...numbers].flatMap((number) =>
    Array.from({ length: BATCH - 1 }, (_, index) => number * BATCH + index),
  );
}

test('whatever was acknowledged before a kill -9 is there afterwards, once, and the database is whole', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'probity-crash-'));
  const file = join(folder, 'probity.db');
  try {
    const acknowledged = new Set<number>();
    for (const acknowledgements of [1, 2, 5, 40, 150, 11]) {
      // A batch in flight at the kill is delivered again by the next process, as a spool would.
      for (const number of await recordUntilKilled(file, acknowledged.size, acknowledgements)) {
        acknowledged.add(number);
      }
      const db = new Database(file);
      assert.equal(db.pragma('integrity_check', { simple: true }), 'ok');
      assert.deepEqual(db.pragma('foreign_key_check'), []);
      db.close();

      const result = openSqliteStore(file);
      assert.equal(result.kind, 'opened');
      const range = { fromAt: MONDAY, toAt: MONDAY + 1_000_000 * MINUTE };
      const samples = await result.store.readSamples(range);
      const minutes = samples.map(({ scheduledAt }) => (scheduledAt - MONDAY) / MINUTE);
      assert.equal(new Set(minutes).size, minutes.length, 'no sample twice');
      const present = new Set(minutes.map((minute) => Math.floor(minute / BATCH)));
      assert.deepEqual(minutes, minutesOf(present), 'a batch is there whole or not at all');
      for (const number of acknowledged) assert.ok(present.has(number), `batch ${number} was acknowledged`);
      assert.ok(
        present.size <= acknowledged.size + 1,
        'at most the batch in flight is more than was acknowledged',
      );
      assert.equal((await result.store.readNotRun(range)).length, present.size);
      for (const sample of samples) {
        assert.equal((await result.store.readEvidence(sample)) !== null, sample.outcome !== 'ok');
      }
      await result.store.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a full disk refuses the batch, keeps what was there, and takes the batch once there is room', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'probity-full-'));
  const file = join(folder, 'probity.db');
  try {
    // A limit on the size of a file is the full disk that any user can have.
    const child = spawn(
      '/bin/sh',
      ['-c', 'ulimit -f 1200; exec "$0" "$@"', process.execPath, CHILD, file, '0'],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const closed = once(child, 'close');
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) lines.push(line);
    await closed;
    const refused = lines.length - 1;
    assert.match(lines.at(-1) ?? '', new RegExp(`^refused ${refused} .*(full|disk|I/O)`));
    assert.ok(refused > 0, 'some batches fitted');

    const result = openSqliteStore(file);
    assert.equal(result.kind, 'opened');
    const range = { fromAt: MONDAY, toAt: MONDAY + 1_000_000 * MINUTE };
    const present = (await result.store.readSamples(range)).length;
    assert.equal(present, refused * (BATCH - 1), 'the refused batch left nothing behind');
    assert.deepEqual(await result.store.record(numberedBatch(refused)), { recorded: BATCH, repeated: 0 });
    await result.store.close();
    const db = new Database(file);
    assert.equal(db.pragma('integrity_check', { simple: true }), 'ok');
    db.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
