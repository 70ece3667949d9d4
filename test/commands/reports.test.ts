import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import Database from 'better-sqlite3';
import PostalMime from 'postal-mime';
import { openPostOffice } from '../../src/commands/run/post-office.ts';
import { loadConfig } from '../../src/config/load.ts';
import { openSigningKey } from '../../src/evidence/signing-key.ts';
import { cronGrid } from '../../src/pipeline/probing/cron-grid.ts';
import { sampleTableOf } from '../../src/store/sqlite/sample-tables.ts';
import { DAY, HOUR, MINUTE, sample } from '../store/builders.ts';
import { closeAt, openStore, writeReportFiles } from '../support/closing.ts';
import { commandLine, type Said } from '../support/command-line.ts';
import { FEBRUARY, MARCH, recordMonth } from '../support/month.ts';
import { startProbity } from '../support/probity-process.ts';

const PROGRAM = join(import.meta.dirname, '..', '..', 'src', 'probity.js');
let folder = '';
let data = '';

/** Runs the program as the terminal does. Starting it is most of its work, so that each command is started once or twice. */
async function started(...words: string[]): Promise<Said> {
  const child = spawn(process.execPath, [PROGRAM, ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: folder,
    env: { ...process.env, USER: 'ada' },
  });
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { code, out, err };
}

/** The same command line in this process. */
function typed(...words: string[]): Promise<Said> {
  return commandLine(words, { env: { USER: 'ada' } });
}

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'probity-commands-'));
  data = join(folder, 'data');
  const key = openSigningKey(data);
  const { store, closing } = await recordMonth({ path: join(data, 'probity.db'), key });
  while (await store.compact(FEBRUARY + 20 * 24 * HOUR));
  await closeAt(closing, MARCH + 3 * HOUR);
  await store.close();
});

after(() => rmSync(folder, { recursive: true }));

test('report writes every form of a frozen report, and verify finds nothing wrong with it', async () => {
  const written = await started('report', '2027-02', '--contract', 'pro', '--data', data, '--out', 'out');
  assert.equal(written.code, 0, written.err);
  assert.match(written.out, /^pro 2027-02: final, breached: 1 of 2, met: 1 of 2\n/);
  assert.deepEqual(readdirSync(join(folder, 'out')).sort(), [
    'pro-2027-02-days.csv',
    'pro-2027-02-exclusions.csv',
    'pro-2027-02-failures.csv',
    'pro-2027-02-slices.csv',
    'pro-2027-02-summary.csv',
    'pro-2027-02.html',
    'pro-2027-02.json',
    'pro-2027-02.pdf',
  ]);
  const file = join('out', 'pro-2027-02.json');
  const keyId = openSigningKey(data).publicKey.id;
  const good = await typed('verify', join(folder, file), '--key', keyId);
  assert.deepEqual(
    [good.code, good.out],
    [0, `✓ pro 2027-02: the signature of key ${keyId} fits, and 11 figures follow from the counts\n`],
  );
  const stranger = await started('verify', file, '--key', '0123456789abcdef');
  assert.deepEqual(
    [stranger.code, stranger.out],
    [1, `✗ it is signed with key ${keyId}, not with 0123456789abcdef\n`],
  );
});

test('verify --data holds the rows against the chain and the frozen reports, and its exit code tells', async () => {
  const good = await typed('verify', '--data', data);
  assert.equal(good.code, 0, good.err);
  assert.match(
    good.out,
    /^✓ every row is as it was sealed\n {2}eu-west: 673 segments, 8,082 rows until 2027-03-01T02:00:00.000Z\n/,
  );
  const copy = join(folder, 'tampered');
  assert.equal((await typed('backup', copy, '--data', data)).code, 0);
  const db = new Database(join(copy, 'probity.db'));
  const at = FEBRUARY + 25 * 24 * HOUR + 10 * MINUTE;
  assert.equal(
    db
      .prepare(`update ${sampleTableOf(at)} set ttft_us = 1 where scheduled_at_ms = ${at} and series_no = 1`)
      .run().changes,
    1,
  );
  db.close();
  const bad = await started('verify', '--data', copy);
  assert.equal(bad.code, 1);
  assert.match(
    bad.out,
    /sample chat-stream acme\/pro\/chat-large eu-west 2027-02-26T00:10:00.000Z \(scheduled\) was changed/,
  );
});

