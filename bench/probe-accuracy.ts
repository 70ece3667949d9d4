import { type ChildProcess, fork, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openData, openDataToProbe } from '../src/commands/open-data.ts';
import { readContractText } from '../src/config/load-contract.ts';
import { targetId } from '../src/domain/measure/target.ts';
import type { StoredSample } from '../src/store/store.ts';
import { writeNinetyDays } from './ninety-days.ts';
import type { BareOrder, BareSample } from './probe-accuracy/bare-loop.ts';
import { writeDeployment } from './probe-accuracy/deployment.ts';
import { owedToCheckpoint } from './probe-accuracy/log-figures.ts';
import { percentile } from './probe-accuracy/percentile.ts';
import { machineCpuMs, processFigures, TICK_MS } from './probe-accuracy/process-figures.ts';
import type { TrueTime } from './probe-accuracy/true-time-server.ts';

/**
 * How true is the number, and what does it cost? The whole program (`probity run`: probing, judging, storing, serving
 * the status page to a reader) against a server that knows its own true times, and beside it, in the same run, a bare
 * loop that only sends. Linux only. `npm run bench:probe-accuracy -- --help` lists the options.
 */
const { values: options } = parseArgs({
  options: {
    window: { type: 'string', default: '60' },
    'warm-up': { type: 'string', default: '15' },
    only: { type: 'string' },
    'no-page': { type: 'boolean', default: false },
    history: { type: 'boolean', default: false },
    month: { type: 'boolean', default: false },
    every: { type: 'string' },
    'nothing-to-close': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

type Load = { readonly targets: number; readonly everyMs: number };
const LOADS: readonly Load[] = [
  { targets: 1, everyMs: 1_000 },
  { targets: 50, everyMs: 10_000 },
  { targets: 368, everyMs: 10_000 },
  { targets: 4_000, everyMs: 10_000 },
  { targets: 10_000, everyMs: 10_000 },
];

type Figures = {
  readonly samples: number;
  readonly errorUs: readonly number[];
  readonly lagUs: readonly number[];
  readonly cpuMsPerProbe: number;
  readonly rssMb: number;
  /** Share of the machine that neither the one measured, nor the server, nor this bench used. */
  readonly others: number;
  readonly notes: readonly string[];
};

const WINDOW_MS = Number(options.window) * 1000;
const WARM_UP_MS = Number(options['warm-up']) * 1000;
const hasHistory = options.history || options.month;
const PAGE_EVERY_MS = 500;
const LOOK_EVERY_MS = 500;
/** A contract of this month has no month behind it that could be closed. */
const inForceFrom = options['nothing-to-close'] ? `${new Date().toISOString().slice(0, 8)}01` : null;
const HERE = import.meta.dirname;

/** Room for what the server forgets at once: its own collections would be charged to whoever measures it. */
const SERVER_ARGUMENTS = ['--min-semi-space-size=64', '--max-semi-space-size=64'];

/** Runs `body` against a fresh server. */
async function withServer<T>(body: (server: ChildProcess, origin: string) => Promise<T>): Promise<T> {
  const server = fork(join(HERE, 'probe-accuracy/true-time-server.ts'), [], { execArgv: SERVER_ARGUMENTS });
  const [port] = (await once(server, 'message')) as [number];
  try {
    return await body(server, `http://127.0.0.1:${port}`);
  } finally {
    server.disconnect();
  }
}

/** Gives, when called, the share of the machine that others have used since. */
function watchOthers(): () => number {
  const read = (): { at: number; ours: number; all: number } => ({
    at: performance.now(),
    // The one measured and the server are our children.
    ours: processFigures(process.pid).cpuMs,
    all: machineCpuMs(),
  });
  const before = read();
  return () => {
    const after = read();
    const others = after.all - before.all - (after.ours - before.ours);
    return Math.max(0, others / ((after.at - before.at) * cpus().length));
  };
}

async function trueTimes(server: ChildProcess): Promise<Map<string, number>> {
  server.send('times');
  const [times] = (await once(server, 'message')) as [TrueTime[]];
  return new Map(times.map(([id, ttftUs]) => [id, ttftUs]));
}

async function measureBare({ targets, everyMs }: Load): Promise<Figures> {
  return withServer(async (server, origin) => {
    const child = fork(join(HERE, 'probe-accuracy/bare-loop.ts'));
    await once(child, 'message');
    const pid = child.pid ?? 0;
    const order = async (windowMs: number): Promise<BareSample[]> => {
      child.send({ origin, targets, everyMs, windowMs } satisfies BareOrder);
      const [samples] = (await once(child, 'message')) as [BareSample[]];
      return samples;
    };
    await order(Math.max(WARM_UP_MS, everyMs));
    await trueTimes(server);
    const othersSince = watchOthers();
    const before = processFigures(pid);
    const samples = await order(WINDOW_MS);
    const after = processFigures(pid);
    const others = othersSince();
    const truth = await trueTimes(server);
    child.disconnect();
    return {
      samples: samples.length,
      errorUs: samples.map(([id, ttftUs]) => ttftUs - (truth.get(id) ?? Number.NaN)).filter(Number.isFinite),
      lagUs: samples.map(([, , lagUs]) => lagUs),
      cpuMsPerProbe: (after.cpuMs - before.cpuMs) / samples.length,
      rssMb: after.rssMb,
      others,
      notes: [],
    };
  });
}

/** The id that the prober sends with an attempt, worked out again from the stored row. */
function requestId({ probe, target, region, scheduledAt, purpose }: StoredSample): string {
  const identity = `${probe}\n${target}\n${region}\n${scheduledAt}\n${purpose}`;
  return `probity-${createHash('sha256').update(identity).digest('hex').slice(0, 32)}`;
}

async function measureProbity(load: Load): Promise<Figures> {
  return withServer(async (server, origin) => {
    const folder = mkdtempSync(join(tmpdir(), 'probity-bench-'));
    const data = join(folder, 'data');
    writeDeployment(join(folder, 'deployment'), `${origin}/v1`, load.targets, load.everyMs, inForceFrom);
    if (hasHistory) await writeHistory(data, load);
    const child = spawn(
      process.execPath,
      [join(HERE, '../src/probity.js'), 'run', join(folder, 'deployment'), '--data', data, '--port', '0'],
      { env: { ...process.env, BENCH_KEY: 'sk-bench' }, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    try {
      const page = await pageUrl(child);
      const reader = options['no-page'] ? { stop: () => [] } : readPages(page);
      await sleep(WARM_UP_MS);
      const pid = child.pid ?? 0;
      const othersSince = watchOthers();
      const costOf = (): Cost => ({
        ...processFigures(pid),
        owedBytes: owedToCheckpoint(join(data, 'probity.db')),
      });
      const before = costOf();
      const looks: Look[] = [];
      const looking = setInterval(
        () => looks.push({ at: Date.now(), ...processFigures(pid) }),
        LOOK_EVERY_MS,
      );
      const fromAt = Date.now();
      await sleep(WINDOW_MS);
      const toAt = Date.now();
      const after = costOf();
      clearInterval(looking);
      const others = othersSince();
      const pages = reader.stop();
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
      const truth = await trueTimes(server);
      return await readFigures({ data, truth, fromAt, toAt, before, after, looks, others, pages });
    } finally {
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

/** From the beginning of the last whole month on, so that all of it is closed from what was recorded. */
function hoursSinceLastMonth(now: number): number {
  const at = new Date(now);
  return Math.ceil((now - Date.UTC(at.getUTCFullYear(), at.getUTCMonth() - 1, 1)) / 3_600_000) + 1;
}

/** The past of the deployment that is about to run. */
async function writeHistory(data: string, { targets, everyMs }: Load): Promise<void> {
  const text = readFileSync(join(HERE, '../probes/contracts/pro-channel.yaml'), 'utf8');
  const contract = readContractText(text, 'pro-channel.yaml').contracts.get('pro-channel')?.[0] ?? null;
  const { store, close } = openDataToProbe(data);
  await writeNinetyDays(store, {
    targets: Array.from({ length: targets }, (_, n) => {
      const model = `maker/model-${n}`;
      const id = targetId('bench', 'standard', model);
      return { id, gateway: 'bench', tier: 'standard', model, requestModel: model, formerIds: [] };
    }),
    probe: 'chat-stream',
    region: 'local',
    everyMs: options.month ? 60_000 : everyMs,
    contract,
    now: Date.now(),
    costNanos: 13_750,
    hours: options.month ? hoursSinceLastMonth(Date.now()) : 8,
  });
  await close();
}

/** `owedBytes`: in the write-ahead log, still to be copied into the database. */
type Cost = ReturnType<typeof processFigures> & { readonly owedBytes: number };

/** What was used at an instant, epoch ms. */
type Look = ReturnType<typeof processFigures> & { readonly at: number };

type Measured = {
  readonly data: string;
  readonly truth: ReadonlyMap<string, number>;
  readonly fromAt: number;
  readonly toAt: number;
  readonly before: Cost;
  readonly after: Cost;
  readonly looks: readonly Look[];
  readonly others: number;
  readonly pages: readonly number[];
};

/** The stretches in which a child of the measured process was at work. */
function roundsIn(looks: readonly Look[]): (readonly [fromAt: number, toAt: number])[] {
  return looks.flatMap((look, i) => {
    const before = looks[i - 1];
    const isAtWork = before !== undefined && look.childrenCpuMs - before.childrenCpuMs > TICK_MS;
    return isAtWork ? [[before.at, look.at] as const] : [];
  });
}

async function readFigures(measured: Measured): Promise<Figures> {
  const { data, truth, fromAt, toAt, before, after, looks } = measured;
  const store = openData(data);
  const samples = await store.readSamples({ fromAt, toAt });
  const all = hasHistory ? samples : await store.readSamples({ fromAt: 0, toAt: toAt + 3_600_000 });
  const notRun = await store.readNotRun({ fromAt, toAt });
  // Closing folds the write-ahead log into the database, so that the file is all there is.
  await store.close();
  const bytes = sizeOf(data);
  const errorOf = (sample: StoredSample): number[] => {
    const trueUs = truth.get(requestId(sample));
    return trueUs === undefined || sample.ttftUs === null ? [] : [sample.ttftUs - trueUs];
  };
  const errorUs = samples.flatMap(errorOf);
  const rounds = roundsIn(looks);
  const beside = samples
    .filter(({ scheduledAt }) => rounds.some(([from, to]) => scheduledAt >= from && scheduledAt < to))
    .flatMap(errorOf);
  const roundsMs = rounds.reduce((sum, [from, to]) => sum + to - from, 0);
  const mean = (of: (look: Look) => number): number =>
    looks.reduce((sum, look) => sum + of(look), 0) / looks.length;
  const most = (of: (look: Look) => number): string => Math.max(...looks.map(of)).toFixed(0);
  const missed = notRun.filter((row) => row.reason === 'missed').length;
  const writtenBytes = after.writtenBytes - before.writtenBytes;
  const owedBytes = after.owedBytes - before.owedBytes;
  const perSample = (amount: number): string => (amount / samples.length).toFixed(0);
  const doubted = samples.filter((sample) => sample.validity.kind !== 'valid').length;
  return {
    samples: samples.length,
    errorUs,
    lagUs: samples.map((sample) => sample.lagUs),
    cpuMsPerProbe: (after.cpuMs - before.cpuMs) / samples.length,
    rssMb: mean(({ rssMb, childrenRssMb }) => rssMb - childrenRssMb),
    others: measured.others,
    notes: [
      `${missed} ticks missed, ${notRun.length - missed} skipped, ${doubted} samples doubted, ${samples.length - errorUs.length} without a first token`,
      `RSS on average, at most ${most(({ rssMb, childrenRssMb }) => rssMb - childrenRssMb)} MB, since the start ${after.peakRssMb.toFixed(0)} MB; ${hasHistory ? `${(bytes / 1e6).toFixed(0)} MB on disk` : `${(bytes / all.length).toFixed(0)} bytes per sample on disk (whole file, ${all.length} samples)`}`,
      `${perSample(writtenBytes + owedBytes)} bytes written per sample: ${perSample(writtenBytes)} in these ${((measured.toAt - measured.fromAt) / 1000).toFixed(0)} s, ${perSample(owedBytes)} more to come with the next checkpoint; packing, after two hours, is apart (bench:bytes)`,
      beside.length === 0
        ? 'no hour was packed and no month closed meanwhile'
        : `while hours were packed and months closed, ${(roundsMs / 1000).toFixed(0)} s: ${beside.length} probes, error ${ms(percentile(beside, 50))} / ${ms(percentile(beside, 99))} / ${ms(percentile(beside, 100))} ms, up to ${most(({ childrenRssMb }) => childrenRssMb)} MB apart`,
      `page: ${measured.pages.length} loads, ${percentile(measured.pages, 50).toFixed(1)} ms p50, ${percentile(measured.pages, 99).toFixed(1)} ms p99`,
    ],
  };
}

/** The address it says it serves. Goes on reading what it says, or it could say nothing more. */
function pageUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (part: Buffer) => {
      text += String(part);
      const found = /http:\/\/\S+/.exec(text);
      if (found !== null) resolve(found[0]);
    });
    child.once('exit', () => reject(new Error(`probity ended before it served a page: ${text}`)));
  });
}

/** Someone who reloads the status page all the time. */
function readPages(url: string): { readonly stop: () => readonly number[] } {
  const tookMs: number[] = [];
  let isFirst = true;
  let reading = true;
  const read = async (): Promise<void> => {
    while (reading) {
      const startMs = performance.now();
      const response = await fetch(url);
      if (isFirst) {
        isFirst = false;
        console.log(`  first byte of the first page ${Math.round(performance.now() - startMs)} ms`);
      }
      await response.arrayBuffer();
      tookMs.push(performance.now() - startMs);
      await sleep(PAGE_EVERY_MS);
    }
  };
  read().catch((error: unknown) => {
    if (reading) console.error(`the page could not be read: ${String(error)}`);
  });
  return {
    stop: () => {
      reading = false;
      return tookMs;
    },
  };
}

function sizeOf(data: string): number {
  return ['probity.db', 'probity.db-wal'].reduce((sum, name) => {
    const file = statSync(join(data, name), { throwIfNoEntry: false });
    return sum + (file?.size ?? 0);
  }, 0);
}

const ms = (us: number): string => (us / 1000).toFixed(2);

function print(
  name: string,
  { samples, errorUs, lagUs, cpuMsPerProbe, rssMb, others, notes }: Figures,
): void {
  console.log(
    [
      `  ${name.padEnd(8)}`,
      `${samples} probes`.padStart(14),
      `error ${ms(percentile(errorUs, 50))} / ${ms(percentile(errorUs, 99))} / ${ms(percentile(errorUs, 100))} ms`,
      `lag ${ms(percentile(lagUs, 50))} / ${ms(percentile(lagUs, 99))} / ${ms(percentile(lagUs, 100))} ms`,
      `CPU ${cpuMsPerProbe.toFixed(2)} ms`,
      `RSS ${rssMb.toFixed(0)} MB`,
      `others ${(others * 100).toFixed(0)} %`,
    ].join('   '),
  );
  for (const note of notes) console.log(`           ${note}`);
}

if (options.help) {
  console.log(`Options:
  --window S     seconds measured per load (60)
  --warm-up S    seconds before (15)
  --no-page      nobody reads the status page meanwhile
  --history      with ninety days behind it: the last eight hours as recorded, their buckets for the rest
  --month        the same, with every minute since the last whole month began as recorded: its evidence is sealed and the
                 month closed meanwhile (--window 360 covers that)
  --every S      one probe of each target every so many seconds
  --nothing-to-close  the contract is in force since this month, so that no month before it is closed meanwhile
  --only N       only the load with N targets: ${LOADS.map((load) => load.targets).join(', ')}`);
} else {
  console.log(
    `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}; windows of ${WINDOW_MS / 1000} s; p50 / p99 / max; "others" = share of the machine used by anything else`,
  );
  const chosen = LOADS.filter(
    ({ targets }) => options.only === undefined || targets === Number(options.only),
  );
  for (const { targets, everyMs } of chosen) {
    const load = { targets, everyMs: options.every === undefined ? everyMs : Number(options.every) * 1000 };
    console.log(
      `\n${load.targets} targets every ${load.everyMs / 1000} s (${(load.targets * 1000) / load.everyMs}/s)`,
    );
    const bare = await measureBare(load);
    print('bare', bare);
    const probity = await measureProbity(load);
    print('probity', probity);
    const ratio = (of: (figures: Figures) => number): string => (of(probity) / of(bare)).toFixed(2);
    console.log(
      `  ratio     error p50 ${ratio((f) => percentile(f.errorUs, 50))}, p99 ${ratio((f) => percentile(f.errorUs, 99))}; lag p99 ${ratio((f) => percentile(f.lagUs, 99))}; CPU ${ratio((f) => f.cpuMsPerProbe)}; RSS ${ratio((f) => f.rssMb)}`,
    );
  }
}
