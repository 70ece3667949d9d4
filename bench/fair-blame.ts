import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { countsForAvailability, countsForLatency, OUTCOMES } from '../src/domain/outcome.ts';
import type { ProbingPlan, SeriesPlan } from '../src/domain/probe.ts';
import { phaseOf } from '../src/domain/schedule.ts';
import { countExpected } from '../src/pipeline/expected-ticks.ts';
import type { FromProbing, ToProbing } from '../src/pipeline/probing-messages.ts';
import { PRACTICE_KEYS, PRACTICE_MODELS } from '../src/practice/models.ts';
import { openSqliteStore } from '../src/store/sqlite/open.ts';
import type { StoredSample } from '../src/store/store.ts';
import type { Harm } from './fair-blame/prober-thread.ts';

/**
 * Is our own fault ever the provider's? A healthy gateway is probed while we block the probing thread, set the clock,
 * suspend the whole process, and take the network away. Counted is every sample that would be held against the gateway.
 * Linux only: the experiment runs in a network namespace of its own, whose loopback it may switch off.
 *
 *   npm run bench:fair-blame
 */
const INSIDE = 'PROBITY_BENCH_NAMESPACE';
if (process.env[INSIDE] === undefined) {
  const { status } = spawnSync(
    'unshare',
    ['--map-root-user', '--net', process.execPath, import.meta.filename],
    { stdio: 'inherit', env: { ...process.env, [INSIDE]: '1' } },
  );
  process.exit(status ?? 1);
}

