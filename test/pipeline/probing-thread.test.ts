import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { test } from 'node:test';
import { spawnProber } from '../../src/commands/run/spawn-prober.ts';
import { systemClock } from '../../src/commands/run/system-clock.ts';
import { refusal } from '../../src/domain/measure/refused-row.ts';
import type { NotRun, Sample } from '../../src/domain/measure/sample.ts';
import type { FromProbing, ProbingHealth, Resume } from '../../src/pipeline/probing/probing-messages.ts';
import {
  type ProbingPort,
  type ProbingThreadParts,
  startProbingThread,
  type ThreadNotice,
} from '../../src/pipeline/probing/probing-thread.ts';
import { planOf } from '../support/plans.ts';
import { startSseServer } from '../support/sse-server.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

const NOTHING_BEFORE = (): Promise<Resume> => Promise.resolve({ sentAt: {}, spentNanos: {}, at: Date.now() });

/** Keeps what it is given, and lets a test wait for the next row or notice. */
function bench() {
  const samples: Sample[] = [];
  const notRun: NotRun[] = [];
  const notices: ThreadNotice[] = [];
  let waiting: (() => void)[] = [];
  const changed = (): void => {
    const resolved = waiting;
    waiting = [];
    for (const resolve of resolved) resolve();
  };
  let port: ProbingPort | null = null;
  const parts: ProbingThreadParts = {
    clock: systemClock,
    spawn: (events) => {
      port = spawnProber(events);
      return port;
    },
    record: (batch) => {
      samples.push(...batch.samples);
      notRun.push(...batch.notRun);
      changed();
      return Promise.resolve({ recorded: batch.samples.length, repeated: 0 });
    },
    resume: NOTHING_BEFORE,
    onNotice: (notice) => {
      notices.push(notice);
      changed();
    },
  };
  return {
    parts,
    samples,
    notRun,
    notices,
    killThread: () => port?.kill(),
    until: async (holds: () => boolean) => {
      while (!holds()) await new Promise<void>((resolve) => waiting.push(resolve));
    },
  };
}

const NO_HEALTH: ProbingHealth = {
  at: 0,
  series: 0,
  inFlight: 0,
  attempts: 0,
  ticks: 0,
  missed: 0,
  untold: 0,
  waiting: 0,
  lagP50Us: null,
  lagP99Us: null,
  lagMaxUs: null,
  loopDelayMaxUs: 0,
  spend: { cap: null, spentNanos: 0, reservedNanos: 0, everyNth: 1 },
  pauses: [],
  witnessSilent: false,
  processCpuUs: 0,
};

const identity = (sample: Sample): string => `${sample.target} ${sample.purpose} ${sample.scheduledAt}`;

test('samples of a real thread arrive judged, on their grid, each once', { timeout: 30_000 }, async () => {
  const server = await startSseServer();
  const { parts, samples, notices, until } = bench();
  const plan = planOf({ models: 5, everyMs: 500, gateway: { baseUrl: server.url } });
  const thread = startProbingThread(parts, plan, Date.now());
  await until(() => samples.length >= 20);
  const lost = await thread.stop();
  await server.close();

  assert.equal(lost, 0);
  assert.deepEqual(notices, []);
  assert.deepEqual([...new Set(samples.map((sample) => sample.outcome))], ['ok']);
  assert.equal(new Set(samples.map(identity)).size, samples.length);
  const phases = new Map(plan.series.map(({ target, schedule }) => [target.id, schedule.phaseMs]));
  assert.ok(samples.every((sample) => sample.scheduledAt % 500 === phases.get(sample.target)));
  assert.ok(samples.every((sample) => sample.ttftUs !== null && sample.lagUs >= 0));
  assert.equal(thread.health().state, 'stopped');
});

const onLinux = {
  skip: process.platform === 'linux' ? false : 'only Linux gives a thread a priority of its own',
};

test('the thread that probes goes first where that is allowed, and no other does', onLinux, async () => {
  const server = await startSseServer();
  const { parts, samples, until } = bench();
  const plan = planOf({ models: 1, everyMs: 500, gateway: { baseUrl: server.url } });
  const thread = startProbingThread(parts, plan, Date.now());
  await until(() => samples.length >= 1);
  const niceness = threadNiceness();
  await thread.stop();
  await server.close();
  // What the prober may ask for, a process of the same user may.
  const asked = 'try { os.setPriority(0, -10); } catch {} process.stdout.write(String(os.getPriority(0)))';
  const allowed = Number(execFileSync(process.execPath, ['-e', asked], { encoding: 'utf8' }));
  assert.equal(niceness.get('prober'), allowed);
  assert.equal(niceness.get(readFileSync('/proc/self/comm', 'utf8').trim()), getPriority(process.pid));
});

/** The niceness of each thread of this process, by the thread's name. */
function threadNiceness(): Map<string, number> {
  return new Map(
    readdirSync('/proc/self/task').map((id) => {
      const stat = readFileSync(`/proc/self/task/${id}/stat`, 'utf8');
      const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
      // The nineteenth field of all, counted from the third, which follows the name: proc(5).
      return [name, Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16])];
    }),
  );
}

test('a thread that dies is replaced, and what was acknowledged stays', { timeout: 30_000 }, async () => {
  const server = await startSseServer();
  const { parts, samples, notices, until, killThread } = bench();
  const plan = planOf({ models: 5, everyMs: 500, gateway: { baseUrl: server.url } });
  const thread = startProbingThread(parts, plan, Date.now());
  await until(() => samples.length >= 5);
  const before = [...samples];
  killThread();
  await until(() => notices.some((notice) => notice.kind === 'thread-died'));
  await until(() => samples.length >= before.length + 10);
  const lost = await thread.stop();
  await server.close();

  assert.equal(lost, 0);
  assert.equal(thread.health().restarts, 1);
  assert.deepEqual(samples.slice(0, before.length), before);
  assert.equal(new Set(samples.map(identity)).size, samples.length);
});

