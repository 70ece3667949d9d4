import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readContractText } from '../src/config/load-contract.ts';
import { evaluate } from '../src/domain/evaluation.ts';
import { lineOfSample } from '../src/domain/line-of-sample.ts';
import type { Sample } from '../src/domain/sample.ts';
import { accumulate, emptyTally, planTally } from '../src/domain/tally.ts';
import { createLiveMemory } from '../src/pipeline/live-memory.ts';
import { createLiveScope } from '../src/pipeline/live-scope.ts';
import { countDirty } from '../src/pipeline/roll-up.ts';
import { openSqliteStore } from '../src/store/sqlite/open.ts';
import { declaration, failure, sample, target } from '../test/store/builders.ts';
import { impatientClock } from '../test/support/impatient-clock.ts';

/**
 * `npm run bench:live [targets]`: one live pass over all targets with ninety days of history at one sample a minute, beside
 * counting the same from raw rows. One day is recorded as raw rows; its buckets stand for the other eighty-nine.
 */
const TARGETS = Number(process.argv[2] ?? 368);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MINUTE = 60_000;
const TODAY = Date.UTC(2026, 2, 30);
const NOW = TODAY + 13 * HOUR + 37 * MINUTE + 20_000;

function contractOf() {
  const text = readFileSync(join(import.meta.dirname, '../probes/contracts/pro-channel.yaml'), 'utf8');
  const contract = readContractText(text, 'pro-channel.yaml').contracts.get('pro-channel')?.[0];
  if (contract === undefined) throw new Error('the template holds a contract');
  return contract;
}

async function timed<T>(what: () => Promise<T>): Promise<{ readonly ms: number; readonly value: T }> {
  const start = performance.now();
  const value = await what();
  return { ms: performance.now() - start, value };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const folder = mkdtempSync(join(tmpdir(), 'probity-bench-'));
const opened = openSqliteStore(join(folder, 'probity.db'));
if (opened.kind !== 'opened') throw new Error(opened.message);
const { store } = opened;
try {
  const models = Array.from({ length: TARGETS }, (_, index) => `model-${index}`);
  await store.declareSeries(
    models.map((model) => declaration(model)),
    NOW - 91 * DAY,
  );
  for (let hourAt = NOW - (NOW % HOUR) - DAY; hourAt < NOW; hourAt += HOUR) {
    const samples: Sample[] = [];
    for (const [index, model] of models.entries()) {
      for (let minute = 0; minute < 60; minute += 1) {
        const scheduledAt = hourAt + minute * MINUTE;
        if (scheduledAt >= NOW) break;
        const identity = { target: target(model).id, scheduledAt };
        const draw = (index * 7_919 + minute * 104_729 + hourAt / MINUTE) % 1_009;
        if (draw === 0) samples.push(failure({ ...identity, evidence: null }));
        else
          samples.push(sample({ ...identity, ttftUs: 200_000 + draw * 250, totalUs: 400_000 + draw * 310 }));
      }
    }
    await store.recordHistory({ samples, notRun: [] });
  }
  const contract = contractOf();
  const scope = createLiveScope({ versionsOf: () => [contract], plannedWorkOf: () => [] });
  const clock = impatientClock(NOW);
  const counted = await timed(() => countDirty(store, scope, clock, () => false));
  const closedTo = NOW - (NOW % HOUR);
  const hours = await store.readBuckets('hour', closedTo - DAY, closedTo);
  const byHour = Map.groupBy(hours, ({ fromAt }) => fromAt % DAY);
  for (let fromAt = closedTo - DAY - HOUR; fromAt >= closedTo - 92 * DAY; fromAt -= HOUR) {
    await store.writeBuckets('hour', { fromAt, marks: 0 }, byHour.get(fromAt % DAY) ?? []);
  }
  await countDirty(store, scope, clock, () => false);

  const memory = createLiveMemory(store, scope, clock);
  const start = await timed(() => memory.evaluate(NOW));
  const passes: number[] = [];
  for (let pass = 0; pass < 9; pass += 1) passes.push((await timed(() => memory.evaluate(NOW))).ms);
  const rebuilt = await timed(() => memory.rebuild(NOW));
  const report = await memory.evaluate(NOW);

  const period = { label: 'day', fromAt: closedTo - DAY, toAt: closedTo, timezone: 'UTC', isWindow: false };
  const recounted = await timed(async () => {
    const { byTarget } = await store.readDecided(period.fromAt, period.toAt);
    let objectives = 0;
    for (const attempts of byTarget.values()) {
      const tally = emptyTally(planTally(period, [{ contract, maintenance: [] }]));
      for (const attempt of attempts) accumulate(tally, lineOfSample(attempt));
      const { objectives: all } = evaluate(tally, contract, {
        fee: null,
        previous: [],
        maintenanceFlags: [],
      });
      objectives += all.length;
    }
    return objectives;
  });

  const pass = median(passes);
  const n = report.targets.get(target('model-0').id)?.objectives[0]?.windows['90d'].n ?? 0;
  const say = (text: string): void => console.log(text);
  say(`${TARGETS} targets, 90 days at one a minute: n ${n} in the 90-day window of each`);
  say(
    `one live pass, 8 windows of every objective with p99   ${pass.toFixed(1)} ms (median of ${passes.length})`,
  );
  say(`recount of one day from raw rows by the engine        ${recounted.ms.toFixed(0)} ms`);
  say(
    `  ratio: one day of recounting is ${(recounted.ms / pass).toFixed(0)} live passes; the pass covers ninety`,
  );
  say(`first evaluation after a start                        ${start.ms.toFixed(0)} ms, yielding`);
  say(`windows read anew, once an hour                       ${rebuilt.ms.toFixed(0)} ms, yielding`);
  say(`counting one recorded day into buckets                ${counted.ms.toFixed(0)} ms, yielding`);
  say(
    `memory                                                ${Math.round(process.memoryUsage().rss / 1e6)} MB`,
  );
} finally {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
}
