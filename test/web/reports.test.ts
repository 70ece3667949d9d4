import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { reportFolder } from '../../src/commands/run/report-folder.ts';
import { openSigningKey } from '../../src/evidence/signing-key.ts';
import { checkReport } from '../../src/evidence/verify-report.ts';
import type { Store } from '../../src/store/store.ts';
import { OWNER_TOKEN_FACT } from '../../src/web/owner.ts';
import { createServer, type Listening } from '../../src/web/server.ts';
import { HOUR } from '../store/builders.ts';
import { closeAt, writeReportFiles } from '../support/closing.ts';
import { MARCH, recordMonth } from '../support/month.ts';

const TOKEN = 'a-token-of-this-test';
let folder = '';
let store: Store;
let served: Listening;
let keyId = '';
let now = MARCH + 4 * HOUR;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'probity-reports-'));
  const key = openSigningKey(folder);
  keyId = key.publicKey.id;
  const month = await recordMonth({ key });
  store = month.store;
  await closeAt(month.closing, MARCH + 3 * HOUR);
  await writeReportFiles(store, folder);
  const web = createServer({
    store,
    clock: () => now,
    settings: {
      title: 'AI gateway',
      practice: false,
      timezone: 'UTC',
      locale: 'en',
      commitmentFor: () => null,
    },
    log: { error: ({ err }) => assert.fail(String(err)) },
    reports: {
      folderOf: (period, contract) => reportFolder(folder, period, contract),
      publicKey: key.publicKey,
    },
  });
  served = await web.listen('127.0.0.1', 0);
});

after(async () => {
  await served.close();
  await store.close();
  rmSync(folder, { recursive: true });
});

const BASIC = { authorization: `Basic ${Buffer.from(`owner:${TOKEN}`).toString('base64')}` };

