import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createReadStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { parse } from 'csv-parse/sync';
import { claimNote, claimText } from '../../src/domain/report/claim-text.ts';
import type { Report } from '../../src/domain/report/report.ts';
import { signatureProof } from '../../src/evidence/signature.ts';
import { openSigningKey } from '../../src/evidence/signing-key.ts';
import { checkReport } from '../../src/evidence/verify-report.ts';
import { evidenceOf } from '../../src/pipeline/closing/claim-evidence.ts';
import { claimPack } from '../../src/report/claim-pack.ts';
import {
  REPORT_FORMS,
  type ReportDocument,
  type ReportFile,
  type ReportForm,
  readDocument,
  reportFiles,
} from '../../src/report/forms.ts';
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

type Drawn = { readonly name: string; readonly body: Buffer };

async function drawn({ name, pieces }: ReportFile): Promise<Drawn> {
  return { name, body: await buffer(Readable.from(pieces())) };
}

async function drawnForms(from: ReportDocument, form: ReportForm): Promise<readonly Drawn[]> {
  return Promise.all(reportFiles(from, form).map(drawn));
}

async function textOf(form: 'html' | 'pdf' | 'csv' | 'json'): Promise<string> {
  const files = await drawnForms(document, form);
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

test('whatever stands on a page is read aloud: each mark leads to the element it belongs to, on every page', async () => {
  await textOf('pdf');
  const path = join(folder, 'report.pdf');
  const file = readFileSync(path, 'latin1');
  const objects = new Map(
    [...file.matchAll(/\n(\d+) 0 obj\n(<<[\s\S]*?>>)\n(?:stream|endobj)/g)].map(([, id, text]) => [id, text]),
  );
  const pages = [...objects].filter(([, text]) => /\/Type \/Page\n/.test(text ?? ''));
  assert.ok(pages.length > 3);
  const marks = new Map(
    [...file.matchAll(/ (\d+) \[((?:\d+ 0 R ?)+)\]/g)].map(([, key, list = '']) => [key, list.split(' 0 R')]),
  );
  for (const [id, page = ''] of pages) {
    const elements = marks.get(/\/StructParents (\d+)/.exec(page)?.[1])?.slice(0, -1) ?? [];
    assert.ok(elements.length > 0, page);
    for (const [mark, element] of elements.entries()) {
      const text = objects.get(element.trim()) ?? '';
      assert.ok(text.includes(`/Pg ${id} 0 R`), `${element} is on page ${id}`);
      assert.match(text, new RegExp(`/K \\[(.* )?${mark}[ \\]]`));
    }
  }
  const aloud = execFileSync('pdfinfo', ['-struct-text', path], { encoding: 'utf8' });
  for (const scope of ['acme/pro/chat-large', 'acme/pro/chat-small']) {
    assert.match(aloud, new RegExp(`Sect[^]*H2[^]*"${scope}: `));
  }
});

test('the same report gives the same PDF', async () => {
  const [one, other] = [await drawnForms(document, 'pdf'), await drawnForms(document, 'pdf')];
  assert.deepEqual(one[0]?.body, other[0]?.body);
});

async function rowsOf(from: ReportDocument, name: string): Promise<Record<string, string>[]> {
  const files = await drawnForms(from, 'csv');
  const body = files.find((file) => file.name.endsWith(`${name}.csv`))?.body ?? '';
  return parse(String(body), { columns: true, record_delimiter: '\r\n' });
}

test('the uptime follows from the few lines of the slices table', async () => {
  const lines = await rowsOf(document, 'slices');
  const uptimeOf = (scope: string): number => {
    let measured = 0;
    let down = 0;
    for (const line of lines.filter((one) => one.scope === scope && one.objective === 'availability')) {
      const [slices, good, bad] = [Number(line.slices), Number(line.good), Number(line.bad)];
      if (good + bad === 0) continue;
      measured += slices;
      if (bad / (good + bad) > 0.5) down += slices;
    }
    return (measured - down) / measured;
  };
  assert.equal(uptimeOf('acme/pro/chat-small'), 4_004 / 4_022);
  assert.equal(uptimeOf('acme/pro/chat-large'), 1);
  // Ten lost ticks and an outage lie between stretches of good slices.
  assert.deepEqual(
    ['chat-large', 'chat-small'].map(
      (model) => lines.filter(({ scope }) => scope === `acme/pro/${model}`).length,
    ),
    [21, 23],
  );
  const slices = lines
    .filter(({ scope }) => scope === 'acme/pro/chat-small')
    .map((one) => Number(one.slices));
  assert.equal(
    slices.reduce((a, b) => a + b, 0),
    4_032,
  );
});

test('the CSV tables are RFC 4180, one line for each day, exclusion and failed request', async () => {
  const failures = await rowsOf(document, 'failures');
  assert.equal(failures.length, 18);
  assert.equal(failures[0]?.request_ids, 'x-request-id: req_7');
  const days = await rowsOf(document, 'days');
  assert.equal(days.length, 56);
  const ninth = days.find(({ scope, day }) => scope === 'acme/pro/chat-small' && day === '2027-02-09');
  assert.deepEqual([ninth?.good, ninth?.bad], ['125', '18']);
  assert.deepEqual(await rowsOf(document, 'exclusions'), []);
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
  // The same amount everywhere is still not the share of the fee.
  assert.deepEqual(
    forged((report) => {
      const statement = small(report);
      if (statement === undefined) return;
      statement.claim.amount = statement.evaluation.credit.amount = '4000.00';
      Object.assign(report.summary, { amount: '4000.00' });
    }),
    [signature, 'acme/pro/chat-small: 10 % of the fee are 400.00, the credit says 4000.00'],
  );
  assert.match(checkReport('{"hello": 1}').problems[0] ?? '', /this is no report/);
});

function packOf(from: ReportDocument): Promise<Drawn> {
  const files = REPORT_FORMS.flatMap((form) => reportFiles(from, form));
  const failures = () => evidenceOf(store, from.report);
  return drawn(claimPack({ document: from, files, failures, proof: signatureProof(from) }));
}

test('the claim pack holds the letter, the report, the failed requests and how to check them', async () => {
  const pack = await packOf(document);
  assert.equal(pack.name, 'pro-2027-02-claim.zip');
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
    'pro-2027-02-days.csv',
    'pro-2027-02-exclusions.csv',
    'pro-2027-02-failures.csv',
    'pro-2027-02-slices.csv',
    'pro-2027-02-summary.csv',
    'pro-2027-02.html',
    'pro-2027-02.json',
    'pro-2027-02.pdf',
    'read-me-first.txt',
    'signature/public-key.pem',
    'signature/signature.bin',
    'signature/signed.json',
    'verify.txt',
  ]);
  const letter = readFileSync(join(folder, 'claim.txt'), 'utf8');
  assert.match(letter, /^Subject: SLA credit request, Pro channel, 2027-02\nTo: support@acme.example\n/);
  assert.match(letter, /^Credit: 10 %, 400.00 EUR$/m);
  assert.ok(!letter.includes('2027-03-30'), 'the other side is not told when it is too late');
  assert.match(letter, /2027-02-09 09:00 UTC to 2027-02-09 12:00 UTC, 180 min, 18 failed requests/);
  const failed = readFileSync(join(folder, 'failed-requests.ndjson'), 'utf8').trim().split('\n');
  assert.equal(failed.length, 18);
  assert.equal(JSON.parse(failed[0] ?? '').error.message, 'no healthy upstream “again”');
  const note = readFileSync(join(folder, 'read-me-first.txt'), 'utf8');
  assert.match(note, /take this file out before you send the pack/);
  assert.match(note, /^Claim by: 2027-03-30, by the earliest reading$/m);
  const [, command = ''] = /^ +(openssl .*)$/m.exec(readFileSync(join(folder, 'verify.txt'), 'utf8')) ?? [];
  assert.match(
    execFileSync('sh', ['-c', command], { cwd: folder, encoding: 'utf8' }),
    /Signature Verified Successfully/,
  );
  const again = await packOf(document);
  assert.deepEqual(again.body, pack.body);
});

