import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Evaluation } from '../../src/domain/contract/evaluation.ts';
import type { Said } from '../support/command-line.ts';
import { evaluateHere } from '../support/judge-file.ts';
import { runProbity } from '../support/probity-process.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'probity-evaluate-'));
after(() => rmSync(FOLDER, { recursive: true, force: true }));

/** Runs the program as the terminal does. Starting it is most of its work, so that few tests do. */
async function probity(args: readonly string[], stdin = ''): Promise<Said> {
  const { code, stdout, stderr } = await runProbity(['evaluate', ...args], {}, stdin);
  return { code: code ?? -1, out: stdout, err: stderr };
}

type Report = Evaluation & {
  readonly input: {
    readonly lines: number;
    readonly bad: number;
    readonly badLines: readonly { line: number; message: string }[];
    readonly otherTargets: number;
  };
};

function reportIn({ code, out, err }: Said): Report {
  assert.equal(err, '');
  assert.equal(code, 0);
  return JSON.parse(out);
}

async function report(args: readonly string[]): Promise<Report> {
  return reportIn(await evaluateHere([...args, '--json']));
}

function file(name: string, content: string | Buffer): string {
  const path = join(FOLDER, name);
  writeFileSync(path, content);
  return path;
}

const START = Date.UTC(2026, 8, 1);
const SLICE = 300_000;

/** A month of five-minute slices; the first `failed` fail wholly. */
function month(failed: number): readonly Record<string, unknown>[] {
  return Array.from({ length: 8640 }, (_, i) => ({
    at: new Date(START + i * SLICE).toISOString(),
    status: i < failed ? 500 : 200,
    count: 10,
  }));
}

function ndjson(lines: readonly unknown[]): string {
  return `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`;
}

function csv(lines: readonly Record<string, unknown>[]): string {
  return `at,status,count\r\n${lines.map((one) => `${one.at},${one.status},${one.count}`).join('\r\n')}\r\n`;
}

const ASK = ['--contract', 'aws-style-5min', '--period', '2026-09', '--fee', '10000'];

test('nine failed slices of a month cost 10 % of the fee, in NDJSON, CSV, gzip and from standard input', async () => {
  const lines = month(9);
  const started = await Promise.all([
    probity([file('nine.ndjson', ndjson(lines)), ...ASK, '--json']),
    probity(['-', ...ASK, '--json'], ndjson(lines)),
    probity(['-', '--format', 'csv', ...ASK, '--json'], csv(lines)),
  ]);
  const reports = [
    ...started.map(reportIn),
    await report([file('nine.csv', csv(lines)), ...ASK]),
    await report([file('nine.ndjson.gz', gzipSync(ndjson(lines))), ...ASK]),
  ];
  for (const one of reports) {
    assert.deepEqual(one, reports[0]);
    assert.equal(one.uptime.contract?.percent, '99.895833');
    assert.equal(one.uptime.contract?.exact, '959/960');
    assert.deepEqual([one.credit.percent, one.credit.amount, one.credit.currency], ['10', '1000.00', 'USD']);
    assert.equal(one.objectives[0]?.statement.verdict, 'not proven');
    assert.equal(one.deadlines[0]?.by, '2026-11-30');
  }
});

test('the JSON has the documented shape', async () => {
  const found = await report([file('shape.ndjson', ndjson(month(9))), ...ASK]);
  assert.deepEqual(Object.keys(found), [
    'contract',
    'version',
    'period',
    'counts',
    'coverage',
    'uptime',
    'objectives',
    'credit',
    'deadlines',
    'chronic',
    'incidents',
    'flags',
    'input',
  ]);
  assert.deepEqual(found.period, {
    label: '2026-09',
    from: '2026-09-01T00:00:00Z',
    to: '2026-10-01T00:00:00Z',
    timezone: 'UTC',
    minutes: 43_200,
  });
  assert.deepEqual(found.counts, {
    total: 86_400,
    good: 86_310,
    bad: 90,
    excluded: 0,
    byReason: { bad: { 'status 500': 90 }, excluded: {}, good: {} },
  });
});

