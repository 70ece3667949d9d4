import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { countsForAvailability, countsForLatency, OUTCOMES } from '../src/domain/measure/outcome.ts';
import type { ProbingPlan, SeriesPlan } from '../src/domain/measure/probe.ts';
import { phaseOf } from '../src/domain/time/schedule.ts';
import { countExpected } from '../src/pipeline/probing/expected-ticks.ts';
import type { FromProbing, ToProbing } from '../src/pipeline/probing/probing-messages.ts';
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
const TARGETS = 8;
const GATEWAY_PORT = 18_090;
const WITNESS_PORT = 18_091;

/** A process of its own: what is done to the prober must not be done to the gateway or the witness. */
async function startSteady(port: number) {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'fair-blame/steady-gateway.ts'), `${port}`],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  await once(child.stdout, 'data');
  return child;
}
const steady = [await startSteady(GATEWAY_PORT), await startSteady(WITNESS_PORT)];

function planOf(): ProbingPlan {
  const probe = {
    id: 'chat',
    operation: 'chat',
    prompt: {
      id: 'arithmetic',
      messages: [{ role: 'user', content: '[{nonce}] Say something' }],
      maxTokens: 20,
      expectContains: null,
    },
    connection: 'warm',
    http2: false,
    deadlines: { firstTokenMs: 10_000, stallMs: 5_000, totalMs: 20_000 },
    maxInFlight: 25,
    confirmation: { probes: 0, spacingMs: 1_000 },
  } as const;
  const series = Array.from({ length: TARGETS }, (_, n): SeriesPlan => {
    const id = `steady/only/model-${n}`;
    return {
      target: {
        id,
        gateway: 'steady',
        tier: 'only',
        model: `model-${n}`,
        requestModel: 'steady',
        formerIds: [],
      },
      probe,
      schedule: { kind: 'every', everyMs: EVERY_MS, phaseMs: phaseOf('chat', id, 'here', EVERY_MS) },
      price: null,
      slow: null,
    };
  });
  return {
    region: 'here',
    gateways: [
      {
        id: 'steady',
        baseUrl: `http://127.0.0.1:${GATEWAY_PORT}/v1`,
        kind: 'generic',
        headers: {},
        control: `http://127.0.0.1:${WITNESS_PORT}/health`,
        practice: false,
      },
    ],
    keys: [{ id: 'steady/only', secret: 'steady', requestsPerMinute: null }],
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
/** Rows as they arrive: after a step of the clock their ticks no longer say when they were probed. */
const arrived: {
  readonly act: number;
  readonly samples: readonly StoredSample[];
  readonly notRun: number;
}[] = [];
let act = -1;
const stopped = Promise.withResolvers<void>();
worker.on('message', async (message: FromProbing) => {
  if (message.kind === 'batch') {
    await store.record(message);
    const samples = message.samples.map((sample) => ({ ...sample, hasEvidence: sample.evidence !== null }));
    arrived.push({ act, samples, notRun: message.notRun.length });
    say({ kind: 'ack', batch: message.id });
  } else if (message.kind === 'stopped') stopped.resolve();
});
say({ kind: 'start', plan, fromAt, resume: { sentAt: {}, spentNanos: {}, at: fromAt } });

type Act = { readonly name: string; readonly harm: () => Promise<void> | void };
const ACTS: readonly Act[] = [
  { name: 'nothing', harm: () => {} },
  { name: 'event loop blocked 0.1 s', harm: () => say({ kind: 'block', ms: 100 }) },
  { name: 'event loop blocked 3 s', harm: () => say({ kind: 'block', ms: 3_000 }) },
  { name: 'clock set 20 s forwards', harm: () => say({ kind: 'step', byMs: 20_000 }) },
  { name: 'clock set back again', harm: () => say({ kind: 'step', byMs: -20_000 }) },
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
const lasted: number[] = [];
await sleep(5_000);
for (const { name, harm } of ACTS) {
  process.stdout.write(`${name} …\n`);
  act += 1;
  const beganMs = performance.now();
  await harm();
  await sleep(AFTER_MS);
  lasted.push(performance.now() - beganMs);
}
const endAt = Date.now();
say({ kind: 'stop' });
await stopped.promise;

/** The healthy gateway takes 0.4 s: anything much slower is ours. */
const OURS_US = 1_500_000;
const isBlamed = ({ outcome, validity }: StoredSample): boolean =>
  countsForAvailability(validity) && OUTCOMES[outcome].counts === 'bad';
const isSlowBlamed = ({ validity, totalUs }: StoredSample): boolean =>
  countsForLatency(validity) && totalUs !== null && totalUs > OURS_US;

console.log(`\n${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}`);
console.log(`${TARGETS} targets, each probed every ${EVERY_MS} ms through a healthy gateway\n`);
console.table(
  ACTS.map(({ name }, index) => {
    const batches = arrived.filter((batch) => batch.act === index);
    const here = batches.flatMap(({ samples }) => samples);
    const valid = here.filter(({ validity }) => validity.kind === 'valid').length;
    return {
      'what was done to us': name,
      'ticks in the time': Math.round((TARGETS * (lasted[index] ?? 0)) / EVERY_MS),
      valid,
      doubted: here.length - valid,
      'not run': batches.reduce((sum, { notRun }) => sum + notRun, 0),
      'held against the gateway': here.filter(isBlamed).length,
      'slow without doubt': here.filter(isSlowBlamed).length,
    };
  }),
);
const samples = await store.readSamples({ fromAt: 0, toAt: Number.MAX_SAFE_INTEGER });
const blamed = samples.filter((sample) => isBlamed(sample) || isSlowBlamed(sample));
const due = plan.series.reduce((sum, { schedule }) => sum + countExpected(schedule, fromAt, endAt), 0);
const usable = samples.filter(({ validity }) => validity.kind === 'valid').length;
console.log(`coverage: ${((100 * usable) / due).toFixed(1)} % of ${due} ticks gave a sample without doubt`);
console.log(`held against the gateway: ${blamed.length} of ${samples.length} samples`);
for (const { scheduledAt, target, outcome, totalUs, lagUs, loopDelayUs } of blamed.slice(0, 20)) {
  const at = new Date(scheduledAt).toISOString();
  console.log(`  ${at} ${target} ${outcome}: total ${totalUs} µs, lag ${lagUs} µs, loop ${loopDelayUs} µs`);
}

for (const child of steady) child.kill();
await store.close();
rmSync(folder, { recursive: true, force: true });
process.exitCode = blamed.length === 0 ? 0 : 1;