test('a backup taken beside a writer is whole: the same chain, reports, ledger and key', async () => {
  const copy = join(folder, 'copy');
  const taken = await started('backup', copy, '--data', data);
  assert.equal(taken.code, 0, taken.err);
  assert.equal(statSync(copy).mode & 0o777, 0o700);
  assert.equal((await typed('verify', '--data', copy)).out, (await typed('verify', '--data', data)).out);
  assert.equal((await typed('ledger', '--data', copy)).out, (await typed('ledger', '--data', data)).out);
  assert.equal(openSigningKey(copy).publicKey.id, openSigningKey(data).publicKey.id);
  const twice = await typed('backup', copy, '--data', data);
  assert.deepEqual([twice.code, twice.err], [2, `${copy} holds a copy already; name a new folder\n`]);
});

test('a backup ends although somebody commits all the time, and is the data of one moment', async () => {
  const path = join(folder, 'busy', 'probity.db');
  const { store } = await recordMonth({ path, everyMs: 3 * MINUTE });
  const writer = openStore(path);
  const before = await store.readNextHour(0);
  let writes = 0;
  const late = MARCH + 10 * HOUR;
  await store.backUp(join(folder, 'busy-copy.db'), () => {
    writes += 1;
    // Were the copy begun again at every commit, it would never end.
    assert.ok(writes < 200, 'the copy does not come to an end');
    void writer.record({ samples: [sample({ scheduledAt: late + writes * MINUTE })], notRun: [] });
  });
  assert.ok(writes > 1, 'somebody wrote meanwhile');
  const copy = openStore(join(folder, 'busy-copy.db'));
  const range = { fromAt: late, toAt: late + DAY };
  assert.equal((await writer.readSamples(range)).length, writes);
  assert.deepEqual(await copy.readSamples(range), [], 'what was committed after the beginning is not in it');
  assert.equal(await copy.readNextHour(0), before);
  await Promise.all([store.close(), writer.close(), copy.close()]);
});

test('a restored folder verifies, runs, and shows the reports it had', async () => {
  const copy = join(folder, 'restored');
  assert.equal((await typed('backup', copy, '--data', data)).code, 0);
  const verified = await typed('verify', '--data', copy);
  assert.equal(verified.code, 0, verified.out);
  const running = startProbity(['run', '--no-practice-history', '--port', '0', '--data', copy]);
  try {
    const page = await (await fetch(new URL('/reports', await running.url))).text();
    assert.match(page, /2027-02/);
  } finally {
    running.signal('SIGTERM');
  }
  assert.equal((await running.ended).code, 0);
  assert.equal((await typed('verify', '--data', copy)).code, 0, 'the chain goes on from where it was');
});

test('a claim moves on by the rules of the ledger, with who, when and why', async () => {
  const denied = await started('ledger', '2027-02', 'pro', '--mark', 'denied', '--data', data);
  assert.deepEqual(
    [denied.code, denied.err],
    [2, 'the claim is "ready": from there it can become claimed or no claim\n'],
  );
  const claimed = await typed(
    'ledger',
    '2027-02',
    'pro',
    '--mark',
    'claimed',
    '--by',
    'bob',
    '--note',
    'case 4711',
    '--data',
    data,
  );
  assert.equal(claimed.out, 'pro 2027-02: ready → claimed\n');
  assert.equal(
    (await typed('ledger', '2027-02', 'pro', '--mark', 'credited', '--amount', '399.50', '--data', data))
      .code,
    0,
  );
  const shown = (await typed('ledger', '--data', data)).out;
  assert.match(shown, /^2027-02 {2}pro {2}credited {2}399\.50 EUR\n/);
  assert.match(shown, /claimed {2}bob: case 4711\n/);
});