test('every bad line is named with its number, counted, and more of them than tolerated end with code 2', async () => {
  const good = '{"at":"2026-09-01T00:00:00Z","status":200}';
  const path = file(
    'bad.ndjson',
    [
      good,
      '{"at":"2026-09-01T00:00:00Z"}',
      '',
      '{"at":"2026-09-01 noon","status":200}',
      'not json',
      '{"at":1788220800,"status":200}',
      '{"at":"2026-09-01T00:00:00Z","outcome":"provider.5x"}',
      '{"at":"2026-09-01T00:00:00Z","status":200,"count":0}',
      '{"at":"2026-09-01T00:00:00Z","status":200,"ttftMs":"fast"}',
      good,
    ].join('\n'),
  );
  const refused = await probity([path, ...ASK, '--json']);
  assert.equal(refused.code, 2);
  const { input, counts } = JSON.parse(refused.out) as Report;
  assert.deepEqual([input.lines, input.bad, counts.total], [9, 7, 2]);
  assert.deepEqual(
    input.badLines.map((one) => one.line),
    [2, 4, 5, 6, 7, 8, 9],
  );
  assert.match(refused.err, /^line 2 {2}expected a status or an outcome, found neither$/m);
  assert.match(refused.err, /^line 6 {2}at: expected epoch ms, found 1788220800, which looks like seconds$/m);
  assert.match(
    refused.err,
    /^line 7 {2}outcome: "provider.5x" is not in the closed list; did you mean provider.5xx\?$/m,
  );
  assert.equal((await evaluateHere([path, ...ASK, '--tolerance', '6'])).code, 2);
  assert.equal((await evaluateHere([path, ...ASK, '--tolerance', '7'])).code, 0);
});

test('a CSV cell that is no number is a bad line with its number', async () => {
  const path = file('bad.csv', 'at,status\n2026-09-01T00:00:00Z,200\n2026-09-01T00:00:01Z,up\n');
  const { code, err } = await evaluateHere([path, ...ASK]);
  assert.equal(code, 2);
  assert.match(err, /^line 3 {2}status: expected a whole number from 100 to 599, found "up"$/m);
});

test('a bad contract is told by place, and nothing is printed', async () => {
  const contract = file(
    'bad.yaml',
    'id: x\nversion: 1\nwindow: { kind: calendar_month, timezone: UTC }\navailability:\n  method: occurrences\n  target: 99.9\n',
  );
  const { code, out, err } = await probity(['-', '--contract', contract, '--period', '2026-09']);
  assert.deepEqual([code, out], [2, '']);
  assert.match(err, /bad\.yaml:6:11 {2}availability\.target {2}expected a decimal in quotes/);
});

test('the readable form begins with the verdict and names the money, the deadline and what is uncertain', async () => {
  const { code, out } = await probity([file('text.ndjson', ndjson(month(9))), ...ASK]);
  assert.equal(code, 0);
  const [title, , , verdict] = out.split('\n');
  assert.match(title ?? '', /^AWS style/);
  assert.match(verdict ?? '', /^BREACHED {2}the objective$/);
  assert.match(out, /availability +99\.895833 % +>= 99\.9 % +breached/);
  assert.match(out, /not proven · 9 bad of 8,640 slices/);
  assert.match(out, /10 % of the fee \(region\) · 1000\.00 USD/);
  assert.match(out, /submit by 2026-11-30/);
});

test('one target of several is judged alone', async () => {
  const lines = [
    ...month(0).map((one) => ({ ...one, target: 'a' })),
    ...month(90).map((one) => ({ ...one, target: 'b' })),
  ];
  const path = file('targets.ndjson', ndjson(lines));
  const alone = await report([path, ...ASK, '--target', 'a']);
  assert.equal(alone.uptime.contract?.percent, '100.000000');
  assert.equal(alone.input.otherTargets, 86_400);
  const together = await report([path, ...ASK]);
  assert.ok(together.flags.some((flag) => flag.startsWith('scope: 2 targets')));
});

