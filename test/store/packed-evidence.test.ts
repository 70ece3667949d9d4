import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { migrate, readMigrations } from '../../src/store/sqlite/migrate.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { packEvidence, unpackEvidence } from '../../src/store/sqlite/packed-evidence.ts';
import { declaration, EVIDENCE, failure, MONDAY } from './builders.ts';

test('evidence is unpacked as it was packed, whatever a gateway said', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 5_000 }), (text) => {
      assert.equal(unpackEvidence(packEvidence(JSON.stringify(text))), JSON.stringify(text));
    }),
  );
});

test('what version 1 packed once is read for ever, so its dictionary never changes', () => {
  const packed = Buffer.from('ATMdre9G67vR+m60vhut70bruxFQ3wEA', 'base64');
  // A text that is the whole dictionary.
  const sha256 = createHash('sha256').update(unpackEvidence(packed)).digest('hex');
  assert.equal(sha256, 'a8c5069764f50821a26bd772f2dc9ae071f45dc378dc494cfabc4d1cb8451634');
});

test('evidence of a version this program does not know is refused, not guessed at', () => {
  const packed = packEvidence('{}');
  assert.throws(() => unpackEvidence(Buffer.concat([Buffer.of(9), packed.subarray(1)])), /has version 9/);
});

test('a usual streamed answer takes less than a fifth of its text', () => {
  const chunk = (n: number): string =>
    `data: {"id":"chatcmpl-9aQ","object":"chat.completion.chunk","created":1773100800,"model":"m","choices":[{"index":0,"delta":{"content":" ${n}"},"finish_reason":null}]}\n\n`;
  const head = Array.from({ length: 14 }, (_, n) => chunk(n * n)).join('');
  const text = JSON.stringify({ ...EVIDENCE, contentType: 'text/event-stream', head });
  const packed = packEvidence(text).length;
  assert.ok(packed * 5 < text.length, `${packed} of ${text.length}`);
});

async function withFile(body: (file: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'probity-evidence-'));
  try {
    await body(join(folder, 'probity.db'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('evidence that was stored as text before it was packed is read as before', () =>
  withFile(async (file) => {
    const bad = failure({ scheduledAt: MONDAY });
    const db = new Database(file);
    migrate(db, readMigrations().slice(0, 16));
    db.prepare(
      "insert into targets values (1, 'acme/pro/chat-small', 'acme', 'pro', 'chat-small', 'x', null)",
    ).run();
    db.prepare("insert into series values (1, 1, 'chat-stream', 'eu-west')").run();
    db.prepare('insert into evidence values (1, ?, 1, 0, ?)').run(MONDAY, JSON.stringify(EVIDENCE));
    db.close();
    const opened = openSqliteStore(file);
    assert.ok(opened.kind === 'opened');
    assert.deepEqual(await opened.store.readEvidence(bad), EVIDENCE);
    await opened.store.close();
  }));

test('evidence whose bytes are damaged is no evidence, and stops nobody who reads', () =>
  withFile(async (file) => {
    const bad = failure({ scheduledAt: MONDAY });
    const opened = openSqliteStore(file);
    assert.ok(opened.kind === 'opened');
    const { store } = opened;
    await store.declareSeries([declaration('chat-small')], MONDAY);
    await store.record({ samples: [bad], notRun: [] });
    assert.notEqual(await store.readEvidence(bad), null);
    const db = new Database(file);
    db.prepare("update evidence set packed = x'01ff00'").run();
    db.close();
    assert.equal(await store.readEvidence(bad), null);
    await store.close();
  }));
