import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readContractText } from '../src/config/load-contract.ts';
import { evaluate } from '../src/domain/contract/evaluation.ts';
import { accumulate, emptyTally, planTally } from '../src/domain/contract/tally.ts';
import { lineOfSample } from '../src/domain/measure/line-of-sample.ts';
import { addSparse, emptyHistogram, latencyAtRank } from '../src/domain/statistics/latency-histogram.ts';
import { createLiveMemory } from '../src/pipeline/live/live-memory.ts';
import { createLiveScope } from '../src/pipeline/live/live-scope.ts';
import { countDirty, SETTLE_MS } from '../src/pipeline/live/roll-up.ts';
import { openSqliteStore } from '../src/store/sqlite/open.ts';
import type { BucketGrain } from '../src/store/store.ts';
import { sample, target } from '../test/store/builders.ts';
import { impatientClock } from '../test/support/impatient-clock.ts';
import { DAY_MS, HOUR_MS, writeNinetyDays } from './ninety-days.ts';

/**
 * `npm run bench:evaluate [targets] [contract template]`: one live pass over all targets with ninety days of history at one sample a minute,
 * beside counting the same from raw rows in the same run. The last day is recorded row by row; its buckets stand for
 * the other days.
 */
const TARGETS = Number(process.argv[2] ?? 368);
const TEMPLATE = process.argv[3] ?? 'pro-channel';
const MINUTE_MS = 60_000;
const NOW = Date.UTC(2026, 2, 30) + 13 * HOUR_MS + 37 * MINUTE_MS + 20_000;
const PASSES = 15;

function contractOf() {
  const text = readFileSync(join(import.meta.dirname, `../probes/contracts/${TEMPLATE}.yaml`), 'utf8');
  const contract = readContractText(text, `${TEMPLATE}.yaml`).contracts.get(TEMPLATE)?.[0];
  if (contract === undefined) throw new Error('the template holds a contract');
  return contract;
}

type Took<Value> = {
  readonly ms: number;
  /** CPU time of the process, ms: what others on the machine do does not count. */
  readonly cpuMs: number;
  /** The longest time in which the thread could do nothing else, ms. */
  readonly blockMs: number;
  readonly value: Value;
};