test('rows wait for a store that fails, and come in order once it works', { timeout: 30_000 }, async () => {
  const server = await startSseServer();
  const { parts, samples, notices, until } = bench();
  let works = false;
  const record: ProbingThreadParts['record'] = (batch) =>
    works ? parts.record(batch) : Promise.reject(new Error('database or disk is full'));
  const plan = planOf({ models: 2, everyMs: 500, gateway: { baseUrl: server.url } });
  const thread = startProbingThread({ ...parts, record }, plan, Date.now());
  await until(() => notices.some((notice) => notice.kind === 'record-failed'));
  assert.ok(thread.health().unrecorded > 0);
  works = true;
  await until(() => samples.length >= 6);
  assert.equal(await thread.stop(), 0);
  await server.close();
  const ticks = samples.map((sample) => sample.scheduledAt);
  assert.deepEqual(
    ticks,
    [...ticks].sort((a, b) => a - b),
  );
  assert.equal(server.arrivals.length, samples.length, 'every attempt that was made is a row');
});

test('a row that no store takes is told and left out, and the others of its batch are stored', async () => {
  const server = await startSseServer();
  const { parts, samples, notices, until } = bench();
  const record: ProbingThreadParts['record'] = (batch) => {
    const index = batch.samples.findIndex(({ target }) => target.endsWith('model-1'));
    if (index < 0) return parts.record(batch);
    return Promise.reject(refusal({ list: 'samples', index }, new RangeError('too large')));
  };
  const plan = planOf({ models: 2, everyMs: 500, gateway: { baseUrl: server.url } });
  const thread = startProbingThread({ ...parts, record }, plan, Date.now());
  await until(() => samples.length >= 3 && notices.length >= 3);
  assert.equal(await thread.stop(), 0);
  await server.close();
  assert.deepEqual([...new Set(notices.map(({ kind }) => kind))], ['row-refused']);
  assert.deepEqual([...new Set(samples.map(({ target }) => target))], ['acme/standard/maker/model-0']);
});

test('after the stop nobody goes on trying to store', async () => {
  const clock = createVirtualClock(0);
  let tries = 0;
  let tell: ((message: FromProbing) => void) | null = null;
  const thread = startProbingThread(
    {
      ...bench().parts,
      clock,
      spawn: (events) => {
        tell = events.onMessage;
        return {
          post: ({ kind }) => kind === 'stop' && events.onMessage({ kind: 'stopped', undelivered: 1 }),
          kill: () => {},
        };
      },
      record: () => {
        tries += 1;
        return Promise.reject(new Error('database or disk is full'));
      },
    },
    planOf({ models: 1 }),
    0,
  );
  await clock.advance(10);
  assert.ok(tell !== null);
  (tell as (message: FromProbing) => void)({ kind: 'batch', id: 1, samples: [], notRun: [] });
  await clock.advance(3500);
  const stopped = thread.stop();
  await clock.advance(10_000);
  assert.equal(await stopped, 1);
  const before = tries;
  await clock.advance(60_000);
  assert.ok(before >= 4);
  assert.equal(tries, before);
});

test('a thread whose signs of life lay unread while we stood still ourselves is not replaced', async () => {
  const clock = createVirtualClock(0);
  const notices: ThreadNotice[] = [];
  let spawned = 0;
  startProbingThread(
    {
      ...bench().parts,
      clock,
      onNotice: (notice) => notices.push(notice),
      spawn: (events) => {
        spawned += 1;
        // What is posted is read a turn of the event loop later, behind the timers that are due.
        const beat = (): void => {
          clock.after(0, () => events.onMessage({ kind: 'heartbeat', health: NO_HEALTH }));
          clock.after(1000, beat);
        };
        beat();
        return { post: () => {}, kill: () => {} };
      },
    },
    planOf({ models: 1 }),
    0,
  );
  await clock.advance(10_050);
  clock.block(30_000);
  await clock.advance(10_000);
  assert.deepEqual(notices, []);
  assert.equal(spawned, 1);
});

test('a thread that says nothing for 15 s is replaced', async () => {
  const clock = createVirtualClock(0);
  const notices: ThreadNotice[] = [];
  startProbingThread(
    {
      ...bench().parts,
      clock,
      onNotice: (notice) => notices.push(notice),
      spawn: () => ({ post: () => {}, kill: () => {} }),
    },
    planOf({ models: 1 }),
    0,
  );
  await clock.advance(15_000);
  assert.deepEqual(notices, []);
  await clock.advance(2_000);
  assert.deepEqual(
    notices.map(({ kind }) => kind),
    ['thread-died'],
  );
});

test('a new plan reaches the running thread', { timeout: 30_000 }, async () => {
  const server = await startSseServer();
  const { parts, samples, until } = bench();
  const one = planOf({ models: 1, everyMs: 500, gateway: { baseUrl: server.url } });
  const two = planOf({ models: 2, everyMs: 500, gateway: { baseUrl: server.url } });
  const thread = startProbingThread(parts, one, Date.now());
  await until(() => samples.length >= 2);
  thread.replan(two, Date.now());
  await until(() => samples.some((sample) => sample.target.endsWith('model-1')));
  await thread.stop();
  await server.close();
  const ticks = samples
    .filter((sample) => sample.target.endsWith('model-0'))
    .map((sample) => sample.scheduledAt);
  assert.ok(
    ticks.every((at, n) => n === 0 || at - (ticks[n - 1] ?? 0) === 500),
    'no gap at the change',
  );
});
