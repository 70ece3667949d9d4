import assert from 'node:assert/strict';
import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDataToProbe } from '../../src/commands/open-data.ts';
import { BROKEN_OFF, type ClosingSetup } from '../../src/commands/run/closing-messages.ts';
import { startClosing } from '../../src/commands/run/start-closing.ts';
import { loadConfig } from '../../src/config/load.ts';
import { cronGrid } from '../../src/pipeline/probing/cron-grid.ts';
import { DAY, declaration, sample, target } from '../store/builders.ts';
import { startProbity } from '../support/probity-process.ts';

const PRACTICE = join(import.meta.dirname, '../../probes/practice');
const CLOSING = new URL('../../src/commands/run/closing-process.ts', import.meta.url);
const LINUX = {
  skip: process.platform === 'linux' ? false : 'the system does not tell of processes in /proc',
};

function dataFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'probity-closing-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The processes that a process has started and that still run. */
function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
    const text = readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8');
    return text.split(' ').filter(Boolean).map(Number);
  });
}

/** How much each thread of a process gives way to others. */
function nicenessOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).map((thread) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8').split(') ').pop() ?? '';
    return Number(stat.split(' ')[16]);
  });
}

test('the process that closes gives way to the one that probes', LINUX, async (t) => {
  const data = join(dataFolder(t), 'data');
  const probity = startProbity(['run', PRACTICE, '--port', '0', '--data', data, '--no-practice-history']);
  t.after(() => probity.signal('SIGKILL'));
  await probity.url;
  let closing: number | undefined;
  while (closing === undefined) {
    await sleep(20);
    closing = childrenOf(probity.pid)[0];
  }
  const own = Math.max(...nicenessOf(probity.pid));
  while (Math.min(...nicenessOf(closing)) <= own) await sleep(20);
  probity.signal('SIGTERM');
  assert.equal((await probity.ended).code, 0);
});

test('whoever closes breaks off when whoever probes is gone', async (t) => {
  const data = dataFolder(t);
  await openDataToProbe(data).close();
  const closing = fork(CLOSING, { serialization: 'advanced', execArgv: [] });
  const retention = { samplesMs: 1, evidenceMs: 1 };
  closing.send({ data, terms: [], routes: [], timeStamps: null, retention } satisfies ClosingSetup);
  closing.disconnect();
  const [code] = await once(closing, 'exit');
  assert.equal(code, BROKEN_OFF, 'it neither finished its round nor failed');
});

test('a clock that leaps while a round is under way prunes nothing', async (t) => {
  const data = dataFolder(t);
  const { store, close } = openDataToProbe(data);
  const measuredAt = Math.floor(Date.now() / DAY) * DAY - 3 * DAY;
  await store.declareSeries([declaration('large')], measuredAt);
  const one = sample({ target: target('large').id, scheduledAt: measuredAt });
  await store.record({ samples: [one], notRun: [] });
  const hook = join(data, 'leap.mjs');
  // Whoever asks a second time is told a time a year later.
  writeFileSync(
    hook,
    'const { now } = Date; let asked = 0; Date.now = () => now() + Math.min(asked++, 1) * 31_536e6;',
  );
  const closing = fork(CLOSING, { serialization: 'advanced', execArgv: ['--import', hook] });
  const retention = { samplesMs: 90 * DAY, evidenceMs: 90 * DAY };
  closing.send({ data, terms: [], routes: [], timeStamps: null, retention } satisfies ClosingSetup);
  const [code] = await once(closing, 'exit');
  assert.equal(code, 0, 'its round was finished');
  assert.equal((await store.readSamples({ fromAt: 0, toAt: measuredAt + DAY })).length, 1);
  await close();
});

