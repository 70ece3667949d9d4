import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { askForStamp } from '../../src/commands/run/ask-for-stamp.ts';
import { sealAll } from '../../src/evidence/seal.ts';
import { openSigningKey } from '../../src/evidence/signing-key.ts';
import { verifyStamps } from '../../src/evidence/verify-stamps.ts';
import { stampHeads } from '../../src/pipeline/closing/stamp-heads.ts';
import { DAY, HOUR } from '../store/builders.ts';
import { closeDue, closingOf, reportOf } from '../support/closing.ts';
import { MARCH, monthTerms, PRO, recordMonth } from '../support/month.ts';
import { runProbity } from '../support/probity-process.ts';
import { type Authority, startAuthority } from '../support/time-stamp-authority.ts';

const DUE = MARCH + 2 * HOUR;

function stamped(authority: Authority) {
  const settings = { authority: authority.url, ca: authority.ca };
  return (head: string) => askForStamp(settings, head, new AbortController().signal);
}

test('the heads of the days and of the period are stamped once, stand in the report, and verify names a forged one', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'probity-stamps-'));
  const authority = await startAuthority(() => MARCH + HOUR);
  t.after(authority.close);
  const key = openSigningKey(folder);
  const { store } = await recordMonth({ path: join(folder, 'probity.db'), everyMs: HOUR });
  await sealAll(
    store,
    MARCH + HOUR,
    () => MARCH + HOUR,
    async () => {},
  );
  const options = { store, contracts: [[PRO]], stamp: stamped(authority) };
  assert.equal(await stampHeads(options, MARCH + HOUR), 7);
  assert.equal(await stampHeads(options, MARCH + 2 * HOUR), 0, 'what is stamped is not asked for again');
  assert.equal(authority.asked.length, 7);
  const terms = monthTerms({ isStamped: true });
  await closeDue(closingOf(store, terms, key), DUE);
  const [head] = (await reportOf(store, 'pro', '2027-02')).chain;
  assert.equal(head?.timeStamp?.at, '2027-03-01T01:00:00Z');
  assert.equal(head?.timeStamp?.authority, 'CN=Test TSA');
  const good = await verifyStamps(store, [authority.ca]);
  assert.deepEqual(good.findings, []);
  assert.equal(good.regions[0]?.stamped, 7);

  const frozen = await store.readReport('pro', '2027-02');
  writeFileSync(join(folder, 'report.json'), frozen?.document ?? '');
  writeFileSync(join(folder, 'ca.pem'), authority.ca);
  const stranger = await startAuthority(() => MARCH);
  t.after(stranger.close);
  writeFileSync(join(folder, 'stranger.pem'), stranger.ca);
  const verify = (ca: string) =>
    runProbity(['verify', join(folder, 'report.json'), '--ca', join(folder, ca)]);
  const accepted = await verify('ca.pem');
  assert.equal(accepted.code, 0, accepted.stdout + accepted.stderr);
  assert.match(
    accepted.stdout,
    /segment \d+ of eu-west existed by 2027-03-01T01:00:00.000Z, as CN=Test TSA signed\n/,
  );
  const refused = await verify('stranger.pem');
  assert.equal(refused.code, 1);
  assert.match(refused.stdout, /✗ segment \d+ of eu-west: the signature of the time-stamp does not hold/);

  const db = new Database(join(folder, 'probity.db'));
  db.exec('update time_stamps set token = (select token from time_stamps order by segment_no limit 1)');
  db.close();
  const forged = await verifyStamps(store, [authority.ca]);
  assert.equal(forged.findings.length, 6);
  assert.match(forged.findings[0]?.what ?? '', /that of another head/);
  await store.close();
  rmSync(folder, { recursive: true });
});

test('an authority that does not answer delays no close: the report says so, and the head is stamped later', async (t) => {
  const authority = await startAuthority(() => MARCH + 5 * HOUR);
  t.after(authority.close);
  const { store, closing } = await recordMonth({ everyMs: HOUR });
  await sealAll(
    store,
    MARCH + HOUR,
    () => MARCH + HOUR,
    async () => {},
  );
  const options = { store, contracts: [[PRO]], stamp: stamped(authority) };
  authority.behave = 'refuses';
  await assert.rejects(stampHeads(options, MARCH + HOUR), /127\.0\.0\.1.*the authority refused/);
  const result = await closeDue({ ...closing, terms: [monthTerms({ isStamped: true })] }, DUE);
  assert.equal(result.frozen.length, 1);
  const [head] = (await reportOf(store, 'pro', '2027-02')).chain;
  assert.equal(head?.timeStamp, null);
  authority.behave = 'well';
  assert.equal(await stampHeads(options, MARCH + 5 * HOUR), 7);
  const stamp = await store.readTimeStamp('eu-west', head?.segment ?? -1);
  assert.equal(stamp?.at, MARCH + 5 * HOUR);
  // A week later only newer days would be asked for; these heads are covered by theirs.
  assert.equal(await stampHeads(options, MARCH + 9 * DAY), 0);
  await store.close();
});