test('models that a contract promises for each of are told when a file throws them together', async () => {
  const lines = ['a', 'b', 'b'].map((model) => ({ at: '2026-09-01T00:00:00Z', status: 200, model }));
  const path = file('models.ndjson', ndjson(lines));
  const told = (found: Report) => found.flags.filter((flag) => flag.startsWith('scope:'));
  assert.deepEqual(told(await report([path, '--contract', 'pro-channel', '--period', '2026-09'])), [
    'scope: 2 models are judged as one, but the contract is for each model; judge each by itself',
  ]);
  assert.deepEqual(told(await report([path, '--contract', 'aws-style-5min', '--period', '2026-09'])), []);
  const many = Array.from({ length: 150 }, (_, no) => ({ ...lines[0], model: `m${no}`, target: `t${no}` }));
  const crowd = file('crowd.ndjson', ndjson(many));
  const [targets, models] = told(await report([crowd, '--contract', 'pro-channel', '--period', '2026-09']));
  assert.match(targets ?? '', /^scope: 100 or more targets are/, 'no number is told that was not counted');
  assert.match(models ?? '', /^scope: 100 or more models are/);
});

test('two bad months in one file raise the right of the second', async () => {
  const contract = file(
    'chronic.yaml',
    `id: chronic
version: 1
window: { kind: calendar_month, timezone: UTC }
availability: { method: occurrences, target: "99.8" }
chronic: [{ when: { consecutive: 2 }, right: terminate }]
`,
  );
  const lines = ['2026-08', '2026-09'].flatMap((label) => [
    { at: `${label}-10T00:00:00Z`, status: 200, count: 997 },
    { at: `${label}-10T00:00:00Z`, status: 500, count: 3 },
  ]);
  const ask = ['--contract', contract, '--period', '2026-09'];
  const both = await report([file('both.ndjson', ndjson(lines)), ...ask]);
  assert.equal(both.chronic[0]?.raised, true);
  const alone = await report([file('alone.ndjson', ndjson(lines.slice(2))), ...ask]);
  assert.equal(alone.chronic[0]?.raised, null);
});

test('a window is judged by the version in force at its start', async () => {
  const terms = (version: string, from: string, target: string): string =>
    `    - { version: "${version}", inForceFrom: "${from}", window: { kind: calendar_month, timezone: UTC }, availability: { method: occurrences, target: "${target}" } }\n`;
  const contract = file(
    'versions.yaml',
    `contracts:\n  gold:\n${terms('1', '2026-01-01', '99.9')}${terms('2', '2026-09-02', '90')}`,
  );
  const lines = [
    { at: '2026-09-10T00:00:00Z', status: 200, count: 95 },
    { at: '2026-09-10T00:00:00Z', status: 500, count: 5 },
  ];
  const path = file('versions.ndjson', ndjson(lines));
  const found = await report([path, '--contract', contract, '--period', '2026-09']);
  assert.deepEqual([found.version, found.objectives[0]?.result], ['1', 'breached']);
  const early = await evaluateHere([path, '--contract', contract, '--period', '2025-12']);
  assert.equal(early.code, 2);
  assert.match(early.err, /no version of the contract is in force at 2025-12-01T00:00:00Z/);
});

const WRONG: Readonly<Record<string, readonly [args: readonly string[], message: RegExp]>> = {
  'a period that is none': [
    ['--contract', 'pro-channel', '--period', '2026-13'],
    /--period: expected a month such as 2026-10/,
  ],
  'a contract nobody has': [
    ['--contract', 'gold-plated', '--period', '2026-09'],
    /--contract: no file gold-plated/,
  ],
  'a fee in words': [
    ['--contract', 'pro-channel', '--period', '2026-09', '--fee', 'lots'],
    /--fee: expected an amount/,
  ],
  'a fee below nothing': [
    ['--contract', 'pro-channel', '--period', '2026-09', '--fee=-5'],
    /--fee: expected an amount/,
  ],
  'a zone that is none': [
    ['--contract', 'pro-channel', '--period', '2026-09', '--timezone', 'Mars/Base'],
    /--timezone: expected an IANA name/,
  ],
  'a period of more slices than fit into memory': [
    ['--contract', 'pro-channel', '--period', '0001-01-01/9999-12-31'],
    /--period: 0001-01-01\/9999-12-31 has \d+ slices of 60 s; 10000000 fit/,
  ],
  'maintenance in a file that is a folder': [
    ['--contract', 'pro-channel', '--period', '2026-09', '--maintenance', '.'],
    /--maintenance: \.: not readable: EISDIR/,
  ],
  'maintenance in a file that is no YAML': [
    ['--contract', 'pro-channel', '--period', '2026-09', '--maintenance', file('broken.yaml', 'a: [')],
    /--maintenance: .*broken\.yaml: not readable: Flow sequence/,
  ],
  'maintenance that is neither span nor file': [
    ['--contract', 'pro-channel', '--period', '2026-09', '--maintenance', 'soon'],
    /--maintenance: expected FROM\/TO/,
  ],
};