/** What is told of the first round of a service whose data folder is empty, so that whoever opens the data must refuse. */
async function failureOfFirstRound(
  t: TestContext,
): Promise<{ readonly message: string; readonly about: object }> {
  const loaded = loadConfig(PRACTICE, {}, { cron: cronGrid, secrets: 'optional' });
  assert.ok(loaded.kind === 'config');
  const told = Promise.withResolvers<{ readonly about: object; readonly message: string }>();
  const closing = startClosing({
    config: loaded.config,
    data: dataFolder(t),
    log: {
      info: (_, message) => assert.fail(message),
      warn: (_, message) => assert.fail(message),
      error: (about, message) => told.resolve({ about, message }),
    },
    after: Promise.resolve(),
    lastSeenAt: null,
    isDatabaseGone: () => false,
    changed: () => {},
  });
  const failure = await told.promise;
  await closing.stop();
  return failure;
}

test('a closing process that dies is told with its reason', async (t) => {
  const { about, message } = await failureOfFirstRound(t);
  assert.equal(message, 'the closing process died');
  assert.match(JSON.stringify(about), /^{"reason":"there is no Probity data in/);
});

test('a closing process that the system refuses to start ends nothing else', async (t) => {
  const { execPath } = process;
  t.after(() => {
    process.execPath = execPath;
  });
  // A file is no folder: one of the faults that are thrown, as too little memory is.
  process.execPath = join(import.meta.filename, 'node');
  const { about, message } = await failureOfFirstRound(t);
  assert.equal(message, 'the closing process died');
  assert.match(JSON.stringify(about), /ENOTDIR/);
});

test('no process closes what was put in the place of the data folder', LINUX, async (t) => {
  const loaded = loadConfig(PRACTICE, {}, { cron: cronGrid, secrets: 'optional' });
  assert.ok(loaded.kind === 'config');
  const before = childrenOf(process.pid);
  const fail = (_: object, message: string): never => assert.fail(message);
  const closing = startClosing({
    config: loaded.config,
    data: dataFolder(t),
    log: { info: fail, warn: fail, error: fail },
    after: Promise.resolve(),
    lastSeenAt: null,
    isDatabaseGone: () => true,
    changed: () => {},
  });
  await sleep(0);
  assert.deepEqual(childrenOf(process.pid), before);
  await closing.stop();
});

test('a closing process that hangs is ended, and told', LINUX, async (t) => {
  const loaded = loadConfig(PRACTICE, {}, { cron: cronGrid, secrets: 'optional' });
  assert.ok(loaded.kind === 'config');
  const data = dataFolder(t);
  await openDataToProbe(data).close();
  const told: string[] = [];
  const died = Promise.withResolvers<void>();
  const fail = (_: object, message: string): never => assert.fail(message);
  const error = (about: object, message: string): void => {
    told.push(`${message} ${JSON.stringify(about)}`);
    if (told.length === 2) died.resolve();
  };
  const closing = startClosing({
    config: loaded.config,
    data,
    log: { info: fail, warn: fail, error },
    after: Promise.resolve(),
    lastSeenAt: null,
    isDatabaseGone: () => false,
    roundWithinMs: 360,
    changed: () => {},
  });
  await sleep(0);
  for (const pid of childrenOf(process.pid)) process.kill(pid, 'SIGSTOP');
  await died.promise;
  assert.deepEqual(told, [
    'the closing process hung and is ended {"hours":0.0001}',
    'the closing process died {"reason":"it ended with SIGKILL"}',
  ]);
  await closing.stop();
});

const HIDE_PROC = 'mount -t tmpfs none /proc';
const CAGE = {
  skip:
    process.platform === 'linux' && spawnSync('unshare', ['-rm', 'sh', '-c', HIDE_PROC]).status === 0
      ? false
      : 'the system lets us hide nothing',
};

test('whoever closes does so where there is no /proc', CAGE, async (t) => {
  const data = dataFolder(t);
  await openDataToProbe(data).close();
  const script = `${HIDE_PROC} && exec "$0" "$@"`;
  const closing = fork(new URL('../../src/commands/run/closing-process.ts', import.meta.url), {
    serialization: 'advanced',
    execPath: 'unshare',
    execArgv: ['-rm', 'sh', '-c', script, process.execPath],
  });
  const retention = { samplesMs: 1, evidenceMs: 1 };
  closing.send({ data, terms: [], routes: [], timeStamps: null, retention } satisfies ClosingSetup);
  closing.send('stop');
  assert.deepEqual(await once(closing, 'exit'), [0, null]);
});
