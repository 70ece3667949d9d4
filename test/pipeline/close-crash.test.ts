import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import Database from 'better-sqlite3';
import type { Report } from '../../src/domain/report/report.ts';
import { sealAll } from '../../src/evidence/seal.ts';
import type { Store } from '../../src/store/store.ts';
import { DAY, HOUR } from '../store/builders.ts';
import { openStore } from '../support/closing.ts';
import { MARCH, recordMonth } from '../support/month.ts';
import { closeMonth, type Method, type When } from './closing-child.ts';

const CHILD = join(import.meta.dirname, 'closing-child.ts');
/** Two weeks before the claim's deadline, so that the reminder is a step too. */
const NOW = MARCH + 16 * DAY;

let folder = '';
let files = 0;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'probity-close-'));
  const { store } = await recordMonth({ path: join(folder, 'month.db'), everyMs: HOUR });
  // The last hours are left to seal: that is a step of a close too.
  await sealAll(
    store,
    MARCH - 3 * HOUR,
    () => NOW,
    async () => {},
  );
  await store.close();
});

after(() => rmSync(folder, { recursive: true }));

/** A file of its own with the month that is not closed yet. */
function openMonth(): string {
  files += 1;
  const file = join(folder, `${files}.db`);
  copyFileSync(join(folder, 'month.db'), file);
  return file;
}

function reportIn(document: string): Report {
  return JSON.parse(document).report;
}

/** One report, one ledger entry, one message of each kind, and what the report says. */
async function onlyReport(file: string, store: Store): Promise<Report> {
  const deliveries = await store.readDeliveries({ state: 'pending' });
  assert.deepEqual(deliveries.map(({ message }) => message.key).sort(), [
    'claim:pro:2027-02:14',
    'period:pro:2027-02',
  ]);
  assert.equal((await store.readLedger({})).length, 1);
  assert.equal((await store.listReports()).length, 1);
  const db = new Database(file, { readonly: true });
  assert.equal(db.pragma('quick_check', { simple: true }), 'ok');
  db.close();
  const frozen = await store.readReport('pro', '2027-02');
  assert.ok(frozen);
  return reportIn(frozen.document);
}

function startChild(file: string, ...what: string[]) {
  return spawn(process.execPath, [CHILD, file, String(NOW), ...what], {
    stdio: ['pipe', 'pipe', 'inherit'],
    // Most of a short life is the reading of the program.
    env: { ...process.env, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(folder, 'compiled') },
  });
}

async function killedAt(file: string, method: Method, when: When): Promise<void> {
  const child = startChild(file, method, when);
  const [, signal] = (await once(child, 'close')) as [number | null, string | null];
  assert.equal(signal, 'SIGKILL', `it died ${when} ${method}`);
}

const WRITES: readonly Method[] = ['addSegment', 'freezeReport', 'saveDecision'];

test('a process killed (-9) before, after or within any step of a close leaves nothing that the next close does not make good', async () => {
  const file = openMonth();
  const child = startChild(file, 'tell');
  const steps: Method[] = [];
  for await (const line of createInterface(child.stdout)) steps.push(line as Method);
  const store = openStore(file);
  const undisturbed = await onlyReport(file, store);
  await store.close();
  for (const write of WRITES) assert.ok(steps.includes(write), `${write} is a step of a close`);
  assert.ok(steps.length > 12, steps.join(', '));
  const deaths = steps.flatMap((method): [Method, When][] => {
    if (!WRITES.includes(method)) return [[method, 'before']];
    const around: [Method, When][] = [
      [method, 'before'],
      [method, 'after'],
    ];
    return method === 'addSegment' ? around : [...around, [method, 'within']];
  });
  for (const [method, when] of deaths) {
    const own = openMonth();
    await killedAt(own, method, when);
    const again = openStore(own);
    await closeMonth(again, NOW);
    assert.deepEqual(await onlyReport(own, again), undisturbed, `killed ${when} ${method}`);
    await again.close();
  }
});

/** Somebody who closes, and who says so and waits when the report is made but not frozen. */
type Closer = {
  readonly next: () => Promise<string>;
  readonly go: () => void;
  readonly ended: Promise<unknown>;
};

function inProcess(file: string): Closer {
  const child = startChild(file, 'meet');
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    next: async () => String((await lines.next()).value),
    go: () => void child.stdin.write('go\n'),
    ended: once(child, 'close').then(([code]) => assert.equal(code, 0)),
  };
}

function inThread(file: string): Closer {
  const worker = new Worker(CHILD, { workerData: [file, String(NOW), 'meet'] });
  const lines: string[] = [];
  const waiting: ((line: string) => void)[] = [];
  worker.on('message', (line: string) => {
    const one = waiting.shift();
    if (one === undefined) lines.push(line);
    else one(line);
  });
  return {
    next: () =>
      new Promise((resolve) => {
        const line = lines.shift();
        if (line === undefined) waiting.push(resolve);
        else resolve(line);
      }),
    go: () => worker.postMessage('go'),
    ended: once(worker, 'exit').then(([code]) => assert.equal(code, 0)),
  };
}

for (const [who, start] of [
  ['threads', inThread],
  ['processes', inProcess],
] as const) {
  test(`two ${who} that have both made the report of a period freeze one, send one mail, and agree on every figure`, async () => {
    const file = openMonth();
    const closers = [start(file), start(file)];
    const made = await Promise.all(closers.map(({ next }) => next()));
    for (const { go } of closers) go();
    const results = await Promise.all(closers.map(({ next }) => next()));
    await Promise.all(closers.map(({ ended }) => ended));
    assert.deepEqual(results.toSorted(), ['exists', 'frozen']);
    const store = openStore(file);
    const frozen = await onlyReport(file, store);
    for (const line of made) assert.deepEqual(reportIn(line.slice('ready '.length)), frozen);
    await store.close();
  });
}
