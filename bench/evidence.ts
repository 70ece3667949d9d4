import { hash } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sample } from '../src/domain/sample.ts';
import { sealAll } from '../src/evidence/seal.ts';
import { verifyChain } from '../src/evidence/verify-chain.ts';
import { openSqliteStore } from '../src/store/sqlite/open.ts';
import { declaration, HOUR, MINUTE, MONDAY, sample, target } from '../test/store/builders.ts';

// `node bench/evidence.ts [hours] [targets]`: a probe a minute per target, packed, sealed and verified. 720 368 is a
// month of 16 million rows; the rows of a few hours are the same for any number of them.
const hours = Number(process.argv[2] ?? 24);
const targets = Number(process.argv[3] ?? 368);
const folder = mkdtempSync(join(tmpdir(), 'probity-bench-'));
const path = join(folder, 'probity.db');
const opened = openSqliteStore(path);
if (opened.kind === 'refused') throw new Error(opened.message);
const { store } = opened;
const models = Array.from({ length: targets }, (_, i) => `model-${i}`);

let seed = 1;
/** The generator of Park and Miller: the same numbers in every run. */
const draw = (upTo: number): number => {
  seed = (seed * 48_271) % 2_147_483_647;
  return seed % upTo;
};

function samplesOf(model: string, fromAt: number): Sample[] {
  return Array.from({ length: 60 }, (_, minute) => {
    const ttftUs = 200_000 + draw(200_000);
    const totalUs = ttftUs + 300_000 + draw(100_000);
    const base = sample();
    return sample({
      target: target(model).id,
      scheduledAt: fromAt + minute * MINUTE,
      lagUs: draw(900),
      ttftUs,
      totalUs,
      phases: {
        ...base.phases,
        headersUs: ttftUs - 20_000,
        firstByteUs: ttftUs - 19_000,
        firstEventUs: ttftUs - 19_000,
        roleUs: ttftUs - 19_000,
        firstContentUs: ttftUs,
        lastTokenUs: totalUs - 300,
        finishUs: totalUs - 300,
        usageUs: totalUs - 100,
        doneUs: totalUs,
        endUs: totalUs + 90,
      },
    });
  });
}

const seconds = async (work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
};

try {
  await store.declareSeries(
    models.map((model) => declaration(model)),
    MONDAY,
  );
  const writing = await seconds(async () => {
    for (let hour = 0; hour < hours; hour += 1) {
      const fromAt = MONDAY + hour * HOUR;
      for (const model of models)
        await store.recordHistory({ samples: samplesOf(model, fromAt), notRun: [] });
    }
  });
  const rows = hours * targets * 60;
  const text = 'x'.repeat(360);
  const hashing = await seconds(async () => {
    for (let i = 0; i < 500_000; i += 1) hash('sha256', text, 'hex');
  });
  const endAt = MONDAY + hours * HOUR;
  const sealing = await seconds(() =>
    sealAll(
      store,
      endAt,
      () => endAt,
      async () => {},
    ),
  );
  let most = 0;
  const verifying = await seconds(() =>
    verifyChain(store, [], () => {
      most = Math.max(most, process.memoryUsage().rss);
    }),
  );
  const perRow = (total: number): string => `${((total * 1e6) / rows).toFixed(2)} µs per row`;
  const month = (total: number): string =>
    `${((total / rows) * 15_897_600).toFixed(0)} s for a month of 15.9 million`;
  const line = (name: string, value: string): void =>
    void process.stdout.write(`${name.padEnd(10)} ${value}\n`);
  line(
    'rows',
    `${rows.toLocaleString('en')}, ${(statSync(path).size / rows).toFixed(1)} bytes each, chain included`,
  );
  line('write', perRow(writing));
  line('hash', `${(hashing * 2).toFixed(2)} µs per text of a row's length: the baseline`);
  line('seal', `${perRow(sealing)}, ${month(sealing)}`);
  line(
    'verify',
    `${perRow(verifying)}, ${month(verifying)}, ${((verifying * 1e6) / rows / (hashing * 2)).toFixed(1)} times the baseline; at most ${Math.round(most / 1e6)} MB`,
  );
} finally {
  await store.close();
  rmSync(folder, { recursive: true });
}
