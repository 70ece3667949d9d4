import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { recipientId } from '../../src/domain/alert/alert-policy.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { type Places, play } from './alerting-child.ts';

const CHILD = join(import.meta.dirname, 'alerting-child.ts');
/** Each database goes through several deaths, spread over the scenario; each begins a little later than the one before. */
const DATABASES = 11;
const DEATHS = 5;
/** At least so many different ones. */
const POINTS = 50;

function placesIn(folder: string): Places {
  return { file: join(folder, 'probity.db'), mail: join(folder, 'mail'), log: join(folder, 'log') };
}

/** A process of its own that goes on in the folder and dies at its nth call. Returns where in the scenario that was. */
async function killAt(folder: string, step: number, when: 'before' | 'after'): Promise<string> {
  const { file, mail, log } = placesIn(folder);
  const child = spawn(process.execPath, [CHILD, file, mail, log, String(step), when], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // Each death is a start of its own: without a cache every one compiles the same files again.
    env: {
      ...process.env,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(tmpdir(), 'node-compile-cache'),
    },
  });
  const [point, [, signal]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  assert.equal(signal, 'SIGKILL');
  return point;
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
  const points = new Set<string>();
  let repeated = 0;
  for (let database = 0; database < DATABASES; database += 1) {
    await inFolder(async (folder) => {
      const apart = Math.floor(undisturbed / DEATHS);
      for (let death = 0; death < DEATHS; death += 1) {
        const step = death === 0 ? 1 + Math.floor((database * apart) / DATABASES) : apart;
        points.add(await killAt(folder, step, (database + death) % 2 === 0 ? 'before' : 'after'));
      }
      await play(placesIn(folder), null);
      await verify(folder);
      const lines = readFileSync(join(folder, 'log'), 'utf8').trim().split('\n');
      repeated += lines.length - new Set(lines).size;
    });
  }
  assert.ok(points.size >= POINTS, `died at ${points.size} different points`);
  assert.ok(repeated <= DATABASES * DEATHS, `${repeated} mails were handed over a second time`);
});