const NOTHING = file('nothing.ndjson', '');

for (const [name, [args, message]] of Object.entries(WRONG)) {
  test(`${name} ends with code 2 and says what was expected`, async () => {
    const { code, err, out } = await evaluateHere([NOTHING, ...args]);
    assert.deepEqual([code, out], [2, '']);
    assert.match(err, message);
  });
}

test('maintenance on the command line leaves the denominator', async () => {
  const lines = Array.from({ length: 43_200 }, (_, i) => ({
    at: START + i * 60_000,
    status: i < 240 ? 503 : 200,
  }));
  const path = file('maintenance.ndjson', ndjson(lines));
  const found = await report([
    path,
    '--contract',
    'pro-channel',
    '--period',
    '2026-09',
    '--maintenance',
    '2026-09-01T00:00Z/2026-09-01T04:00Z@2026-08-20',
  ]);
  assert.equal(found.uptime.contract?.percent, '100.000000');
  assert.equal(found.uptime.raw?.percent, '99.444444');
  assert.equal(found.counts.byReason.excluded.maintenance, 240);
});

const HOSTILE: Readonly<Record<string, readonly [content: string | Buffer, complaint: RegExp]>> = {
  'a line of two megabytes': [`${'a'.repeat(2 ** 21)}\n`, /^line 1 {2}longer than 1048576 bytes$/m],
  'a line of two megabytes without an end': ['a'.repeat(2 ** 21), /^line 1 {2}longer than 1048576 bytes$/m],
  'brackets without end': ['['.repeat(900_000), /^line 1 {2}not JSON: /m],
  'bytes that are no text': [Buffer.from([0xff, 0xfe, 0x00, 0x0a]), /^line 1 {2}not JSON: /m],
  'an outcome that would clear the screen': [
    '{"at":"2026-09-01T00:00:00Z","outcome":"\\u001b[2J"}\n',
    /^line 1 {2}outcome: "\\u001b\[2J" is not in the closed list$/m,
  ],
  'a control character where none may be': ['\u001b[2J\n', /^line 1 {2}not JSON: .*\\u\{1b\}/m],
  'a day that does not exist': [
    '{"at":"2026-02-29T00:00:00Z","status":200}\n',
    /^line 1 {2}at: expected an RFC 3339 time/m,
  ],
  'a year that is no number': [
    '{"at":"2O26-09-01T00:00:00Z","status":200}\n',
    /^line 1 {2}at: expected an RFC 3339 time/m,
  ],
  'a time without an offset': [
    '{"at":"2026-09-01T00:00:00","status":200}\n',
    /^line 1 {2}at: expected an RFC 3339 time with its offset/m,
  ],
  'a time in microseconds': [
    '{"at":1790812800000000,"status":200}\n',
    /^line 1 {2}at: expected epoch ms, found 1790812800000000, which looks like microseconds$/m,
  ],
  'a second of sixty in the middle of a day': [
    '{"at":"2026-09-01T12:59:60Z","status":200}\n',
    /^line 1 {2}at: expected an RFC 3339 time/m,
  ],
  'more of it than there is': [
    '{"at":"2026-09-01T00:00:00Z","status":200,"count":1e400}\n',
    /^line 1 {2}count: expected a whole number from 1 to 1000000000000, found Infinity$/m,
  ],
};

for (const [name, [content, complaint]] of Object.entries(HOSTILE)) {
  test(`${name} is one bad line, and the lines after it still count`, async () => {
    const good = Buffer.from('\n{"at":"2026-09-01T00:00:00Z","status":200}\n');
    const path = file('hostile.ndjson', Buffer.concat([Buffer.from(content), good]));
    const { code, out, err } = await evaluateHere([path, ...ASK, '--json']);
    assert.equal(code, 2);
    assert.match(err, complaint);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    assert.doesNotMatch(err, /[\u0000-\u0009\u000b-\u001f]/);
    const { input, counts } = JSON.parse(out) as Report;
    assert.deepEqual([input.bad, counts.good], [1, 1]);
  });
}