test('a frozen report is corrected and withdrawn by new entries with a reason, and no claim is packed on what is withdrawn', async () => {
  const ledger = (...values: string[]) => typed('ledger', '2027-02', 'pro', ...values, '--data', data);
  await typed(
    ...['report', '2027-02', '--contract', 'pro', '--format', 'json', '--data', data],
    ...['--out', join(folder, 'before')],
  );
  const unreasoned = await ledger('--withdraw');
  assert.deepEqual(
    [unreasoned.code, unreasoned.err],
    [2, '--note: say why; everybody who reads the report will see it\n'],
  );
  const unclear = await ledger('--correct', '--note', 'they showed a notice');
  assert.deepEqual(
    [unclear.code, unclear.err],
    [2, '--amount: expected a decimal such as 900.00, or 0 for nothing, found none\n'],
  );
  const corrected = await ledger('--correct', '--amount', '120.00', '--note', 'they showed a notice');
  assert.equal(
    corrected.out,
    'pro 2027-02: corrected to 120.00 EUR; the claim is "credited"\n',
    corrected.err,
  );
  assert.match(
    (await ledger()).out,
    /^2027-02 {2}pro {2}credited {2}399\.50 EUR\n/,
    'what was credited stays',
  );
  const withdrawn = await ledger('--withdraw', '--note', 'our clock was wrong');
  assert.match(
    withdrawn.err,
    /^what was credited 399\.50 EUR stays in the sums of the year; if it is paid back: --mark "no claim"\n/,
  );
  assert.equal(withdrawn.out, 'pro 2027-02: withdrawn; the claim is "credited"\n', withdrawn.err);
  assert.equal((await ledger('--mark', 'no claim', '--note', 'paid back')).code, 0);
  const nothing = await ledger('--amount', '5.00');
  assert.deepEqual(
    [nothing.code, nothing.err],
    [2, '--amount changes nothing by itself; add --mark, --correct or --withdraw\n'],
  );
  const claimed = await ledger('--mark', 'claimed');
  assert.deepEqual(
    [claimed.code, claimed.err],
    [
      2,
      'the report was withdrawn, "our clock was wrong": nothing is claimed from it. If it holds after all, take that back with --mark ready; if another amount is owed, use --correct --amount\n',
    ],
  );
  assert.match(
    (await ledger()).out,
    / corrected {2}120\.00 EUR {2}ada: they showed a notice\n.* withdrawn {2}ada: our clock was wrong\n.* no claim {2}ada: paid back\n$/,
  );
  const pack = await typed('report', '2027-02', '--contract', 'pro', '--claim-pack', '--data', data);
  assert.deepEqual(
    [pack.code, pack.err],
    [2, 'the report 2027-02 of pro was withdrawn: our clock was wrong\n'],
  );
  const out = join(folder, 'withdrawn');
  const after = await typed(
    'report',
    '2027-02',
    '--contract',
    'pro',
    '--format',
    'json',
    '--data',
    data,
    '--out',
    out,
  );
  assert.equal(after.code, 0, after.err);
  assert.match(readFileSync(join(out, 'pro-2027-02-WITHDRAWN.txt'), 'utf8'), /Reason: our clock was wrong/);
  assert.deepEqual(
    readFileSync(join(out, 'pro-2027-02.json')),
    readFileSync(join(folder, 'before', 'pro-2027-02.json')),
    'the frozen report is what it was',
  );
  assert.equal(after.err, 'the report 2027-02 of pro was withdrawn: our clock was wrong\n');
  assert.equal((await typed('verify', '--data', data)).code, 0);
});

test('a token is shown once, and only its hash is kept', async () => {
  const token = (await started('token', '--data', data)).out.trim();
  assert.match(token, /^[A-Za-z0-9_-]{32}$/);
  for (const name of readdirSync(data)) {
    if (statSync(join(data, name)).isFile()) assert.ok(!readFileSync(join(data, name)).includes(token), name);
  }
});

test('the mail of a closed period carries the PDF, and waits a while for it', async () => {
  const loaded = loadConfig(
    join(import.meta.dirname, '..', '..', 'probes', 'practice'),
    {},
    { cron: cronGrid, secrets: 'optional' },
  );
  assert.ok(loaded.kind === 'config');
  const { store, closing } = await recordMonth({ path: join(folder, 'mailing', 'probity.db') });
  await closeAt(closing, MARCH + 3 * HOUR);
  const [delivery] = await store.readDeliveries({ state: 'pending' });
  assert.ok(delivery);
  let now = MARCH + 3 * HOUR;
  const mailing = join(folder, 'mailing');
  const office = openPostOffice({
    config: loaded.config,
    data: mailing,
    origin: null,
    linkKey: new Uint8Array(32),
    now: () => now,
  });
  const send = () => office.send(delivery.message, delivery.recipient);
  assert.deepEqual(await send(), {
    kind: 'retry',
    reason: 'the PDF of the report is not written yet',
    afterMs: null,
  });
  now += 15 * MINUTE;
  assert.deepEqual(await send(), { kind: 'delivered' });
  await writeReportFiles(store, mailing);
  assert.deepEqual(await send(), { kind: 'delivered' });
  const [file = ''] = readdirSync(join(mailing, 'mail'));
  const mail = await PostalMime.parse(readFileSync(join(mailing, 'mail', file)));
  assert.equal(mail.subject, '2027-02 pro: credit 10 %, EUR 400.00');
  assert.deepEqual(
    mail.attachments.map(({ filename, mimeType }) => [filename, mimeType]),
    [['pro-2027-02.pdf', 'application/pdf']],
  );
  office.close();
  await store.close();
});