test('a pack holds one file at a time, and fails with the file that cannot be read', async () => {
  let open = 0;
  let most = 0;
  const files = REPORT_FORMS.flatMap((form) => reportFiles(document, form)).map(({ name, pieces }) => ({
    name,
    pieces: async function* () {
      open += 1;
      most = Math.max(most, open);
      yield* pieces();
      open -= 1;
    },
  }));
  const rest = { document, failures: () => evidenceOf(store, document.report), proof: null };
  await drawn(claimPack({ ...rest, files }));
  assert.deepEqual([open, most], [0, 1]);
  const gone = { name: 'gone.html', pieces: () => createReadStream(join(folder, 'gone.html')) };
  await assert.rejects(drawn(claimPack({ ...rest, files: [...files, gone] })), /ENOENT.*gone\.html/);
});

test('where nothing is due the pack is no claim: it has no letter and says why', async () => {
  const month = await recordMonth({ terms: { contract: 'pro' }, lost: (at) => at >= MARCH - 14 * 24 * HOUR });
  await closeAt(month.closing, MARCH + 3 * HOUR);
  const frozen = await month.store.readReport('pro', '2027-02');
  const thin = readDocument(frozen?.document ?? '');
  assert.equal(claimText(thin.report), null);
  const note = claimNote(thin.report);
  assert.match(note, /There is no claim to send/);
  assert.match(note, /acme\/pro\/chat-small: 2,0\d\d of 4,032 probes that were due can be counted/);
  assert.equal((await packOf(thin)).name, 'pro-2027-02-evidence.zip');
  for (const form of ['html', 'pdf', 'csv'] as const) {
    const files = await drawnForms(thin, form);
    const path = join(folder, `thin.${form}`);
    writeFileSync(path, files[0]?.body ?? '');
    const text =
      form === 'pdf'
        ? execFileSync('pdftotext', [path, '-'], { encoding: 'utf8' })
        : readFileSync(path, 'utf8');
    assert.match(text, /insufficient evidence/i);
    assert.match(text, /at\s+least\s+90\s+%\s+are\s+needed/);
    assert.ok(!text.includes('400.00'), form);
  }
  await month.store.close();
});
