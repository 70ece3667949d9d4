import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Command } from 'commander';
import { registerCheck } from '../../src/commands/check.ts';
import { registerSchema } from '../../src/commands/schema.ts';
import { OperatorError } from '../../src/commands/world.ts';
import type { PlanFigures } from '../../src/domain/measure/plan-figures.ts';
import type { Problem } from '../../src/domain/problem.ts';

const ROOT = join(import.meta.dirname, '../..');
const FOLDER = mkdtempSync(join(tmpdir(), 'probity-check-'));
after(() => rmSync(FOLDER, { recursive: true, force: true }));

type Ended = { readonly code: number; readonly out: string; readonly err: string };

async function probity(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  let out = '';
  let err = '';
  const program = new Command('probity').exitOverride();
  const world = {
    now: () => 0,
    env,
    out: (text: string) => {
      out += text;
    },
    err: (text: string) => {
      err += text;
    },
  };
  registerCheck(program, world);
  registerSchema(program, world);
  try {
    await program.parseAsync(['node', 'probity', ...args]);
    return { code: 0, out, err };
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return { code: error.exitCode, out, err: `${err}${error.message}\n` };
  }
}

type Report = {
  readonly ok: boolean;
  readonly plan: PlanFigures;
  readonly problems: (Problem & { text: string })[];
};

function deployment(more: string, models = 184, every = '60s'): string {
  const folder = mkdtempSync(join(FOLDER, 'probes-'));
  writeFileSync(
    join(folder, 'all.yaml'),
    `gateway: { id: acme, baseUrl: https://acme.example/v1 }
tiers:
  standard: { apiKey: { env: STANDARD_KEY }, requestsPerMinute: 50 }
  pro: { apiKey: { env: PRO_KEY }, requestsPerMinute: 1000 }
prompts:
  sum: { messages: [{ role: user, content: "{nonce} {a} + {b}" }] }
probes:
  - id: chat
    prompt: sum
    every: ${every}
models:
${Array.from({ length: models }, (_, n) => `  - { id: maker/model-${n}, price: { input: 1, output: 1 } }\n`).join('')}${more}`,
  );
  return folder;
}

const KEYS = { STANDARD_KEY: 'one', PRO_KEY: 'two' };

test('only what alerts do otherwise than usual is said, with what is usual', async () => {
  const practice = await probity(['check', join(ROOT, 'probes', 'practice')]);
  assert.match(
    practice.out.replace(/\s+/g, ' '),
    /Alerts differ from the usual: incidents\.remindAfter 2m, 30m, 4h \(usually 1h, 4h, 1d\); incidents\.steady/,
  );
  const usual = await probity(['check', join(ROOT, 'probes', 'global-apis')]);
  assert.doesNotMatch(usual.out, /Alerts differ/);
});

test('the two shipped deployments can run', async () => {
  const sizes = { practice: /11 targets over 3 keys/, 'global-apis': /8 targets over 2 keys/ };
  for (const [name, size] of Object.entries(sizes)) {
    const { code, out } = await probity(['check', join(ROOT, 'probes', name)]);
    assert.equal(code, 0);
    assert.match(out, size);
    assert.match(out, /a p99 verdict needs/);
  }
});

test('one probe per minute is said to need five hours for a p99 verdict, and to leave 43 failed probes a month', async () => {
  const { out } = await probity(['check', join(ROOT, 'probes', 'global-apis')]);
  assert.match(
    out,
    /pro-channel {2}1 probe per minute: a p99 verdict needs 5 h \(299 probes\); a 99\.9 % month allows 43 failed probes/,
  );
});

test('184 models at two tiers over a quota of 50 name the place and the interval that fits', async () => {
  const folder = deployment('');
  const { code, out, err } = await probity(['check', folder], KEYS);
  assert.equal(code, 2);
  assert.match(out, /acme\/standard +184 +184 +184 +50 .* 368 % over/);
  assert.equal(
    err,
    `${folder}/all.yaml:10:12  error    probes[0].every  acme/standard allows 50 requests per minute, and this plan sends up to 184: ` +
      'every: 4m would fit; a probe of its own for this tier would leave the others as they are\n' +
      `✗ 1 error, 0 warnings\n${folder} cannot run: 1 error\n`,
  );
});

