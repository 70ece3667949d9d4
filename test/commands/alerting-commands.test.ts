import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Command } from 'commander';
import { registerAck } from '../../src/commands/ack.ts';
import { registerIncidents } from '../../src/commands/incidents.ts';
import { registerMaintenance } from '../../src/commands/maintenance.ts';
import { readMoment } from '../../src/commands/moment.ts';
import { readLinkKey } from '../../src/commands/run/link-key.ts';
import { registerSendTestMail } from '../../src/commands/send-test-mail.ts';
import { registerSilence } from '../../src/commands/silence.ts';
import { OperatorError } from '../../src/commands/world.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { Store } from '../../src/store/store.ts';
import { declaration } from '../store/builders.ts';
import { HOUR, MINUTE, openedIncident, START } from '../support/alert-builders.ts';

type Shell = {
  readonly data: string;
  readonly store: Store;
  /** Runs one command line; resolves to what it printed. */
  readonly type: (...words: readonly string[]) => Promise<string>;
  /** What was said beside it. */
  readonly said: string[];
};

function shell(t: TestContext): Shell {
  const folder = mkdtempSync(join(tmpdir(), 'probity-commands-'));
  const data = join(folder, 'data');
  const opened = openSqliteStore(join(data, 'probity.db'));
  assert.ok(opened.kind === 'opened');
  t.after(async () => {
    await opened.store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const said: string[] = [];
  return {
    data,
    store: opened.store,
    said,
    async type(...words) {
      let printed = '';
      const world = {
        now: () => START + MINUTE,
        env: { USER: 'ada' },
        out: (text: string) => {
          printed += text;
        },
        err: (text: string) => void said.push(text),
      };
      const program = new Command().exitOverride();
      for (const register of [
        registerAck,
        registerIncidents,
        registerMaintenance,
        registerSendTestMail,
        registerSilence,
      ]) {
        register(program, world);
      }
      await program.parseAsync([...words, '--data', data], { from: 'user' });
      return printed;
    },
  };
}

test('an incident is listed, acknowledged by any part of its id, and told with its story', async (t) => {
  const { store, type } = shell(t);
  assert.equal(await type('incidents'), 'no incidents\n');
  const { incident, decision } = openedIncident();
  await store.saveDecision(decision);
  assert.match(await type('incidents'), /open +page +Down: a \(pro\), since 2026-03-02 03:00 UTC/);
  const said = await type('ack', incident.id.slice(3), '--because', 'vendor called', '--until', '2h');
  assert.equal(said, `ada looks after ${incident.id} until 2026-03-02 05:01 UTC\n`);
  const taken = (await store.readIncident(incident.id))?.acknowledgement;
  assert.deepEqual(taken, {
    who: 'ada',
    why: 'vendor called',
    at: START + MINUTE,
    untilAt: START + MINUTE + 2 * HOUR,
  });
  const told = await type('incidents', incident.id);
  assert.match(told, /x {2}acme\/pro\/a: fails/);
  assert.match(told, /acknowledged by ada: vendor called/);
  assert.match(told, /opened to email:ada@oncall\.example: pending/);
  const json = JSON.parse(await type('incidents', '--json')) as { incidents: { id: string }[] };
  assert.equal(json.incidents[0]?.id, incident.id);
});

test('an incident nobody knows, and one that is over, cannot be acknowledged', async (t) => {
  const { store, type } = shell(t);
  await assert.rejects(
    type('ack', 'none'),
    new OperatorError('no incident "none"; "probity incidents" lists them'),
  );
  const { incident, decision } = openedIncident();
  const closed = { ...incident, phase: 'closed' as const, closedAt: START };
  await store.saveDecision({ ...decision, incidents: [closed] });
  await assert.rejects(type('ack', incident.id), /is over/);
});

test('messages that were given up are listed, and can be given another life', async (t) => {
  const { store, type } = shell(t);
  await store.saveDecision(openedIncident().decision);
  const [delivery] = await store.leaseDeliveries({ now: START, leaseMs: MINUTE, limit: 1 });
  assert.ok(delivery);
  await store.settleDelivery(delivery, { kind: 'dead', at: START, error: '550 no such user' });
  assert.match(
    await type('incidents'),
    /given up: opened to email:ada@oncall\.example: dead .*550 no such user/,
  );
  assert.equal(await type('incidents', '--retry-dead'), 'tried again: 1 message\n');
  assert.equal((await store.readOutbox()).counts.pending, 1);
});

test('a silence is entered, listed and ended', async (t) => {
  const { type } = shell(t);
  assert.equal(await type('silence'), 'nothing is silenced\n');
  const listed = await type(
    'silence',
    'acme/pro',
    '--for',
    '90m',
    '--because',
    'moving',
    '--kind',
    'target_down',
  );
  assert.equal(listed, '1  acme/pro (target_down) until 2026-03-02 04:31 UTC, by ada: moving\n');
  assert.equal(await type('silence', '--end', '1'), 'silence 1 is over\n');
  await assert.rejects(type('silence', '--end', '1'), /no silence 1 is in force/);
  await assert.rejects(
    type('silence', 'acme', '--for', 'soon'),
    /--for: expected a duration such as 90m or 2d; found "soon"/,
  );
});

test('whoever names a scope that nothing is probed in is told so, for it would hold back no alert', async (t) => {
  const { type, said, store } = shell(t);
  await store.declareSeries([declaration('a')], START);
  await type('silence', 'acme/pro');
  await type('silence', 'disk');
  await type('silence', 'channel/mail');
  await type('maintenance', 'acme', '--for', '1h');
  assert.deepEqual(said, []);
  const told =
    'nothing that is probed is called acme/por or belongs to it: what is probed belongs to acme/pro\n';
  await type('silence', 'acme/por');
  await type('maintenance', 'acme/por', '--for', '1h');
  assert.deepEqual(said, [told, told]);
});

test('planned work is entered, listed and cancelled', async (t) => {
  const { store, type } = shell(t);
  const entered = await type(
    'maintenance',
    'acme',
    '--from',
    '2026-03-03T22:00:00+01:00',
    '--for',
    '2h',
    '--announced',
    '2026-02-20T09:00:00Z',
    '--because',
    'database',
  );
  const [span, said] = [
    '1  acme  2026-03-03 21:00 UTC to 2026-03-03 23:00 UTC',
    'announced 2026-02-20 09:00 UTC',
  ];
  assert.equal(entered, `${span}  to come, ${said}, entered 2026-03-02 03:01 UTC by ada: database\n`);
  const [work] = await store.readPlannedWork(0, START + 100 * HOUR);
  assert.equal(work?.announcedAt, Date.UTC(2026, 1, 20, 9));
  await assert.rejects(type('maintenance', 'acme'), /when does the work end\?/);
  await assert.rejects(
    type('maintenance', 'acme', '--to', '2026-03-01T00:00:00Z'),
    /would end before it begins/,
  );
  await assert.rejects(type('maintenance', 'acme', '--to', '2h', '--for', '2h'), /say the same thing/);
  await assert.rejects(
    type('maintenance', 'acme', '--for', '2h', '--announced', '2026-03-03T00:00:00Z'),
    /--announced: that is still to come/,
  );
  assert.equal(await type('maintenance', '--cancel', '1'), 'planned work 1 is cancelled\n');
  assert.equal(await type('maintenance'), 'no work is planned\n');
  assert.equal(
    await type('maintenance', '--all'),
    `${span}  cancelled 2026-03-02 03:01 UTC, ${said}, entered 2026-03-02 03:01 UTC by ada: database\n`,
  );
});

test('a moment is a time with its offset, or a duration from now', () => {
  assert.equal(readMoment('90m', START, '--until'), START + 90 * MINUTE);
  assert.equal(readMoment('2026-03-02T04:00:00+01:00', START, '--until'), START);
  for (const wrong of ['2026-03-02', '2026-03-02T04:00:00', '10:00', 'tomorrow', '']) {
    assert.throws(() => readMoment(wrong, START, '--until'), /--until: expected a time/);
  }
});

test('a test mail reaches every recipient of a deployment, and says where it went', async (t) => {
  const { data, type } = shell(t);
  const folder = join(data, '..', 'deployment');
  mkdirSync(folder);
  writeFileSync(
    join(folder, 'gateway.yaml'),
    `gateway:
  id: acme
  practice: { seed: 1, timetable: demo }
tiers:
  pro: {}
models:
  - id: small
prompts:
  hello:
    messages: [{ role: user, content: "[{nonce}] Say hello" }]
    maxTokens: 16
probes:
  - id: chat
    operation: chat
    prompt: hello
    every: 60s
alerts:
  routes:
    - { id: on-call, to: [ada@oncall.example], escalateTo: [bob@oncall.example] }
`,
  );
  const said = await type('send-test-mail', folder);
  assert.equal(
    said,
    `email:ada@oncall.example: delivered to ${join(data, 'mail')}\nemail:bob@oncall.example: delivered to ${join(data, 'mail')}\n`,
  );
  const files = readdirSync(join(data, 'mail'));
  assert.equal(files.length, 2);
  assert.match(
    readFileSync(join(data, 'mail', files[0] ?? ''), 'utf8'),
    /Subject: \[practice\] Test: Probity can reach you/,
  );
  await assert.rejects(type('send-test-mail', folder, '--to', 'webhook:none'), /1 of 1 could not be reached/);
});

test('the key of links is made once, for its owner alone', (t) => {
  const { data } = shell(t);
  const key = readLinkKey(data);
  assert.equal(key.length, 32);
  assert.deepEqual(readLinkKey(data), key);
  assert.equal(statSync(join(data, 'link.key')).mode & 0o777, 0o600);
  writeFileSync(join(data, 'link.key'), 'short');
  assert.throws(() => readLinkKey(data), /is damaged/);
});