const loopback = (state: 'up' | 'down'): void => {
  const { status, stderr } = spawnSync('ip', ['link', 'set', 'lo', state], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip link set lo ${state}: ${stderr}`);
};
loopback('up');

const EVERY_MS = 1_000;
const ENTRY = join(import.meta.dirname, '../src/probity.js');
/** The gateway and the witness are processes of their own: what is done to the prober must not be done to them. */
const gatewayProcess = spawn(
  process.execPath,
  [ENTRY, 'practice-gateway', '--port', '18090', '--no-incidents'],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
await once(gatewayProcess.stdout, 'data');
const witnessProcess = spawn(
  process.execPath,
  ['-e', "require('node:http').createServer((q,r)=>r.end()).listen(18091,'127.0.0.1',()=>console.log('up'))"],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
await once(witnessProcess.stdout, 'data');

function planOf(): ProbingPlan {
  const probe = {
    id: 'chat',
    operation: 'chat',
    prompt: {
      id: 'arithmetic',
      messages: [{ role: 'user', content: '[{nonce}] Reply with one number: {a} + {b}' }],
      maxTokens: 2_000,
      expectContains: '{sum}',
    },
    connection: 'warm',
    http2: false,
    deadlines: { firstTokenMs: 10_000, stallMs: 5_000, totalMs: 20_000 },
    maxInFlight: 25,
    confirmation: { probes: 0, spacingMs: 1_000 },
  } as const;
  const series = (['standard', 'pro'] as const).flatMap((tier) =>
    PRACTICE_MODELS.map((model): SeriesPlan => {
      const id = `practice/${tier}/${model.id}`;
      return {
        target: {
          id,
          gateway: 'practice',
          tier,
          model: model.id,
          requestModel: tier === 'pro' ? `Pro/${model.id}` : model.id,
          formerIds: [],
        },
        probe,
        schedule: { kind: 'every', everyMs: EVERY_MS, phaseMs: phaseOf('chat', id, 'here', EVERY_MS) },
        price: null,
        slow: null,
      };
    }),
  );
  return {
    region: 'here',
    gateways: [
      {
        id: 'practice',
        baseUrl: 'http://127.0.0.1:18090/v1',
        kind: 'generic',
        headers: {},
        control: 'http://127.0.0.1:18091/',
        practice: true,
      },
    ],
    keys: [
      { id: 'practice/standard', secret: PRACTICE_KEYS.standard, requestsPerMinute: null },
      { id: 'practice/pro', secret: PRACTICE_KEYS.pro, requestsPerMinute: null },
    ],
    series,
    spend: null,
    quiet: [],
  };
}

const folder = mkdtempSync(join(tmpdir(), 'probity-fair-blame-'));
const opened = openSqliteStore(join(folder, 'probity.db'));
if (opened.kind !== 'opened') throw new Error(opened.message);
const { store } = opened;
const plan = planOf();
const fromAt = Date.now();
await store.declareSeries(
  plan.series.map(({ target, probe, schedule }) => ({
    probe: probe.id,
    target,
    region: plan.region,
    schedule,
  })),
  fromAt,
);
const worker = new Worker(new URL('./fair-blame/prober-thread.ts', import.meta.url));
const say = (message: ToProbing | Harm): void => worker.postMessage(message);
const stopped = Promise.withResolvers<void>();
worker.on('message', async (message: FromProbing) => {
  if (message.kind === 'batch') {
    await store.record(message);
    say({ kind: 'ack', batch: message.id });
  } else if (message.kind === 'stopped') stopped.resolve();
});
say({ kind: 'start', plan, fromAt, resume: { sentAt: {}, spentNanos: {}, at: fromAt } });

type Act = { readonly name: string; readonly harm: () => Promise<void> | void };
const ACTS: readonly Act[] = [
  { name: 'nothing', harm: () => {} },
  { name: 'event loop blocked 0.1 s', harm: () => say({ kind: 'block', ms: 100 }) },
  { name: 'event loop blocked 3 s', harm: () => say({ kind: 'block', ms: 3_000 }) },
  { name: 'clock set 90 s forwards', harm: () => say({ kind: 'step', byMs: 90_000 }) },
  { name: 'clock set back again', harm: () => say({ kind: 'step', byMs: -90_000 }) },
  {
    name: 'process suspended 15 s',
    harm: () => {
      const wake = spawn('sh', ['-c', `sleep 15; kill -CONT ${process.pid}`], {
        stdio: 'ignore',
        detached: true,
      });
      wake.unref();
      process.kill(process.pid, 'SIGSTOP');
    },
  },
  {
    name: 'network gone for 15 s',
    harm: async () => {
      loopback('down');
      await sleep(15_000);
      loopback('up');
    },
  },
];

const AFTER_MS = 25_000;
const spans: { readonly name: string; readonly fromAt: number; readonly toAt: number }[] = [];
await sleep(3_000);
for (const { name, harm } of ACTS) {
  process.stdout.write(`${name} …\n`);
  const beganAt = Date.now();
  await harm();
  await sleep(AFTER_MS);
  spans.push({ name, fromAt: beganAt, toAt: Date.now() });
}
const endAt = Date.now();
say({ kind: 'stop' });
await stopped.promise;

const everything = { fromAt: 0, toAt: Number.MAX_SAFE_INTEGER };
const samples = await store.readSamples(everything);
const notRun = await store.readNotRun(everything);
/** Slower than the healthy gateway ever is: such a time would be ours. */
const OURS_US = 5_000_000;
const isBlamed = ({ outcome, validity }: StoredSample): boolean =>
  countsForAvailability(validity) && OUTCOMES[outcome].counts === 'bad';
const isSlowBlamed = ({ validity, totalUs }: StoredSample): boolean =>
  countsForLatency(validity) && totalUs !== null && totalUs > OURS_US;

console.log(`\n${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}`);
console.log(`8 targets, each probed every ${EVERY_MS} ms through a healthy gateway\n`);
const rows = spans.map(({ name, fromAt: begin, toAt }) => {
  const here = samples.filter(({ scheduledAt }) => scheduledAt >= begin && scheduledAt < toAt);
  const due = plan.series.reduce((sum, { schedule }) => sum + countExpected(schedule, begin, toAt), 0);
  const valid = here.filter(({ validity }) => validity.kind === 'valid').length;
  return {
    'what was done to us': name,
    'ticks due': due,
    valid,
    doubted: here.length - valid,
    'not run': notRun.filter(({ scheduledAt }) => scheduledAt >= begin && scheduledAt < toAt).length,
    'held against the gateway': here.filter(isBlamed).length,
    'too slow, undoubted': here.filter(isSlowBlamed).length,
  };
});
console.table(rows);
const blamed = samples.filter(isBlamed);
const slow = samples.filter(isSlowBlamed);
const due = plan.series.reduce((sum, { schedule }) => sum + countExpected(schedule, fromAt, endAt), 0);
const usable = samples.filter(({ validity }) => validity.kind === 'valid').length;
console.log(`coverage: ${((100 * usable) / due).toFixed(1)} % of ${due} ticks gave a sample without doubt`);
console.log(
  `held against the gateway: ${blamed.length} of ${samples.length} samples; too slow without doubt: ${slow.length}`,
);
for (const { scheduledAt, target, outcome, totalUs, lagUs, loopDelayUs } of [...blamed, ...slow].slice(
  0,
  20,
)) {
  console.log(
    `  ${new Date(scheduledAt).toISOString()} ${target} ${outcome} total ${totalUs} µs, lag ${lagUs} µs, loop ${loopDelayUs} µs`,
  );
}

gatewayProcess.kill();
witnessProcess.kill();
await store.close();
rmSync(folder, { recursive: true, force: true });
process.exitCode = blamed.length + slow.length === 0 ? 0 : 1;