const REFUSED: Readonly<Record<string, readonly [name: string, content: string, complaint: RegExp]>> = {
  'a CSV whose lines end with a carriage return alone': [
    'mac.csv',
    'at,status\r2026-09-01T00:00:00Z,500\r',
    /^line 1: its lines end with a carriage return alone/m,
  ],
  'a header that names a column twice': [
    'twice.csv',
    'at,status,status\n2026-09-01T00:00:00Z,200,500\n',
    /^line 1: the header names status twice; which one counts\?$/m,
  ],
  'more requests than can be counted exactly': [
    'many.ndjson',
    '{"at":"2026-09-01T00:00:00Z","status":200,"count":1000000000000}\n'.repeat(9_008),
    /^more than 9007199254740991 requests, which cannot be counted exactly/m,
  ],
};

for (const [what, [name, content, complaint]] of Object.entries(REFUSED)) {
  test(`${what} is refused, not judged in part`, async () => {
    const { code, out, err } = await evaluateHere([file(name, content), ...ASK, '--json']);
    assert.deepEqual([code, out], [2, '']);
    assert.match(err, complaint);
  });
}

test('times finer than a microsecond are held against a limit as they are written', async () => {
  const contract = file(
    'fine.yaml',
    `id: fine
version: "1"
window: { kind: calendar_month, timezone: UTC }
latency:
  - { id: under, metric: e2e_ms, form: whole_window_percentile, p: 99, op: "<", value: 800 }
  - { id: at-most, metric: e2e_ms, form: whole_window_percentile, p: 99, op: "<=", value: 800 }
  - { id: speed, metric: tokens_per_s, tpsBasis: total, form: whole_window_percentile, p: 50, op: ">=", value: 50 }
`,
  );
  const results = async (totalMs: number) => {
    const line = { at: START, status: 200, totalMs, outputTokens: 40 };
    const path = file('fine.ndjson', ndjson([line]));
    const { objectives } = await report([path, '--contract', contract, '--period', '2026-09']);
    return objectives.map(({ result }) => result);
  };
  assert.deepEqual(await results(799.9996), ['met', 'met', 'met']);
  assert.deepEqual(await results(800), ['breached', 'met', 'met']);
  assert.deepEqual(await results(800.0004), ['breached', 'breached', 'breached']);
});

test('a leap second belongs to the day it ends', async () => {
  const path = file(
    'leap.ndjson',
    ndjson([
      { at: '2016-12-31T23:59:60Z', status: 200 },
      { at: '2017-01-01T01:59:60.5+02:00', status: 500 },
    ]),
  );
  const { counts } = await report([path, '--contract', 'pro-channel', '--period', '2016-12']);
  assert.deepEqual([counts.good, counts.bad], [1, 1]);
});

test('a CSV row with a cell too many or too few is a bad line, not a guess', async () => {
  const path = file(
    'ragged.csv',
    'at,status\n2026-09-01T00:00:00Z,200,5\n2026-09-01T00:00:00Z\n2026-09-01T00:00:00Z,200\n',
  );
  const { code, out, err } = await evaluateHere([path, ...ASK, '--json']);
  assert.equal(code, 2);
  assert.match(err, /^line 2 {2}expected 2 cells as in the header, found 3$/m);
  assert.match(err, /^line 3 {2}expected 2 cells as in the header, found 1$/m);
  assert.equal((JSON.parse(out) as Report).counts.good, 1);
});

test('Windows line ends, a byte order mark and no last line end change nothing', async () => {
  const text = ndjson(month(9));
  const plain = await report([file('unix.ndjson', text), ...ASK]);
  const windows = `\ufeff${text.replaceAll('\n', '\r\n').trimEnd()}`;
  assert.deepEqual(await report([file('windows.ndjson', windows), ...ASK]), plain);
});

test('a file that is cut off inside its compression, a folder and no file at all are told, not judged', async () => {
  const gz = gzipSync(ndjson(month(9)));
  for (const path of [file('cut.ndjson.gz', gz.subarray(0, gz.length / 2)), FOLDER, join(FOLDER, 'none')]) {
    const { code, out, err } = await evaluateHere([path, ...ASK]);
    assert.deepEqual([code, out], [2, '']);
    assert.match(err, /^cannot read /);
  }
});
