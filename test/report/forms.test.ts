import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parse } from 'csv-parse/sync';
import type { Report } from '../../src/domain/report.ts';
import { openSigningKey } from '../../src/evidence/signing-key.ts';
import { checkReport } from '../../src/evidence/verify-report.ts';
import { evidenceOf } from '../../src/pipeline/claim-evidence.ts';
import { claimPack } from '../../src/report/claim-pack.ts';
import { type ReportDocument, readDocument, renderReport } from '../../src/report/forms.ts';
import type { Store } from '../../src/store/store.ts';
import { HOUR } from '../store/builders.ts';
import { closeAt } from '../support/closing.ts';
import { MARCH, recordMonth } from '../support/month.ts';

let folder = '';
let store: Store;
let document: ReportDocument;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'probity-forms-'));
  const month = await recordMonth({ key: openSigningKey(folder) });
  store = month.store;
  await closeAt(month.closing, MARCH + 3 * HOUR);
  const frozen = await store.readReport('pro', '2027-02');
  assert.ok(frozen);
  document = readDocument(frozen.document);
});

after(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

/** By hand: 4,032 slices, 10 not measured, 18 of chat-small down; 4,000 EUR, of which a tenth is owed. */
const FIGURES = [
  '99.552461 %',
  '100.000000 %',
  '(4,022 − 18) ÷ 4,022',
  '99.751984 % (4,022 of 4,032',
  '4000 EUR × 10 %',
  '400.00 EUR',
  '2027-03-30',
] as const;

async function textOf(form: 'html' | 'pdf' | 'csv' | 'json'): Promise<string> {
  const files = await renderReport(document, form);
  if (form === 'pdf') {
    const path = join(folder, 'report.pdf');
    writeFileSync(path, files[0]?.body ?? '');
    return execFileSync('pdftotext', ['-layout', path, '-'], { encoding: 'utf8' });
  }
  return files.map(({ body }) => String(body)).join('\n');
}

test('all four forms carry the same figures', async () => {
  const { report } = document;
  const [large, small] = report.statements;
  assert.ok(large && small);
  const told = [
    ...report.statements.flatMap((statement) => [
      ...statement.workings.flatMap(({ steps }) => steps.map(({ value }) => value)),
      ...statement.creditWorking.map(({ value }) => value),
      ...statement.evaluation.objectives.map(({ value }) => value?.percent ?? String(value?.ms)),
    ]),
    report.summary.percent,
    report.summary.amount ?? '',
    ...report.chain.map(({ head }) => head),
  ];
  assert.ok(told.length > 20);
  for (const form of ['html', 'pdf', 'csv', 'json'] as const) {
    const text = (await textOf(form)).replace(/\s+/g, '');
    for (const figure of told) {
      assert.ok(
        text.includes(figure.replace(/\s+/g, '').replace('<', form === 'html' ? '&lt;' : '<')),
        `${form} says ${figure}`,
      );
    }
  }
});

test('the figures are those of the month', async () => {
  const text = await textOf('pdf');
  for (const figure of FIGURES) assert.ok(text.includes(figure), `${figure} in ${text}`);
});

test('the PDF is tagged, its fonts are embedded and its pages numbered', async () => {
  await textOf('pdf');
  const path = join(folder, 'report.pdf');
  const info = execFileSync('pdfinfo', [path], { encoding: 'utf8' });
  assert.match(info, /Tagged:\s+yes/);
  assert.match(info, /Title:\s+Pro channel, 2027-02/);
  const fonts = execFileSync('pdffonts', [path], { encoding: 'utf8' }).trim().split('\n').slice(2);
  assert.ok(fonts.length >= 2);
  for (const font of fonts) assert.match(font, /Inter.* yes yes yes/);
  const pages = Number(/Pages:\s+(\d+)/.exec(info)?.[1]);
  const text = execFileSync('pdftotext', [path, '-'], { encoding: 'utf8' });
  for (let page = 1; page <= pages; page += 1) assert.ok(text.includes(`Page ${page} of ${pages}`));
});

test('the same report gives the same PDF', async () => {
  const [one, other] = [await renderReport(document, 'pdf'), await renderReport(document, 'pdf')];
  assert.deepEqual(one[0]?.body, other[0]?.body);
});

test('the CSV tables are RFC 4180, and the slices add up to the counts', async () => {
  const files = await renderReport(document, 'csv');
  const rows = (name: string): Record<string, string>[] => {
    const body = files.find((file) => file.name.endsWith(`${name}.csv`))?.body ?? '';
    return parse(String(body), { columns: true, record_delimiter: '\r\n' });
  };
  const bad = rows('slices').filter((row) => row.scope === 'acme/pro/chat-small' && row.count_of === 'bad');
  assert.equal(
    bad.reduce((sum, row) => sum + Number(row.requests), 0),
    18,
  );
  assert.equal(rows('failures').length, 18);
  assert.equal(rows('failures')[0]?.request_ids, 'x-request-id: req_7');
});

test('a report file is verified offline, and any changed figure is found', async () => {
  const good = checkReport(document.text);
  assert.deepEqual([good.signature, good.problems], ['good', []]);
  const forged = (change: (report: Report) => unknown): readonly string[] => {
    const copy = JSON.parse(document.text);
    change(copy.report);
    return checkReport(JSON.stringify(copy)).problems;
  };
  const signature = 'the signature does not fit: something was changed after it was signed';
  type Open<T> = { -readonly [K in keyof T]: Open<T[K]> };
  const small = (report: Report) => (report as Open<Report>).statements[1];
  assert.deepEqual(
    forged((report) => {
      const availability = small(report)?.evaluation.objectives[0];
      if (availability) availability.value = { percent: '99.950000', exact: '1999/2000' };
    }),
    [signature, 'acme/pro/chat-small: availability: the engine says 1999/20, its counts say 200200/2011'],
  );
  assert.deepEqual(
    forged((report) => {
      const claim = small(report)?.claim;
      if (claim) claim.percent = '25';
    }),
    [
      signature,
      'acme/pro/chat-small: the claim is not the credit of the evaluation',
      'acme/pro/chat-small: the rows that were hit come to 10 %, the claim says 25 %',
      'the summary does not follow from the statements',
    ],
  );
  assert.deepEqual(
    forged((report) => {
      const steps = small(report)?.workings[0]?.steps[0];
      if (steps) steps.value = '1';
    }),
    [signature, 'acme/pro/chat-small: availability: the arithmetic shown is not that of its counts'],
  );
  assert.match(checkReport('{"hello": 1}').problems[0] ?? '', /this is no report/);
});

test('the claim pack holds the letter, the report, the failed requests and how to check them', async () => {
  const pack = await claimPack(document, await evidenceOf(store, document.report));
  const path = join(folder, pack.name);
  writeFileSync(path, pack.body);
  const script = `import zipfile, sys; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; [open(sys.argv[2] + '/' + n.split('/')[-1], 'wb').write(z.read(n)) for n in z.namelist()]; print('\\n'.join(z.namelist()))`;
  const names = execFileSync('python3', ['-c', script, path, folder], { encoding: 'utf8' })
    .trim()
    .split('\n');
  assert.deepEqual(names.map((name) => name.replace('pro-2027-02/', '')).sort(), [
    'claim.txt',
    'contract.json',
    'failed-requests.ndjson',
    'method.txt',
    'pro-2027-02-failures.csv',
    'pro-2027-02-slices.csv',
    'pro-2027-02-summary.csv',
    'pro-2027-02.html',
    'pro-2027-02.json',
    'pro-2027-02.pdf',
    'verify.txt',
  ]);
  const letter = readFileSync(join(folder, 'claim.txt'), 'utf8');
  assert.match(letter, /^Subject: SLA credit request, Pro channel, 2027-02\nTo: support@acme.example\n/);
  assert.match(letter, /10 %, 400.00 EUR/);
  assert.match(letter, /2027-02-09 09:00 UTC to 2027-02-09 12:00 UTC, 180 min, 18 failed requests/);
  const failed = readFileSync(join(folder, 'failed-requests.ndjson'), 'utf8').trim().split('\n');
  assert.equal(failed.length, 18);
  assert.equal(JSON.parse(failed[0] ?? '').error.message, 'no healthy upstream “again”');
  const again = await claimPack(document, await evidenceOf(store, document.report));
  assert.deepEqual(again.body, pack.body);
});