test('the interval that was named does fit, and the next shorter sensible one does not', async () => {
  assert.equal((await probity(['check', deployment('', 184, '4m')], KEYS)).code, 0);
  assert.equal((await probity(['check', deployment('', 184, '3m')], KEYS)).code, 2);
});

test('a schedule that leaves no room for a confirmation burst is worth a warning', async () => {
  const { code, out } = await probity(['check', deployment('', 48, '60s')], KEYS);
  assert.equal(code, 0);
  assert.match(out, /leaves 2 of 50 requests per minute: too few for a confirmation burst of 3/);
});

test('a probe that gives up before its contract wants clients to is told that its time-outs will not count', async () => {
  const under = (timeout: string): string => {
    const folder = deployment('contracts: { strict: { template: google-style-bad-minute } }\n', 4);
    const file = join(folder, 'all.yaml');
    const text = readFileSync(file, 'utf8')
      .replace('requestsPerMinute: 1000 }', 'requestsPerMinute: 1000, contract: strict }')
      .replace('every: 60s', `every: 60s\n    timeout: { firstToken: ${timeout}, total: 90s }`);
    writeFileSync(file, text);
    return folder;
  };
  const impatient = await probity(['check', under('59s')], KEYS);
  assert.equal(impatient.code, 0);
  assert.match(
    impatient.out,
    /warning {2}probes\[0\]\.timeout {2}gives up after 59s, and strict leaves out clients that give up within 1m: time-outs will not count/,
  );
  assert.doesNotMatch((await probity(['check', under('60s')], KEYS)).out, /gives up after/);
});

test('a spend cap that the plan can reach says when', async () => {
  const { code, out } = await probity(['check', deployment('spend: { perDay: 0.10 USD }\n', 10)], KEYS);
  assert.equal(code, 0);
  assert.match(
    out,
    /warning {2}spend\.perDay {2}answers as long as allowed would cost [\d.]+ USD a day; the cap of 0\.10 USD would be reached after \dh\d+m/,
  );
});

test('the JSON has the same figures and problems', async () => {
  const { code, out } = await probity(['check', '--json', deployment('')], KEYS);
  const report = JSON.parse(out) as Report;
  assert.equal(code, 2);
  assert.equal(report.ok, false);
  assert.equal(report.plan.targets, 368);
  assert.deepEqual(
    report.plan.keys.map(({ id, peakPerMinute, requestsPerMinute }) => [
      id,
      peakPerMinute,
      requestsPerMinute,
    ]),
    [
      ['acme/standard', 184, 50],
      ['acme/pro', 184, 1000],
    ],
  );
  assert.equal(report.problems.length, 1);
  assert.match(
    report.problems[0]?.text ?? '',
    /all\.yaml:10:12 {2}probes\[0\]\.every {2}acme\/standard allows/,
  );
});

test('a broken deployment is told problem by problem, in JSON too', async () => {
  const folder = deployment('spnd: 1\nregion: a/b\n', 1);
  const plain = await probity(['check', folder], KEYS);
  assert.equal(plain.code, 2);
  assert.match(
    plain.err,
    /unknown key "spnd" \(did you mean "spend"\?\)\n.*region.*\n✗ 2 errors, 0 warnings\n/,
  );
  const json = await probity(['check', folder, '--json'], KEYS);
  assert.deepEqual(
    (JSON.parse(json.out) as Report).problems.map(({ path }) => path),
    ['spnd', 'region'],
  );
});

test('nothing is sent and no key is needed unless --discover asks for it', async () => {
  const folder = deployment('', 4);
  const offline = await probity(['check', folder]);
  assert.equal(offline.code, 0);
  assert.match(offline.out, /environment variable STANDARD_KEY is not set/);
  const online = await probity(['check', '--discover', folder]);
  assert.equal(online.code, 2);
});