function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${served.url}${path}`, { headers });
}

test('everybody sees whether the contract was kept, and nobody sees money without the token', async () => {
  const answers = ['/reports', '/reports/2027-02/pro', '/api/v1/reports', '/api/v1/reports/2027-02/pro'];
  for (const path of answers) {
    const answer = await get(path);
    assert.equal(answer.status, 200);
    const page = await answer.text();
    assert.match(page, /breached/);
    for (const secret of [
      /400\.00/,
      /\b4000\b/,
      /\b10 %/,
      /2027-03-30/,
      /EUR/,
      /"(amount|fee|credit\w*|claim)"/,
    ]) {
      assert.doesNotMatch(page, secret, path);
    }
  }
});

test('before a token was made nobody is asked for one, nothing opens the private pages, and they say how to make it', async () => {
  for (const path of ['/owner', '/owner/reports', '/owner/reports/2027-02/pro/pro-2027-02.json']) {
    for (const headers of [{}, BASIC, { authorization: 'Bearer x' }]) {
      const answer = await get(path, headers);
      assert.equal(answer.status, 403);
      assert.equal(answer.headers.get('www-authenticate'), null);
      assert.match(await answer.text(), /probity (-- )?token/);
    }
  }
});

test('the holder of the token sees the money, the claim and the files', async () => {
  await store.writeFact(OWNER_TOKEN_FACT, createHash('sha256').update(TOKEN).digest('hex'), MARCH);
  const refused = await get('/owner/reports', { authorization: 'Bearer another', accept: 'text/html' });
  assert.equal(refused.status, 401);
  assert.match(refused.headers.get('www-authenticate') ?? '', /^Basic realm=/);
  assert.match(await refused.text(), /This page needs your token/);
  const front = await fetch(`${served.url}/owner`, { headers: BASIC, redirect: 'manual' });
  assert.deepEqual([front.status, front.headers.get('location')], [302, '/owner/reports']);
  const list = await get('/owner/reports', BASIC);
  assert.equal(list.headers.get('cache-control'), 'private, no-store');
  assert.match(
    await list.text(),
    /<th scope="row">ready, not claimed yet<\/th><td class="n">1<\/td><td class="n">400\.00 EUR<\/td>/,
  );
  const answer = await get('/owner/reports/2027-02/pro', { authorization: `Bearer ${TOKEN}` });
  const page = (await answer.text()).replaceAll('&#x2F;', '/');
  assert.match(page, /400\.00 EUR/);
  const links = [...page.matchAll(/href="(\/owner\/reports\/2027-02\/pro\/[^"]+)"/g)].map(
    ([, path]) => path ?? '',
  );
  assert.equal(links.length, 9);
  for (const path of links) {
    const file = await get(path, BASIC);
    assert.equal(file.status, 200, path);
    assert.match(file.headers.get('content-disposition') ?? '', /^attachment; filename="pro-2027-02/);
    if (path.endsWith('.json')) assert.deepEqual(checkReport(await file.text()).problems, []);
    if (path.endsWith('.pdf')) assert.equal((await file.text()).slice(0, 8), '%PDF-1.7');
  }
});

test('no name leads out of the folder of reports', async () => {
  for (const path of [
    '/owner/reports/2027-02/pro/..%2f..%2f..%2fsigning-key.pem',
    '/owner/reports/%2e%2e/%2e%2e/signing-key.pem',
    '/owner/reports/../../signing-key.pem',
    '/owner/reports/2027-02/..%2f..%2f/signing-key.pem',
  ]) {
    const answer = await get(path, BASIC);
    assert.equal(answer.status, 404, path);
    assert.ok(!(await answer.text()).includes('PRIVATE'));
  }
});

test('the key and the heads of each day are published', async () => {
  const known = JSON.parse(await (await get('/.well-known/probity.json')).text());
  assert.equal(known.keys[0].kid, keyId);
  const [{ days, latest }] = known.chains;
  assert.equal(days.length, 28);
  assert.equal(days[0].until, '2027-03-01T00:00:00.000Z');
  const frozen = await store.readReport('pro', '2027-02');
  assert.equal(days[0].head, JSON.parse(frozen?.document ?? '').report.chain[0].head);
  assert.ok(latest.segment >= days[0].segment);
});

test('a report nobody froze is not found', async () => {
  for (const path of ['/reports/2027-01/pro', '/reports/2027-02/other'])
    assert.equal((await get(path)).status, 404);
});

test('guessing tokens is told to wait after twenty in a minute, and never shuts out the owner', async () => {
  await store.writeFact(OWNER_TOKEN_FACT, createHash('sha256').update(TOKEN).digest('hex'), MARCH);
  now = MARCH + 10 * HOUR + 50_000;
  const guess = (path = '/owner/reports') => get(path, { authorization: 'Bearer no-such-token' });
  for (let n = 0; n < 20; n += 1) assert.equal((await guess()).status, 401);
  const refused = await guess('/owner/incidents/20261103-0a3f9kz');
  assert.equal(refused.status, 429);
  assert.equal(refused.headers.get('retry-after'), '10');
  assert.equal((await get('/owner/reports')).status, 401, 'who gives no token guesses nothing');
  assert.equal((await get('/owner/reports', BASIC)).status, 200);
  now += 10_000;
  assert.equal((await guess()).status, 401);
});

test('a withdrawn report says so before anything else, to everybody and with its reason, and money stays private', async () => {
  const [frozen] = await store.readLedger({ contract: 'pro', period: '2027-02' });
  assert.ok(frozen);
  const last = (await store.readLedger({ contract: 'pro', period: '2027-02' })).at(-1);
  const note = 'our <clock> was wrong';
  const added = await store.addLedgerEntry(
    {
      ...frozen,
      kind: 'correction',
      state: 'no claim',
      amount: null,
      who: 'ada',
      note,
      at: now,
      key: 'corrected:1',
    },
    last?.no ?? 0,
  );
  assert.ok(added);
  const page = await (await get('/reports/2027-02/pro')).text();
  assert.match(page, /This report was withdrawn<\/h2><p><strong>.*<\/strong> our &lt;clock&gt; was wrong/);
  assert.ok(page.indexOf('This report was withdrawn') < page.indexOf('breached'));
  assert.doesNotMatch(page, /400\.00|ada/);
  assert.match(await (await get('/reports')).text(), /<strong>withdrawn<\/strong>/);
  const { reports } = (await (await get('/api/v1/reports')).json()) as {
    reports: { contract: string; correction: unknown }[];
  };
  assert.deepEqual(
    reports.map(({ correction }) => correction),
    [{ kind: 'withdrawn', at: now, reason: note }],
  );
  const files = reportFolder(folder, '2027-02', 'pro');
  const names = readdirSync(files).sort();
  const signed = names.map((name) => readFileSync(join(files, name)));
  await writeReportFiles(store, folder);
  assert.deepEqual(readdirSync(files).sort(), [...names, 'WITHDRAWN.txt'].sort());
  assert.deepEqual(
    names.map((name) => readFileSync(join(files, name))),
    signed,
    'the files stay as they are',
  );
  assert.match(
    readFileSync(join(files, 'WITHDRAWN.txt'), 'utf8'),
    /It does not hold.*\nReason: our <clock> was wrong\n/,
  );
  const owners = await (await get('/owner/reports/2027-02/pro', BASIC)).text();
  assert.doesNotMatch(owners, /WITHDRAWN\.txt/);
  const entry = { ...frozen, kind: 'correction' as const, who: 'ada', note: 'two hours', at: now };
  const no = async () => (await store.readLedger({ contract: 'pro', period: '2027-02' })).at(-1)?.no ?? 0;
  await store.addLedgerEntry({ ...entry, state: 'ready', amount: '90.00', key: 'corrected:2' }, await no());
  await writeReportFiles(store, folder);
  assert.deepEqual(readdirSync(files).sort(), [...names, 'CORRECTED.txt'].sort());
  assert.match(readFileSync(join(files, 'CORRECTED.txt'), 'utf8'), /Owed is 90\.00 EUR, not what it says\./);
});