async function timed<Value>(what: () => Promise<Value>): Promise<Took<Value>> {
  const startedAt = performance.now();
  const cpu = process.cpuUsage();
  let last = startedAt;
  let blockMs = 0;
  let isOver = false;
  const look = (): void => {
    const at = performance.now();
    blockMs = Math.max(blockMs, at - last);
    last = at;
    if (!isOver) setImmediate(look);
  };
  setImmediate(look);
  const value = await what();
  isOver = true;
  look();
  const { user, system } = process.cpuUsage(cpu);
  return { ms: performance.now() - startedAt, cpuMs: (user + system) / 1000, blockMs, value };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const folder = mkdtempSync(join(tmpdir(), 'probity-bench-'));
const opened = openSqliteStore(join(folder, 'probity.db'));
if (opened.kind !== 'opened') throw new Error(opened.message);
const { store } = opened;
try {
  const contract = contractOf();
  const targets = Array.from({ length: TARGETS }, (_, index) => target(`model-${index}`));
  const [probe, region] = ['chat-stream', 'eu-west'];
  const past = {
    targets,
    probe,
    region,
    everyMs: MINUTE_MS,
    contract,
    now: NOW,
    costNanos: 13_750,
    hours: 24,
  };
  const countedMs = await writeNinetyDays(store, past);

  const scope = createLiveScope({ versionsOf: () => [contract], plannedWorkOf: () => [] });
  const memory = createLiveMemory(store, scope, impatientClock(NOW));
  const start = await timed(() => memory.evaluate(NOW));
  const passes: Took<unknown>[] = [];
  const idle: Took<unknown>[] = [];
  let now = NOW;
  for (let pass = 0; pass < PASSES; pass += 1) {
    const scheduledAt = now - (now % MINUTE_MS);
    const samples = targets.map(({ id }, index) =>
      sample({
        probe,
        region,
        target: id,
        scheduledAt,
        ttftUs: 210_000 + ((pass * 131 + index * 37) % 997) * 250,
      }),
    );
    await store.record({ samples, notRun: [] });
    memory.touched(scheduledAt);
    now += MINUTE_MS;
    passes.push(await timed(() => memory.evaluate(now)));
    idle.push(await timed(() => memory.evaluate(now + 5_000)));
  }
  const rebuilt = await timed(() => memory.rebuild(now));
  const report = await memory.evaluate(now);
  const nextHour = now + HOUR_MS - (now % HOUR_MS) + SETTLE_MS;
  const counted = (grain: BucketGrain, at: number): void => {
    if (grain === 'hour') memory.counted(at);
  };
  await countDirty(store, scope, impatientClock(nextHour), () => false, counted);
  const advanced = await timed(() => memory.advance(nextHour));

  const closedTo = NOW - (NOW % HOUR_MS);
  const dayEnd = NOW - (NOW % DAY_MS);
  const stored = await timed(async () => {
    const byTarget = new Map(targets.map(({ id }) => [id, emptyHistogram()]));
    for (const { target: id, bucket } of await store.readBuckets('day', dayEnd - 30 * DAY_MS, dayEnd)) {
      const answer = bucket.answers[1];
      const sums = byTarget.get(id);
      if (answer?.kind === 'percentile' && sums !== undefined) addSparse(sums, answer.histogram);
    }
    return [...byTarget.values()].map((sums) => latencyAtRank([sums], Math.ceil(0.99 * sums.total)));
  });
  const shown = await timed(async () =>
    targets.map(({ id }) => report.targets.get(id)?.objectives[1]?.windows['30d'].latency ?? null),
  );
  const sorted = await timed(async () =>
    Promise.all(
      targets.slice(0, 8).map(async ({ id }) => {
        const day = await store.readDecided(closedTo - DAY_MS, closedTo, id);
        const values = Float64Array.from(day.byTarget.get(id) ?? [], ({ ttftUs }) => ttftUs ?? 0).sort();
        return values[Math.ceil(0.99 * values.length) - 1];
      }),
    ),
  );

  const period = {
    label: 'day',
    fromAt: closedTo - DAY_MS,
    toAt: closedTo,
    timezone: 'UTC',
    isWindow: false,
  };
  const recounted = await timed(async () => {
    const { byTarget } = await store.readDecided(period.fromAt, period.toAt);
    let objectives = 0;
    for (const attempts of byTarget.values()) {
      const tally = emptyTally(planTally(period, [{ contract, maintenance: [] }]));
      for (const attempt of attempts) accumulate(tally, lineOfSample(attempt));
      objectives += evaluate(tally, contract, { fee: null, previous: [], maintenanceFlags: [] }).objectives
        .length;
    }
    return objectives;
  });

  const pass = median(passes.map(({ cpuMs }) => cpuMs));
  const n = report.targets.get(targets[0]?.id ?? '')?.objectives[0]?.windows['90d'].n ?? 0;
  const line = (what: string, { ms, cpuMs, blockMs }: Took<unknown>, aim = ''): void =>
    console.log(
      `${what.padEnd(58)} ${cpuMs.toFixed(1).padStart(8)} ${ms.toFixed(1).padStart(8)} ${blockMs.toFixed(1).padStart(8)}   ${aim}`,
    );
  const middle = (all: readonly Took<unknown>[]): Took<unknown> => ({
    ms: median(all.map(({ ms }) => ms)),
    cpuMs: median(all.map(({ cpuMs }) => cpuMs)),
    blockMs: Math.max(...all.map(({ blockMs }) => blockMs)),
    value: null,
  });
  console.log(`${TARGETS} targets, 90 days at one sample a minute: n ${n} in the 90-day window of each`);
  console.log(`${'ms'.padEnd(58)} ${'CPU'.padStart(8)} ${'wall'.padStart(8)} ${'block'.padStart(8)}`);
  line(
    `live pass, a new minute: 8 windows of all objectives (of ${PASSES})`,
    middle(passes),
    'aim CPU <= 50',
  );
  line('live pass, nothing new', middle(idle));
  line('recount of one day from raw rows by the engine', recounted);
  line('30-day p99 of all targets, as pages read it', shown, 'aim <= 50');
  line('30-day p99 of all targets, from stored days', stored, 'aim <= 50');
  line('one day p99 of 8 targets by sorting raw rows', sorted);
  line('first pass after a start, yielding', start);
  line('closed hours read anew, yielding', rebuilt);
  line('closed hours counted on by one, once an hour, yielding', advanced);
  console.log(
    `ratio: recounting ninety days from raw rows would take ${Math.round((recounted.cpuMs * 90) / pass)} live passes; sorting thirty days of all targets ${Math.round((sorted.cpuMs * (TARGETS / 8) * 30) / stored.cpuMs)} times the stored days; reading the closed hours anew ${Math.round(rebuilt.cpuMs / advanced.cpuMs)} times counting on`,
  );
  console.log(`counting 24 recorded hours into buckets: ${countedMs.toFixed(0)} ms, yielding`);
  console.log(`resident memory of this bench: ${Math.round(process.memoryUsage().rss / 1e6)} MB`);
} finally {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
}