async function withGateway(
  status: number,
  body: unknown,
  use: (url: string) => Promise<void>,
): Promise<string[]> {
  const keys: string[] = [];
  const server = createServer((request, response) => {
    keys.push(`${request.url} ${request.headers.authorization}`);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  return keys;
}

function discovering(url: string): string {
  const folder = mkdtempSync(join(FOLDER, 'probes-'));
  writeFileSync(
    join(folder, 'all.yaml'),
    `gateway: { id: acme, baseUrl: "${url}" }
tiers: { standard: { apiKey: { env: STANDARD_KEY } } }
prompts: { sum: { messages: [{ role: user, content: "{nonce}" }] } }
probes: [{ id: chat, prompt: sum, every: 60s }]
models: [{ discover: { exclude: ["*embed*"] } }]
`,
  );
  return folder;
}

test('--discover asks each key for its models and counts those that are wanted', async () => {
  const list = { object: 'list', data: ['m/a', 'm/b', 'm/embed'].map((id) => ({ id, object: 'model' })) };
  const asked = await withGateway(200, list, async (url) => {
    const folder = discovering(url);
    assert.match(
      (await probity(['check', folder], KEYS)).out,
      /0 targets .*[\s\S]*--discover asks the gateway/,
    );
    const { code, out } = await probity(['check', '--discover', folder], KEYS);
    assert.equal(code, 0);
    assert.match(out, /2 targets over 1 key/);
  });
  assert.deepEqual(asked, ['/v1/models Bearer one']);
});

test('a gateway that will not list its models ends the command in one line', async () => {
  await withGateway(401, { error: { message: 'no such key', type: 'auth' } }, async (url) => {
    const { code, err } = await probity(['check', '--discover', discovering(url)], KEYS);
    assert.equal(code, 2);
    assert.match(err, /^acme\/standard: its models could not be listed: status 401: no such key\n$/);
  });
});

test('NO_COLOR leaves colour out, FORCE_COLOR puts it in', async () => {
  const run = (env: Record<string, string>): Promise<string> =>
    new Promise((resolve, reject) => {
      const { NO_COLOR: _no, FORCE_COLOR: _force, ...rest } = process.env;
      const child = spawn(process.execPath, ['src/probity.js', 'check', 'probes/practice'], {
        cwd: ROOT,
        env: { ...rest, ...env },
      });
      let out = '';
      child.stdout.on('data', (chunk) => {
        out += chunk;
      });
      child.on('error', reject);
      child.on('close', () => resolve(out));
    });
  assert.ok(!(await run({ NO_COLOR: '1' })).includes('\u001b['));
  assert.ok((await run({ FORCE_COLOR: '1' })).includes('\u001b[1m'));
});

test('the schema is printed as JSON', async () => {
  const { out } = await probity(['schema']);
  assert.equal((JSON.parse(out) as { title: string }).title, 'Probity deployment');
});

test('the next times of planned work are told, in UTC and as JSON', async () => {
  const folder = deployment(
    'maintenance: { scope: acme/pro, start: 1970-01-04T02:00, duration: 2h, rrule: FREQ=WEEKLY;BYDAY=SU, timezone: Europe/Berlin }\n',
    1,
    '1h',
  );
  const { out } = await probity(['check', folder]);
  assert.match(
    out,
    /Planned work, the next times \(UTC\):\n.*1970-01-04T01:00:00Z to 1970-01-04T03:00:00Z {2}acme\/pro {2}planned work/,
  );
  const { maintenance } = JSON.parse((await probity(['check', folder, '--json'])).out);
  assert.deepEqual(
    maintenance.map(({ from }: { from: string }) => from),
    ['1970-01-04T01:00:00Z', '1970-01-11T01:00:00Z', '1970-01-18T01:00:00Z'],
  );
});
