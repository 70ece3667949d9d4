import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import Database from 'better-sqlite3';
import { canonicalJson } from '../../src/evidence/canonical-json.ts';
import { sealAll } from '../../src/evidence/seal.ts';
import { openSigningKey, type SigningKey } from '../../src/evidence/signing-key.ts';
import { verifyChain } from '../../src/evidence/verify-chain.ts';
import { verifyKeptReports } from '../../src/evidence/verify-kept.ts';
import { DAY, HOUR } from '../store/builders.ts';
import { closeAt, openStore } from '../support/closing.ts';
import { FEBRUARY, MARCH, recordMonth } from '../support/month.ts';
import { onSampleTables } from '../support/tampering.ts';

/** A month that was closed; the rows of its first twenty days are pruned. */
let folder = '';
let key: SigningKey;
const PRUNED = 20;
/** An hour whose rows are left, and the number of its segment: the first one is the month's first hour. */
const AT = FEBRUARY + 24 * DAY + 9 * HOUR;
const NO = 24 * 24 + 9;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'probity-tampered-'));
  key = openSigningKey(folder);
  const { store, closing } = await recordMonth({ path: join(folder, 'month.db'), everyMs: HOUR, key });
  await closeAt(closing, MARCH + 3 * HOUR);
  const limit = FEBRUARY + PRUNED * DAY;
  while (await store.prune({ samplesBeforeAt: limit, evidenceBeforeAt: limit, at: MARCH + DAY }));
  await store.close();
});

after(() => rmSync(folder, { recursive: true }));

let copies = 0;

/** What verification finds after `change` had its way with the file of a copy. */
async function findAfter(change: (db: Database.Database) => void): Promise<{
  readonly chain: readonly (readonly [segment: number | null, what: string])[];
  readonly reports: readonly string[];
}> {
  copies += 1;
  const path = join(folder, `${copies}.db`);
  copyFileSync(join(folder, 'month.db'), path);
  const db = new Database(path);
  db.pragma('foreign_keys = off');
  for (const name of ['reports_are_frozen', 'ledger_is_append_only']) db.exec(`drop trigger ${name}`);
  change(db);
  db.close();
  const store = openStore(path);
  const kept = await verifyKeptReports(store, key.publicKey.id);
  const { findings } = await verifyChain(store, kept.known, () => {});
  await store.close();
  return { chain: findings.map(({ segment, what }) => [segment, what]), reports: kept.problems };
}

test('a month whose older rows are pruned is whole', async () => {
  assert.deepEqual(await findAfter(() => {}), { chain: [], reports: [] });
});

const NAME = 'sample chat-stream acme/pro/chat-small eu-west 2027-02-25T09:00:00.000Z (scheduled)';
const NEXT = 'sample chat-stream acme/pro/chat-small eu-west 2027-02-25T10:00:00.000Z (scheduled)';
const VICTIM = `scheduled_at_ms = ${AT} and series_no = 2`;

for (const [what, sql, chain] of [
  [
    'a flipped bit',
    `update samples set total_us = total_us ^ 1 where ${VICTIM}`,
    [[NO, `${NAME} was changed`]],
  ],
  ['a deleted row', `delete from samples where ${VICTIM}`, [[NO, `${NAME} was deleted`]]],
  [
    'two rows in each other’s place, in two segments',
    `update samples set scheduled_at_ms = 1 where ${VICTIM};
     update samples set scheduled_at_ms = ${AT} where scheduled_at_ms = ${AT + HOUR} and series_no = 2;
     update samples set scheduled_at_ms = ${AT + HOUR} where scheduled_at_ms = 1`,
    [
      [NO, `${NAME} was changed`],
      [NO + 1, `${NEXT} was changed`],
    ],
  ],
  [
    'a pruned segment that is taken out',
    'delete from chain_segments where no = 5',
    [
      [6, 'it does not follow the segment before: a segment was changed, removed or put in between'],
      [6, 'segment 5 was expected here'],
      [6, 'its time is not what the header says, or does not begin where the segment before ends'],
    ],
  ],
  [
    'a chain that is cut off',
    'delete from chain_segments where no >= 600',
    [[671, 'the segment is missing, but the report 2027-02 of pro holds its head']],
  ],
] as const) {
  test(`after retention has pruned, ${what} is still named`, async () => {
    const found = await findAfter(
      (db) => void db.exec(onSampleTables(sql.replace('total_us ^ 1', '(total_us | 1) - (total_us & 1)'))),
    );
    assert.deepEqual(found.chain, chain);
  });
}

test('a header that is forged together with its head does not fit the segment after it', async () => {
  const { chain } = await findAfter((db) => {
    const text = db.prepare(`select header from chain_segments where no = ${NO}`).pluck().get();
    const header = canonicalJson({ ...JSON.parse(String(text)), sealedAt: '2027-02-26T00:00:00.000Z' });
    db.prepare(`update chain_segments set header = ?, head = ? where no = ${NO}`).run(
      header,
      hash('sha256', header, 'hex'),
    );
  });
  assert.deepEqual(chain, [
    [NO + 1, 'it does not follow the segment before: a segment was changed, removed or put in between'],
  ]);
});

test('a chain that was made anew over changed rows is whole in itself, and is given away by the frozen report', async () => {
  const path = join(folder, 'anew.db');
  copyFileSync(join(folder, 'month.db'), path);
  const db = new Database(path);
  db.pragma('foreign_keys = off');
  db.exec(
    onSampleTables(`update samples set outcome = 'ok' where outcome <> 'ok'; delete from chain_segments`),
  );
  db.close();
  const store = openStore(path);
  await sealAll(
    store,
    MARCH + 2 * HOUR,
    () => MARCH + DAY,
    async () => {},
  );
  assert.deepEqual((await verifyChain(store, [], () => {})).findings, []);
  const { known } = await verifyKeptReports(store, key.publicKey.id);
  const { findings } = await verifyChain(store, known, () => {});
  assert.equal(findings.length, 1);
  assert.match(findings[0]?.what ?? '', /but the report 2027-02 of pro holds/);
  await store.close();
});

for (const [what, path, value, complaint] of [
  [
    'figure',
    '$.report.statements[1].evaluation.objectives[0].value.exact',
    '99/100',
    /the engine says 99, its counts say/,
  ],
  ['version of the contract', '$.report.contract.version', '4', null],
  ['time', '$.report.madeAt', '2027-03-01T00:00:00Z', null],
] as const) {
  test(`a changed ${what} in a frozen report is named with its report`, async () => {
    const { reports } = await findAfter(
      (db) => void db.prepare('update reports set document = json_set(document, ?, ?)').run(path, value),
    );
    const forged =
      'the report 2027-02 of pro: the signature does not fit: something was changed after it was signed';
    assert.equal(reports[0], forged);
    if (complaint === null) assert.equal(reports.length, 1);
    else assert.match(reports[1] ?? '', complaint);
  });
}

test('a report that somebody else signed is named', async () => {
  const store = openStore(join(folder, 'month.db'));
  const { problems } = await verifyKeptReports(store, '0123456789abcdef');
  assert.deepEqual(problems, [
    `the report 2027-02 of pro: it is signed with key ${key.publicKey.id}, not with this folder's 0123456789abcdef`,
  ]);
  await store.close();
});
