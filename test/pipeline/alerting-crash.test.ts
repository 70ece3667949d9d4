import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { recipientId } from '../../src/domain/alert-policy.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { type Places, play } from './alerting-child.ts';

const CHILD = join(import.meta.dirname, 'alerting-child.ts');
const POINTS = 50;

function placesIn(folder: string): Places {
  return { file: join(folder, 'probity.db'), mail: join(folder, 'mail'), log: join(folder, 'log') };
}

/** A process of its own that dies at the given call. */
async function killAt(folder: string, step: number, when: 'before' | 'after'): Promise<void> {
  const { file, mail, log } = placesIn(folder);
  const child = spawn(process.execPath, [CHILD, file, mail, log, String(step), when], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [, signal] = (await once(child, 'close')) as [number | null, string | null];
  assert.equal(signal, 'SIGKILL');
}

async function inFolder<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'probity-alerts-crash-'));
  try {
    return await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Every claim the outbox makes, against what really lies in the mail folder. */
async function verify(folder: string): Promise<string[]> {
  const opened = openSqliteStore(join(folder, 'probity.db'));
  assert.ok(opened.kind === 'opened');
  const { store } = opened;
  const sent = existsSync(join(folder, 'log'))
    ? readFileSync(join(folder, 'log'), 'utf8').trim().split('\n')
    : [];
  const incidents = await store.readIncidents({ closedSinceAt: 0 });
  assert.ok(incidents.length > 0);
  const keys = new Set<string>();
  for (const incident of incidents) {
    assert.equal(incident.phase, 'closed', `${incident.id} has ended`);
    const deliveries = await store.readDeliveries({ incident: incident.id });
    const mine = new Set(deliveries.map(({ message }) => message.key));
    assert.equal(mine.size, incident.messages, 'no incident without its messages');
    for (const { message, recipient, state } of deliveries) {
      assert.equal(state, 'sent');
      const address = recipientId(recipient).slice('email:'.length);
      const tries = sent.filter((line) => line.includes(` ${address} ${message.key} `));
      assert.ok(tries.length >= 1, `${message.key} was handed over at least once`);
      assert.equal(new Set(tries.map((line) => line.split(' ')[0])).size, 1, 'under one Message-ID');
      keys.add(message.key);
    }
    const topics = deliveries.map(({ message }) => message.topic);
    assert.equal(topics.filter((topic) => topic === 'opened').length, 1);
    assert.equal(
      topics.filter((topic) => topic === 'recovered').length,
      1 + topics.filter((topic) => topic === 'reopened').length,
    );
  }
  for (const line of sent)
    assert.ok(keys.has(line.split(' ')[2] ?? ''), `no mail without its incident: ${line}`);
  assert.equal(readdirSync(join(folder, 'mail')).filter((name) => name.endsWith('.draft')).length, 0);
  await store.close();
  return [...keys].sort();
}

test(`killed at ${POINTS} points, every transition is told at least once and none that was not decided`, async () => {
  const undisturbed = await inFolder(async (folder) => {
    const steps = await play(placesIn(folder), null);
    assert.equal((await verify(folder)).length, 5);
    return steps;
  });
  assert.ok(undisturbed > POINTS);
  let repeated = 0;
  for (let point = 0; point < POINTS; point += 1) {
    await inFolder(async (folder) => {
      const step = 1 + Math.floor((point * undisturbed) / POINTS);
      await killAt(folder, step, point % 2 === 0 ? 'before' : 'after');
      await play(placesIn(folder), null);
      await verify(folder);
      const lines = readFileSync(join(folder, 'log'), 'utf8').trim().split('\n');
      repeated += lines.length - new Set(lines).size;
    });
  }
  assert.ok(repeated <= POINTS, `${repeated} mails were handed over a second time`);
});
